//! Reading. A loop with a stack of its own: nesting is bounded by memory only.

use aivi_vm::Value;

use super::{ARRAY, BOOL, FLOAT, INT, Maker, OBJECT, STRING};

/// Why a text has no value.
pub(super) enum Refusal {
    /// What is wrong with it, and where.
    Wrong(String),
    /// What is open takes so many bytes: more than the call may have.
    TooLarge(usize),
}

/// Values between two looks at the limit of memory; arbitrary.
const LOOK: usize = 1 << 10;

/// The value of a whole text.
pub(super) fn parse(text: &str, maker: &Maker) -> Result<Value, Refusal> {
    let mut parser = Parser { text, at: 0, maker, open: Vec::new(), held: 0, made: 0 };
    parser.document().map_err(|problem| match problem {
        Problem::TooLarge(bytes) => Refusal::TooLarge(bytes),
        problem => Refusal::Wrong(parser.describe(problem)),
    })
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    maker: &'a Maker,
    open: Vec<Open>,
    /// Values in what is open, which nobody counts before it is closed.
    held: usize,
    /// Values that began so far.
    made: usize,
}

/// An array or object whose end is yet to come.
enum Open {
    Array(Vec<Value>),
    /// Fields, and the name of the one whose value comes next.
    Object(Vec<Value>, Value),
}

/// What is wrong at the parser's place.
enum Problem {
    /// Something else should stand there.
    Expected(&'static str),
    /// Anything else.
    Wrong(&'static str),
    /// So many bytes are no longer allowed.
    TooLarge(usize),
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Value, Problem> {
        loop {
            self.made += 1;
            if self.made.is_multiple_of(LOOK) {
                self.look()?;
            }
            if let Some(value) = self.value()?
                && let Some(whole) = self.put(value)?
            {
                self.blanks();
                return if self.at == self.text.len() { Ok(whole) } else { Err(Problem::Expected("the end")) };
            }
        }
    }

    /// Is there room for what is open? Arrays that grow have twice what they need at times.
    fn look(&self) -> Result<(), Problem> {
        let bytes = 2 * (self.held * size_of::<Value>() + self.open.len() * size_of::<Open>());
        if aivi_vm::has_room(bytes) { Ok(()) } else { Err(Problem::TooLarge(bytes)) }
    }

    /// A value, unless it is an array or object that is not empty: that is open then.
    fn value(&mut self) -> Result<Option<Value>, Problem> {
        self.blanks();
        let Some(first) = self.byte() else { return Err(Problem::Expected("a value")) };
        Ok(Some(match first {
            b'[' => {
                self.at += 1;
                self.blanks();
                if !self.eat(b']') {
                    self.open.push(Open::Array(Vec::new()));
                    return Ok(None);
                }
                self.maker.make(ARRAY, Value::list([]))
            }
            b'{' => {
                self.at += 1;
                self.blanks();
                if !self.eat(b'}') {
                    let name = self.name()?;
                    self.open.push(Open::Object(Vec::new(), name));
                    return Ok(None);
                }
                self.maker.make(OBJECT, Value::list([]))
            }
            b'"' => {
                let text = self.string()?;
                self.maker.make(STRING, text)
            }
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.word()?,
        }))
    }

    /// Puts a value into what is open, and closes what ends behind it; the value of the whole text, if that is it.
    fn put(&mut self, value: Value) -> Result<Option<Value>, Problem> {
        let mut value = value;
        loop {
            self.blanks();
            let next = self.byte();
            match self.open.last_mut() {
                None => return Ok(Some(value)),
                Some(Open::Array(elements)) => {
                    elements.push(value);
                    self.held += 1;
                    match next {
                        Some(b',') => {
                            self.at += 1;
                            return Ok(None);
                        }
                        Some(b']') => {}
                        _ => return Err(Problem::Expected("',' or ']'")),
                    }
                }
                Some(Open::Object(fields, name)) => {
                    fields.push(Value::pair(std::mem::replace(name, Value::unit()), value));
                    self.held += 1;
                    match next {
                        Some(b',') => {
                            self.at += 1;
                            self.blanks();
                            let following = self.name()?;
                            if let Some(Open::Object(_, name)) = self.open.last_mut() {
                                *name = following;
                            }
                            return Ok(None);
                        }
                        Some(b'}') => {}
                        _ => return Err(Problem::Expected("',' or '}'")),
                    }
                }
            }
            self.at += 1;
            let (constructor, values) = match self.open.pop() {
                Some(Open::Array(elements)) => (ARRAY, elements),
                Some(Open::Object(fields, _)) => (OBJECT, fields),
                None => return Ok(None),
            };
            self.held -= values.len();
            value = self.maker.make(constructor, Value::list(values));
        }
    }

    /// The name of a field and the colon behind it.
    fn name(&mut self) -> Result<Value, Problem> {
        if self.byte() != Some(b'"') {
            return Err(Problem::Expected("the name of a field in quotes"));
        }
        let name = self.string()?;
        self.blanks();
        if self.eat(b':') { Ok(name) } else { Err(Problem::Expected("':'")) }
    }

    fn word(&mut self) -> Result<Value, Problem> {
        let words = [("null", self.maker.null()), ("true", self.bool(true)), ("false", self.bool(false))].into_iter();
        let mut found = words.filter(|(word, _)| self.text[self.at..].starts_with(word));
        let Some((word, value)) = found.next() else { return Err(Problem::Expected("a value")) };
        self.at += word.len();
        Ok(value)
    }

    fn bool(&self, value: bool) -> Value {
        self.maker.make(BOOL, Value::bool(value))
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        let mut is_whole = true;
        if self.eat(b'.') {
            is_whole = false;
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            is_whole = false;
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let number = &self.text[start..self.at];
        if is_whole && let Ok(int) = number.parse() {
            return Ok(self.maker.make(INT, Value::int(int)));
        }
        match number.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(self.maker.make(FLOAT, Value::float(float))),
            _ => {
                self.at = start;
                Err(Problem::Wrong("the number is larger than every Float"))
            }
        }
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(Problem::Expected("a digit")) } else { Ok(()) }
    }

    /// A text in quotes.
    fn string(&mut self) -> Result<Value, Problem> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let plain = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            let piece = &self.text[self.at..self.at + plain];
            self.at += plain;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(if text.is_empty() { Value::text(piece) } else { Value::text(&(text + piece)) });
                }
                Some(b'\\') => {
                    text.push_str(piece);
                    let char = self.escape()?;
                    text.push(char);
                }
                Some(_) => return Err(Problem::Wrong("a control character in a text: write it as an escape")),
                None => return Err(Problem::Expected("'\"'")),
            }
        }
    }

    /// The character that an escape means.
    fn escape(&mut self) -> Result<char, Problem> {
        self.at += 1;
        let char = match self.byte() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(Problem::Expected("one of \" \\ / b f n r t u behind '\\'")),
        };
        self.at += 1;
        Ok(char)
    }

    /// `u00e9`, or two of them that make one character together.
    fn unicode(&mut self) -> Result<char, Problem> {
        let start = self.at;
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 1;
            match self.hex()? {
                second @ 0xdc00..0xe000 => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                _ => first,
            }
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
            Problem::Wrong("half of a character: its other half does not follow")
        })
    }

    fn hex(&mut self) -> Result<u32, Problem> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or(Problem::Expected("four hexadecimal digits behind '\\u'"))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.byte() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn describe(&self, problem: Problem) -> String {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let what = match (problem, self.text[self.at..].chars().next()) {
            (Problem::Wrong(what), _) => what.to_owned(),
            (Problem::TooLarge(bytes), _) => format!("what is open takes {bytes} bytes"),
            (Problem::Expected(what), None) => format!("expected {what}, found the end of the text"),
            (Problem::Expected(what), Some(found)) => format!("expected {what}, found {found:?}"),
        };
        format!("line {line}, column {column}: {what}")
    }
}
