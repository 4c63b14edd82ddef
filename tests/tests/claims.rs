//! The claims of `aivi_tests::claims` for inputs from seeds: what the fuzz targets do for hours, for a few seconds in
//! every test run. `AIVI_INPUTS` says how many inputs, if not the usual number.

use aivi_tests::files::{list, read, root};
use aivi_tests::{claims, generate};

fn inputs(usual: u64) -> u64 {
    std::env::var("AIVI_INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Bytes that look random (xorshift), as many as the seed says.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let length = usize::from(next());
    (0..length).map(|_| next()).collect()
}

/// Bytes that stand for a text: of the grammar, of tokens, or themselves.
fn text(seed: u64) -> String {
    let form = u8::try_from(seed % 3).expect("below 3");
    generate::text(&[&[form + 1], bytes(seed).as_slice()].concat())
}

#[test]
fn texts_have_tokens_trees_and_layouts() {
    for seed in 1..=inputs(500) {
        let text = text(seed);
        claims::lex(&text);
        claims::parse(&text);
        claims::format(&text);
    }
}

#[test]
fn most_generated_modules_parse() {
    let parse = |seed: u64| {
        let text = generate::text(&[&[1], bytes(seed).as_slice()].concat());
        aivi_compiler::format::format(&text).is_ok()
    };
    let good = (1..=300).filter(|seed| parse(*seed)).count();
    assert!(good > 30, "only {good} of 300 modules");
}

#[test]
fn texts_are_compiled_or_refused() {
    for seed in 1..=inputs(100) {
        claims::compile(&text(seed));
    }
}

/// A program with a few of its bytes changed.
fn damaged(text: &str, seed: u64) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let noise = self::bytes(seed);
    for pair in noise.chunks_exact(3).take(1 + (seed % 3) as usize) {
        let at = (usize::from(pair[0]) << 8 | usize::from(pair[1])) % bytes.len();
        let other = usize::from(pair[2]) * 7 % bytes.len();
        match pair[2] % 4 {
            0 => bytes[at] = b"()[]{}|=\"\n 019.,"[usize::from(pair[2] / 4) % 16],
            1 => bytes[at] = bytes[other],
            2 => _ = bytes.remove(at),
            _ => bytes.swap(at, other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn damaged_programs_end_in_the_same_way_for_the_same_seed() {
    let programs: Vec<String> =
        list(&root().join("tests/conformance"), "aivi", true).iter().map(|path| read(path)).collect();
    assert!(programs.len() > 100);
    for seed in 1..=inputs(60) {
        let program = &programs[(seed * 31) as usize % programs.len()];
        claims::simulate(seed, &damaged(program, seed));
    }
}

#[test]
fn bytes_are_modules_or_refused() {
    let module =
        claims::encoded("@no_prelude\nmodule m\n\nf = n => if n == 0 then [n] else f (n - 1)\n").expect("correct");
    for seed in 1..=inputs(1000) {
        let mut bytes = module.clone();
        for pair in self::bytes(seed).chunks_exact(2).take(2) {
            let at = usize::from(pair[0]) * 3 % bytes.len();
            bytes[at] = pair[1];
        }
        claims::bytecode(&bytes);
        claims::bytecode(&self::bytes(seed));
    }
    for seed in 1..=inputs(10) {
        claims::bytecode(&[&[3], self::bytes(seed).as_slice()].concat());
    }
}

/// What our compiler writes keeps all rules, and gives the same when every value is looked at.
#[test]
fn programs_run_guarded_as_they_run_otherwise() {
    let folders = ["tests/samples", "tests/conformance"].map(|folder| root().join(folder));
    let programs: Vec<_> = folders.iter().flat_map(|folder| list(folder, "aivi", true)).collect();
    for program in &programs {
        claims::guard(&read(program));
    }
}

#[test]
fn modules_that_anybody_may_have_written_break_nothing() {
    for seed in 1..=inputs(300) {
        claims::untrusted(&[&[4], bytes(seed).as_slice()].concat());
    }
}

#[test]
fn programs_that_run_out_of_fuel_leave_nothing() {
    let endless = "module demo
use aivi.concurrency

pass : Receiver Text -> Sender Text -> Effect Text Unit
pass = rx tx => forEach rx (text => send tx \"{text}\")

again : List Text -> Text -> List Text
again = seen text => again [text] \"{text}\"

main : Effect Text Unit
main = do Effect {
  (a, ra) <- makeBounded 1
  (b, rb) <- makeBounded 1
  _ <- spawn (pass ra b)
  _ <- spawn (pass rb a)
  send a \"x\"
  BODY
}
";
    for body in ["sleep 1000000", "println (toText (again [] \"y\"))", "third <- spawn (pass ra b)\n  third.join"] {
        claims::simulate(1, &endless.replace("BODY", body));
    }
}

#[test]
fn virtual_time_stands_still_at_its_end() {
    let text = "module demo
use aivi.concurrency

count : Int -> Int -> Int
count = n sum => if n == 0 then sum else count (n - 1) (sum + n)

main : Effect Text Unit
main = do Effect {
  sleep 9223372036854775807
  println \"{count 3000000 0}\"
}
";
    claims::simulate(1, text);
}
