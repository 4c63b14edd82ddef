//! Standard output and what the user is told on standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use aivi::Color;

/// What a shell shows for a process that was ended by SIGPIPE.
const BROKEN_PIPE: i32 = 128 + 13;

/// Writes to standard output. Ends the process when it takes no more: quietly when nobody reads it, as other programs
/// do.
pub fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        lost(&error)
    }
}

/// Shows help, or what is wrong with the arguments, and ends the process.
pub fn show_usage(usage: &clap::Error) -> ! {
    match usage.print().and_then(|()| std::io::stdout().flush()) {
        Err(error) if !usage.use_stderr() => lost(&error),
        _ => std::process::exit(usage.exit_code()),
    }
}

fn lost(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(BROKEN_PIPE);
    }
    eprintln!("error: output was lost: {}", aivi::cause(error));
    std::process::exit(1)
}

/// Reports that a command could not do its work.
pub fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}

/// Reports that a command was given what it cannot do.
pub fn misused(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(2)
}

/// Colour on standard error: only on a terminal, and not where the user asked for none.
pub fn color() -> Color {
    colored(std::io::stderr().is_terminal())
}

/// The same for standard output.
pub fn color_out() -> Color {
    colored(std::io::stdout().is_terminal())
}

fn colored(is_terminal: bool) -> Color {
    let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_terminal && !is_refused { Color::Ansi } else { Color::Never }
}
