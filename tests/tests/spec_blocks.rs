//! Every block of AIVI code in `spec/` and the README does what the page says. `aivi_tests::blocks` has the notation.
//!
//! `AIVI_CASE=matching cargo test -p aivi-tests --test spec_blocks` runs only pages whose path has `matching`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aivi::{CompileError, Ending, Script};
use aivi_tests::blocks::{Block, Form, Page, pages};
use aivi_tests::expect::End;
use aivi_tests::runs::{Schedule, run};

/// Compiles a block without running it.
fn compile(path: &Path) -> Result<Script, CompileError> {
    Schedule::Seed(0).engine().build().expect("an engine").compile_file(path)
}

/// The codes that start with this letter, each once.
fn codes(reports: impl Iterator<Item = aivi::Report>, letter: char) -> Vec<String> {
    let mut codes: Vec<String> = reports.map(|report| report.code.name().to_owned()).collect();
    codes.retain(|code| code.starts_with(letter));
    codes.dedup();
    codes
}

fn check_rejected(block: &Block, error: &CompileError) -> Result<(), String> {
    let wanted = block.code.iter().cloned().collect::<Vec<_>>();
    if block.end == End::Rejected && codes(error.reports(), 'E') == wanted {
        return Ok(());
    }
    let errors = error.reports().filter(|report| report.code.name().starts_with('E'));
    let errors = errors.map(|report| format!("\n{}: {}: {}", report.line, report.code.name(), report.message));
    Err(format!("expected {:?} {wanted:?}, but it does not compile{}", block.end, errors.collect::<String>()))
}

fn check_run(block: &Block, path: &Path) -> Result<(), String> {
    let ran = match run(path, &[], Schedule::Seed(0)) {
        Ok(ran) => ran,
        Err(error) => return check_rejected(block, &error),
    };
    let right = match (&block.end, &ran.ending) {
        (End::Success, Ending::Success) => true,
        (End::Failure(wanted), Ending::Failure(report)) => *wanted == report.error,
        (End::Fault(part), Ending::Fault(report)) => report.message.contains(part.as_str()),
        (End::Exit(wanted), Ending::Exit(code)) => wanted == code,
        _ => false,
    };
    if !right {
        return Err(format!("expected {:?}, found {:?}\n{}", block.end, ran.ending, ran.stderr));
    }
    match block.printed() {
        Some(wanted) if wanted != ran.stdout => {
            Err(format!("expected the output\n{wanted}found\n{}{}", ran.stdout, ran.stderr))
        }
        _ => Ok(()),
    }
}

fn check_warned(block: &Block, path: &Path) -> Result<(), String> {
    let Some(code) = block.code.as_ref().filter(|_| block.end == End::Success) else { return Ok(()) };
    let script = compile(path).map_err(|error| error.to_string())?;
    let found = codes(script.reports().iter(), 'W');
    if found.contains(code) { Ok(()) } else { Err(format!("expected {code}, found {found:?}")) }
}

fn check(block: &Block, path: &Path) -> Result<(), String> {
    fs::write(path, block.program()).expect("the folder of the tests can be written");
    if block.has_main() {
        check_run(block, path)?;
    } else {
        match compile(path) {
            Ok(_) if block.end == End::Rejected => return Err("is not rejected".into()),
            Ok(_) => {}
            Err(error) => check_rejected(block, &error)?,
        }
    }
    check_warned(block, path)
}

/// Checks the blocks of a page in a folder of its own; gives the differences.
fn check_page(page: &Page) -> Vec<String> {
    let mut differences = Vec::new();
    let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spec").join(page.name.replace('/', "_"));
    let mut folder: Option<PathBuf> = None;
    for (index, block) in page.blocks.iter().enumerate() {
        let beside = folder.take().unwrap_or_else(|| {
            let fresh = top.join(index.to_string());
            // It is not there in the first run.
            let _ = fs::remove_dir_all(&fresh);
            fresh
        });
        fs::create_dir_all(&beside).expect("the folder of the tests can be written");
        if let Form::File(name) = &block.form {
            let path = beside.join(name);
            fs::create_dir_all(path.parent().expect("in the folder")).expect("the folder of the tests can be written");
            fs::write(path, &block.text).expect("the folder of the tests can be written");
            folder = Some(beside);
        } else if let Err(difference) = check(block, &beside.join("page.aivi")) {
            let difference = difference.trim_end().replace('\n', "\n    ");
            differences.push(format!("{} ({:?})\n    {difference}", block.place, block.form));
        }
    }
    differences
}

#[test]
fn every_block_does_what_its_page_says() {
    let only = std::env::var("AIVI_CASE").unwrap_or_default();
    let pages: Vec<Page> = pages().into_iter().filter(|page| page.name.contains(&only)).collect();
    let count: usize = pages.iter().map(|page| page.blocks.len()).sum();
    assert!(count > 0, "no block was found");
    let next = AtomicUsize::new(0);
    let differences = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                // Relaxed: the counter only hands out numbers.
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check_page(page);
                    differences.lock().expect("no thread panics with the lock").extend(found);
                }
            });
        }
    });
    let mut differences = differences.into_inner().expect("no thread panicked with the lock");
    differences.sort();
    assert!(differences.is_empty(), "{} of {count} blocks failed\n{}", differences.len(), differences.join("\n"));
}
