//! Modules that follow the grammar and nothing else: names mean nothing, types do not fit. Most of them parse, so they
//! show what the parser makes of rare combinations, and what the formatter makes of that.

use super::Choices;

/// How many levels a tree has at most; arbitrary, small enough that one level does not eat all bytes.
const DEPTH_MAX: u32 = 6;

const LOWER: &[&str] = &["x", "y", "f", "go", "name", "_unused", "aVeryLongNameThatMakesLinesLong"];
const UPPER: &[&str] = &["A", "B", "Some", "None", "T", "Tree", "AnotherVeryLongName"];
const INFIX: &[&str] = &["+", "-", "*", "/", "%", "×", "++", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??", "|>"];
const LITERALS: &[&str] = &[
    "1",
    "0",
    "-1",
    "2.5",
    "5ms",
    "10%",
    "\"text\"",
    "\"a \\\" b\"",
    "'c'",
    "'\\n'",
    "~`raw`",
    "~`\n  | raw\n  | text\n`",
];

/// What comes between two tokens where nothing else is needed.
const GAPS: &[&str] =
    &[" ", " ", " ", " ", " ", " ", "  ", "\n", "\n\n  ", " /* c */ ", " // c\n", "\r\n", " -- c\n  "];

/// A module.
pub fn module(choices: &mut Choices<'_>) -> String {
    let mut writer = Writer { choices, out: String::new(), depth: 0 };
    writer.put("module m\n");
    while !writer.choices.is_empty() {
        writer.item();
        writer.put("\n");
    }
    writer.out
}

struct Writer<'a, 'b> {
    choices: &'a mut Choices<'b>,
    out: String,
    depth: u32,
}

impl Writer<'_, '_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A token, with a blank or, now and then, something else behind it.
    fn token(&mut self, text: &str) {
        self.put(text);
        let gap = if self.choices.once_in(16) { self.choices.one_of(GAPS) } else { " " };
        self.put(gap);
    }

    fn one_of(&mut self, items: &[&str]) {
        let item = self.choices.one_of(items);
        self.token(item);
    }

    fn lower(&mut self) {
        self.one_of(LOWER);
    }

    fn upper(&mut self) {
        self.one_of(UPPER);
    }

    /// Which of so many alternatives; the first one, which must not nest, when it is deep enough.
    fn which(&mut self, count: usize) -> usize {
        if self.depth >= DEPTH_MAX { 0 } else { self.choices.below(count) }
    }

    fn nested(&mut self, inside: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    /// Some of these, with a separator between them.
    fn some(&mut self, least: usize, separators: &[&str], mut each: impl FnMut(&mut Self)) {
        let count = least + self.choices.below(4);
        for index in 0..count {
            if index > 0 {
                self.one_of(separators);
            }
            self.nested(&mut each);
        }
    }

    fn bracketed(&mut self, open: &str, close: &str, inside: impl FnOnce(&mut Self)) {
        self.token(open);
        self.nested(inside);
        self.token(close);
    }

    fn item(&mut self) {
        match self.choices.below(10) {
            0..=3 => self.binding(),
            4 => {
                self.lower();
                self.token(":");
                self.ty();
            }
            5 => self.type_declaration(),
            6 => {
                self.token("export");
                self.some(1, &[","], Self::lower);
            }
            7 => {
                self.put("use aivi.");
                self.one_of(&["list", "text", "concurrency", "map as m"]);
                if self.choices.once_in(2) {
                    self.put("hiding ");
                }
                self.bracketed("(", ")", |writer| writer.some(1, &[",", "\n"], Self::lower));
            }
            8 => {
                self.one_of(&[
                    "// a comment\n",
                    "/* a\n comment */",
                    "@test \"it works\"\n",
                    "export",
                    "@deprecated \"no\"\n",
                ]);
                self.binding();
            }
            _ => self.domain(),
        }
        self.put("\n");
    }

    fn type_declaration(&mut self) {
        self.upper();
        self.some(0, &[""], Self::lower);
        self.token("=");
        match self.choices.below(3) {
            0 => self.ty(),
            1 => self.some(1, &["|", "\n  |"], |writer| {
                writer.upper();
                writer.some(0, &[""], Self::type_atom);
            }),
            _ => {
                self.token("\n  |");
                self.some(1, &["\n  |"], |writer| {
                    writer.upper();
                    writer.some(0, &[""], Self::type_atom);
                });
            }
        }
    }

    fn domain(&mut self) {
        self.put("domain D over ");
        self.type_atom();
        self.token("=");
        self.bracketed("{\n", "}", |writer| {
            writer.one_of(&["1ms : T\n", "T = Int\n", "(+) : T -> T -> T\n"]);
            writer.put("(+) = ");
            writer.expr();
            writer.put("\n1ms = ");
            writer.expr();
            writer.put("\n");
        });
    }

    fn ty(&mut self) {
        match self.which(4) {
            0 => self.type_atom(),
            1 => self.nested(|writer| {
                writer.type_atom();
                writer.token("->");
                writer.ty();
            }),
            2 => {
                self.upper();
                self.some(1, &[""], Self::type_atom);
            }
            _ => self.some(1, &["with", "|>"], Self::type_atom),
        }
    }

    fn type_atom(&mut self) {
        match self.which(5) {
            0 => self.upper(),
            1 => self.lower(),
            2 => self.bracketed("(", ")", |writer| writer.some(1, &[","], Self::ty)),
            3 => self.bracketed("{", "}", |writer| {
                writer.some(0, &[",", "\n"], |writer| {
                    writer.lower();
                    writer.token(":");
                    writer.ty();
                });
            }),
            _ => self.token("*"),
        }
    }

    fn binding(&mut self) {
        if self.choices.once_in(4) {
            self.pattern();
        } else {
            self.lower();
        }
        self.token("=");
        if self.choices.once_in(4) {
            self.arms();
        } else {
            self.expr();
        }
    }

    fn arms(&mut self) {
        let lines = self.choices.once_in(2);
        let count = 1 + self.choices.below(3);
        for _ in 0..count {
            self.token(if lines { "\n  |" } else { "|" });
            self.nested(|writer| {
                writer.pattern();
                if writer.choices.once_in(4) {
                    writer.one_of(&["when", "unless"]);
                    writer.binary();
                }
                writer.token("=>");
                writer.expr();
            });
        }
    }

    fn expr(&mut self) {
        match self.which(8) {
            0..=2 => self.binary(),
            3 => self.nested(|writer| {
                writer.some(1, &[""], Self::pattern_atom);
                writer.token("=>");
                writer.expr();
            }),
            4 => self.nested(|writer| {
                for word in ["if", "then", "else"] {
                    writer.token(word);
                    writer.expr();
                }
            }),
            5 => self.nested(|writer| {
                writer.binary();
                writer.token("match");
                writer.arms();
            }),
            6 => self.nested(|writer| {
                writer.binary();
                writer.token("or");
                if writer.choices.once_in(2) { writer.arms() } else { writer.expr() }
            }),
            _ => {
                self.token("recurse");
                self.nested(Self::expr);
            }
        }
    }

    fn binary(&mut self) {
        if self.choices.once_in(8) {
            self.one_of(&["!", "-"]);
        }
        let count = self.choices.below(3);
        self.application();
        for _ in 0..count {
            self.one_of(INFIX);
            self.application();
        }
    }

    fn application(&mut self) {
        self.nested(|writer| {
            writer.postfix();
            for _ in 0..writer.choices.below(3) {
                writer.postfix();
            }
            if writer.choices.once_in(12) {
                writer.token("<|");
                writer.patch();
            }
        });
    }

    fn postfix(&mut self) {
        self.atom();
        if self.choices.once_in(6) {
            self.out.truncate(self.out.trim_end().len());
            match self.choices.below(3) {
                0 => {
                    self.put(".");
                    self.lower();
                }
                1 => self.bracketed("[", "]", Self::expr),
                _ => self.token("ms"),
            }
        }
    }

    fn atom(&mut self) {
        match self.which(18) {
            0 => self.one_of(LITERALS),
            1 => self.lower(),
            2 => self.upper(),
            3 => self.token("_"),
            4 => {
                self.put(".");
                self.lower();
            }
            5 => self.token("()"),
            6 => self.bracketed("(", ")", |writer| writer.some(1, &[",", ",\n"], Self::expr)),
            7 => self.bracketed("[", "]", |writer| writer.some(0, &[",", "\n"], Self::list_item)),
            8 => self.bracketed("{", "}", |writer| writer.some(1, &[",", "\n"], Self::record_item)),
            9 => self.block("{", Self::binding),
            10 => self.block("do Effect {", Self::statement),
            11 => self.block("generate {", Self::generator_statement),
            12 => self.block("resource {", Self::resource_statement),
            13 => {
                self.token("patch");
                self.patch();
            }
            14 => self.text(),
            15 => self.bracketed("~map{", "}", |writer| {
                writer.some(0, &[",", "\n"], |writer| {
                    writer.binary();
                    writer.token("=>");
                    writer.expr();
                });
            }),
            16 => self.bracketed("~set[", "]", |writer| writer.some(0, &[",", "\n"], Self::list_item)),
            _ => {
                self.put("T.");
                self.lower();
            }
        }
    }

    fn text(&mut self) {
        self.put("\"a ");
        for _ in 0..=self.choices.below(2) {
            self.put("{");
            let start = self.out.len();
            self.nested(Self::expr);
            // A hole stands on one line.
            let inside = self.out.split_off(start).replace(['\n', '\r'], " ").replace("// c", "");
            self.put(inside.trim_end());
            self.put("} b");
        }
        self.token("\"");
    }

    fn list_item(&mut self) {
        if self.choices.once_in(5) {
            self.put("...");
        }
        self.expr();
        if self.choices.once_in(8) {
            self.token("..");
            self.expr();
        }
    }

    fn record_item(&mut self) {
        if self.choices.once_in(5) {
            self.put("...");
            return self.expr();
        }
        self.lower();
        self.token(":");
        self.expr();
    }

    fn patch(&mut self) {
        self.bracketed("{", "}", |writer| {
            writer.some(0, &[",", "\n"], |writer| {
                writer.lower();
                while writer.choices.once_in(4) {
                    writer.out.truncate(writer.out.trim_end().len());
                    writer.one_of(&[".x", "[*]", "[x == 1]", ".Some"]);
                }
                writer.token(":");
                match writer.choices.below(3) {
                    0 => writer.expr(),
                    1 => {
                        writer.token(":=");
                        writer.expr();
                    }
                    _ => writer.token("-"),
                }
            });
        });
    }

    fn block(&mut self, open: &str, each: impl FnMut(&mut Self)) {
        self.token(open);
        if self.choices.once_in(2) {
            self.put("\n");
        }
        self.some(0, &["\n", "\n\n", "\n// c\n"], each);
        self.put("\n");
        self.nested(Self::expr);
        self.token("}");
    }

    fn statement(&mut self) {
        match self.which(7) {
            0 => self.application(),
            1 => self.binding(),
            2 | 3 => {
                self.pattern();
                self.token("<-");
                self.expr();
            }
            4 => {
                self.one_of(&["when", "unless"]);
                self.binary();
                self.token("<-");
                self.expr();
            }
            5 => {
                self.token("given");
                self.binary();
                self.token("or");
                self.expr();
            }
            _ => {
                self.token("loop");
                self.pattern();
                self.token("=");
                self.binary();
                self.token("=>");
                self.block("{", Self::statement);
            }
        }
    }

    fn generator_statement(&mut self) {
        match self.choices.below(4) {
            0 => {
                self.token("yield");
                self.expr();
            }
            1 => {
                self.lower();
                self.token("->");
                self.binary();
            }
            2 => self.binding(),
            _ => {
                self.pattern();
                self.token("<-");
                self.expr();
            }
        }
    }

    fn resource_statement(&mut self) {
        match self.choices.below(3) {
            0 => {
                self.token("yield");
                self.expr();
            }
            1 => self.binding(),
            _ => {
                self.pattern();
                self.token("<-");
                self.expr();
            }
        }
    }

    fn pattern(&mut self) {
        if self.choices.once_in(8) {
            self.lower();
            self.token("as");
        }
        if self.which(3) == 2 {
            self.upper();
            return self.some(0, &[""], Self::pattern_atom);
        }
        self.pattern_atom();
    }

    fn pattern_atom(&mut self) {
        match self.which(8) {
            0 => self.lower(),
            1 => self.token("_"),
            2 => self.upper(),
            3 => self.one_of(&["1", "-1", "\"t\"", "'c'", "()"]),
            4 => self.bracketed("(", ")", |writer| writer.some(1, &[","], Self::pattern)),
            5 => self.bracketed("[", "]", |writer| writer.some(0, &[","], Self::pattern)),
            6 => self.bracketed("[", "]", |writer| {
                writer.some(1, &[","], Self::pattern);
                writer.one_of(&[", ...rest", "...", ", ..._"]);
            }),
            _ => self.bracketed("{", "}", |writer| {
                writer.some(0, &[",", "\n"], |writer| {
                    writer.lower();
                    if writer.choices.once_in(3) {
                        writer.one_of(&[":", "as"]);
                        writer.pattern();
                    }
                });
            }),
        }
    }
}
