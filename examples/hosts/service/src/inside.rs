//! Futures that are polled inside of tokio's context, on whatever thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future with the context that its timers and sockets need.
pub struct Inside<F> {
    handle: Handle,
    /// Until it is dropped, which happens inside as well.
    future: Option<Pin<Box<F>>>,
}

/// Gives a future this context.
pub fn inside<F: Future>(handle: &Handle, future: F) -> Inside<F> {
    Inside { handle: handle.clone(), future: Some(Box::pin(future)) }
}

impl<F: Future> Future for Inside<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let _context = this.handle.enter();
        this.future.as_mut().map_or(Poll::Pending, |future| future.as_mut().poll(cx))
    }
}

impl<F> Drop for Inside<F> {
    fn drop(&mut self) {
        let _context = self.handle.enter();
        self.future = None;
    }
}
