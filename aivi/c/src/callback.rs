//! Functions of the host, and the pointer that each of them gets.

use std::ffi::c_void;
use std::io::{self, Write};
use std::ptr;

use aivi::Data;

use crate::completion::Completion;
use crate::event::CEvent;

/// `void (*)(void *data)`: releases, or wakes.
pub type Tell = unsafe extern "C" fn(*mut c_void);

/// `aivi_host_function`
pub type HostFunction = unsafe extern "C" fn(*mut c_void, &Data, &mut bool) -> Option<Box<Data>>;

/// `aivi_output`
pub type WriteBytes = unsafe extern "C" fn(*mut c_void, *const u8, usize) -> bool;

/// `aivi_begin`
pub type Begin = unsafe extern "C" fn(*mut c_void, &Data, Box<Completion>);

/// `aivi_listen`
pub type Listen = unsafe extern "C" fn(*mut c_void, &CEvent);

/// The pointer of the host that belongs to a function, released when the function is not needed any more.
pub struct Context {
    data: *mut c_void,
    release: Option<Tell>,
}

// SAFETY: the header demands that functions of the host may be called, and their data released, by any thread.
unsafe impl Send for Context {}
// SAFETY: likewise, by several threads at the same time.
unsafe impl Sync for Context {}

impl Context {
    /// Takes over the pointer.
    pub fn new(data: *mut c_void, release: Option<Tell>) -> Context {
        Context { data, release }
    }

    /// Calls a function of the host with its pointer.
    pub fn tell(&self, function: Tell) {
        // SAFETY: the header demands a function that takes this pointer, from any thread, until it is released.
        unsafe { function(self.data) }
    }

    /// Has a function of the host begin something, for these arguments.
    pub fn begin(&self, function: Begin, arguments: &Data, completion: Box<Completion>) {
        // SAFETY: as in `tell`; the arguments live during the call, and the completion is the host's.
        unsafe { function(self.data, arguments, completion) }
    }

    /// The pointer.
    pub fn data(&self) -> *mut c_void {
        self.data
    }

    /// Tells a function of the host what has happened.
    pub fn listen(&self, function: Listen, event: &CEvent) {
        // SAFETY: as in `tell`; the event and its texts live during the call.
        unsafe { function(self.data, event) }
    }

    /// What a function of the host gives for these arguments: `None` for null. `Err` is a failure of the effect.
    pub fn call(&self, function: HostFunction, arguments: &Data) -> Option<Result<Data, Data>> {
        let mut failed = false;
        // SAFETY: as in `tell`; it gives null or a value that it owned.
        let given = unsafe { function(self.data, arguments, &mut failed) };
        given.map(|value| if failed { Err(*value) } else { Ok(*value) })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            self.tell(release);
        }
        self.data = ptr::null_mut();
    }
}

/// Output that a function of the host takes.
pub struct Sink {
    context: Context,
    write: WriteBytes,
}

impl Sink {
    /// Writes with this function.
    pub fn new(context: Context, write: WriteBytes) -> Sink {
        Sink { context, write }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: as in `Context::tell`; the bytes live during the call.
        let taken = unsafe { (self.write)(self.context.data, bytes.as_ptr(), bytes.len()) };
        if taken { Ok(bytes.len()) } else { Err(io::Error::other("the host did not take it")) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
