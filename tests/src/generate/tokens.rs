//! Tokens in any order: few of these texts parse, all of them have many tokens.

use super::Choices;

/// Pieces of texts: every keyword and symbol, and some of everything else.
const PIECES: &str = "x y f T None Some 1 0 ( ) [ ] { } , . : = + - * / % × | ! < > @ _ ... => -> <- <| |> == != <= >= && || ++ ?? := .. \
    ; \" ' ~ ` \\ // -- /* */ as class do domain effect else export generate given hiding if instance loop machine match \
    module on opaque or over patch recurse resource then unless use when with yield Effect True -1 2.5 5ms 10% \"t\" \"{x}\" \
    'c' ~map{ ~set[ {x: (x \"{ }\" ~`raw` 9223372036854775808 é \u{feff} \u{2028} \0 \r \t @test main aivi.list a.b .b x[ \\u{41}";

/// Between two pieces.
const GAPS: &[&str] = &[" ", "", "\n", " ", "\n  ", " ", "\r\n", "\n\n"];

/// A text.
pub fn soup(choices: &mut Choices<'_>) -> String {
    let pieces: Vec<&str> = PIECES.split(' ').filter(|piece| !piece.is_empty()).collect();
    let mut text = String::from(if choices.once_in(4) { "" } else { "module m\n" });
    while !choices.is_empty() {
        text.push_str(choices.one_of(&pieces));
        text.push_str(choices.one_of(GAPS));
    }
    text
}
