//! A web service that runs its users' scripts: `POST /run?INPUT` with a script as body calls its function `handle : Text -> Effect Text Text`.
//!
//! | answer | when |
//! |---|---|
//! | 200 and the text that `handle` gives | it succeeds |
//! | 400 and the compiler's report | the script is not correct, or exports no such function |
//! | 413 | the script is too long, or needs more memory than it may have |
//! | 422 and the error | it fails, as its author meant it; or it makes more fibers than it may |
//! | 500 and lines of the script | a bug in the script |
//! | 504 | its time is up |
//!
//! Limits belong to each call: who reaches one is cancelled, and its cleanups run on a reserve. All together have no more memory than the machine can
//! spare, so that many small scripts are as harmless as a large one.
//!
//! Two runtimes live side by side. Fibers of scripts run on the engine's workers, where one that only computes is interrupted all the time; what
//! listens and answers runs on tokio's threads, which a script never gets. Between them go only wakers:
//!
//! - A call is a future. A task of tokio awaits it, and is woken when the script has ended. When the client goes away the server drops
//!   the task, that drops the call, and that cancels the script: its cleanups run on the engine's workers.
//! - A function of the host gives a future, which the fiber that called polls on its worker. What waits for tokio's timers and sockets has to
//!   be polled inside of tokio's context (`inside`); channels and locks of tokio need no context.
//!
//! Compiling takes milliseconds, so it goes to a thread that may block; the same script again finds what was compiled.

mod answer;
mod inside;
mod scripts;
mod store;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use aivi::{Call, Engine, Limits, LookupError, Output};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use answer::Answer;
use scripts::Scripts;
pub use store::Store;

/// What all scripts together may use.
const MEMORY_BYTES: u64 = 256 << 20;

/// The longest script.
const SOURCE_BYTES: usize = 64 << 10;

/// The service. Clones are the same one.
#[derive(Clone)]
pub struct Service {
    scripts: Arc<Scripts>,
}

impl Service {
    /// A service whose scripts `use store`, and may use so much each. To be called inside of tokio's runtime.
    ///
    /// # Errors
    /// When the engine cannot be made.
    pub fn new(store: &Arc<Store>, limits: Limits) -> io::Result<Service> {
        let engine = Engine::builder()
            .workers(2)
            .limits(limits)
            .total(Limits::none().memory(MEMORY_BYTES))
            .module(store::module(store, &Handle::current()))
            // Scripts of strangers have no console.
            .stdout(Output::writer(io::sink()))
            .stderr(Output::writer(io::sink()))
            .without_input()
            .build()?;
        Ok(Service { scripts: Arc::new(Scripts::new(engine)) })
    }

    /// Answers whoever connects, for ever.
    ///
    /// # Errors
    /// When nobody can connect any more.
    pub async fn serve(self, listener: TcpListener) -> io::Result<Infallible> {
        loop {
            let (stream, _) = listener.accept().await?;
            let service = self.clone();
            let answer = service_fn(move |request| {
                let service = service.clone();
                async move { Ok::<_, Infallible>(service.answer(request).await.into_response()) }
            });
            // An error is a client that went away or does not speak HTTP.
            tokio::spawn(async move { http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if (request.method(), request.uri().path()) != (&Method::POST, "/run") {
            return Answer::NotFound;
        }
        let input = request.uri().query().unwrap_or_default().to_owned();
        let source = match Limited::new(request.into_body(), SOURCE_BYTES).collect().await {
            Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            Err(error) => return Answer::too_long(&*error),
        };
        match self.start(source, input).await {
            Ok(call) => call.await.map_or_else(Answer::from, Answer::Done),
            Err(answer) => answer,
        }
    }

    /// Begins to run a script.
    async fn start(&self, source: String, input: String) -> Result<Call<String>, Answer> {
        let script = self.scripts.get(source).await?;
        let handle = script.function::<(String,), String>("handle");
        Ok(handle.map_err(|error: LookupError| Answer::Incorrect(error.to_string()))?.start((input,)))
    }
}

impl Answer {
    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.to_string())));
        *response.status_mut() = self.status();
        response
    }
}
