//! What this thread has allocated, started and sent, and freed, ended and received; and for which call it works.
//!
//! To count costs an addition to a word of the thread. What is in an account is looked at when the words leave a band:
//! above the *ceiling* the thread has more in hand than it took in advance, or a limit is reached; as far below what
//! was entered it has so much to give back that others should know, who may be the ones that allocate, start and send.
//!
//! The thread works for the call whose fiber it ran last, also between two turns: what ends then, ends for that call.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

use super::{Account, Limit, Over};

/// Bytes that a thread takes in advance at most, and gives back at once. More makes a limit less exact with many
/// workers, less makes them meet at the account more often: at 256 KiB that is once in some thousands of objects.
const BYTES: u64 = 256 << 10;

/// The same for fibers and messages.
const COUNT: u64 = 64;

/// What a limit is divided by for what a thread takes in advance at most.
const SHARE: u64 = 64;

/// Bytes of a unit.
pub(crate) const UNIT: usize = 16;

/// Bytes of a message that stands in a channel, besides what it refers to.
const MESSAGE_BYTES: isize = 16;

thread_local! {
    /// Memory, in units of 16 bytes: the size of each object is a multiple of that, and the handlers that make and free
    /// them have it at hand as such (in bytes: 2 % more instructions for trees).
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static FIBERS: Cell<isize> = const { Cell::new(0) };
    static CEILING: Cell<isize> = const { Cell::new(isize::MAX) };
    static FIBERS_CEILING: Cell<isize> = const { Cell::new(isize::MAX) };
    static MESSAGES_CEILING: Cell<isize> = const { Cell::new(isize::MAX) };
    /// What was entered last: units, fibers, messages.
    static ENTERED: Cell<(isize, isize, isize)> = const { Cell::new((0, 0, 0)) };
    /// The account of the call, by its address; the one that keeps it is beside it.
    static CURRENT: Cell<*const Account> = const { Cell::new(ptr::null()) };
    static KEPT: RefCell<Option<Arc<Account>>> = const { RefCell::new(None) };
}

/// Bytes that this thread has allocated and not freed, less those that it has freed and others had allocated.
#[inline(always)]
pub fn live_bytes() -> isize {
    LIVE.get() * UNIT as isize
}

/// So many units more, or fewer.
#[inline(always)]
pub(crate) fn add(units: isize) {
    LIVE.set(LIVE.get() + units);
}

/// The units of so many bytes.
#[inline(always)]
pub(crate) const fn units(bytes: usize) -> isize {
    bytes.div_ceil(UNIT) as isize
}

/// A fiber is made, of so many units, or goes.
#[inline(always)]
pub(crate) fn add_fiber(count: isize, units: isize) {
    FIBERS.set(FIBERS.get() + count);
    add(count * units);
}

/// Is it time to look at the account? Then `settle`.
#[inline(always)]
pub(crate) fn is_due() -> bool {
    // Without limits, as most calls are, that is all.
    is_metered()
        && (LIVE.get() > CEILING.get()
            || FIBERS.get() > FIBERS_CEILING.get()
            || aivi_scheduler::queued_messages() > MESSAGES_CEILING.get())
}

/// Does the thread work for this call?
#[inline]
pub(crate) fn works_for(account: Option<&Arc<Account>>) -> bool {
    ptr::eq(account.map_or(ptr::null(), Arc::as_ptr), CURRENT.get())
}

/// Works for this call from here on: a turn of one of its fibers begins. True: `settle`.
#[inline]
pub(crate) fn turn_to(account: Option<&Arc<Account>>) -> bool {
    !works_for(account) && turn(account) || is_due() || is_metered() && has_much_to_give_back()
}

/// Has it fallen as far below what was entered as it may rise above?
#[inline]
fn has_much_to_give_back() -> bool {
    let is_far = |now: isize, entered: isize, ceiling: isize| entered.saturating_sub(now) > ceiling - entered;
    let (live, fibers, messages) = ENTERED.get();
    is_far(LIVE.get(), live, CEILING.get())
        || is_far(FIBERS.get(), fibers, FIBERS_CEILING.get())
        || is_far(aivi_scheduler::queued_messages(), messages, MESSAGES_CEILING.get())
}

/// Is there room for so many bytes at once, as far as is known without a look at what others use?
pub fn has_room(bytes: usize) -> bool {
    if CURRENT.get().is_null() || LIVE.get().saturating_add(units(bytes)) <= CEILING.get() {
        return true;
    }
    settle();
    KEPT.with_borrow(|kept| kept.as_ref().is_none_or(|account| bytes as u64 <= account.room_for(Limit::Memory)))
}

/// Takes fuel for something that is done. False: there is none left, and whoever looks at the account next finds that.
pub(crate) fn spend(fuel: u64) -> bool {
    let has_fuel = KEPT.with_borrow(|kept| kept.as_ref().is_none_or(|account| account.take_fuel(fuel) == fuel));
    if !has_fuel {
        CEILING.set(isize::MIN);
    }
    has_fuel
}

/// Does the thread work for a call with limits?
#[inline(always)]
pub(crate) fn is_metered() -> bool {
    !CURRENT.get().is_null()
}

/// Enters what was counted, and takes more in advance; what is used up, if anything is.
#[cold]
pub(crate) fn settle() -> Option<Over> {
    KEPT.with_borrow(|kept| {
        let account = kept.as_ref()?;
        enter(account);
        let over = account.over();
        let (live, fibers, messages) = ENTERED.get();
        let advance = |limit, most: u64| {
            let share = (account.least(limit) / SHARE).clamp(1, most);
            isize::try_from(account.room_for(limit).min(share)).unwrap_or(isize::MAX)
        };
        CEILING.set(live.saturating_add(advance(Limit::Memory, BYTES) / UNIT as isize));
        FIBERS_CEILING.set(fibers.saturating_add(advance(Limit::Fibers, COUNT)));
        MESSAGES_CEILING.set(messages.saturating_add(advance(Limit::Messages, COUNT)));
        over
    })
}

/// Does something for a call, and then goes on for whom the thread worked before.
pub(crate) fn run<R>(account: Option<&Arc<Account>>, work: impl FnOnce() -> R) -> R {
    aside(|| {
        turn(account);
        work()
    })
}

/// Does something in which the thread may turn to calls, and then goes on for whom it worked before.
pub fn aside<R>(work: impl FnOnce() -> R) -> R {
    struct Back(Option<Arc<Account>>);
    impl Drop for Back {
        fn drop(&mut self) {
            turn_to(self.0.as_ref());
        }
    }
    let _back = Back(KEPT.try_with(|kept| kept.borrow().clone()).ok().flatten());
    work()
}

/// Enters what was counted for the last call, and works for this one. True: something of it is used up.
#[cold]
fn turn(account: Option<&Arc<Account>>) -> bool {
    // At the end of the thread there is nobody to work for.
    let last = KEPT.try_with(|kept| kept.replace(account.cloned())).ok().flatten();
    if let Some(last) = last {
        enter(&last);
    }
    CURRENT.set(account.map_or(ptr::null(), Arc::as_ptr));
    ENTERED.set(counted());
    if account.is_some() {
        return settle().is_some();
    }
    CEILING.set(isize::MAX);
    FIBERS_CEILING.set(isize::MAX);
    MESSAGES_CEILING.set(isize::MAX);
    false
}

fn enter(account: &Account) {
    let (live, fibers, messages) = counted();
    let before = ENTERED.replace((live, fibers, messages));
    let sent = messages - before.2;
    account.enter((live - before.0) * UNIT as isize + sent * MESSAGE_BYTES, fibers - before.1, sent);
}

fn counted() -> (isize, isize, isize) {
    (LIVE.get(), FIBERS.get(), aivi_scheduler::queued_messages())
}

/// Bytes of memory that is not an object's, counted as long as this lives.
#[derive(Default, Debug)]
pub(crate) struct Charge(isize);

impl Charge {
    /// Nothing.
    pub(crate) const NONE: Charge = Charge(0);

    /// So many bytes.
    pub(crate) fn new(bytes: usize) -> Charge {
        add(units(bytes));
        Charge(units(bytes))
    }

    /// So many bytes from here on.
    pub(crate) fn set(&mut self, bytes: usize) {
        add(units(bytes) - self.0);
        self.0 = units(bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        add(-self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;

    use super::{add_fiber, is_due, settle, turn_to};
    use crate::account::{Account, Level, Limits};

    /// A turn of a fiber on this thread, which starts or ends others; whether a limit is reached.
    fn turn(account: &Arc<Account>, fibers: isize) -> bool {
        let mut is_over = turn_to(Some(account)) && settle().is_some();
        add_fiber(fibers, 0);
        is_over |= is_due() && settle().is_some();
        is_over
    }

    #[test]
    fn who_only_ends_fibers_says_so_to_those_who_start_them() {
        let account = Arc::new(Account::new(Level::Call, Limits::none().fibers(100), None));
        let (started, starts) = channel();
        let (ended, ends) = channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                for () in starts {
                    assert!(!turn(&account, -1));
                    ended.send(()).expect("the other one waits");
                }
                turn_to(None);
            });
            // One at a time.
            for number in 0..1000 {
                assert!(!turn(&account, 1), "fiber {number}");
                started.send(()).expect("the other one waits");
                ends.recv().expect("it ends");
            }
            drop(started);
            turn_to(None);
        });
        assert!(account.used().most_fibers <= 5, "{:?}", account.used());
    }
}
