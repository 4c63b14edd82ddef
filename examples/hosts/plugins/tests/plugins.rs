//! What the host promises: plug-ins work at the same time, are replaced while they work, and go when they are done.

use std::fs;
use std::path::{Path, PathBuf};

use aivi::{CallError, Limit};
use aivi_host_plugins::{Action, Message, Plugins};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("aivi-plugins-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a temporary file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn message(text: &str) -> Message {
    Message { from: "Ada".to_owned(), text: text.to_owned() }
}

/// What each plug-in answers, in words.
fn answers(plugins: &Plugins, text: &str) -> Vec<String> {
    let answers = plugins.dispatch(&message(text)).into_iter();
    answers.map(|answer| format!("{}: {:?}", answer.plugin.clone(), answer.wait().expect("it succeeds"))).collect()
}

#[test]
fn the_plug_ins_of_the_example_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let mut plugins = Plugins::new(folder).expect("an engine");
    assert_eq!(plugins.reload().expect("the folder is there"), ["echo is loaded", "guard is loaded"]);
    assert_eq!(answers(&plugins, "hi"), [r#"echo: [Say("Ada says HI")]"#, "guard: []"]);
    for _ in 0..2 {
        assert_eq!(answers(&plugins, "hi").len(), 2);
    }
    let banned = r#"guard: [Ban { who: "Ada", why: "4 messages" }]"#;
    assert_eq!(answers(&plugins, "hi")[1], banned);
    assert!(plugins.reload().expect("the folder is there").is_empty(), "nothing has changed");
}

fn version(number: u32, body: &str) -> String {
    format!(
        "module talk\nuse aivi.concurrency\nuse chat\nexport plugin\n\n\
         plugin : Room -> {{ name: Text, onMessage: Message -> Effect Text (List Action) }}\n\
         plugin = room => {{ name: \"talk {number}\", onMessage: m => do Effect {{\n  {body}\n  pure [Say \"{number}: {{m.text}}\"]\n}} }}\n"
    )
}

#[test]
fn calls_end_in_the_program_in_which_they_began() {
    let folder = Folder::new("reload");
    folder.write("talk.aivi", &version(1, "sleep 200"));
    let mut plugins = Plugins::new(&folder.0).expect("an engine");
    assert_eq!(plugins.reload().expect("the folder is there"), ["talk 1 is loaded"]);
    let mut old = plugins.dispatch(&message("before"));
    folder.write("talk.aivi", &version(2, "sleep 0"));
    assert_eq!(plugins.reload().expect("the folder is there"), ["talk 2 is loaded"]);
    assert_eq!(answers(&plugins, "after"), [r#"talk 2: [Say("2: after")]"#]);
    assert_eq!(old.remove(0).wait(), Ok(vec![Action::Say("1: before".to_owned())]));
}

#[test]
fn what_is_no_plug_in_is_told_and_the_old_one_stays() {
    let folder = Folder::new("broken");
    folder.write("talk.aivi", &version(1, "sleep 0"));
    let mut plugins = Plugins::new(&folder.0).expect("an engine");
    assert_eq!(plugins.reload().expect("the folder is there"), ["talk 1 is loaded"]);
    folder
        .write("talk.aivi", "module talk\nuse chat\nexport plugin\n\nplugin : Room -> Int\nplugin = room => shout 1\n");
    let told = plugins.reload().expect("the folder is there");
    assert!(told[0].contains("talk.aivi:6:24"), "{told:?}");
    folder.write("talk.aivi", "module talk\nuse chat\nexport plugin\n\nplugin : Room -> Int\nplugin = room => 1\n");
    let told = plugins.reload().expect("the folder is there");
    assert!(told[0].contains("'plugin' has type Room -> Int, the call needs Room -> {"), "{told:?}");
    assert_eq!(answers(&plugins, "still"), [r#"talk 1: [Say("1: still")]"#]);
    fs::remove_file(folder.0.join("talk.aivi")).expect("it is there");
    assert!(plugins.reload().expect("the folder is there").is_empty());
    assert!(answers(&plugins, "nobody").is_empty());
}

/// A plug-in with this body as its hook, and this beside it.
fn hostile(name: &str, hook: &str, beside: &str) -> String {
    format!(
        "module {name}\nuse aivi.concurrency\nuse chat\nexport plugin\n\n\
         plugin : Room -> {{ name: Text, onMessage: Message -> Effect Text (List Action) }}\n\
         plugin = room => {{ name: \"{name}\", onMessage: m => {hook} }}\n\n{beside}"
    )
}

#[test]
fn who_means_harm_is_stopped_and_the_others_answer() {
    let folder = Folder::new("hostile");
    folder.write("talk.aivi", &version(1, "sleep 1"));
    folder.write(
        "spin.aivi",
        &hostile("spin", "spin 0", "spin : Int -> Effect Text (List Action)\nspin = n => spin (n + 1)\n"),
    );
    let grow = "grow : Text -> Effect Text (List Action)\ngrow = text => grow \"{text}{text}\"\n";
    folder.write("grow.aivi", &hostile("grow", "grow m.text", grow));
    let fork =
        "fork : Int -> Effect Text (List Action)\nfork = n => do Effect {\n  _ <- spawn (fork n)\n  fork (n + 1)\n}\n";
    folder.write("fork.aivi", &hostile("fork", "fork 0", fork));
    let wait = "wait : Effect Text (List Action)\nwait = do Effect {\n  sleep 3600000\n  pure []\n}\n";
    folder.write("wait.aivi", &hostile("wait", "wait", wait));
    // It is stopped before it is a plug-in.
    let load = "module load\nuse chat\nexport plugin\n\nplugin : Room -> Int\nplugin = room => spin 0\n\n\
                spin : Int -> Int\nspin = n => spin (n + 1)\n";
    folder.write("load.aivi", load);

    let mut plugins = Plugins::new(&folder.0).expect("an engine");
    let told = plugins.reload().expect("the folder is there");
    assert_eq!(told.iter().filter(|line| line.ends_with("is loaded")).count(), 5, "{told:?}");
    for answer in plugins.dispatch(&message("hello")) {
        let name = answer.plugin.clone();
        let expected = match name.as_str() {
            "spin" => Limit::Fuel,
            "grow" => Limit::Memory,
            "fork" => Limit::Fibers,
            "wait" => Limit::Time,
            _ => {
                assert_eq!(answer.wait(), Ok(vec![Action::Say("1: hello".to_owned())]));
                continue;
            }
        };
        match answer.wait() {
            Err(CallError::Limit(report)) => assert_eq!(report.what, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(answers_of(&plugins, "talk 1", "again"), r#"[Say("1: again")]"#);
}

/// What one of the plug-ins answers; what the others do is their affair.
fn answers_of(plugins: &Plugins, name: &str, text: &str) -> String {
    let mut answers = plugins.dispatch(&message(text)).into_iter();
    let answer = answers.find(|answer| answer.plugin == name).expect("it is loaded");
    format!("{:?}", answer.wait().expect("it succeeds"))
}
