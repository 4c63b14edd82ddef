//! A chat server's plug-ins: scripts in a folder, each a record of hooks, which are reloaded while the server runs.
//!
//! Shown here: a module of the host with declared types and an opaque object, hooks as callbacks, calls that are
//! started and waited for, limits of calls and of all together, and what reloading needs: nothing. A hook keeps its
//! program, so calls that run when a plug-in is replaced end in the old one, and the old program goes when the last of
//! them has ended.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use std::{fs, io};

use aivi::{Aivi, Call, CallError, Callback, Engine, HostModule, Limits, Object, Script};

/// What somebody wrote.
#[derive(Aivi, Clone, Debug)]
pub struct Message {
    /// Who.
    pub from: String,
    /// What.
    pub text: String,
}

/// What a plug-in wants to be done.
#[derive(Aivi, Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Something to be written.
    Say(String),
    /// Somebody to be sent away.
    Ban {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
}

/// The room that plug-ins see, as an opaque object: each plug-in counts for itself.
#[derive(Default)]
pub struct Room {
    count: AtomicI64,
}

/// What a script gives: its export `plugin`, applied to the room.
#[derive(Aivi)]
#[aivi(output)]
struct Plugin {
    name: String,
    #[aivi(rename = "onMessage")]
    on_message: Callback<(Message,), Vec<Action>>,
}

/// The plug-ins of a folder.
pub struct Plugins {
    engine: Engine,
    folder: PathBuf,
    loaded: BTreeMap<PathBuf, Loaded>,
}

struct Loaded {
    text: String,
    /// None of a text that is no plug-in.
    plugin: Option<Plugin>,
}

/// A plug-in's answer, which is on its way.
pub struct Answer {
    /// The plug-in.
    pub plugin: String,
    call: Call<Vec<Action>>,
}

impl Answer {
    /// Waits for it.
    ///
    /// # Errors
    /// When the hook fails, has a fault, or has reached a limit.
    pub fn wait(self) -> Result<Vec<Action>, CallError> {
        self.call.wait()
    }
}

/// What a hook, or loading a plug-in, may use: whoever writes a plug-in may be wrong, or mean harm.
fn hook() -> Limits {
    Limits::none().fuel(2_000_000).memory(16 << 20).fibers(200).messages(10_000).time(Duration::from_secs(2))
}

/// What all of them may use at a time.
fn all() -> Limits {
    Limits::none().memory(64 << 20).fibers(1_000)
}

/// What scripts may use.
fn chat() -> HostModule {
    HostModule::new("chat")
        .object::<Room>("Room")
        .declare::<Message>()
        .declare::<Action>()
        .function("shout : Text -> Text", |text: String| text.to_uppercase())
        .effect("countUp : Room -> Effect Text Int", |room: Object<Room>| {
            Ok::<i64, String>(room.count.fetch_add(1, Ordering::Relaxed) + 1)
        })
}

impl Plugins {
    /// Those of this folder, of which none is loaded yet.
    ///
    /// # Errors
    /// When the system refuses what the engine needs.
    pub fn new(folder: impl Into<PathBuf>) -> io::Result<Plugins> {
        let engine = Engine::builder().workers(2).module(chat()).limits(hook()).total(all()).build()?;
        Ok(Plugins { engine, folder: folder.into(), loaded: BTreeMap::new() })
    }

    /// Loads what is new, replaces what has changed and forgets what is gone. Says what happened, a line for each file;
    /// a file that is no plug-in changes nothing but that line.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn reload(&mut self) -> io::Result<Vec<String>> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "aivi") {
                files.insert(path.clone(), fs::read_to_string(&path)?);
            }
        }
        self.loaded.retain(|path, _| files.contains_key(path));
        let changed =
            files.into_iter().filter(|(path, text)| self.loaded.get(path).is_none_or(|old| old.text != *text));
        let changed: Vec<(PathBuf, String)> = changed.collect();
        Ok(changed.into_iter().map(|(path, text)| self.replace(path, text)).collect())
    }

    /// Loads one file; the plug-in that it was before stays if that fails.
    fn replace(&mut self, path: PathBuf, text: String) -> String {
        let (told, plugin) = match self.load(&path, &text) {
            Ok(plugin) => (format!("{} is loaded", plugin.name), Some(plugin)),
            Err(error) => (error, None),
        };
        let before = self.loaded.remove(&path);
        let plugin = plugin.or_else(|| before.and_then(|before| before.plugin));
        self.loaded.insert(path, Loaded { text, plugin });
        told
    }

    fn load(&self, path: &Path, text: &str) -> Result<Plugin, String> {
        let script: Script = self.engine.compile(&path.to_string_lossy(), text).map_err(|error| error.to_string())?;
        let room = Object::new(Room::default());
        script.call("plugin", (room,)).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Gives a message to all plug-ins, which work on it at the same time.
    #[must_use]
    pub fn dispatch(&self, message: &Message) -> Vec<Answer> {
        let plugins = self.loaded.values().filter_map(|loaded| loaded.plugin.as_ref());
        let answer =
            |plugin: &Plugin| Answer { plugin: plugin.name.clone(), call: plugin.on_message.start((message.clone(),)) };
        plugins.map(answer).collect()
    }
}
