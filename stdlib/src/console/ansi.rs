//! Control sequences of terminals.

/// The text without control sequences: colours, cursor movements (`ESC [ … letter`), titles (`ESC ] … BEL`) and
/// two-character escapes.
pub(super) fn strip(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = skip_sequence(after);
    }
    plain + rest
}

/// What follows the sequence whose escape character has just been read.
fn skip_sequence(text: &str) -> &str {
    let mut chars = text.chars();
    match chars.next() {
        Some('[') => {
            let end = chars.as_str().find(|c: char| ('@'..='~').contains(&c));
            end.map_or("", |end| &chars.as_str()[end + 1..])
        }
        Some(']') => {
            let text = chars.as_str();
            let end = text.find(['\u{7}', '\u{1b}']);
            end.map_or("", |end| text[end..].strip_prefix("\u{1b}\\").unwrap_or(&text[end + 1..]))
        }
        _ => chars.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn only_the_text_stays() {
        for (text, plain) in [
            ("plain ünïcode", "plain ünïcode"),
            ("\u{1b}[1;31mred\u{1b}[0m and not", "red and not"),
            ("\u{1b}]0;title\u{7}shell", "shell"),
            ("\u{1b}]0;title\u{1b}\\shell", "shell"),
            ("a\u{1b}7b\u{1b}[2K", "ab"),
            ("cut \u{1b}[31", "cut "),
            ("cut \u{1b}]0;ti", "cut "),
            ("\u{1b}", ""),
        ] {
            assert_eq!(strip(text), plain, "{text:?}");
        }
    }
}
