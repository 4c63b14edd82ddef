//! Selects: the cases as values, and what comes of the one that is committed.

use aivi_scheduler::{Case, Limit};
use smallvec::SmallVec;

use super::handles::{Receiver, Sender};
use super::{Strand, closed};
use crate::collections::List;
use crate::object::{Payload, Shared, Trace, Tracer};
use crate::value::{Kind, Value};

/// A case of a select. The last part of each is the function whose effect is run for what came of it.
pub enum SelectCase {
    /// Receive from this.
    Recv(Value, Value),
    /// Send this message to this.
    Send(Value, Value, Value),
    /// When nothing else happens for so many milliseconds.
    Timeout(i64, Value),
    /// When nothing else can be done at once.
    Default(Value),
}

impl SelectCase {
    /// The case as a value.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::payload_of(self)
    }

    /// As the scheduler has it; only those on channels.
    fn on_channel(&self) -> Option<Case<'_, Strand>> {
        match self {
            SelectCase::Recv(receiver, _) => receiver.payload::<Receiver>().map(|end| Case::Recv(&end.0)),
            SelectCase::Send(sender, message, _) => {
                sender.payload::<Sender>().map(|end| Case::Send(&end.0, message.clone().share()))
            }
            SelectCase::Timeout(..) | SelectCase::Default(_) => None,
        }
    }

    fn next(&self) -> Value {
        match self {
            SelectCase::Recv(_, next)
            | SelectCase::Send(_, _, next)
            | SelectCase::Timeout(_, next)
            | SelectCase::Default(next) => next.clone(),
        }
    }
}

impl Trace for SelectCase {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        match self {
            SelectCase::Send(sender, message, next) => {
                [sender, message, next].into_iter().for_each(|part| tracer.value(part));
            }
            SelectCase::Recv(receiver, next) => [receiver, next].into_iter().for_each(|part| tracer.value(part)),
            SelectCase::Timeout(_, next) | SelectCase::Default(next) => tracer.value(next),
        }
    }
}

// SAFETY: the only payload of this kind, which is of the payload family.
unsafe impl Payload for SelectCase {
    const KIND: Kind = Kind::Case;
}

/// The cases of a list, which stay where they are.
pub(crate) struct Cases<'a>(&'a [Value], Option<&'a List>);

/// What is asked of the scheduler.
#[derive(Default)]
pub(crate) struct Asked<'a> {
    /// The cases on channels, in their order.
    pub(crate) on_channels: SmallVec<[Case<'a, Strand>; 8]>,
    instead: Option<&'a SelectCase>,
}

impl<'a> Cases<'a> {
    /// Those in a value, which is a list of them.
    #[inline]
    pub(crate) fn of(list: &'a Value) -> Self {
        let list = list.payload::<List>();
        match list.and_then(List::as_flat) {
            Some(slice) => Cases(slice, None),
            None => Cases(&[], list),
        }
    }

    /// The first thing that `ask` has to say about one of them. Most lists are short, and so one slice.
    #[inline]
    fn find<R>(&self, mut ask: impl FnMut(&'a SelectCase) -> Option<R>) -> Option<R> {
        let mut of_value = |value: &'a Value| value.payload::<SelectCase>().and_then(&mut ask);
        match self.1 {
            None => self.0.iter().find_map(of_value),
            Some(list) => list.iter().find_map(&mut of_value),
        }
    }

    /// Are there none?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty() && self.1.is_none_or(|list| list.len() == 0)
    }

    /// Adds them to what is asked of the scheduler.
    pub(crate) fn ask(&self, asked: &mut Asked<'a>) {
        self.find(|case| -> Option<()> {
            match case.on_channel() {
                Some(on_channel) => asked.on_channels.push(on_channel),
                None => asked.note_instead(case),
            }
            None
        });
    }

    /// What has come of the case with this number among those on channels, and what is to be done about it.
    pub(crate) fn committed(&self, number: usize, message: Option<Shared>) -> Value {
        let mut left = number;
        let case = self.find(|case| {
            let is_on_channel = matches!(case, SelectCase::Recv(..) | SelectCase::Send(..));
            let is_it = is_on_channel && left == 0;
            left -= usize::from(is_on_channel && !is_it);
            is_it.then_some(case)
        });
        match (case, message) {
            (Some(case @ SelectCase::Recv(..)), Some(message)) => {
                Value::pair(Value::ok(message.into_value()), case.next())
            }
            (Some(case @ SelectCase::Recv(..)), None) => Value::pair(closed(), case.next()),
            (Some(case), _) => Value::pair(Value::unit(), case.next()),
            (None, _) => unreachable!("the scheduler commits what it was given"),
        }
    }

    /// The same when none was committed in time.
    pub(crate) fn none(&self) -> Value {
        let mut asked = Asked::default();
        self.find(|case| -> Option<()> {
            asked.note_instead(case);
            None
        });
        match asked.instead {
            Some(case) => Value::pair(Value::unit(), case.next()),
            None => unreachable!("without a limit one is committed"),
        }
    }
}

impl<'a> Asked<'a> {
    /// How long to wait: not at all where there is a default, or no time.
    pub(crate) fn limit(&self) -> Limit {
        match self.instead {
            None => Limit::None,
            Some(SelectCase::Timeout(millis @ 1.., _)) => Limit::Within((*millis as u64).saturating_mul(1_000_000)),
            Some(_) => Limit::Never,
        }
    }

    /// For when nothing happens: the first default, or else the shortest time, of equal ones the first.
    fn note_instead(&mut self, case: &'a SelectCase) {
        let millis = |case: &SelectCase| match case {
            SelectCase::Timeout(millis, _) => Some(*millis),
            SelectCase::Default(_) => Some(i64::MIN),
            SelectCase::Recv(..) | SelectCase::Send(..) => None,
        };
        if millis(case).is_some() && self.instead.is_none_or(|other| millis(case) < millis(other)) {
            self.instead = Some(case);
        }
    }
}
