//! What the host promises: plug-ins work at the same time, are replaced while they work, and go when they are done.

use std::fs;
use std::path::{Path, PathBuf};

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
