//! How many instructions of the processor does an operation take? Counted, not timed: the numbers repeat to a few in a
//! thousand on a machine that others use, so that a change which makes something two in a hundred slower is seen.
//!
//! `cargo bench --bench instructions` counts all programs with callgrind, which has to be installed, and compares with
//! `instructions.txt`; it fails when a program takes over 2 % more than recorded. `UPDATE_GOLDEN=1` records what was
//! counted. Each program runs in two sizes, in processes of their own; the difference is free of start, compilation and
//! end.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use aivi::Engine;
use aivi_bench::{run, script};

/// As the program `aivi` allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Program and its two sizes: far enough apart that the difference is some ten million instructions.
const PROGRAMS: &[(&str, i64, i64)] = &[
    ("fib", 10, 25),
    ("turns", 1_000, 401_000),
    ("trees", 6, 13),
    ("lists", 1_000, 101_000),
    ("texts", 1_000, 51_000),
    ("effects", 1_000, 201_000),
    ("sieve", 1_000, 101_000),
    ("queens", 4, 9),
    ("memo", 100, 10_100),
    ("words", 100, 20_100),
    ("tokens", 10, 510),
    ("closures", 100, 30_100),
    ("versions", 100, 10_100),
    ("derive", 5, 105),
    ("letters", 1_000, 51_000),
    ("fields", 100, 5_100),
    ("counters", 20, 520),
    ("folds", 10, 210),
    ("states", 10, 410),
    ("json", 20, 1_020),
    ("rows", 20, 520),
    ("integrals", 20, 1_020),
    ("lookups", 20, 520),
    ("spawn", 1_000, 31_000),
    ("spawn_all", 1_000, 31_000),
    ("par", 1_000, 61_000),
    ("race", 1_000, 11_000),
    ("timeout", 1_000, 61_000),
    ("jobs", 100, 2_100),
    ("pool", 100, 2_100),
    ("pingpong", 1_000, 31_000),
    ("fanin", 1_000, 61_000),
    ("patient", 1_000, 31_000),
    ("each_par", 1_000, 31_000),
    ("select", 100, 2_100),
    ("limiter", 100, 2_100),
    ("semaphore", 100, 2_100),
    ("lock", 20_000, 40_000),
];

/// What an operation may cost more than recorded before it is a regression, in thousandths.
const TOLERATED: u64 = 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["count", name, size] => once(name, size.parse().expect("a size")),
        all if all.contains(&"--bench") => return compare(all),
        // `cargo test`: the programs run, and each has its line.
        _ => {
            let recorded = Recorded::read();
            for &(name, small, _) in PROGRAMS {
                once(name, small);
                assert!(recorded.counts.contains_key(name), "{name} has no line in {}", Recorded::path().display());
            }
        }
    }
    ExitCode::SUCCESS
}

fn once(name: &str, size: i64) {
    let engine = Engine::builder().workers(1).build().expect("an engine");
    run(&script(&engine, name), size);
}

fn compare(arguments: &[&str]) -> ExitCode {
    let mut recorded = Recorded::read();
    let filters: Vec<&&str> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let same_compiler = recorded.compiler == compiler();
    let mut slower = 0;
    println!("{:<12} {:>14} {:>14} {:>8}", "program", "recorded", "now", "change");
    for &(name, small, large) in PROGRAMS {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(**filter)) {
            continue;
        }
        let now = match (count(name, small), count(name, large)) {
            (Ok(small), Ok(large)) => large.saturating_sub(small),
            (Err(error), _) | (_, Err(error)) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        };
        let before = recorded.counts.insert(name.into(), now).unwrap_or(now);
        let thousandths = (now as i64 - before as i64) * 1000 / before.max(1) as i64;
        let too_much = now > before + before * TOLERATED / 1000;
        slower += u32::from(too_much && same_compiler);
        let note = if too_much { "  slower" } else { "" };
        println!("{name:<12} {before:>14} {now:>14} {:>+7.1}%{note}", thousandths as f64 / 10.0);
    }
    if env::var_os("UPDATE_GOLDEN").is_some() {
        recorded.compiler = compiler();
        fs::write(Recorded::path(), recorded.to_string()).expect("the table can be written");
    } else if !same_compiler {
        println!("recorded with {}, now {}: nothing follows from the difference", recorded.compiler, compiler());
    } else if slower > 0 {
        println!("{slower} slower by more than {}.{} %", TOLERATED / 10, TOLERATED % 10);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Instructions of a process that runs the program with this size.
fn count(name: &str, size: i64) -> Result<u64, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["count", name, &size.to_string()])
        // Else the C library copies much memory with one instruction, which is counted as one for each byte.
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=1000000000")
        .stdout(Stdio::null())
        .output()
        .map_err(|error| {
            format!("valgrind cannot be started: {error}; it is in the package `valgrind` of most systems")
        })?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected :"));
    let number = collected.and_then(|(_, number)| number.trim().parse().ok());
    number.filter(|_| output.status.success()).ok_or_else(|| format!("{name} {size} did not run:\n{text}"))
}

/// The compiler decides about the numbers as much as we do.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok();
    output.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).trim().into())
}

/// The table of `instructions.txt`: differences between the two sizes.
struct Recorded {
    compiler: String,
    counts: BTreeMap<String, u64>,
}

impl Recorded {
    fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
    }

    fn read() -> Recorded {
        let text = fs::read_to_string(Recorded::path()).unwrap_or_default();
        let mut lines = text.lines();
        let compiler = lines.next().unwrap_or_default().into();
        let counts = lines.filter_map(|line| {
            let (name, count) = line.split_once(' ')?;
            Some((name.into(), count.trim().parse().ok()?))
        });
        Recorded { compiler, counts: counts.collect() }
    }
}

impl std::fmt::Display for Recorded {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "{}", self.compiler)?;
        for &(name, ..) in PROGRAMS {
            if let Some(count) = self.counts.get(name) {
                writeln!(out, "{name:<12} {count:>14}")?;
            }
        }
        Ok(())
    }
}
