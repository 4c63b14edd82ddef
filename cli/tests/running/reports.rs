//! Reports of programs that run, as people and as other programs read them: `tests/golden/reports/<kind>.aivi` beside
//! its `.out` and its `.json`, in virtual time. `UPDATE_GOLDEN=1` rewrites them; review reads the difference. The page
//! shows each.

use std::fs;
use std::path::{Path, PathBuf};

use crate::child::{expect_line, start_with};
use crate::common::{aivi, outcome, run, text};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project's folder").to_owned()
}

/// The scripts, by their paths as seen from the project's folder.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new("tests/golden/reports");
    let entries = fs::read_dir(root().join(folder)).expect("the golden files").map(|entry| entry.expect("a name"));
    let mut names: Vec<_> = entries.map(|entry| folder.join(entry.file_name())).collect();
    names.retain(|name| name.extension().is_some_and(|extension| extension == "aivi"));
    names.sort();
    names
}

/// What a script's run writes to standard error; of `fibers` what is shown while it runs.
fn written(case: &Path, options: &[&str]) -> String {
    let arguments = [&["run", "--virtual-time"], options].concat();
    if !case.ends_with("fibers.aivi") {
        let output = aivi().current_dir(root()).args(arguments).arg(case).output().expect("the program starts");
        return text(&output.stderr);
    }
    let (mut child, mut stdout) = start_with(&arguments, case);
    expect_line(&mut stdout, "ready");
    let output = aivi().arg("dump").args(options).arg(child.id().to_string()).output().expect("the program starts");
    drop(child.stdin.take());
    assert!(child.wait().expect("the program ends").success());
    text(&output.stdout)
}

/// The heading of the page's last section, which the golden files make.
const HEADING: &str = "## An example of each\n";

#[test]
fn each_kind_of_report_is_as_the_page_shows_it() {
    let is_update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    let mut examples = String::new();
    for case in cases() {
        for (extension, options) in [("out", &[][..]), ("json", &["--json"])] {
            let (golden, found) = (root().join(case.with_extension(extension)), written(&case, options));
            if is_update {
                fs::write(&golden, &found).expect("the golden file can be written");
            } else if fs::read_to_string(&golden).unwrap_or_default() != found {
                wrong.push(format!("{} is not what was written:\n{found}", golden.display()));
            }
            let fence = if extension == "json" { "json" } else { "text" };
            let title = if extension == "json" { String::new() } else { format!("\n`{}`\n", case.display()) };
            examples += &format!("{title}\n```{fence}\n{found}```\n");
        }
    }
    let path = root().join("spec/reports.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (before, after) = page.split_once(HEADING).expect("the section");
    if is_update {
        fs::write(&path, format!("{before}{HEADING}{examples}")).expect("the page can be written");
    } else if after != examples {
        wrong.push(format!("the last section of {} is stale", path.display()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every line is an object that says which kind of report it is, and the page describes the kind.
#[test]
fn every_line_says_what_kind_of_report_it_is() {
    let page = fs::read_to_string(root().join("spec/reports.md")).expect("the page");
    for case in cases() {
        let lines = written(&case, &["--json"]);
        for line in lines.lines() {
            let kind = line.strip_prefix("{\"report\":\"").and_then(|rest| rest.split('"').next()).expect("a kind");
            assert!(page.contains(&format!("\n| `{kind}` |")), "{kind} of {}", case.display());
        }
    }
    let (code, stdout, stderr) = outcome(&run(&["run", "--json"], Path::new("no/such.aivi")));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("{\"report\":\"diagnostic\",\"severity\":\"error\",\"code\":null,"), "{stderr}");
}
