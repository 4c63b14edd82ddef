//! `Bytes`: an immutable byte string.

use crate::account::meter::Charge;
use crate::object::{Ref, Trace, Tracer};

/// A byte string.
#[derive(Clone)]
pub struct Bytes(Ref<Buffer>);

struct Buffer {
    bytes: Vec<u8>,
    _charge: Charge,
}

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
        &self.0.bytes
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        let _charge = Charge::new(bytes.capacity());
        Bytes(Ref::new(Buffer { bytes, _charge }))
    }
}
