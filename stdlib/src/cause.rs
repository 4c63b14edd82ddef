//! Why an operation of the system failed, in words for the program's user.

use std::io;

/// The system's words, without its number.
#[must_use]
pub fn cause(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(number) = text.rfind(" (os error ") {
        text.truncate(number);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::cause;

    #[test]
    fn only_the_number_goes() {
        assert_eq!(cause(&io::Error::from_raw_os_error(2)), "No such file or directory");
        assert_eq!(cause(&io::Error::other("broken (really)")), "broken (really)");
    }
}
