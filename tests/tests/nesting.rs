//! Random programs of nested `par`, `race`, `scope`, `timeoutWith`, `attempt`, `spawn` and resources, against what
//! holds for all of them: what is opened is closed once, nothing is printed after the end of the group that started it,
//! and the program ends with success.
//!
//! Group `n` prints `enter n` and `leave n`; everything inside carries the path of its groups, so that a line shows by
//! itself which groups must be open.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aivi_tests::runs::{Schedule, run};

/// Programs; each runs on some seeds and on threads.
const PROGRAMS: u64 = 40;

const HEAD: &str = "module demo
use aivi.concurrency

held : Text -> Int -> Resource Text Unit
held = path ms => resource {
  println \"open {path}\"
  yield Unit
  sleep ms
  println \"close {path}\"
}

bracket : Text -> Effect Text Unit -> Effect Text Unit
bracket = path body => do Effect {
  println \"enter {path}\"
  _ <- attempt body
  println \"leave {path}\"
}

racing : Effect Text Unit -> Effect Text Unit -> Effect Text Unit
racing = left right => race left right

both : Effect Text Unit -> Effect Text Unit -> Effect Text Unit
both = left right => do Effect {
  _ <- par left right
  pure Unit
}

within : Int -> Effect Text Unit -> Effect Text Unit
within = ms body => timeoutWith ms \"late\" body

beside : Effect Text Unit -> Effect Text Unit -> Effect Text Unit
beside = task body => scope (_ => do Effect {
  _ <- spawn (do Effect {
    _ <- attempt task
    pure Unit
  })
  body
})

holding : Text -> Int -> Effect Text Unit -> Effect Text Unit
holding = path ms body => do Effect {
  _ <- held path ms
  body
}

main : Effect Text Unit
main = ";

/// Numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// One effect, in parentheses.
fn effect(dice: &mut Dice, path: &str, depth: u32, out: &mut String) {
    let kind = if depth == 0 { dice.below(3) } else { dice.below(9) };
    let number = dice.below(6);
    let inside = |dice: &mut Dice, name: &str, out: &mut String| {
        out.push(' ');
        effect(dice, &format!("{path}{name}"), depth.saturating_sub(1), out);
    };
    match kind {
        0 => write!(out, "(sleep {number})"),
        1 => write!(out, "(println \"say {path}\")"),
        2 => write!(out, "(fail \"error\")"),
        3 | 4 => {
            let ms = dice.below(3);
            write!(out, "(holding \"{path}h\" {ms}").expect("a String");
            inside(dice, "h", out);
            write!(out, ")")
        }
        5 => {
            write!(out, "(bracket \"{path}w\" (within {number}").expect("a String");
            inside(dice, "w", out);
            write!(out, "))")
        }
        other => {
            let (name, word) = [("p", "both"), ("r", "racing"), ("s", "beside")][other as usize - 6];
            write!(out, "(bracket \"{path}{name}\" ({word}").expect("a String");
            inside(dice, &format!("{name}0"), out);
            inside(dice, &format!("{name}1"), out);
            write!(out, "))")
        }
    }
    .expect("a String");
}

/// What is wrong with the lines, if anything is.
fn mistake(lines: &str) -> Option<String> {
    let mut open: BTreeMap<&str, u32> = BTreeMap::new();
    let mut left: BTreeSet<&str> = BTreeSet::new();
    for line in lines.lines() {
        let (word, path) = line.split_once(' ')?;
        if let Some(group) = left.iter().find(|group| path.starts_with(**group)) {
            return Some(format!("'{line}' after the end of {group}"));
        }
        match word {
            "open" => *open.entry(path).or_default() += 1,
            "close" if open.get(path).is_none_or(|&count| count == 0) => {
                return Some(format!("'{line}' without an open"));
            }
            "close" => *open.entry(path).or_default() -= 1,
            "leave" => {
                if let Some((inner, _)) = open.iter().find(|(inner, count)| **count > 0 && inner.starts_with(path)) {
                    return Some(format!("{inner} is open at the end of {path}"));
                }
                left.insert(path);
            }
            _ => {}
        }
    }
    open.iter().find(|(_, count)| **count > 0).map(|(path, _)| format!("{path} was never closed"))
}

#[test]
fn what_is_opened_is_closed_before_its_group_ends() {
    let programs = std::env::var("AIVI_PROGRAMS").ok().and_then(|text| text.parse().ok()).unwrap_or(PROGRAMS);
    let file = std::env::temp_dir().join(format!("aivi-nesting-{}.aivi", std::process::id()));
    for number in 1..=programs {
        let mut dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut text = HEAD.to_owned();
        text.push_str("bracket \"m\" ");
        effect(&mut dice, "m", 5, &mut text);
        text.push('\n');
        std::fs::write(&file, &text).expect("a file in the temporary folder");
        let seeds = (0..4).map(|seed| Schedule::Seed(number * 10 + seed));
        for schedule in seeds.chain([Schedule::Workers(2)]) {
            let ran = run(&file, &[], schedule).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let wrong = mistake(&ran.stdout).or_else(|| {
                let good = ran.ending.exit_code() == 0 && ran.stdout.ends_with("leave m\n");
                (!good).then(|| format!("it ends with {:?}", ran.ending))
            });
            if let Some(wrong) = wrong {
                panic!("program {number}, {schedule:?}: {wrong}\n{}\n{}\n{text}", ran.stdout, ran.stderr);
            }
        }
    }
    std::fs::remove_file(&file).expect("it was written");
}

#[test]
fn the_oracle_sees_mistakes() {
    assert_eq!(mistake("enter m\nopen mh\nclose mh\nleave m\n"), None);
    assert!(mistake("enter m\nopen mh\nleave m\n").is_some());
    assert!(mistake("enter m\nclose mh\nleave m\n").is_some());
    assert!(mistake("enter m\nleave m\nsay mp\n").is_some());
}
