//! Mutants: places where a model can make the code wrong, to prove that it would notice.
//!
//! `mutant!("area.what-is-wrong", right, wrong)` is `right`, and nothing else is compiled, but in the models: there it
//! is `wrong` while the mutant of that name is on, in a process of its own. Each model names the mutants that it has to
//! catch (`models::check`), and a test in `models` compares these names with those in the code.

#[cfg(not(all(test, loom)))]
macro_rules! mutant {
    ($name:literal, $right:expr, $wrong:expr) => {
        $right
    };
}

#[cfg(all(test, loom))]
macro_rules! mutant {
    ($name:literal, $right:expr, $wrong:expr) => {
        if $crate::mutant::is_on($name) { $wrong } else { $right }
    };
}

/// Is this one on? `AIVI_MUTANT` names it.
#[cfg(all(test, loom))]
pub fn is_on(name: &str) -> bool {
    static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("AIVI_MUTANT").ok()).as_deref() == Some(name)
}
