//! Engines and what is decided for them.

use std::ffi::c_void;
use std::time::Duration;

use aivi::{Capability, Engine, EngineBuilder, Format, Limits, Output, Power, Turn};

use crate::callback::{Context, Sink, Tell, WriteBytes};
use crate::error::{Error, Kind, required};
use crate::export::{ErrorOut, Out, answer, answer_boxed, exports, put};
use crate::limits::limited;
use crate::module::Module;
use crate::pointers::{Name, OwnedText};

/// `aivi_options`
pub struct Options {
    builder: Option<EngineBuilder>,
    limits: Limits,
    total: Limits,
}

impl Options {
    /// Changes them, if they are there.
    pub fn change(options: Option<&mut Options>, change: impl FnOnce(EngineBuilder) -> EngineBuilder) {
        if let Some(options) = options {
            options.builder = options.builder.take().map(change);
        }
    }
}

/// `aivi_turn`
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub enum CTurn {
    #[default]
    Finished = 0,
    Ready = 1,
    Sleeping = 2,
    Waiting = 3,
}

exports! {
    fn aivi_options_new() -> Option<Box<Options>> {
        Some(Box::new(Options { builder: Some(Engine::builder()), limits: Limits::none(), total: Limits::none() }))
    }

    fn aivi_options_workers(options: Option<&mut Options>, count: usize) {
        Options::change(options, |builder| builder.workers(count));
    }

    fn aivi_options_limit(options: Option<&mut Options>, limit: i32, amount: u64) -> bool {
        let Some(options) = options else { return false };
        let Some(limits) = limited(options.limits, limit, amount) else { return false };
        options.limits = limits;
        Options::change(Some(options), |builder| builder.limits(limits));
        true
    }

    fn aivi_options_total(options: Option<&mut Options>, limit: i32, amount: u64) -> bool {
        let Some(options) = options else { return false };
        let Some(total) = limited(options.total, limit, amount) else { return false };
        options.total = total;
        Options::change(Some(options), |builder| builder.total(total));
        true
    }

    fn aivi_options_driven(options: Option<&mut Options>) {
        Options::change(options, EngineBuilder::driven);
    }

    fn aivi_options_on_wake(options: Option<&mut Options>, wake: Option<Tell>, data: *mut c_void, release: Option<Tell>) {
        let context = Context::new(data, release);
        if let Some(wake) = wake {
            Options::change(options, |builder| builder.on_wake(move || context.tell(wake)));
        }
    }

    fn aivi_options_stdout(
        options: Option<&mut Options>,
        write: Option<WriteBytes>,
        data: *mut c_void,
        release: Option<Tell>,
    ) {
        let output = output(write, data, release);
        Options::change(options, |builder| builder.stdout(output));
    }

    fn aivi_options_stderr(
        options: Option<&mut Options>,
        write: Option<WriteBytes>,
        data: *mut c_void,
        release: Option<Tell>,
    ) {
        let output = output(write, data, release);
        Options::change(options, |builder| builder.stderr(output));
    }

    fn aivi_options_without_input(options: Option<&mut Options>) {
        Options::change(options, EngineBuilder::without_input);
    }

    fn aivi_options_allow(
        options: Option<&mut Options>,
        power: i32,
        what: Name<'_>,
        error: ErrorOut<'_>,
    ) -> bool {
        answer(error, || {
            let (options, capability) = (required(options, "options")?, capability(power, &what)?);
            Options::change(Some(options), |builder| builder.allow(capability));
            Ok(true)
        })
    }

    fn aivi_options_deny(
        options: Option<&mut Options>,
        power: i32,
        what: Name<'_>,
        error: ErrorOut<'_>,
    ) -> bool {
        answer(error, || {
            let (options, capability) = (required(options, "options")?, capability(power, &what)?);
            Options::change(Some(options), |builder| builder.deny(capability));
            Ok(true)
        })
    }

    fn aivi_options_module(options: Option<&mut Options>, module: Option<Box<Module>>) {
        if let Some(module) = module.and_then(|module| module.into_inner()) {
            Options::change(options, |builder| builder.module(module));
        }
    }

    fn aivi_options_free(options: Option<Box<Options>>) {
        drop(options);
    }

    fn aivi_engine_new(options: Option<Box<Options>>, error: ErrorOut<'_>) -> Option<Box<Engine>> {
        answer_boxed(error, || {
            let builder = options.map_or_else(|| Some(Engine::builder()), |options| options.builder);
            required(builder, "options")?.build().map_err(|error| Error::new(Kind::System, error.to_string()))
        })
    }

    fn aivi_engine_turn(engine: Option<&Engine>, budget_us: u64, sleep_us: Out<'_, u64>) -> CTurn {
        let turn = engine.map_or(Turn::Finished, |engine| engine.turn(Duration::from_micros(budget_us)));
        let (turn, sleep) = match turn {
            Turn::Finished => (CTurn::Finished, 0),
            Turn::Ready => (CTurn::Ready, 0),
            Turn::Sleeping(time) => (CTurn::Sleeping, u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            Turn::Waiting => (CTurn::Waiting, 0),
        };
        put(sleep_us, sleep);
        turn
    }

    fn aivi_engine_flush(engine: Option<&Engine>) {
        if let Some(engine) = engine {
            engine.flush();
        }
    }

    fn aivi_engine_dump(engine: Option<&Engine>) -> OwnedText {
        engine.map_or_else(OwnedText::default, |engine| OwnedText::new(&engine.report_fibers()))
    }

    fn aivi_engine_dump_json(engine: Option<&Engine>) -> OwnedText {
        engine.map_or_else(OwnedText::default, |engine| OwnedText::new(&engine.report_fibers_as(Format::Json)))
    }

    fn aivi_engine_free(engine: Option<Box<Engine>>) {
        drop(engine);
    }

    fn aivi_text_free(text: OwnedText) {
        drop(text);
    }
}

/// What an `aivi_power` means with a text, or without one.
fn capability(power: i32, what: &Name<'_>) -> Result<Capability, Error> {
    let number = power;
    let power = match number {
        0 => None,
        1 => Some(Power::Read),
        2 => Some(Power::Write),
        3 => Some(Power::Connect),
        4 => Some(Power::Listen),
        5 => Some(Power::Environment),
        6 => Some(Power::Input),
        7 => Some(Power::Exit),
        8 => Some(Power::Clock),
        other => return Err(Error::argument(format!("there is no power {other}"))),
    };
    let capability = match (power, what.optional("what")?) {
        (None, None) => Capability::all(),
        (Some(power), None) => Capability::any(power),
        (Some(Power::Read), Some(path)) => Capability::read(path),
        (Some(Power::Write), Some(path)) => Capability::write(path),
        (Some(Power::Connect), Some(endpoint)) => Capability::connect(endpoint),
        (Some(Power::Listen), Some(endpoint)) => Capability::listen(endpoint),
        (Some(Power::Environment), Some(name)) => Capability::environment(name),
        (_, Some(what)) => return Err(Error::argument(format!("the power {number} is whole, without '{what}'"))),
    };
    capability.mistake().map_or(Ok(()), |mistake| Err(Error::argument(mistake)))?;
    Ok(capability)
}

/// Without a function it keeps nothing.
fn output(write: Option<WriteBytes>, data: *mut c_void, release: Option<Tell>) -> Output {
    let context = Context::new(data, release);
    match write {
        Some(write) => Output::writer(Sink::new(context, write)),
        None => Output::writer(std::io::sink()),
    }
}
