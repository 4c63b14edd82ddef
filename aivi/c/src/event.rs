//! What happens to fibers, as C sees it.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use aivi::{FiberEnd, FiberEvent, FiberEventKind};

use crate::callback::{Context, Listen, Tell};
use crate::engine::Options;
use crate::export::exports;
use crate::pointers::c_text;

/// `aivi_event`
#[repr(C)]
pub struct CEvent {
    time_ns: u64,
    fiber: u64,
    by: u64,
    worker: u32,
    kind: i32,
    end: i32,
    what: *const c_char,
    at: *const c_char,
}

/// What the variants of an event have: its kind, and what only some have.
#[derive(Default)]
struct Parts {
    kind: i32,
    by: u64,
    end: i32,
    what: Option<CString>,
    at: Option<CString>,
}

impl Parts {
    /// Nothing of an event that this version of the header does not have.
    fn of(kind: &FiberEventKind) -> Option<Parts> {
        let none = Parts::default;
        Some(match kind {
            FiberEventKind::Began { by, function, at } => {
                Parts { by: by.unwrap_or(0), what: Some(c_text(function)), at: Some(c_text(at)), ..none() }
            }
            FiberEventKind::Runs => Parts { kind: 1, ..none() },
            FiberEventKind::Waits { reason, at } => {
                Parts { kind: 2, what: Some(c_text(reason)), at: Some(c_text(at)), ..none() }
            }
            FiberEventKind::Woken => Parts { kind: 3, ..none() },
            FiberEventKind::Yielded { at } => Parts { kind: 4, at: Some(c_text(at)), ..none() },
            FiberEventKind::Cancelled { reason } => Parts { kind: 5, what: Some(c_text(reason)), ..none() },
            FiberEventKind::Ended { how } => Parts { kind: 6, end: end(*how), ..none() },
            _ => return None,
        })
    }
}

/// The number of `aivi_end`.
fn end(how: FiberEnd) -> i32 {
    match how {
        FiberEnd::Done => 1,
        FiberEnd::Failed => 2,
        FiberEnd::Faulted => 3,
        FiberEnd::Cancelled => 4,
    }
}

/// Tells the host of one.
fn tell(context: &Context, listen: Listen, event: &FiberEvent) {
    let Some(parts) = Parts::of(&event.kind) else { return };
    let text = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
    let event = CEvent {
        time_ns: u64::try_from(event.at.as_nanos()).unwrap_or(u64::MAX),
        fiber: event.fiber,
        by: parts.by,
        worker: u32::try_from(event.worker).unwrap_or(u32::MAX),
        kind: parts.kind,
        end: parts.end,
        what: text(&parts.what),
        at: text(&parts.at),
    };
    context.listen(listen, &event);
}

exports! {
    fn aivi_options_on_events(
        options: Option<&mut Options>,
        listen: Option<Listen>,
        data: *mut c_void,
        release: Option<Tell>,
    ) {
        let context = Context::new(data, release);
        if let Some(listen) = listen {
            let all = move |events: &[FiberEvent]| events.iter().for_each(|event| tell(&context, listen, event));
            Options::change(options, |builder| builder.on_events(all));
        }
    }
}
