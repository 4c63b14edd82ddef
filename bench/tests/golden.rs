//! Every program gives its recorded output.

use aivi::{Engine, Output};
use aivi_bench::{programs, script};

#[test]
fn every_program_gives_its_recorded_output() {
    let mut count = 0;
    for entry in std::fs::read_dir(programs()).expect("the folder of the programs").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "aivi") {
            let output = Output::buffer();
            let engine = Engine::builder().simulated(1).stdout(output.clone()).build().expect("an engine");
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            let ending = script(&engine, &name).run_main();
            assert_eq!(ending.exit_code(), 0, "{name}: {ending:?}");
            let expected = std::fs::read_to_string(path.with_extension("out")).expect("a recorded output");
            assert_eq!(output.text(), expected, "{name}");
            count += 1;
        }
    }
    assert!(count >= 22, "only {count} programs were found");
}
