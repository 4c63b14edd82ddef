//! Reads lines `name: text` from the standard input and shows what the plug-ins of a folder make of them. Plug-ins may
//! be changed meanwhile.

use std::env;
use std::io::{self, BufRead};

use aivi_host_plugins::{Message, Plugins};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| "examples/hosts/plugins/plugins".to_owned());
    let mut plugins = Plugins::new(folder)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        plugins.reload()?.iter().for_each(|told| println!("{told}"));
        let (from, text) = line.split_once(": ").unwrap_or(("somebody", &line));
        for answer in plugins.dispatch(&Message { from: from.to_owned(), text: text.to_owned() }) {
            let plugin = answer.plugin.clone();
            match answer.wait() {
                Ok(actions) => actions.iter().for_each(|action| println!("{plugin}: {action:?}")),
                Err(error) => println!("{plugin}: {error}"),
            }
        }
    }
    Ok(())
}
