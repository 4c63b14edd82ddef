//! What is said about a test.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use aivi::{Color, Ending};

use super::attempt::{Attempt, Verdict};
use super::cancel::Everywhere;
use super::explore::Explored;
use super::plan::Case;
use super::rehearse::Problem;
use super::{Interrupted, Stop};
use crate::args::{Mode, Test};
use crate::out::color_out;

/// Details stand below their test, this far to the right.
const INDENT: &str = "     ";

/// What came of a test.
#[derive(Default)]
pub struct CaseResult {
    /// The last one may have failed.
    pub attempts: Vec<Attempt>,
    /// Who ran when, in the one that failed.
    pub schedule: Option<String>,
    /// What `--cancel-everywhere` or `--explore` has found.
    pub problem: Option<Problem>,
    pub everywhere: Option<Everywhere>,
    pub explored: Option<Explored>,
}

impl CaseResult {
    /// It did what it should, each time.
    pub fn passed(&self) -> bool {
        self.problem.is_none() && self.attempts.iter().all(Attempt::passed)
    }

    /// Notes why there are no more rehearsals.
    pub(super) fn stop(&mut self, stop: Stop) -> Result<(), Interrupted> {
        match stop {
            Stop::Interrupted(interrupted) => return Err(interrupted),
            Stop::Problem(problem) => self.problem = Some(problem),
            Stop::NotRun(what) => {
                self.problem = Some(Problem { what, output: String::new(), schedule: String::new() });
            }
        }
        Ok(())
    }
}

/// Turns attempts into lines.
pub struct Report<'o> {
    options: &'o Test,
    color: Color,
}

impl<'o> Report<'o> {
    /// Reports as the options say.
    pub fn new(options: &'o Test) -> Self {
        Report { options, color: color_out() }
    }

    /// The lines about a test.
    pub fn case(&self, case: &Case<'_>, result: &CaseResult) -> String {
        let Some(last) = result.attempts.last() else { return String::new() };
        let word = if result.passed() { self.paint("pass", 32) } else { self.paint("FAIL", 31) };
        let effort = self.effort(result);
        let mut text = format!("{word} {}: {} ({effort})\n", case.test.name, case.test.description);
        if let Some(problem) = &result.problem {
            indented(&mut text, &format!("{}: {}", case.test.place, problem.what), "");
            output(&mut text, &problem.output);
            schedule(&mut text, &problem.schedule);
            indented(&mut text, &format!("again: {}", self.command(case, last.mode)), "");
            return text;
        }
        if !last.passed() {
            let reason = reason(last, self.options.timeout);
            indented(&mut text, &format!("{}: {reason}", case.test.place), "");
        }
        if !last.passed() || self.options.show_output {
            output(&mut text, &last.output);
        }
        for (place, count) in last.unreceived.iter().filter(|_| self.options.show_output) {
            let messages = if *count == 1 { "a message".to_owned() } else { format!("{count} messages") };
            indented(&mut text, &format!("note: nobody received {messages} of the channel made at {place}"), "");
        }
        if last.passed() {
            for (place, count) in &last.cut_off {
                let tasks = if *count == 1 { "a task".to_owned() } else { format!("{count} tasks") };
                indented(&mut text, &format!("note: it left {tasks} running, spawned at {place}"), "");
            }
        } else {
            schedule(&mut text, result.schedule.as_deref().unwrap_or_default());
            indented(&mut text, &format!("again: {}", self.command(case, last.mode)), "");
        }
        text
    }

    /// How long it took, and under how many seeds.
    fn effort(&self, result: &CaseResult) -> String {
        let real = duration(result.attempts.iter().map(|attempt| attempt.real_time).sum());
        let mut text = match &*result.attempts {
            [one] => match one.mode {
                Mode::Simulated { .. } if one.time >= SHOWN_MIN => format!("{} virtual, {real}", duration(one.time)),
                Mode::Simulated { .. } | Mode::Real { .. } => real,
            },
            attempts => format!("{} seeds, {real}", attempts.len()),
        };
        if let Some(Everywhere { tried, points }) = result.everywhere {
            text.push_str(&match tried == points {
                true => format!(", cancelled at {tried} points"),
                false => format!(", cancelled at {tried} of {points} points"),
            });
        }
        if let Some(Explored { schedules, complete }) = result.explored {
            let extent = match complete {
                Some(bound) if Some(bound) == self.options.explore => format!("all with up to {bound} preemptions"),
                Some(bound) => format!("all with up to {bound} preemptions, some with more"),
                None => "not all without preemptions".to_owned(),
            };
            text.push_str(&format!(", {schedules} orders: {extent}"));
        }
        text
    }

    /// What to type to see the same again.
    fn command(&self, case: &Case<'_>, mode: Mode) -> String {
        let mut command = format!("aivi test {} --only {}", quoted(case.path), case.test.name);
        // A `String` takes everything.
        let _ = match mode {
            Mode::Simulated { seed } => write!(command, " --seed {seed}"),
            Mode::Real { workers: Some(workers) } => write!(command, " --workers {workers}"),
            Mode::Real { workers: None } => write!(command, " --real-time"),
        };
        if self.options.cancel_everywhere {
            command.push_str(" --cancel-everywhere");
        }
        if let Some(preemptions) = self.options.explore {
            // As above.
            let _ = write!(command, " --explore={preemptions}");
        }
        command + &case.permissions.words()
    }

    fn paint(&self, word: &str, color: u8) -> String {
        match self.color {
            Color::Ansi => format!("\x1b[1;{color}m{word}\x1b[0m"),
            Color::Never => word.to_owned(),
        }
    }
}

/// Virtual time below this is not mentioned: it is only the machine's own.
const SHOWN_MIN: Duration = Duration::from_millis(1);

/// Why a test has not passed.
fn reason(attempt: &Attempt, limit: Option<Duration>) -> String {
    match &attempt.verdict {
        Verdict::Ended(ending) => match ending {
            Ending::Success if !attempt.stuck.is_empty() => attempt.stuck.join("\n"),
            Ending::Success => format!("it left behind: {}", attempt.leaked.join(", ")),
            Ending::Exit(code) => format!("it ended the program with `exit {code}`"),
            ending => ending.report().unwrap_or_default(),
        },
        Verdict::TimedOut { stood, is_over } => {
            let limit = duration(limit.unwrap_or_default());
            let mut text = format!("it did not end within {limit} (`--timeout` sets the limit)");
            if !is_over {
                text.push_str(", nor did its cleanups, which were left running");
            }
            if let Some(stood) = stood.as_deref().filter(|stood| !stood.is_empty()) {
                text.push_str("; its fibers stood at\n");
                text.push_str(stood.trim_end());
            }
            text
        }
        Verdict::NotRun(why) => why.clone(),
    }
}

/// Shows what was printed.
fn output(text: &mut String, output: &str) {
    if !output.is_empty() {
        indented(text, "output:", "");
        indented(text, output, "  | ");
    }
}

/// Shows who ran when; of a single fiber there is nothing to say.
fn schedule(text: &mut String, schedule: &str) {
    if schedule.lines().count() > 1 {
        indented(text, "schedule:", "");
        indented(text, schedule, "  ");
    } else if !schedule.contains(" fiber 1 ") && !schedule.is_empty() {
        indented(text, &format!("schedule: {schedule}"), "");
    }
}

/// Adds lines, each behind `mark`.
fn indented(text: &mut String, lines: &str, mark: &str) {
    for line in lines.lines() {
        let line = format!("{INDENT}{mark}{line}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Three digits or so, in the unit that suits.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds >= 100.0 => format!("{seconds:.0} s"),
        _ if seconds >= 1.0 => format!("{seconds:.1} s"),
        _ if seconds >= 0.01 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{:.1} ms", seconds * 1e3),
    }
}

/// The path as a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        path.into_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_few_digits() {
        let texts = [0, 80, 1_500, 12_345, 999_400, 1_000_000, 99_900_000, 86_400_000_000]
            .map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(texts, ["0.0 ms", "0.1 ms", "1.5 ms", "12 ms", "999 ms", "1.0 s", "99.9 s", "86400 s"]);
    }

    #[test]
    fn paths_are_quoted_when_a_shell_would_part_them() {
        assert_eq!(quoted(Path::new("a/b-c.aivi")), "a/b-c.aivi");
        assert_eq!(quoted(Path::new("my tests/it's.aivi")), r"'my tests/it'\''s.aivi'");
    }
}
