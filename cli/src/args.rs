//! What can be typed after `aivi`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use aivi::WORKERS_MAX;
use clap::{ArgAction, Args, Parser};

use crate::command::Command;
use crate::permissions::Permissions;

const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    a failure, an error in the text, a failed test
  2    wrong usage
  70   a fault
  130  SIGINT, 143 SIGTERM
  141  nobody reads the output any more

`aivi help COMMAND` shows its options and an example.";

/// What `--workers` takes; its help says so, too.
const WORKERS: RangeInclusive<i64> = 1..=WORKERS_MAX as i64;

/// The AIVI language: checks, compiles and runs programs.
#[derive(Parser, Debug)]
#[command(name = "aivi", version, disable_version_flag = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; nothing shows version and help.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Print the version.
    #[arg(short = 'V', long, action = ArgAction::SetTrue)]
    pub version: bool,
}

/// `aivi run`
#[derive(Args, Debug)]
pub struct Run {
    /// The file with the module whose `main` is run, or what `aivi build` made of it.
    pub file: PathBuf,
    #[command(flatten)]
    pub machine: Machine,
    /// Write all reports as JSON, an object a line, to standard error: those of the compiler, warnings, the ending,
    /// fibers.
    #[arg(long)]
    pub json: bool,
    /// Write what happens to fibers to a file that timeline viewers open (Perfetto, Trace Event Format).
    #[arg(long, value_name = "OUT.json")]
    pub trace: Option<PathBuf>,
    /// Say in the end what the scheduler did: fibers started and stolen, workers put to sleep and woken.
    #[arg(long)]
    pub stats: bool,
    /// Arguments of the program, after `--`.
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
    #[command(flatten)]
    pub permissions: Permissions,
}

/// How fibers are scheduled.
#[derive(Args, Debug, Clone)]
pub struct Machine {
    /// Threads that run fibers, 1 to 64 [default: one for each processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(WORKERS))]
    pub workers: Option<u16>,
    /// Run on one thread with virtual time, where this number decides every scheduling choice.
    #[arg(long, value_name = "N", conflicts_with = "workers")]
    pub seed: Option<u64>,
    /// Virtual time: sleeping takes none; the same as `--seed 0`.
    #[arg(long, conflicts_with = "workers")]
    pub virtual_time: bool,
}

impl Machine {
    /// The seed of the simulator, if it is to be used.
    #[must_use]
    pub fn simulated(&self) -> Option<u64> {
        self.seed.or(self.virtual_time.then_some(0))
    }
}

/// `aivi build`
#[derive(Args, Debug)]
pub struct Build {
    /// The file with the module.
    pub file: PathBuf,
    /// Where to write the compiled program [default: beside the file, with the ending .aivic].
    #[arg(short, long, value_name = "OUT.aivic")]
    pub output: Option<PathBuf>,
}

/// `aivi check`
#[derive(Args, Debug)]
pub struct Check {
    /// Print a line of JSON for each problem to standard output, for other programs.
    #[arg(long)]
    pub json: bool,
    /// Files, folders, or `folder/...` for a folder and all below.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
}

/// `aivi fmt`
#[derive(Args, Debug)]
pub struct Fmt {
    /// Files, folders, `folder/...` for a folder and all below, or `-` for standard input.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Print the names of files that would change, and fail if there are any.
    #[arg(long)]
    pub check: bool,
    /// The same, but print what would change.
    #[arg(long)]
    pub diff: bool,
    /// Change the files, instead of printing the result.
    #[arg(long, conflicts_with_all = ["check", "diff"])]
    pub write: bool,
}

impl Fmt {
    /// The text is on standard input.
    #[must_use]
    pub fn is_stdin(&self) -> bool {
        matches!(&self.paths[..], [path] if path.as_os_str() == "-")
    }
}

/// `aivi test`
#[derive(Args, Debug)]
pub struct Test {
    /// Files, folders, or `folder/...` for a folder and all below.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Run only tests with this name, `Module.name` or `name`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// The number that decides every scheduling choice.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Run each test under this many seeds, from that of `--seed` on, up to the first that fails.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// Real time and threads, instead of virtual time on one.
    #[arg(long, conflicts_with_all = ["seed", "seeds"])]
    pub real_time: bool,
    /// The same, with so many threads, 1 to 64.
    #[arg(long, value_name = "N", conflicts_with_all = ["seed", "seeds"], value_parser = clap::value_parser!(u16).range(WORKERS))]
    pub workers: Option<u16>,
    /// Seconds of real time after which a test is given up; 0 for never.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = limit)]
    pub timeout: Limit,
    /// Run each test that passes once more for each point at which it can be cancelled, cancelled there.
    #[arg(long, conflicts_with_all = ["real_time", "workers"])]
    pub cancel_everywhere: bool,
    /// Try the orders in which the fibers of each test that passes can run, with so many preemptions at most [default:
    /// 2].
    #[arg(long, value_name = "PREEMPTIONS", num_args = 0..=1, require_equals = true, default_missing_value = "2", conflicts_with_all = ["real_time", "workers"])]
    pub explore: Option<u32>,
    /// Show what tests print also when they pass.
    #[arg(long)]
    pub show_output: bool,
    #[command(flatten)]
    pub permissions: Permissions,
}

/// A limit in real time, if there is one. It has a name because clap takes an `Option` for an argument that may be
/// absent.
pub type Limit = Option<Duration>;

/// How one attempt of a test is scheduled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// On threads, one for each processor if it is not said how many.
    Real {
        /// The number of threads.
        workers: Option<u16>,
    },
    /// By a seed, on virtual time.
    Simulated {
        /// The seed.
        seed: u64,
    },
}

impl Test {
    /// How to run each test.
    pub fn modes(&self) -> impl Iterator<Item = Mode> {
        let is_real = self.real_time || self.workers.is_some();
        let count = if is_real { 1 } else { self.seeds };
        (0..count).map(move |index| match is_real {
            true => Mode::Real { workers: self.workers },
            false => Mode::Simulated { seed: self.seed.wrapping_add(index) },
        })
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    let limit = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    Ok((!limit.is_zero()).then_some(limit))
}

/// `aivi dump`
#[derive(Args, Debug)]
pub struct Dump {
    /// The number of a process that is an `aivi run` or `aivi test` of yours. It goes on afterwards.
    pub pid: u32,
    /// Print a line of JSON, for other programs.
    #[arg(long)]
    pub json: bool,
    /// Seconds after which it is given up; 0 for never.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = limit)]
    pub timeout: Limit,
}

/// `aivi disasm`
#[derive(Args, Debug)]
pub struct Disasm {
    /// The file, or what `aivi build` made of it.
    pub file: PathBuf,
    /// The library's functions too.
    #[arg(long)]
    pub all: bool,
}

/// `aivi parse`
#[derive(Args, Debug)]
pub struct Parse {
    /// The file.
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_of_the_program_follow_two_dashes() {
        let cli = Cli::try_parse_from(["aivi", "run", "a.aivi", "--seed", "7", "--", "--seed", "x"]).expect("valid");
        let Some(Command::Run(run)) = cli.command else { panic!("not `run`") };
        assert_eq!((run.machine.simulated(), run.args), (Some(7), vec!["--seed".to_owned(), "x".to_owned()]));
        assert!(Cli::try_parse_from(["aivi", "run", "a.aivi", "x"]).is_err());
        assert!(Cli::try_parse_from(["aivi", "run", "a.aivi", "--workers", "0"]).is_err());
        assert!(Cli::try_parse_from(["aivi", "run", "a.aivi", "--workers", "2", "--seed", "1"]).is_err());
    }

    #[test]
    fn more_workers_than_the_scheduler_uses_are_refused() {
        for command in ["run", "test"] {
            let with = |workers: usize| {
                Cli::try_parse_from(["aivi", command, "a.aivi", "--workers", &workers.to_string()])
                    .map_err(|error| error.to_string())
            };
            assert!(with(WORKERS_MAX).is_ok());
            let refusal = with(WORKERS_MAX + 1).expect_err("too many");
            assert!(refusal.contains(&format!("{} is not in 1..={WORKERS_MAX}", WORKERS_MAX + 1)), "{refusal}");
        }
        let mut help = Cli::command().find_subcommand("run").expect("it is there").clone();
        assert!(help.render_long_help().to_string().contains(&format!("1 to {WORKERS_MAX} ")));
    }
}
