//! Compiled programs.

use std::path::Path;

use aivi::{Color, Data, Ending, Engine, Script};

use crate::error::{Error, Kind, required};
use crate::export::{ErrorOut, answer, answer_boxed, exports};
use crate::function::Function;
use crate::pointers::{Name, OwnedText, Start};

exports! {
    fn aivi_script_compile(
        engine: Option<&Engine>,
        name: Name<'_>,
        text: Start<'_>,
        length: usize,
        error: ErrorOut<'_>,
    ) -> Option<Box<Script>> {
        answer_boxed(error, || {
            // SAFETY: the two belong together (`aivi.h`).
            let text = unsafe { text.text(length, "text") }?;
            Ok(required(engine, "engine")?.compile(name.get("name")?, text)?)
        })
    }

    fn aivi_script_compile_file(
        engine: Option<&Engine>,
        path: Name<'_>,
        error: ErrorOut<'_>,
    ) -> Option<Box<Script>> {
        answer_boxed(error, || Ok(required(engine, "engine")?.compile_file(Path::new(path.get("path")?))?))
    }

    fn aivi_script_load(
        engine: Option<&Engine>,
        bytes: Start<'_>,
        length: usize,
        error: ErrorOut<'_>,
    ) -> Option<Box<Script>> {
        answer_boxed(error, || {
            // SAFETY: the two belong together (`aivi.h`).
            let bytes = unsafe { bytes.bytes(length, "bytes") }?;
            Ok(required(engine, "engine")?.load(bytes)?)
        })
    }

    fn aivi_script_save(script: Option<&Script>) -> Option<Box<Data>> {
        script.map(|script| Box::new(Data::Bytes(script.to_bytes())))
    }

    fn aivi_script_warnings(script: Option<&Script>) -> OwnedText {
        let warnings = script.map(|script| script.warnings(Color::Never)).filter(|text| !text.is_empty());
        warnings.map_or_else(OwnedText::default, |text| OwnedText::new(&text))
    }

    fn aivi_script_function(
        script: Option<&Script>,
        name: Name<'_>,
        error: ErrorOut<'_>,
    ) -> Option<Box<Function>> {
        answer_boxed(error, || Ok(Function::new(&required(script, "script")?.dynamic(name.get("name")?)?)))
    }

    fn aivi_script_run_main(script: Option<&Script>, error: ErrorOut<'_>) -> bool {
        answer(error, || {
            let ending = required(script, "script")?.run_main();
            match &ending {
                Ending::Success => Ok(true),
                Ending::Failure(report) => Err(Error::new(Kind::Failure, report.to_string())),
                Ending::Fault(report) => Err(Error::new(Kind::Fault, report.to_string())),
                Ending::Limit(report) => Err(Error::limit(report)),
                Ending::Exit(_) | Ending::Interrupted(_) => Err(Error::exit(ending.exit_code())),
            }
        })
    }

    fn aivi_script_free(script: Option<Box<Script>>) {
        drop(script);
    }
}
