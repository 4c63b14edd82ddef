//! Writes the inputs that fuzzing starts from: `cargo run -p aivi-tests --example fuzz_seeds -- FOLDER` makes
//! `FOLDER/text`, the programs of the repository, and `FOLDER/bytes`, the modules that those of a few lines are
//! compiled to.

use std::fs;
use std::path::Path;

use aivi_tests::claims::encoded;
use aivi_tests::files::{list, read, root};

/// Texts up to this length are made modules of, in bytes. Arbitrary: the fuzzer gets further with short inputs.
const LENGTH_MAX: usize = 400;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "seeds".to_owned());
    let (texts, modules) = (Path::new(&folder).join("text"), Path::new(&folder).join("bytes"));
    fs::create_dir_all(&texts)?;
    fs::create_dir_all(&modules)?;
    for (number, path) in list(root(), "aivi", true).iter().enumerate() {
        let text = read(path);
        fs::write(texts.join(number.to_string()), &text)?;
        if text.len() <= LENGTH_MAX
            && let Some(bytes) = encoded(&text)
        {
            fs::write(modules.join(number.to_string()), bytes)?;
        }
    }
    Ok(())
}
