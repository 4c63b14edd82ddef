//! The type of an exported value, read back from the text that the compiler put into the module, so that a host's call can be
//! checked when the function is looked up and not somewhere inside of it.

use std::fmt;

/// A type as a host sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Type {
    /// A type variable: fits everything.
    Variable(String),
    /// A nominal type with its arguments.
    Named(String, Vec<Type>),
    /// From, to.
    Function(Box<Type>, Box<Type>),
    /// Two or more.
    Tuple(Vec<Type>),
    /// Field names and types.
    Record(Vec<(String, Type)>),
}

impl Type {
    /// Reads what the compiler wrote; `None` when it is no type.
    #[must_use]
    pub fn parse(text: &str) -> Option<Type> {
        let mut parser = Parser { left: text.trim_start(), depth: 0 };
        let ty = parser.ty()?;
        parser.left.is_empty().then_some(ty)
    }

    /// A nominal type.
    #[must_use]
    pub fn named(name: &str, arguments: impl IntoIterator<Item = Type>) -> Type {
        Type::Named(name.into(), arguments.into_iter().collect())
    }

    /// Whether a function of this type gives an effect when it is applied to so many arguments.
    #[must_use]
    pub fn is_effect_after(&self, arguments: usize) -> bool {
        match self {
            Type::Function(_, to) if arguments > 0 => to.is_effect_after(arguments - 1),
            Type::Named(name, _) => arguments == 0 && name == "Effect",
            _ => false,
        }
    }

    /// Whether a value of one type can be taken for the other: equal but for variables, which fit everything.
    #[must_use]
    pub fn fits(&self, other: &Type) -> bool {
        let all = |left: &[Type], right: &[Type]| {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.fits(right))
        };
        match (self, other) {
            (Type::Variable(_), _) | (_, Type::Variable(_)) => true,
            (Type::Named(left, arguments), Type::Named(right, others)) => left == right && all(arguments, others),
            (Type::Function(from, to), Type::Function(other_from, other_to)) => {
                from.fits(other_from) && to.fits(other_to)
            }
            (Type::Tuple(items), Type::Tuple(others)) => all(items, others),
            (Type::Record(fields), Type::Record(others)) => {
                fields.len() == others.len()
                    && fields.iter().zip(others).all(|(left, right)| left.0 == right.0 && left.1.fits(&right.1))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Variable(name) => f.write_str(name),
            Type::Named(name, arguments) => {
                f.write_str(name)?;
                for argument in arguments {
                    match argument {
                        Type::Function(..) => write!(f, " ({argument})")?,
                        Type::Named(_, inner) if !inner.is_empty() => write!(f, " ({argument})")?,
                        _ => write!(f, " {argument}")?,
                    }
                }
                Ok(())
            }
            Type::Function(from, to) if matches!(**from, Type::Function(..)) => write!(f, "({from}) -> {to}"),
            Type::Function(from, to) => write!(f, "{from} -> {to}"),
            Type::Tuple(items) => {
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "(" } else { ", " })?;
                }
                f.write_str(")")
            }
            Type::Record(fields) => {
                for (index, (name, ty)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {ty}", if index == 0 { "{ " } else { ", " })?;
                }
                f.write_str(if fields.is_empty() { "{}" } else { " }" })
            }
        }
    }
}

/// Types nest no deeper than this: the text comes from a module, and modules may come from outside. Arbitrary.
const DEPTH_MAX: u32 = 200;

struct Parser<'a> {
    left: &'a str,
    depth: u32,
}

impl Parser<'_> {
    fn ty(&mut self) -> Option<Type> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let from = self.applied()?;
        let ty = if self.eat("->") { Type::Function(Box::new(from), Box::new(self.ty()?)) } else { from };
        self.depth -= 1;
        Some(ty)
    }

    fn applied(&mut self) -> Option<Type> {
        let mut ty = self.atom()?;
        if let Type::Named(_, arguments) = &mut ty {
            while self.left.starts_with(|next: char| next.is_alphabetic() || next == '(' || next == '{' || next == '_')
            {
                arguments.push(self.atom()?);
            }
        }
        Some(ty)
    }

    /// A name without arguments, or something in brackets.
    fn atom(&mut self) -> Option<Type> {
        if self.eat("(") {
            let mut items = Vec::new();
            while !self.eat(")") {
                if !items.is_empty() && !self.eat(",") {
                    return None;
                }
                items.push(self.ty()?);
            }
            return Some(match items.len() {
                0 => Type::named("Unit", []),
                1 => items.remove(0),
                _ => Type::Tuple(items),
            });
        }
        if self.eat("{") {
            let mut fields = Vec::new();
            while !self.eat("}") {
                if !fields.is_empty() && !self.eat(",") {
                    return None;
                }
                let name = self.name()?;
                if !self.eat(":") {
                    return None;
                }
                fields.push((name, self.ty()?));
            }
            return Some(Type::Record(fields));
        }
        let name = self.name()?;
        let last = name.rsplit('.').next().unwrap_or_default();
        let mut letters = last.chars();
        let is_variable = match letters.next() {
            Some(first) if first.is_uppercase() => letters.all(|letter| letter.is_ascii_digit()),
            _ => true,
        };
        Some(if is_variable { Type::Variable(name) } else { Type::Named(name, Vec::new()) })
    }

    fn name(&mut self) -> Option<String> {
        let in_name = |next: char| next.is_alphanumeric() || next == '_' || next == '.';
        let end = self.left.find(|next| !in_name(next)).unwrap_or(self.left.len());
        let (name, left) = self.left.split_at(end);
        self.left = left.trim_start();
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.left.strip_prefix(symbol);
        if let Some(left) = found {
            self.left = left.trim_start();
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_shown_as_the_language_writes_them() {
        for text in [
            "Int",
            "A -> B1",
            "(A -> B) -> List A -> List B",
            "Effect Text (List (Int, Option Text))",
            "{ age: Int, name: Text } -> Map Text (Set Int)",
            "Unit -> Sender (Int -> Int)",
        ] {
            assert_eq!(Type::parse(text).map(|ty| ty.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Type::parse("()"), Some(Type::named("Unit", [])));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["", "->", "Int ->", "(Int", "{ a Int }", "Int )", "Int, Int"] {
            assert_eq!(Type::parse(text), None, "{text}");
        }
        assert_eq!(Type::parse(&"(".repeat(100_000)), None);
    }

    #[test]
    fn variables_fit_everything() {
        let ty = |text| Type::parse(text).expect("a type");
        assert!(ty("Effect E Int").fits(&ty("Effect Text Int")));
        assert!(ty("List A").fits(&ty("List (Option Int)")));
        assert!(!ty("List Int").fits(&ty("List Text")));
        assert!(!ty("Int -> Int").fits(&ty("Int")));
        assert!(!ty("(Int, Int)").fits(&ty("(Int, Int, Int)")));
    }
}
