//! Lists of effects in place: `parAll`, `forEachPar` and `raceAll` begin with their items on the stack of the fiber
//! that asks, one after the other.
//!
//! Each item is a branch in place (`branch.rs`), as short as a task in place (`task.rs`). Those that end with a value
//! cost little more than a call. As soon as one has to wait, or has spent what it may, it is moved out, and becomes the
//! first child of a crowd whose other children are the items that have not begun; then all is as if the list had been
//! these, and the values of those before are put in front in the end.
//!
//! What always holds:
//! - The frame of a series owns it: the number in the frame's second register is the pointer.
//! - A series is the outermost branch: only there the fiber can go on with new fuel between two items.
//! - Between two items the frame is on top with nothing above. There the fiber may go on with new fuel, or have a crowd
//!   made of the rest, if its slice is over and others wait.

use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::Arc;

use aivi_scheduler::{Maker, Rule, Tick};

use super::task::{Hunch, LEAST, SHORT};
use super::{Branch, Fiber, Items, Pending, Strand};
use crate::collections::List;
use crate::interp::{Go, apply, run_effect};
use crate::value::Value;

/// A list of effects, or of items for which a function gives them, of which one runs at a time.
pub(crate) struct Series {
    /// The values of all, or the first one.
    rule: Rule,
    /// So many may run at once.
    limit: usize,
    function: Option<Value>,
    /// A list that is not empty.
    list: Value,
    /// The item that runs, or comes next.
    at: usize,
    /// The values of those before, as a list.
    given: Value,
    /// Fuel that was set aside.
    aside: u64,
}

impl Series {
    /// Of the values of all effects of a list, or of the first one. With a function of what that gives for the items,
    /// at most `limit` at once, which is positive.
    pub(crate) fn new(rule: Rule, limit: usize, function: Option<Value>, list: Value) -> Series {
        debug_assert!(matches!(rule, Rule::All | Rule::First));
        Series { rule, limit, function, list, at: 0, given: Value::payload_of(List::new()), aside: 0 }
    }

    fn items(&self) -> &List {
        match self.list.payload() {
            Some(list) => list,
            None => unreachable!("the compiler's types say that it is a list"),
        }
    }

    /// How many have not ended.
    fn left(&self) -> usize {
        self.items().len() - self.at
    }

    fn item(&self) -> Value {
        match self.items().get(self.at) {
            Some(item) => item.clone(),
            None => unreachable!("there is an item for each index below the length"),
        }
    }

    /// Marks what it owns as shared.
    pub(super) fn share(&self) {
        for value in self.function.iter().chain([&self.list, &self.given]) {
            drop(value.clone().share());
        }
    }

    /// The pointer that the register of a frame holds.
    pub(super) fn pointer(number: u64) -> NonNull<Series> {
        let Some(address) = NonZero::new(number as usize) else { unreachable!("`begin_series` wrote a pointer") };
        NonNull::with_exposed_provenance(address)
    }

    /// Takes over what a frame owned.
    ///
    /// # Safety
    /// The number is of the frame of a series, which forgets it.
    pub(super) unsafe fn from_number(number: u64) -> Box<Series> {
        // SAFETY: promised by the caller: `begin_series` made it of a box.
        unsafe { Box::from_raw(Series::pointer(number).as_ptr()) }
    }
}

impl Fiber {
    /// Whether a series of so many may begin in place. The instruction has taken nothing yet.
    pub(crate) fn may_begin_series(&mut self, count: usize) -> bool {
        count > 0 && !self.has_branch() && self.fuel >= LEAST && Hunch::tries(count) && self.may_branch()
    }

    /// Begins a series in place, which may.
    pub(crate) fn begin_series(&mut self, mut series: Series) -> Go {
        series.aside = self.set_fuel_aside(SHORT);
        let aside = series.aside;
        let number = NonNull::from(Box::leak(Box::new(series))).as_ptr().expose_provenance() as u64;
        if !self.push_branch(Branch::Series, Value::unit(), number) {
            // SAFETY: there is no frame.
            drop(unsafe { Series::from_number(number) });
            self.take_fuel_back(aside);
            return self.fault("stack exhausted");
        }
        self.begin_item_of(number)
    }

    /// Begins the next item, above the frame of its series.
    fn begin_item_of(&mut self, number: u64) -> Go {
        // SAFETY: the frame owns it, and nobody else uses it.
        let series = unsafe { Series::pointer(number).as_ref() };
        let item = series.item();
        match &series.function {
            None => run_effect(self, item, Branch::OWN),
            Some(function) => {
                let function = function.clone();
                // SAFETY: `push_branch` has made room for it.
                unsafe { *self.base.add(Branch::OWN) = item.into_slot() };
                apply(self, function, Branch::OWN, 1, true)
            }
        }
    }

    /// An item of the series on top has ended with this value: that of the whole, or how to go on.
    pub(super) fn end_item(&mut self, number: u64, value: Value) -> Result<Value, Go> {
        Hunch::was_right();
        // SAFETY: the frame owns it, and nobody else uses it.
        let series = unsafe { Series::pointer(number).as_mut() };
        self.take_fuel_back(series.aside);
        series.aside = 0;
        // An item need not have a call or a loop, which cost fuel: then this is what bounds the host's stack, and the
        // time until others have their turn.
        self.charge(1);
        if series.rule == Rule::First {
            // SAFETY: the caller takes the frame off.
            drop(unsafe { Series::from_number(number) });
            return Ok(value);
        }
        series.at += 1;
        if let Some(given) = series.given.payload_mut::<List>() {
            given.push(value);
        }
        if series.left() == 0 {
            // SAFETY: as above.
            return Ok(unsafe { Series::from_number(number) }.given);
        }
        self.pc = super::FrameKind::Branch.word();
        let is_short_of_fuel = self.fuel < SHORT;
        if is_short_of_fuel && !self.refuel() {
            return Err(self.leave_series());
        }
        series.aside = self.set_fuel_aside(SHORT);
        match self.begin_item_of(number) {
            // What follows has more fuel than the handlers had left.
            Go::On if is_short_of_fuel => Err(Go::Return),
            go => Err(go),
        }
    }

    /// More fuel for the handlers, between two items: the next piece of the slice, or a new slice if nobody waits for
    /// this one to end.
    fn refuel(&mut self) -> bool {
        if self.fuel_left() >= SHORT && !self.is_over_limit() {
            self.give_fuel(self.fuel_left());
            return true;
        }
        if self.is_limited() || self.sees_cancel() || self.cx().tick() == Tick::Yield {
            return false;
        }
        let slice = u64::from(self.cx().fuel()).max(SHORT);
        self.give_fuel(slice);
        true
    }

    /// The items of the series on top that have not begun become a crowd.
    fn leave_series(&mut self) -> Go {
        // SAFETY: a frame of a series, which is taken off.
        let series = unsafe { Series::from_number((*self.base.add(1)).payload) };
        self.leave_branch_frame();
        let place = self.place();
        self.cx().set_place(place);
        self.begin_rest(*series, None)
    }

    /// The item that ran was moved out, and the frame of its series is off.
    pub(super) fn move_item_out(&mut self, series: Series, moved: Strand) -> Go {
        Hunch::was_wrong();
        self.take_fuel_back(series.aside);
        self.begin_rest(series, Some(moved))
    }

    /// A crowd of the items that have not ended, the first of which may have begun.
    pub(super) fn begin_rest(&mut self, series: Series, begun: Option<Strand>) -> Go {
        let (rule, limit, count, given) = (series.rule, series.limit, series.left(), series.given.clone());
        let has_begun = begun.is_some();
        let maker = self.maker_of_rest(series, begun);
        self.cx().crowd(rule, count, limit, has_begun, maker);
        self.wait_for(Pending::RestOfCrowd(rule, given));
        Go::Wait
    }

    fn maker_of_rest(&mut self, series: Series, mut begun: Option<Strand>) -> Maker<Strand> {
        let at = series.at;
        let mut made: Box<dyn FnMut(usize) -> Pending + Send> = match series.function {
            None => {
                let effects = series.list.share();
                Box::new(move |index| Pending::Run(super::item(&effects, index)))
            }
            Some(function) => {
                let items = Arc::new(Items { function: function.share(), list: series.list.share() });
                Box::new(move |index| Pending::RunItem(items.clone(), index))
            }
        };
        let mut make = self.maker(move |index| made(at + index));
        Box::new(move |index| begun.take().unwrap_or_else(|| make(index)))
    }
}

/// The values of a list with others in front.
pub(super) fn with_rest(given: Value, rest: &Value) -> Value {
    let mut given = given;
    if let (Some(list), Some(rest)) = (given.payload_mut::<List>(), rest.payload::<List>()) {
        rest.iter().for_each(|value| list.push(value.clone()));
    }
    given
}
