//! What a conformance script says about itself, in comments that start their line:
//!
//! ```text
//! // expect: a line of standard output, in order
//! // expect unordered: a line that may change places with its unordered neighbours
//! // expect virtual: a line that is so in the simulator (an exact time), and may be any on workers
//! // expect stderr: part of standard error
//! // expect failure: the error that `main` fails with
//! // expect fault: part of the fault's message
//! // expect exit: 7
//! // expect error: E3000 line 4      (the line may be left out)
//! // expect warning: W2101 line 4
//! // args: one two
//! // clock: virtual                  (only in the simulator: exact times, or a choice that real threads leave open)
//! // workers: 2
//! // seeds: 100
//! ```
//!
//! Without `failure`, `fault`, `exit` and `error` the program must succeed.

/// How the script must end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum End {
    /// With success.
    #[default]
    Success,
    /// With this failure.
    Failure(String),
    /// With a fault whose message has this part.
    Fault(String),
    /// With this exit code.
    Exit(i32),
    /// Not at all: it does not compile.
    Rejected,
}

/// A diagnostic that must be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Its code.
    pub code: String,
    /// Its line, when that matters.
    pub line: Option<u32>,
}

/// A line of output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its text.
    pub text: String,
    /// It may change places with unordered neighbours.
    pub unordered: bool,
    /// Outside of the simulator another one may stand there.
    pub is_virtual: bool,
}

/// Everything that a script expects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    /// Standard output.
    pub output: Vec<Line>,
    /// Parts of standard error.
    pub stderr: Vec<String>,
    /// The end.
    pub end: End,
    /// Errors and warnings; other errors are not tolerated, other warnings are.
    pub diagnostics: Vec<Report>,
    /// Arguments of the program.
    pub args: Vec<String>,
    /// Only for the simulator.
    pub virtual_only: bool,
    /// Workers on real threads.
    pub workers: Option<usize>,
    /// Seeds in the simulator.
    pub seeds: Option<u64>,
}

impl Expectation {
    /// Reads the comments of a script.
    ///
    /// # Errors
    /// The first comment that looks like an expectation and is none.
    pub fn read(script: &str) -> Result<Expectation, String> {
        let mut found = Expectation::default();
        for line in script.lines() {
            let Some((key, value)) = line.strip_prefix("// ").and_then(|comment| comment.split_once(':')) else {
                continue;
            };
            let value = value.strip_prefix(' ').unwrap_or(value);
            let wrong = || format!("not understood: {line}");
            match key {
                "expect" | "expect unordered" | "expect virtual" => found.output.push(Line {
                    text: value.into(),
                    unordered: key == "expect unordered",
                    is_virtual: key == "expect virtual",
                }),
                "expect stderr" => found.stderr.push(value.into()),
                "expect failure" => found.end = End::Failure(value.into()),
                "expect fault" => found.end = End::Fault(value.into()),
                "expect exit" => found.end = End::Exit(value.parse().map_err(|_| wrong())?),
                "expect error" => {
                    found.end = End::Rejected;
                    found.diagnostics.push(report(value).ok_or_else(wrong)?);
                }
                "expect warning" => found.diagnostics.push(report(value).ok_or_else(wrong)?),
                "args" => found.args = value.split_whitespace().map(str::to_owned).collect(),
                "clock" if value == "virtual" => found.virtual_only = true,
                "workers" => found.workers = Some(value.parse().map_err(|_| wrong())?),
                "seeds" => found.seeds = Some(value.parse().map_err(|_| wrong())?),
                _ if key.starts_with("expect") || key == "clock" => return Err(wrong()),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Compares the output with what is expected, in the simulator or outside of it; the answer is the difference.
    ///
    /// # Errors
    /// The first difference.
    pub fn check_output(&self, output: &str, in_simulator: bool) -> Result<(), String> {
        let found: Vec<&str> = output.lines().collect();
        let mut expected = self.output.clone();
        let mut at = 0;
        while at < expected.len() {
            let end = at + expected[at..].iter().take_while(|line| line.unordered).count().max(1);
            // Lines of one unordered group are compared in sorted order, on both sides.
            let group = &mut expected[at..end];
            group.sort_by(|left, right| left.text.cmp(&right.text));
            let mut lines: Vec<&str> = found.iter().skip(at).take(end - at).copied().collect();
            lines.sort_unstable();
            for (index, line) in group.iter().enumerate() {
                let is_any = line.is_virtual && !in_simulator;
                if lines.get(index).is_none_or(|found| !is_any && *found != line.text) {
                    let place = at + index + 1;
                    return Err(format!(
                        "line {place} of the output: expected {:?}, found {:?}",
                        line.text,
                        lines.get(index)
                    ));
                }
            }
            at = end;
        }
        match found.get(expected.len()) {
            Some(extra) => Err(format!("line {} of the output is not expected: {extra:?}", expected.len() + 1)),
            None => Ok(()),
        }
    }
}

/// `E3000 line 4`
fn report(text: &str) -> Option<Report> {
    let mut words = text.split_whitespace();
    let code = words.next()?.to_owned();
    let line = match words.next() {
        None => None,
        Some("line") => Some(words.next()?.parse().ok()?),
        Some(_) => return None,
    };
    words.next().is_none().then_some(Report { code, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_expectations() {
        let script = "// expect: a: b\n// expect fault: x\n// args: 1 2\n// expect error: E1 line 3\n  // expect: no\n";
        let found = Expectation::read(script).expect("understood");
        assert_eq!(found.output, [Line { text: "a: b".into(), unordered: false, is_virtual: false }]);
        assert_eq!(found.args, ["1", "2"]);
        assert_eq!(found.diagnostics, [Report { code: "E1".into(), line: Some(3) }]);
        assert!(Expectation::read("// expect nothing: x").is_err());
        assert!(Expectation::read("// expect exit: x").is_err());
        assert!(Expectation::read("// expect error: E1 lines 3").is_err());
    }

    #[test]
    fn output_is_compared_line_by_line() {
        let wants = |script: &str| Expectation::read(script).expect("understood");
        let plain = wants("// expect: a\n// expect: b");
        assert_eq!(plain.check_output("a\nb\n", true), Ok(()));
        assert!(plain.check_output("a\n", true).is_err());
        assert!(plain.check_output("b\na\n", true).is_err());
        assert!(plain.check_output("a\nb\nc\n", true).is_err());
        let timed = wants("// expect: a\n// expect virtual: 10\n// expect: b");
        assert_eq!(timed.check_output("a\n10\nb\n", true), Ok(()));
        assert_eq!(timed.check_output("a\n11\nb\n", false), Ok(()));
        assert!(timed.check_output("a\n11\nb\n", true).is_err());
        assert!(timed.check_output("a\nb\n", false).is_err());
        let group = wants("// expect unordered: a\n// expect unordered: b\n// expect: c");
        assert_eq!(group.check_output("b\na\nc\n", true), Ok(()));
        assert!(group.check_output("b\nc\na\n", true).is_err());
        assert!(group.check_output("b\nb\nc\n", true).is_err());
    }
}
