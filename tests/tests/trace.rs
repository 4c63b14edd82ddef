//! Traces: the same seed gives the same one, and viewers can open them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aivi::{Output, Trace};
use aivi_tests::files::{list, read, root};
use aivi_tests::runs::Schedule;
use serde_json::Value;

/// Runs a script's `main` and gives what happened; `None` if it is not meant to run.
fn traced(path: &Path, schedule: Schedule) -> Option<Trace> {
    let silent = || Output::writer(std::io::sink());
    let engine = schedule.engine().stdout(silent()).stderr(silent()).traced().build().expect("an engine");
    let script = engine.compile_program(path).ok()?;
    let _ = script.run_main();
    Some(script.take_trace())
}

fn json(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.write_json(&mut bytes).expect("memory takes everything");
    bytes
}

/// Traces with more events take long to write and to read, and say nothing more.
const MANY: usize = 20_000;

/// Scripts with fibers.
fn scripts() -> Vec<PathBuf> {
    let folders = ["cancellation", "channels", "many", "race", "scope", "select", "timeout"];
    let folders = folders.map(|folder| root().join("tests/conformance").join(folder));
    folders.iter().flat_map(|folder| list(folder, "aivi", false)).collect()
}

fn example() -> PathBuf {
    root().join("tests/golden/trace/jobs.aivi")
}

#[test]
fn a_seed_gives_the_same_trace_byte_by_byte() {
    let mut count = 0;
    for path in scripts() {
        let run = || traced(&path, Schedule::Seed(7));
        let (Some(first), Some(second)) = (run(), run()) else { continue };
        let (place, differ) = (path.display(), first.events().iter().zip(second.events()).position(|(a, b)| a != b));
        assert!(differ.is_none(), "{place}: event {differ:?} differs");
        assert_eq!(first.events().len(), second.events().len(), "{place}");
        if first.events().len() < MANY {
            assert_eq!(json(&first), json(&second), "{place}");
        }
        count += 1;
    }
    assert!(count > 70, "{count} runs");
}

#[test]
fn traces_keep_to_the_format() {
    for path in scripts().into_iter().chain([example()]) {
        for schedule in [Schedule::Seed(3), Schedule::Workers(4)] {
            if let Some(trace) = traced(&path, schedule)
                && trace.events().len() < MANY
            {
                check(&json(&trace)).unwrap_or_else(|wrong| panic!("{} {schedule:?}: {wrong}", path.display()));
            }
        }
    }
}

/// Process and thread.
type Row = (u64, u64);

/// What the documents of the format ask for, and what an arrow needs to be shown.
fn check(json: &[u8]) -> Result<(), String> {
    let trace: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let entries = trace["traceEvents"].as_array().ok_or("no traceEvents")?;
    let mut rows: BTreeMap<Row, Vec<(u64, u64)>> = BTreeMap::new();
    let mut arrows: BTreeMap<u64, Vec<(&str, Row, u64)>> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for entry in entries {
        let wrong = |what: &str| format!("{what}: {entry}");
        let nanos = |key: &str| entry[key].as_f64().filter(|us| *us >= 0.0).map(|us| (us * 1000.0).round() as u64);
        let row = (entry["pid"].as_u64().ok_or(wrong("pid"))?, entry["tid"].as_u64().ok_or(wrong("tid"))?);
        let at = nanos("ts").ok_or(wrong("ts"))?;
        entry["name"].as_str().ok_or(wrong("name"))?;
        match entry["ph"].as_str().ok_or(wrong("ph"))? {
            "M" => _ = named.insert(row),
            "X" => rows.entry(row).or_default().push((at, at + nanos("dur").ok_or(wrong("dur"))?)),
            "i" if entry["s"] == "t" => {}
            ph @ ("s" | "f") => {
                arrows.entry(entry["id"].as_u64().ok_or(wrong("id"))?).or_default().push((ph, row, at));
            }
            _ => return Err(wrong("ph")),
        }
        if !named.contains(&row) {
            return Err(wrong("a row without a name"));
        }
    }
    for (row, slices) in &rows {
        let mut open: Vec<(u64, u64)> = Vec::new();
        for &(from, to) in slices {
            open.retain(|(_, end)| *end > from);
            if let Some(around) = open.last().filter(|(_, end)| *end < to) {
                return Err(format!("row {row:?}: {from}..{to} overlaps {around:?}"));
            }
            open.push((from, to));
        }
    }
    let is_inside = |row: &Row, at: u64| rows[row].iter().any(|(from, to)| *from <= at && at < *to);
    for (id, ends) in &arrows {
        match ends[..] {
            [("s", from, begin), ("f", to, end)] if begin <= end => {
                if !is_inside(&from, begin) || !is_inside(&to, end) {
                    return Err(format!("arrow {id} from {from:?} at {begin} to {to:?} at {end} touches no slice"));
                }
            }
            _ => return Err(format!("arrow {id}: {ends:?}")),
        }
    }
    Ok(())
}

#[test]
fn the_check_sees_what_is_wrong() {
    let entry = |rest: &str| format!("{{\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":1.0,{rest}}}");
    let trace = |entries: &[String]| format!("{{\"traceEvents\":[{}]}}", entries.join(",")).into_bytes();
    let named = entry("\"ph\":\"M\"");
    let slice = entry("\"ph\":\"X\",\"dur\":2.0");
    let late = slice.replace("\"ts\":1.0", "\"ts\":2.0");
    let arrow = entry("\"ph\":\"s\",\"id\":1");
    let end = entry("\"ph\":\"f\",\"id\":1");
    assert_eq!(check(&trace(&[named.clone(), slice.clone(), arrow.clone(), end.clone()])), Ok(()));
    assert!(check(&trace(std::slice::from_ref(&slice))).is_err(), "no name");
    assert!(check(&trace(&[named.clone(), slice.clone(), late])).is_err(), "overlap");
    assert!(check(&trace(&[named.clone(), slice.clone(), arrow.clone()])).is_err(), "half an arrow");
    let outside = end.replace("\"ts\":1.0", "\"ts\":3.0");
    assert!(check(&trace(&[named.clone(), slice, arrow, outside])).is_err(), "an arrow into the void");
    assert!(check(&trace(&[named, entry("\"ph\":\"q\"")])).is_err(), "unknown phase");
}

/// Everything that the page promises is in the trace of the example, and its text form is what the page shows.
#[test]
fn a_trace_tells_what_happened() {
    let trace = traced(&example(), Schedule::Seed(0)).expect("it compiles");
    let text = trace.to_string().replace(&format!("{}/", root().display()), "");
    let golden = example().with_extension("out");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &text).expect("the golden file can be written");
    }
    assert_eq!(text, std::fs::read_to_string(&golden).unwrap_or_default(), "{}", golden.display());
    let page = read(&root().join("spec/reports.md"));
    let shown: String = text.split_inclusive('\n').take(12).collect();
    assert!(page.contains(&shown), "spec/reports.md lacks:\n{shown}");
    let json = String::from_utf8(json(&trace)).expect("text");
    for part in [
        "\"name\":\"worker#2 jobs.aivi:",
        "\"name\":\"waits for channel 1\"",
        "\"name\":\"sleeps\"",
        "\"name\":\"waits for par\"",
        "\"name\":\"waits to send on channel 1\"",
        "\"name\":\"cleanup\"",
        "\"name\":\"asked to end: its time was up\"",
        "\"name\":\"closed channel 1\"",
        "\"name\":\"cancelled: its time was up\"",
    ] {
        assert!(json.contains(part), "{part} is not in\n{json}");
    }
}

#[test]
fn a_script_that_is_not_traced_has_no_trace() {
    let script = Schedule::Seed(0)
        .engine()
        .stdout(Output::buffer())
        .build()
        .expect("an engine")
        .compile_program(&example())
        .expect("it compiles");
    let _ = script.run_main();
    assert!(script.take_trace().events().is_empty());
}
