//! `aivi dump`: what every fiber of another process is doing.
//!
//! Who asks listens on a socket in a folder that only the user of that process may enter, and then sends SIGQUIT. A
//! process that gets SIGQUIT looks for sockets with its number, and answers there; if there is none, it reports on its
//! own standard error. So a program that nobody asks neither listens nor leaves anything behind. SIGQUIT ends a process
//! that does not expect it: it is sent only to what is seen to be ours and to catch it.
//!
//! Rejected: a socket that every program listens on (a thread and a file for each, left behind when it is killed), and
//! files with answers (who asks would not know when they are whole).

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use aivi::{Engine, Format};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::args::{Dump, Limit};
use crate::out::{fail, print};

/// Who has asked and does not read is left alone after this long (arbitrary): it holds up the handling of signals.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks a process and shows the answer.
pub fn dump(options: &Dump) -> ExitCode {
    match ask(options) {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(message) => fail(&message),
    }
}

/// Answers everybody who has asked this process. Says how many there were.
pub fn answer(engine: &Engine) -> usize {
    let folder = folder(geteuid().as_raw());
    // Without a folder of our own nobody has asked.
    let Ok(entries) = checked(&folder, geteuid().as_raw()).and_then(|()| fs::read_dir(&folder)) else { return 0 };
    let prefix = format!("{}.", std::process::id());
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut answered = 0;
    for name in names.filter(|name| name.starts_with(&prefix)) {
        let format = if name.ends_with(".json") { Format::Json } else { Format::Text };
        match UnixStream::connect(folder.join(&name)) {
            Ok(stream) => {
                // Who has gone meanwhile misses nothing.
                let _ = write(stream, &engine.report_fibers_as(format));
                answered += 1;
            }
            // It was killed while it waited.
            Err(_) => _ = fs::remove_file(folder.join(&name)),
        }
    }
    answered
}

fn write(mut stream: UnixStream, text: &str) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(text.as_bytes())
}

fn ask(options: &Dump) -> Result<String, String> {
    let number = options.pid;
    let pid = i32::try_from(number).ok().and_then(Pid::from_raw).ok_or(format!("there is no process {number}"))?;
    let found = Found::look(number)?;
    let question = Question::new(number, found.uid, options.json)
        .map_err(|error| format!("cannot listen for the answer: {}", aivi::cause(&error)))?;
    kill_process(pid, Signal::QUIT).map_err(|error| match error {
        Errno::SRCH => format!("there is no process {number}"),
        Errno::PERM => not_permitted(number, found.uid),
        error => format!("cannot signal process {number}: {error}"),
    })?;
    question.answer(options.timeout).map_err(|error| match (error, State::of(number)) {
        (_, None) => format!("process {number} has ended meanwhile"),
        (_, Some(State { letter: 'T', .. })) => {
            format!("process {number} is stopped; it can answer when it goes on (kill -CONT {number})")
        }
        (None, _) => format!(
            "process {number} has not answered in time: it is very busy, or one of its fibers is in a call that takes long"
        ),
        (Some(error), _) => format!("the answer of process {number} cannot be read: {}", aivi::cause(&error)),
    })
}

/// A socket where the answer is awaited; its file is removed with it.
struct Question {
    path: PathBuf,
    listener: UnixListener,
}

impl Question {
    fn new(number: u32, uid: u32, json: bool) -> io::Result<Question> {
        let folder = folder(uid);
        match DirBuilder::new().mode(0o700).create(&folder) {
            // Only the super-user may ask others.
            Ok(()) if uid != geteuid().as_raw() => chown(&folder, Some(uid), None)?,
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        checked(&folder, uid)?;
        let name = format!("{number}.{}.{}", std::process::id(), if json { "json" } else { "text" });
        // A socket under its name is one that is listened to.
        let hidden = folder.join(format!(".{name}"));
        _ = fs::remove_file(&hidden);
        let listener = UnixListener::bind(&hidden)?;
        // The folder keeps others away.
        fs::set_permissions(&hidden, Permissions::from_mode(0o666))?;
        let path = folder.join(name);
        fs::rename(&hidden, &path)?;
        Ok(Question { path, listener })
    }

    /// Waits for it. `Err(None)`: in vain.
    fn answer(&self, limit: Limit) -> Result<String, Option<io::Error>> {
        let listener = self.listener.try_clone()?;
        let (done, answer) = mpsc::channel();
        let read = move || {
            let mut text = String::new();
            let read = listener.accept().and_then(|(mut stream, _)| stream.read_to_string(&mut text));
            // Nobody waits any more for one that took too long.
            let _ = done.send(read.map(|_| text));
        };
        thread::Builder::new().name("answer".into()).spawn(read)?;
        let answered = match limit {
            Some(limit) => answer.recv_timeout(limit),
            None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        Ok(answered.map_err(|_| None)??)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        // It may have been cleared away by the one who was asked.
        _ = fs::remove_file(&self.path);
    }
}

/// Where questions to processes of this user are.
fn folder(uid: u32) -> PathBuf {
    let runtime = PathBuf::from(format!("/run/user/{uid}"));
    if runtime.is_dir() { runtime.join("aivi") } else { PathBuf::from(format!("/tmp/aivi-{uid}")) }
}

/// Nobody but this user may put anything there.
fn checked(folder: &Path, uid: u32) -> io::Result<()> {
    let metadata = fs::symlink_metadata(folder)?;
    if metadata.is_dir() && metadata.uid() == uid && metadata.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("{} is no folder that only user {uid} can use", folder.display())))
}

/// A process that can be asked.
struct Found {
    uid: u32,
}

impl Found {
    /// SIGQUIT would end another program: this one has to be ours, and to catch it.
    fn look(number: u32) -> Result<Found, String> {
        if !Path::new("/proc/self/status").exists() {
            return Err(format!(
                "this system does not tell what process {number} is; kill -QUIT {number} makes an aivi program report on \
                 its own standard error"
            ));
        }
        let none = || format!("there is no process {number}");
        let state = State::of(number).ok_or_else(none)?;
        if state.letter == 'Z' {
            return Err(format!("process {number} has ended"));
        }
        let program = fs::read_link(format!("/proc/{number}/exe")).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => not_permitted(number, state.uid),
            _ => format!("process {number} is no aivi program"),
        })?;
        if !is_ours(&program) {
            return Err(format!("process {number} is no aivi program but {}", program.display()));
        }
        if !state.catches_quit {
            return Err(format!("process {number} runs no program at the moment; `aivi run` and `aivi test` do"));
        }
        Ok(Found { uid: state.uid })
    }
}

/// Is it this program, whatever it is called, or one called `aivi`? A file that was replaced has a note behind its
/// name.
fn is_ours(program: &Path) -> bool {
    let name = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.trim_end_matches(" (deleted)").to_owned()
    };
    let own = std::env::current_exe().is_ok_and(|own| name(&own) == name(program));
    own || name(program) == "aivi"
}

fn not_permitted(number: u32, uid: u32) -> String {
    format!("not permitted: process {number} belongs to user {uid}; who may end it may also ask it")
}

/// What the system says about a process.
struct State {
    letter: char,
    uid: u32,
    catches_quit: bool,
}

impl State {
    /// `None` when there is no such process.
    fn of(number: u32) -> Option<State> {
        State::read(number, &fs::read_to_string(format!("/proc/{number}/status")).ok()?)
    }

    /// From the text of its `status`: lines with a name, a colon and words.
    fn read(number: u32, status: &str) -> Option<State> {
        let words = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.unwrap_or_default().split_whitespace()
        };
        if words("Tgid").next()?.parse() != Ok(number) {
            // A thread of another one.
            return None;
        }
        let letter = words("State").next()?.chars().next()?;
        let uid = words("Uid").nth(1)?.parse().ok()?;
        let caught = u64::from_str_radix(words("SigCgt").next()?, 16).ok()?;
        let quit = 1 << (Signal::QUIT.as_raw() - 1);
        Some(State { letter, uid, catches_quit: caught & quit != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_process_is_read() {
        let status =
            "Name:\taivi\nState:\tS (sleeping)\nTgid:\t41\nPid:\t41\nUid:\t0\t1000\t0\t0\nSigCgt:\t0000000000004006\n";
        let state = State::read(41, status).expect("a process");
        assert_eq!((state.letter, state.uid, state.catches_quit), ('S', 1000, true));
        assert!(!State::read(41, &status.replace("4006", "4002")).expect("a process").catches_quit);
        assert!(State::read(42, status).is_none(), "a thread");
    }

    #[test]
    fn only_the_program_itself_is_asked() {
        assert!(is_ours(Path::new("/usr/bin/aivi")) && is_ours(Path::new("/usr/bin/aivi (deleted)")));
        assert!(!is_ours(Path::new("/usr/bin/aivi-old")) && !is_ours(Path::new("/usr/bin/sleep")));
    }

    #[test]
    fn a_folder_that_others_can_use_is_refused() {
        let folder = std::env::temp_dir().join(format!("aivi-test-{}", std::process::id()));
        DirBuilder::new().mode(0o755).create(&folder).expect("a new folder");
        let (mine, uid) = (checked(&folder, geteuid().as_raw()), geteuid().as_raw());
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("it is ours");
        let (private, of_another) = (checked(&folder, uid), checked(&folder, uid + 1));
        fs::remove_dir(&folder).expect("it is empty");
        assert!(mine.is_err() && private.is_ok() && of_another.is_err());
    }
}
