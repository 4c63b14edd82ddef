//! Words and signs of other languages, and what AIVI has instead. People bring them along, so the messages know them.
//!
//! Nothing here makes a program wrong: the tables are asked only about what is wrong already.

/// What to write instead of the value or keyword `word`.
#[must_use]
pub fn instead_of_word(word: &str) -> Option<&'static str> {
    find(WORDS, word)
}

/// The type that other languages call `name`.
#[must_use]
pub fn instead_of_type(name: &str) -> Option<&'static str> {
    find(TYPES, name)
}

/// What to write instead of a character that no token starts with.
#[must_use]
pub fn instead_of_character(c: char) -> Option<&'static str> {
    Some(match c {
        '#' => "a comment starts with `//`",
        '$' => "a function is applied by a blank, `f (g x)`; a hole in a text is `{x}`",
        '?' => "a choice is `if c then a else b`; an `Option` gets a default with `??`",
        '`' => "a text stands between double quotes: \"…\"; a raw one is ~`…`",
        '\\' => "a function is written `x => …`",
        '&' => "both of two conditions are `a && b`",
        '^' => "there is no operator for powers; `use aivi.math` has `pow`",
        '‘' | '’' | '“' | '”' | '„' | '«' | '»' => "a text stands between straight quotes: \"…\"",
        '×' | '·' | '∗' => "the sign for times is `*`",
        '−' | '–' | '—' => "the sign for minus is `-`",
        '≠' => "two values are compared with `!=`",
        '≤' => "write `<=`",
        '≥' => "write `>=`",
        '→' => "write `->` in types, `=>` in functions",
        '⇒' | 'λ' => "a function is written `x => …`",
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{200b}' | '\u{feff}' => {
            "this looks like a blank, but is another character"
        }
        _ => return None,
    })
}

fn find(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, instead)| *instead)
}

/// Words that begin a binding elsewhere.
pub const LET: &[&str] = &["let", "var", "val", "const", "mut", "auto", "local", "static", "final"];
/// Words that begin a function elsewhere.
pub const FUNCTION: &[&str] = &["fn", "func", "fun", "def", "function", "defn", "proc", "sub", "async"];
/// Words that begin a type declaration elsewhere.
pub const TYPE: &[&str] =
    &["type", "data", "newtype", "enum", "struct", "record", "alias", "interface", "trait", "typedef", "union"];
/// Words that begin an import elsewhere.
pub const IMPORT: &[&str] = &["import", "open", "include", "require", "using", "from"];
/// Words that make a declaration visible elsewhere.
pub const PUBLIC: &[&str] = &["pub", "public", "private"];

const WORDS: &[(&[&str], &str)] = &[
    (LET, "a name is bound by `=` alone: `name = value`"),
    (FUNCTION, "a function is a value with a name: `name = a b => result`"),
    (TYPE, "a type is declared by its name alone: `Name = { field: Type }`, or `Name = One | Two Int`"),
    (IMPORT, "a module is imported with `use`, as in `use aivi.list (take, drop)`"),
    (PUBLIC, "names are private unless the module says `export name`, or `export *`"),
    (&["return"], "the last expression is the result; in `do Effect` it is an effect: `pure value`"),
    (
        &["null", "nil", "undefined", "none", "nothing", "Nothing", "Null", "Nil", "NULL", "void"],
        "a value that may be missing is an `Option`: `None` or `Some value`",
    ),
    (&["Just", "some"], "the constructors of `Option` are `Some` and `None`"),
    (&["Left", "Right", "Error", "Failure", "Success", "err", "ok"], "the constructors of `Result` are `Ok` and `Err`"),
    (&["true", "TRUE"], "truth is `True`"),
    (&["false", "FALSE"], "falsehood is `False`"),
    (&["and"], "both of two conditions are `a && b`"),
    (&["xor"], "one of two conditions is `a != b`"),
    (
        &["case", "switch", "of", "select", "default"],
        "write `value match`, then an arm for each case: `| pattern => result`",
    ),
    (
        &["for", "foreach", "while", "until", "in", "break", "continue"],
        "there are no such loops: use `List.map` and `List.foldl` for lists, `List.traverse_` for effects, or `loop` and \
         `recurse` in `do Effect`",
    ),
    (
        &["try", "catch", "except", "finally", "rescue"],
        "`attempt effect` gives a `Result`; `x <- effect or other` goes on with another value",
    ),
    (&["throw", "raise"], "an effect fails with `fail error`"),
    (&["where"], "names stand before the result, in a block: `{ x = 1`, then `x + 2 }`"),
    (&["elif", "elsif", "elseif"], "write `else if`"),
    (&["await"], "an effect is run by binding it: `x <- effect`"),
    (&["this", "self"], "there are no methods; the record is an argument like any other"),
    (&["new"], "a record is written `{ field: value }`, a constructor is applied by its name"),
    (&["lambda"], "a function is written `x => …`"),
    (&["begin", "end"], "a block stands between `{` and `}`"),
    (
        &["printf", "puts", "echo", "putStrLn", "console", "write", "writeln", "Console", "System"],
        "`println text` writes a line",
    ),
    (
        &["str", "string", "toString", "show", "String"],
        "`toText value` gives the text of a value, and so does a hole: \"{value}\"",
    ),
    (&["len", "size", "count"], "`List.length` and `text.length` (of `use aivi.text as text`) count"),
    (
        &["acquire", "release", "lock", "unlock", "withLock", "mutex", "semaphore", "synchronized"],
        "`withPermit semaphore effect` (of `use aivi.sync`) takes a permit and gives it back; a lock is `makeSemaphore 1`",
    ),
    (&["go", "fork", "launch", "detach"], "`spawn effect` starts a task"),
    (&["wait"], "`task.join` waits for a task and gives its value"),
    (&["cancel", "kill", "abort", "interrupt"], "`task.cancel` asks a task to end"),
    (&["chan", "channel", "newChannel"], "`(tx, rx) <- makeBounded capacity` makes a channel"),
    (&["receive"], "`recv receiver` waits for a message"),
    (&["timeout", "withTimeout"], "`timeoutWith milliseconds error effect` limits the time of an effect"),
    (&["delay", "setTimeout"], "`sleep milliseconds` waits"),
    (&["parallel", "concurrently", "gather"], "`par one other` and `parAll effects` run effects at the same time"),
    (&["atomic", "atom", "newIORef"], "`makeRef value` (of `use aivi.sync`) makes a cell that fibers share"),
    (&["head", "first"], "`List.at 0 xs` gives an `Option`; a match takes a list apart: `| [first, ...rest] => …`"),
];

const TYPES: &[(&[&str], &str)] = &[
    (&["String", "string", "Str", "str", "text"], "Text"),
    (&["Integer", "int", "integer", "Number", "number", "Long", "long", "I64", "i64", "Nat"], "Int"),
    (&["Double", "double", "float", "F64", "f64", "Real", "Decimal"], "Float"),
    (&["Boolean", "boolean", "bool"], "Bool"),
    (&["Void", "void", "unit", "Nothing", "Null", "Nil"], "Unit"),
    (&["char", "Character", "Rune"], "Char"),
    (&["Array", "array", "Vec", "Vector", "Seq", "Sequence", "list"], "List"),
    (&["Maybe", "Optional", "Nullable", "option"], "Option"),
    (&["Either", "result"], "Result"),
    (&["IO", "Promise", "Future", "Async", "effect"], "Effect"),
    (&["Dict", "Dictionary", "HashMap", "Object", "Record", "map"], "Map"),
    (&["HashSet", "set"], "Set"),
];
