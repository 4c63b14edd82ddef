//! The commands of `aivi`. Each defines its options only once it was typed: to define those of all takes half as long
//! as to compile a small program.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Error, FromArgMatches, Subcommand};

use crate::args::{Build, Check, Disasm, Dump, Fmt, Parse, Run, Test};

/// The one that was typed.
#[derive(Debug)]
pub enum Command {
    Run(Run),
    Build(Build),
    Check(Check),
    Fmt(Fmt),
    Test(Test),
    Dump(Dump),
    Disasm(Disasm),
    Parse(Parse),
    Version,
}

/// What is known of a command before it is typed.
struct Definition {
    name: &'static str,
    about: &'static str,
    examples: &'static str,
    /// Adds its options.
    define: fn(clap::Command) -> clap::Command,
    /// Reads them.
    read: fn(&mut ArgMatches) -> Result<Command, Error>,
}

const COMMANDS: &[Definition] = &[
    Definition {
        name: "run",
        about: "Run a program",
        examples: "Examples:\n  aivi run server.aivi -- --port 8080\n  aivi run --seed 7 race.aivi\n  aivi run --allow-read=. --allow-net=localhost:8080 stranger.aivi",
        define: define::<Run>,
        read: |matches| Run::from_arg_matches_mut(matches).map(Command::Run),
    },
    Definition {
        name: "build",
        about: "Compile a program into one file that `aivi run` starts without compiling",
        examples: "Examples:\n  aivi build server.aivi\n  aivi build server.aivi -o out/server.aivic",
        define: define::<Build>,
        read: |matches| Build::from_arg_matches_mut(matches).map(Command::Build),
    },
    Definition {
        name: "check",
        about: "Look for errors without running anything",
        examples: "Example:\n  aivi check src/...",
        define: define::<Check>,
        read: |matches| Check::from_arg_matches_mut(matches).map(Command::Check),
    },
    Definition {
        name: "fmt",
        about: "Lay out the text of files: blanks, indentation and line breaks",
        examples: "Examples:\n  aivi fmt --write src/...\n  aivi fmt --diff cart.aivi\n  aivi fmt - < cart.aivi",
        define: define::<Fmt>,
        read: |matches| Fmt::from_arg_matches_mut(matches).map(Command::Fmt),
    },
    Definition {
        name: "test",
        about: "Run the tests of modules: bindings with `@test`",
        examples: "Examples:\n  aivi test tests/...\n  aivi test cart.aivi --only adds --seeds 100",
        define: define::<Test>,
        read: |matches| Test::from_arg_matches_mut(matches).map(Command::Test),
    },
    Definition {
        name: "dump",
        about: "Show what every fiber of a running program is doing",
        examples: "Examples:\n  aivi dump 4711\n  aivi dump --json 4711",
        define: define::<Dump>,
        read: |matches| Dump::from_arg_matches_mut(matches).map(Command::Dump),
    },
    Definition {
        name: "disasm",
        about: "Show the bytecode of a program",
        examples: "Example:\n  aivi disasm fib.aivi",
        define: define::<Disasm>,
        read: |matches| Disasm::from_arg_matches_mut(matches).map(Command::Disasm),
    },
    Definition {
        name: "parse",
        about: "Show the syntax tree of a file",
        examples: "Example:\n  aivi parse fib.aivi",
        define: define::<Parse>,
        read: |matches| Parse::from_arg_matches_mut(matches).map(Command::Parse),
    },
    Definition {
        name: "version",
        about: "Print the version",
        examples: "Example:\n  aivi version",
        define: |command| command,
        read: |_| Ok(Command::Version),
    },
];

/// Adds what the derived definition has, which would say what the command is about in the words of its type.
fn define<A: Args>(command: clap::Command) -> clap::Command {
    let about = command.get_about().cloned();
    A::augment_args(command).about(about.unwrap_or_default())
}

impl Subcommand for Command {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command.subcommands(COMMANDS.iter().map(|defined| {
            clap::Command::new(defined.name).about(defined.about).after_help(defined.examples).defer(defined.define)
        }))
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Command::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        COMMANDS.iter().any(|defined| defined.name == name)
    }
}

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Command, Error> {
        Command::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Command, Error> {
        let typed = matches.remove_subcommand();
        let found = typed.and_then(|(name, options)| {
            COMMANDS.iter().find(|defined| defined.name == name).map(|defined| (defined, options))
        });
        match found {
            Some((defined, mut options)) => (defined.read)(&mut options),
            None => Err(Error::raw(ErrorKind::MissingSubcommand, "no command")),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Command::from_arg_matches(matches)?;
        Ok(())
    }
}
