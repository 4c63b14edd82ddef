//! The type of an exported value, read back from the text that the compiler put into the module, so that a host's call
//! can be checked when the function is looked up and not somewhere inside of it.

use std::any::TypeId;
use std::fmt;

use crate::object::ObjectNames;

/// The name of a type variable of a declaration: `A`, `B`, …, `Z`, `A1`, …
pub(crate) fn variable(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}

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
    /// Field names, sorted, and types.
    Record(Vec<(String, Type)>),
    /// Objects of the host that hold a Rust type; what they are called is known where the type is registered.
    Object(TypeId, &'static str),
    /// The type itself, or an effect that gives it: what a callback gives.
    Outcome(Box<Type>),
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

    /// That of a value which may be of any type. The name is none of a variable in a signature.
    pub(crate) fn any() -> Type {
        Type::Variable("Value".into())
    }

    /// Whether a value of any type is somewhere in it.
    pub(crate) fn has_any(&self) -> bool {
        self.has(|ty| *ty == Type::any())
    }

    /// Whether a function or effect is somewhere in it.
    pub(crate) fn has_function(&self) -> bool {
        self.has(|ty| matches!(ty, Type::Function(..) | Type::Outcome(_)))
    }

    /// Whether some part of it is such a one.
    pub(crate) fn has(&self, mut is_such: impl FnMut(&Type) -> bool) -> bool {
        let mut found = false;
        let _ = self.map(&mut |ty| {
            found |= is_such(ty);
            None
        });
        found
    }

    /// A record.
    #[must_use]
    pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Type)>) -> Type {
        let mut fields: Vec<(String, Type)> = fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        Type::Record(fields)
    }

    /// A function from these to that.
    #[must_use]
    pub fn function(parameters: impl IntoIterator<Item = Type, IntoIter: DoubleEndedIterator>, result: Type) -> Type {
        let add = |to, from| Type::Function(Box::new(from), Box::new(to));
        parameters.into_iter().rev().fold(result, add)
    }

    /// How many arguments a function of this type takes until it gives something else.
    #[must_use]
    pub fn arity(&self) -> usize {
        match self {
            Type::Function(_, to) => 1 + to.arity(),
            _ => 0,
        }
    }

    /// The types of these arguments.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Type> {
        let mut left = self;
        std::iter::from_fn(move || match left {
            Type::Function(from, to) => {
                left = to;
                Some(&**from)
            }
            _ => None,
        })
    }

    /// What it gives then.
    pub(crate) fn result(&self) -> &Type {
        match self {
            Type::Function(_, to) => to.result(),
            other => other,
        }
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

    /// Whether a value of this type of a script can be taken as one of the other type, of Rust: equal but for
    /// variables. A variable of the script may be anything but a function, since nothing shows what a function takes.
    /// What Rust gives to a function is covered by what that takes.
    #[must_use]
    pub fn fits(&self, other: &Type) -> bool {
        let all = |left: &[Type], right: &[Type]| {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.fits(right))
        };
        match (self, other) {
            (Type::Variable(_), other) => !other.has_function(),
            (_, Type::Variable(_)) => true,
            (Type::Outcome(value), other) | (other, Type::Outcome(value)) => match other {
                Type::Named(name, arguments) if name == "Effect" => {
                    arguments.last().is_some_and(|result| value.fits(result))
                }
                other => value.fits(other),
            },
            (Type::Object(left, _), Type::Object(right, _)) => left == right,
            (Type::Named(left, arguments), Type::Named(right, others)) => left == right && all(arguments, others),
            (Type::Function(from, to), Type::Function(other_from, other_to)) => {
                from.covers(other_from) && to.fits(other_to)
            }
            (Type::Tuple(items), Type::Tuple(others)) => all(items, others),
            (Type::Record(fields), Type::Record(others)) => {
                fields.len() == others.len()
                    && fields.iter().zip(others).all(|(left, right)| left.0 == right.0 && left.1.fits(&right.1))
            }
            _ => false,
        }
    }

    /// Whether all values of the other type, variables included, can be taken for values of this one. What this one
    /// gives to a function is of exactly the type that the function takes.
    #[must_use]
    pub fn covers(&self, other: &Type) -> bool {
        let has_variable = |ty: &Type| matches!(ty, Type::Variable(_));
        match (self, other) {
            (Type::Variable(_), _) => true,
            (_, other) if has_variable(other) => false,
            (Type::Named(left, arguments), Type::Named(right, others)) => {
                left == right
                    && arguments.len() == others.len()
                    && arguments.iter().zip(others).all(|(left, right)| left.covers(right))
            }
            (Type::Tuple(items), Type::Tuple(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(left, right)| left.covers(right))
            }
            (Type::Function(from, to), Type::Function(other_from, other_to)) => {
                !from.has_any() && from.covers(other_from) && to.covers(other_to)
            }
            (Type::Record(fields), Type::Record(others)) => {
                fields.len() == others.len()
                    && fields.iter().zip(others).all(|(left, right)| left.0 == right.0 && left.1.covers(&right.1))
            }
            (Type::Outcome(value), Type::Named(name, arguments)) if name == "Effect" => {
                arguments.last().is_some_and(|result| value.covers(result))
            }
            (Type::Outcome(value), other) => value.covers(other),
            _ => self.fits(other),
        }
    }

    /// The same with `change` applied to every part that it gives something for, from the outside in.
    #[must_use]
    pub fn map(&self, change: &mut dyn FnMut(&Type) -> Option<Type>) -> Type {
        if let Some(changed) = change(self) {
            return changed;
        }
        let mut all = |types: &[Type]| types.iter().map(|ty| ty.map(change)).collect::<Vec<_>>();
        match self {
            Type::Variable(_) | Type::Object(..) => self.clone(),
            Type::Named(name, arguments) => Type::Named(name.clone(), all(arguments)),
            Type::Tuple(items) => Type::Tuple(all(items)),
            Type::Function(from, to) => Type::Function(Box::new(from.map(change)), Box::new(to.map(change))),
            Type::Outcome(value) => Type::Outcome(Box::new(value.map(change))),
            Type::Record(fields) => {
                Type::Record(fields.iter().map(|(name, ty)| (name.clone(), ty.map(change))).collect())
            }
        }
    }

    /// The same with these types for the variables `A`, `B`, … of a declaration.
    pub(crate) fn filled(&self, arguments: &[Type]) -> Type {
        self.map(&mut |ty| match ty {
            Type::Variable(name) => {
                arguments.iter().enumerate().find(|(at, _)| variable(*at) == *name).map(|it| it.1.clone())
            }
            _ => None,
        })
    }

    /// The same with objects of the host under the names of their types.
    pub(crate) fn with_names(&self, names: &ObjectNames) -> Type {
        self.map(&mut |ty| match ty {
            Type::Object(id, _) => names.name(*id).map(|name| Type::named(name, [])),
            _ => None,
        })
    }

    /// As the language writes it where it is an argument of something.
    pub(crate) fn as_argument(&self) -> String {
        match self {
            Type::Function(..) | Type::Outcome(_) => format!("({self})"),
            Type::Named(_, arguments) if !arguments.is_empty() => format!("({self})"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Variable(name) => f.write_str(name),
            Type::Named(name, arguments) => {
                f.write_str(name)?;
                arguments.iter().try_for_each(|argument| write!(f, " {}", argument.as_argument()))
            }
            Type::Object(_, rust) => write!(f, "Object<{rust}>"),
            Type::Outcome(value) => write!(f, "{value} or Effect E {}", value.as_argument()),
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
            fields.sort_by(|left, right| left.0.cmp(&right.0));
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
