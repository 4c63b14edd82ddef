//! The public API of the crate `aivi` is what `aivi/public-api.txt` says, so that nobody changes it without noticing.
//! `UPDATE_GOLDEN=1` rewrites the page; `spec/embedding/stability.md` says which changes may be made when.
//!
//! The list comes from the compiler's own description of the crate, whose form changes with the compiler: with another
//! one than the page names there is nothing to compare.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::Builder;

#[test]
fn the_public_api_is_the_recorded_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let page = root.join("aivi/public-api.txt");
    let recorded = fs::read_to_string(&page).unwrap_or_default();
    let (compiler, updating) = (compiler(), env::var_os("UPDATE_GOLDEN").is_some());
    if !updating && recorded.lines().next() != Some(compiler.as_str()) {
        println!("not compared: recorded with another compiler than {compiler}");
        return;
    }
    let api = Builder::from_rustdoc_json(described(root))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .expect("a description of the crate");
    let found = format!("{compiler}\n\n{api}");
    if updating {
        fs::write(&page, found).expect("the page is ours");
        return;
    }
    let differences: Vec<String> = similar::TextDiff::from_lines(recorded.as_str(), &found)
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("{}{change}", change.tag()))
        .collect();
    assert!(differences.is_empty(), "the public API has changed:\n{}", differences.concat());
}

/// The description, in a folder of its own: the flag that allows it on a stable compiler makes everything be checked
/// anew.
fn described(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from).join("api");
    let done = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["rustdoc", "--package", "aivi", "--lib", "--locked", "--quiet", "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(done.success(), "the crate is not described");
    target.join("doc/aivi.json")
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc).arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&told.stdout).trim_end().to_owned()
}
