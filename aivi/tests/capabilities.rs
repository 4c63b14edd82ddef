//! What scripts may do outside of themselves: nothing that was not granted, by no way around it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use aivi::{CallError, Capability, Ending, Engine, EngineBuilder, Output, Power, Script};

const SCRIPT: &str = "
module t
export *
use aivi.clock (nowMillis)
use aivi.console (readLine)
use aivi.file (readText, writeText, delete, exists, stat, open, readAll)
use aivi.net.sockets (connect, listen, localAddress)
use aivi.system (env, exit, localeTag)

sure : Effect Text (Result Text A) -> Effect Text A
sure = action => do Effect {
  result <- action
  result match
    | Ok value      => pure value
    | Err message => fail message
}

readFile : Text -> Effect Text Text
readFile = path => sure (readText path)

readOpen : Text -> Effect Text Text
readOpen = path => do Effect {
  handle <- open path
  sure (readAll handle)
}

sizeOf : Text -> Effect Text Text
sizeOf = path => do Effect {
  stats <- sure (stat path)
  pure \"{stats.size}\"
}

isThere : Text -> Effect Text Text
isThere = path => do Effect {
  found <- exists path
  pure \"{found}\"
}

writeFile : Text -> Effect Text Text
writeFile = path => do Effect {
  sure (writeText path \"written\")
  pure \"written\"
}

deleteFile : Text -> Effect Text Text
deleteFile = path => do Effect {
  sure (delete path)
  pure \"deleted\"
}

variable : Text -> Effect Text Text
variable = name => do Effect {
  value <- env.get name
  pure \"{value}\"
}

setVariable : Text -> Effect Text Text
setVariable = name => do Effect {
  env.set name \"own\"
  pure \"set\"
}

removeVariable : Text -> Effect Text Text
removeVariable = name => do Effect {
  env.remove name
  pure \"removed\"
}

language : Text -> Effect Text Text
language = _ => do Effect {
  tag <- localeTag
  pure \"{tag}\"
}

line : Text -> Effect Text Text
line = _ => sure readLine

now : Text -> Effect Text Text
now = _ => do Effect {
  millis <- nowMillis
  pure \"{millis > 0}\"
}

end : Text -> Effect Text Text
end = _ => do Effect {
  exit 3
  pure \"not ended\"
}

dial : Text -> Int -> Effect Text Text
dial = host port => do Effect {
  connected <- attempt (connect { host: host, port: port })
  connected match
    | Ok _        => pure \"connected\"
    | Err error => fail error.message
}

serve : Text -> Int -> Effect Text Text
serve = host port => do Effect {
  served <- attempt (do Effect {
    listener <- listen { host: host, port: port }
    at <- localAddress listener
    connection <- connect { host: \"127.0.0.1\", port: at.port }
    pure at
  })
  served match
    | Ok _        => pure \"served\"
    | Err error => fail error.message
}

dialNobody : Text -> Effect Text Text
dialNobody = host => dial host 1

serveAnybody : Text -> Effect Text Text
serveAnybody = host => do Effect {
  served <- attempt (do Effect {
    listener <- listen { host: host, port: 0 }
    pure Unit
  })
  served match
    | Ok _        => pure \"served\"
    | Err error => fail error.message
}

recovered : Text -> Effect Text Text
recovered = name => do Effect {
  value <- attempt (env.get name)
  value match
    | Ok _          => pure \"seen\"
    | Err message => pure \"recovered: {message}\"
}

main : Effect Text Unit
main = do Effect {
  text <- variable \"PATH\"
  println text
}
";

fn builder() -> EngineBuilder {
    Engine::builder().workers(1).without_input().stdout(Output::buffer()).stderr(Output::buffer())
}

fn script(builder: EngineBuilder) -> Script {
    let engine = builder.build().expect("an engine");
    engine.compile("t.aivi", SCRIPT).unwrap_or_else(|error| panic!("{error}"))
}

fn allowing(capabilities: &[Capability]) -> Script {
    script(capabilities.iter().cloned().fold(builder(), EngineBuilder::allow))
}

/// What a function of the script gives for a text, or how it ends, in words.
fn call(script: &Script, function: &str, argument: &str) -> String {
    words(script.call::<String, _>(function, (argument,)))
}

fn words(result: Result<String, CallError>) -> String {
    result.unwrap_or_else(|error| match error {
        CallError::Failure(message) => message,
        CallError::Fault(report) => report.message,
        other => other.to_string(),
    })
}

#[track_caller]
fn refused(text: &str) {
    assert!(text.contains("permission denied: "), "{text}");
}

/// A folder of the test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capabilities").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("the folder for temporary files");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// How each native that needs a power is reached from the script: with an argument, and what it gives when it is
/// refused, if not a refusal. Natives are those of the library, so one that is not here fails the test.
fn uses(native: &str, file: &str) -> (&'static str, String, Option<&'static str>) {
    let (function, argument, refused) = match native {
        "file.readText" => ("readFile", file, None),
        "file.writeText" => ("writeFile", file, None),
        "file.exists" => ("isThere", file, Some("False")),
        "file.delete" => ("deleteFile", file, None),
        "file.stat" => ("sizeOf", file, None),
        "file.open" => ("readOpen", file, None),
        "net.findRemote" => ("dialNobody", "127.0.0.1", None),
        "net.findLocal" => ("serveAnybody", "127.0.0.1", None),
        "console.takeLine" | "console.fillInput" => ("line", "", None),
        "system.exit" => ("end", "", None),
        "system.localeTag" => ("language", "", Some("None")),
        "system.getVariable" => ("variable", "PATH", None),
        "system.setVariable" => ("setVariable", "PATH", None),
        "system.removeVariable" => ("removeVariable", "PATH", None),
        "clock.nowMillis" => ("now", "", None),
        other => panic!("{other} needs a power: say here how a script uses it"),
    };
    (function, argument.to_owned(), refused)
}

#[test]
fn every_native_that_reaches_outside_is_refused_without_its_power_and_works_with_it() {
    let file = folder("table").join("file");
    let natives = aivi_stdlib::NATIVES.concat();
    let needing = natives.iter().filter_map(|native| Some((native.name, native.needs?)));
    let mut powers = Vec::new();
    for (native, power) in needing {
        powers.push(power);
        std::fs::write(&file, "text").expect("the folder can be written");
        let (function, argument, instead) = uses(native, text(&file));
        let others: Vec<_> = Power::ALL.into_iter().filter(|other| *other != power).map(Capability::any).collect();
        for script in [allowing(&[]), allowing(&others), script(builder().simulated(1)), denying(power)] {
            let said = call(&script, function, &argument);
            match instead {
                None => refused(&said),
                Some(instead) => assert_eq!(said, instead, "{native}"),
            }
        }
        let said = call(&allowing(&[Capability::any(power)]), function, &argument);
        assert!(!said.contains("permission denied") && said != "False", "{native}: {said}");
    }
    powers.sort();
    powers.dedup();
    assert_eq!(powers, Power::ALL, "each power is needed by something");
}

/// Everything but one power.
fn denying(power: Power) -> Script {
    script(builder().allow(Capability::all()).deny(Capability::any(power)))
}

#[test]
fn refusals_say_what_would_grant_it_and_can_be_recovered_from() {
    let script = allowing(&[]);
    assert_eq!(
        call(&script, "readFile", "notes.txt"),
        "cannot read notes.txt: permission denied: reading it is not granted to this program (by --allow-read=notes.txt or Capability::read)"
    );
    assert_eq!(
        call(&script, "recovered", "HOME"),
        "recovered: permission denied: the variable HOME is not granted to this program (by --allow-env=HOME or Capability::environment)"
    );
    let error = script.call::<String, _>("now", ("",)).expect_err("no clock");
    let CallError::Fault(report) = error else { panic!("a function that cannot fail ends with a fault: {error}") };
    assert!(
        report.message.starts_with("permission denied: seeing the time of day is not granted"),
        "{}",
        report.message
    );
    let denied = call(&denying(Power::Read), "readFile", "notes.txt");
    assert_eq!(denied, "cannot read notes.txt: permission denied: reading it is denied to this program");
}

#[test]
fn main_has_the_same_grants_and_so_has_a_compiled_file() {
    let engine = builder().build().expect("an engine");
    let script = engine.compile("t.aivi", SCRIPT).expect("correct");
    let loaded = engine.load(&script.to_bytes()).expect("our own bytes");
    for script in [script, loaded] {
        let Ending::Failure(report) = script.run_main() else { panic!("it is refused") };
        refused(&report.error);
    }
}

#[test]
fn a_directory_is_granted_with_what_is_below_and_nothing_beside() {
    let folder = folder("below");
    for name in ["in/deep/er", "in2", "out"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    for name in ["in/a", "in/deep/er/b", "in2/c", "out/d", "e"] {
        std::fs::write(folder.join(name), name).expect("a file");
    }
    let script = allowing(&[Capability::read(folder.join("in"))]);
    let read = |path: &str| call(&script, "readFile", text(&folder.join(path)));
    for (path, found) in [
        ("in/a", "in/a"),
        ("in/deep/er/b", "in/deep/er/b"),
        ("in/deep/../a", "in/a"),
        ("out/../in/./a", "in/a"),
        ("in//deep//er/../../a", "in/a"),
    ] {
        assert_eq!(read(path), found);
    }
    for path in
        ["in2/c", "out/d", "e", "in/../e", "in/deep/../../out/d", "out/none", "none/../in/a", "in/../../below/e"]
    {
        refused(&read(path));
    }
    assert_eq!(call(&script, "isThere", text(&folder.join("out/d"))), "False", "what exists elsewhere is not told");
    assert!(read("in/none").ends_with("No such file or directory"));
    assert!(read("in/a/").ends_with("Not a directory"));
    assert!(read("in/none/../../e").ends_with("No such file or directory"));
    for path in ["/etc/passwd", "/", "/proc/self/environ"] {
        refused(&call(&script, "readFile", path));
    }
    refused(&call(&script, "writeFile", text(&folder.join("in/a"))));
    refused(&call(&script, "deleteFile", text(&folder.join("in/a"))));
}

#[test]
fn a_relative_path_is_that_of_the_current_directory() {
    // Cargo runs tests in the folder of the crate.
    let script = allowing(&[Capability::read("src")]);
    assert!(call(&script, "readFile", "src/lib.rs").starts_with("//!"));
    assert!(call(&script, "readFile", "./tests/../src/lib.rs").starts_with("//!"));
    assert!(call(&script, "readFile", concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).starts_with("//!"));
    refused(&call(&script, "readFile", "Cargo.toml"));
    refused(&call(&script, "readFile", "src/../Cargo.toml"));
}

#[test]
fn a_file_alone_is_granted_and_need_not_exist() {
    let folder = folder("file");
    let path = |name: &str| folder.join(name);
    let script = allowing(&[Capability::write(path("out.txt")), Capability::read(path("later/in"))]);
    let said = |function, name: &str| call(&script, function, text(&path(name)));
    assert_eq!(said("writeFile", "out.txt"), "written");
    refused(&said("writeFile", "out.txt2"));
    refused(&said("writeFile", "other.txt"));
    refused(&said("readFile", "out.txt"));
    assert_eq!(said("deleteFile", "out.txt"), "deleted");
    assert!(said("readFile", "later/in/x").ends_with("No such file or directory"));
    std::fs::create_dir_all(path("later/in")).expect("a folder");
    std::fs::write(path("later/in/x"), "x").expect("a file");
    std::fs::write(path("later/y"), "y").expect("a file");
    assert_eq!(said("readFile", "later/in/x"), "x");
    refused(&said("readFile", "later/y"));
}

#[test]
fn a_denial_takes_a_part_out() {
    let folder = folder("denied");
    std::fs::create_dir_all(folder.join("in/private")).expect("a folder");
    for name in ["in/a", "in/private/key", "in/key2"] {
        std::fs::write(folder.join(name), name).expect("a file");
    }
    std::fs::hard_link(folder.join("in/key2"), folder.join("in/key3")).expect("a second name");
    let builder = builder().deny(Capability::read(folder.join("in/private"))).allow(Capability::read(&folder));
    let script = script(builder.deny(Capability::read(folder.join("in/key2"))));
    let read = |path: &str| call(&script, "readFile", text(&folder.join(path)));
    assert_eq!(read("in/a"), "in/a");
    for path in ["in/private/key", "in/private/none", "in/private", "in/../in/private/key", "in/key2", "in/key3"] {
        assert!(read(path).ends_with("permission denied: reading it is denied to this program"), "{path}");
    }
}

#[cfg(unix)]
#[test]
fn links_count_for_where_they_lead() {
    use std::os::unix::fs::symlink;

    let folder = folder("links");
    for name in ["in/deep", "out/deep", "also"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    for name in ["in/a", "out/b", "also/c", "out/deep/d"] {
        std::fs::write(folder.join(name), name).expect("a file");
    }
    for (target, link) in [
        ("../out/b", "in/file"),
        ("../out", "in/folder"),
        ("/", "in/root"),
        ("../also/c", "in/other"),
        ("../in", "out/back"),
        ("folder/deep", "in/chain"),
        ("../out/none", "in/dangling"),
        ("circle", "in/circle"),
        ("in", "granted"),
    ] {
        symlink(target, folder.join(link)).expect("a link");
    }
    let both = |path: &str| [Capability::read(folder.join(path)), Capability::write(folder.join(path))];
    let script = allowing(&[both("granted"), both("also")].concat());
    let said = |function, path: &str| call(&script, function, text(&folder.join(path)));
    assert_eq!(said("readFile", "in/a"), "in/a");
    assert_eq!(said("readFile", "granted/a"), "in/a");
    assert_eq!(said("readFile", "in/other"), "also/c", "from one granted directory to another");
    assert_eq!(said("readFile", "out/back/a"), "in/a");
    for path in [
        "in/file",
        "in/folder/b",
        "in/folder/deep/d",
        "in/chain/d",
        "in/chain/../b",
        "in/dangling",
        "in/root/etc/passwd",
    ] {
        for function in ["readFile", "readOpen", "sizeOf", "writeFile"] {
            refused(&said(function, path));
        }
        assert_eq!(said("isThere", path), "False");
    }
    assert!(!folder.join("out/none").exists(), "nothing is made through a link");
    assert_eq!(std::fs::read_to_string(folder.join("out/b")).expect("it is there"), "out/b");
    assert!(said("readFile", "in/circle").ends_with("too many levels of symbolic links"));
    refused(&said("deleteFile", "in/folder/b"));
    assert_eq!(said("deleteFile", "in/file"), "deleted", "a link is removed itself");
    assert!(folder.join("out/b").exists());

    let denied = builder().allow(Capability::all()).deny(Capability::read(folder.join("granted")));
    let script = self::script(denied.deny(Capability::write(folder.join("in/other"))));
    for path in ["granted/a", "in/a", "out/back/a"] {
        refused(&call(&script, "readFile", text(&folder.join(path))));
    }
    for path in ["in/other", "also/c"] {
        refused(&call(&script, "deleteFile", text(&folder.join(path))));
    }
}

/// A link that leads inside now and outside then, changed all the time: what was looked at is what is used.
#[cfg(unix)]
#[test]
fn a_link_that_changes_between_check_and_use_leads_nowhere_else() {
    let folder = folder("race");
    for name in ["in", "in/real", "out"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    std::fs::write(folder.join("in/real/x"), "mine").expect("a file");
    std::fs::write(folder.join("out/x"), "secret").expect("a file");
    let turn = |target: &str| {
        std::os::unix::fs::symlink(target, folder.join("next")).expect("a link");
        std::fs::rename(folder.join("next"), folder.join("in/link")).expect("in place of the other");
    };
    turn("real");
    let script = allowing(&[Capability::read(folder.join("in"))]);
    let path = folder.join("in/link/x");
    let is_over = AtomicBool::new(false);
    let (mut inside, mut outside, mut other) = (0, 0, None);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                turn("../out");
                turn("real");
            }
        });
        while (inside < 1000 || outside < 1000) && other.is_none() {
            match call(&script, "readFile", text(&path)).as_str() {
                "mine" => inside += 1,
                refusal if refusal.contains("permission denied: ") => outside += 1,
                text => other = Some(text.to_owned()),
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(other, None, "after {} reads", inside + outside);
}

#[test]
fn hosts_are_granted_by_name_or_address_and_port() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let dial = |grant: &str, host: &str| {
        let script = allowing(&[Capability::connect(grant)]);
        words(script.call::<String, _>("dial", (host, i64::from(port))))
    };
    for (grant, host) in [
        ("*", "127.0.0.1"),
        (&*format!("127.0.0.1:{port}"), "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1"),
        ("localhost", "localhost"),
        ("localhost", "127.0.0.1"),
        ("LocalHost.", "LOCALHOST"),
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "0.0.0.0"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        (&format!("127.0.0.1:1-{port}"), "[::ffff:127.0.0.1]"),
    ] {
        assert_eq!(dial(grant, host), "connected", "{grant} for {host}");
    }
    for (grant, host) in [
        ("127.0.0.1:1", "127.0.0.1"),
        ("localhost:1", "localhost"),
        ("127.0.0.2", "127.0.0.1"),
        ("127.0.0.2", "localhost"),
        ("example.org", "127.0.0.1"),
        ("example.org", "localhost"),
        ("*.localhost", "127.0.0.1"),
        ("10.0.0.0/8", "0.0.0.0"),
        // What only some systems take for an address is a name that nobody has granted.
        ("127.0.0.1", "127.1"),
        ("127.0.0.1", "2130706433"),
        // Nobody is asked for a name that is not granted.
        ("127.0.0.1", "secret.example.invalid"),
    ] {
        refused(&dial(grant, host));
    }
    let listening = allowing(&[Capability::listen("*")]);
    refused(&words(listening.call::<String, _>("dial", ("127.0.0.1", i64::from(port)))));
}

#[test]
fn a_host_is_denied_under_all_its_names() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = i64::from(port.expect("a port").port());
    for denied in ["127.0.0.1", "localhost", "0.0.0.0/0"] {
        let script = script(builder().allow(Capability::all()).deny(Capability::connect(denied)));
        for host in ["127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1", "127.1"] {
            let said = words(script.call::<String, _>("dial", (host, port)));
            assert!(
                said.ends_with("is denied to this program") || said.starts_with("cannot find"),
                "{denied}, {host}: {said}"
            );
        }
    }
}

#[test]
fn listening_is_granted_by_address_and_port() {
    let free = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = i64::from(free().expect("a port").port());
    let serve = |builder: EngineBuilder, host: &str, port: i64| {
        let script = script(builder.allow(Capability::connect("*")));
        words(script.call::<String, _>("serve", (host, port)))
    };
    let allow = |grant: &str| builder().allow(Capability::listen(grant));
    assert_eq!(serve(allow(&format!("127.0.0.1:{port}")), "127.0.0.1", port), "served");
    assert_eq!(serve(allow("localhost:0"), "127.0.0.1", 0), "served");
    assert_eq!(serve(allow("*"), "0.0.0.0", 0), "served");
    refused(&serve(allow(&format!("127.0.0.1:{port}")), "127.0.0.1", 0));
    refused(&serve(allow("127.0.0.1:0"), "0.0.0.0", 0));
    refused(&serve(builder(), "127.0.0.1", 0));
    // Who listens everywhere listens there, too.
    refused(&serve(allow("*").deny(Capability::listen("127.0.0.1")), "0.0.0.0", 0));
    refused(&serve(allow("*").deny(Capability::listen("localhost")), "::", 0));
}

#[test]
fn variables_are_granted_by_name() {
    let script = allowing(&[Capability::environment("PATH"), Capability::environment("MY_*")]);
    assert!(call(&script, "variable", "PATH").starts_with("Some "));
    assert_eq!(call(&script, "variable", "MY_OWN"), "None");
    assert_eq!(call(&script, "setVariable", "MY_OWN"), "set");
    assert_eq!(call(&script, "variable", "MY_OWN"), "Some own");
    for name in ["HOME", "PATHS", "MY", "", "path"] {
        refused(&call(&script, "variable", name));
        refused(&call(&script, "setVariable", name));
        refused(&call(&script, "removeVariable", name));
    }
}

#[test]
fn exit_ends_only_whom_it_is_granted_to() {
    let text = "module m\nuse aivi.system\n\nmain : Effect Text Unit\nmain = exit 3\n";
    let ending =
        |builder: EngineBuilder| builder.build().expect("an engine").compile("m", text).expect("correct").run_main();
    assert!(matches!(ending(builder()), Ending::Fault(report) if report.message.starts_with("permission denied: ")));
    assert_eq!(ending(builder().allow(Capability::exit())), Ending::Exit(3));
}

#[test]
fn a_script_can_be_given_less_and_never_more() {
    let engine = builder().allow(Capability::environment("MY_*")).build().expect("an engine");
    let script = engine.compile("t.aivi", SCRIPT).expect("correct");
    let less = script.restricted(&[Capability::environment("MY_A")]).expect("no mistake");
    let more = script.restricted(&[Capability::all()]).expect("no mistake");
    let least = more.restricted(&[]).expect("no mistake");
    assert_eq!(call(&script, "variable", "MY_B"), "None");
    assert_eq!(call(&less, "variable", "MY_A"), "None");
    refused(&call(&less, "variable", "MY_B"));
    assert_eq!(call(&more, "variable", "MY_B"), "None");
    refused(&call(&more, "variable", "PATH"));
    refused(&call(&more, "now", ""));
    refused(&call(&least, "variable", "MY_A"));
    assert_eq!(call(&script, "setVariable", "MY_B"), "set");
    assert_eq!(call(&more, "variable", "MY_B"), "None", "a program has its variables for itself");
}

#[test]
fn mistakes_are_told_when_the_engine_is_made() {
    for (capability, words) in [
        (Capability::read(""), "an empty path"),
        (Capability::connect("http://example.org"), "is no port"),
        (Capability::connect("example org"), "is no host"),
        (Capability::listen("localhost:http"), "'http' is no port"),
        (Capability::environment("A=B"), "is no name of a variable"),
    ] {
        assert!(capability.mistake().is_some_and(|mistake| mistake.contains(words)), "{capability:?}");
        for builder in [builder().allow(capability.clone()), builder().deny(capability)] {
            let error = builder.build().expect_err("a mistake");
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    assert!(allowing(&[]).restricted(&[Capability::write("")]).is_err());
}
