//! `Bytes`: an immutable byte string.

use crate::object::{Ref, Trace, Tracer};

/// A byte string.
#[derive(Clone)]
pub struct Bytes(Ref<Buffer>);

#[derive(Clone)]
struct Buffer(Vec<u8>);

impl Trace for Buffer {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl Trace for Bytes {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.part(&self.0);
    }
}

impl Bytes {
    /// The bytes themselves.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(Ref::new(Buffer(bytes)))
    }
}
