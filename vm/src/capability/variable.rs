//! Names of variables as a grant has them.

/// A variable, or all whose names begin in the same way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Variable {
    Named(String),
    Prefix(String),
}

impl Variable {
    /// `NAME`, `PREFIX*` or `*`.
    pub fn parse(text: &str) -> Result<Variable, String> {
        let (name, is_prefix) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
        if name.contains(['=', '\0', '*']) || (name.is_empty() && !is_prefix) {
            return Err(format!("'{text}' is no name of a variable: write NAME, PREFIX* or *"));
        }
        let name = folded(name);
        Ok(if is_prefix { Variable::Prefix(name) } else { Variable::Named(name) })
    }

    /// Is it one of these?
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Variable::Named(own) => folded(name) == *own,
            Variable::Prefix(prefix) => folded(name).starts_with(prefix),
        }
    }
}

/// As the system compares names.
fn folded(name: &str) -> String {
    if cfg!(windows) { name.to_uppercase() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::Variable;

    #[test]
    fn names_and_beginnings() {
        let covers = |pattern: &str, name| Variable::parse(pattern).is_ok_and(|variable| variable.covers(name));
        assert!(covers("HOME", "HOME") && !covers("HOME", "HOMES") && !covers("HOME", ""));
        assert!(covers("APP_*", "APP_KEY") && covers("APP_*", "APP_") && !covers("APP_*", "MY_APP_"));
        assert!(covers("*", "anything"));
        assert!(["", "A=B", "A*B", "\0"].iter().all(|text| Variable::parse(text).is_err()));
    }
}
