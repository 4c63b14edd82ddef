//! The `aivi` program: arguments, rendering, exit codes. Everything else is done by the `aivi` crate, in the same way
//! as for any other host.

#![forbid(unsafe_code)]

mod args;
mod build;
mod check;
mod command;
mod dump;
mod files;
mod fmt;
mod order;
mod out;
mod permissions;
mod program;
mod run;
mod show;
mod signals;
mod source;
mod test;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::Cli;
use command::Command;

/// Fibers allocate and release in bursts, often on different threads: the system's allocator is 2 to 3 times slower at
/// that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|usage| out::show_usage(&usage));
    match cli.command {
        _ if cli.version => version(),
        Some(Command::Version) => version(),
        Some(Command::Run(run)) => run::run(&run),
        Some(Command::Build(build)) => build::build(&build),
        Some(Command::Check(check)) => check::check(&check),
        Some(Command::Fmt(fmt)) => fmt::fmt(&fmt),
        Some(Command::Test(test)) => test::test(&test),
        Some(Command::Dump(options)) => dump::dump(&options),
        Some(Command::Disasm(disasm)) => show::disasm(&disasm),
        Some(Command::Parse(parse)) => show::parse(&parse),
        None => {
            out::print(&format!("aivi {}\n\n{}", env!("CARGO_PKG_VERSION"), Cli::command().render_help()));
            ExitCode::SUCCESS
        }
    }
}

fn version() -> ExitCode {
    out::print(concat!("aivi ", env!("CARGO_PKG_VERSION"), "\n"));
    ExitCode::SUCCESS
}
