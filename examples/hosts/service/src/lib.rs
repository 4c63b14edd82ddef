//! A web service that runs its users' scripts: `POST /run?INPUT` with a script as body calls its function
//! `handle : Text -> Effect Text Text`. The header `Tenant` says whose request it is; a service for strangers would
//! take that from how they log in.
//!
//! | answer | when |
//! |---|---|
//! | 200 and the text that `handle` gives | it succeeds |
//! | 400 and the compiler's report | the script is not correct, or exports no such function |
//! | 413 | the script is too long, or needs more memory than it may have |
//! | 422 and the error | it fails, as its author meant it; or it makes more fibers than it may |
//! | 500 and lines of the script | a bug in the script |
//! | 429 and which budget | all requests of the tenant together have used what it may use |
//! | 503 | all requests together need more memory than there is |
//! | 504 | its time is up |
//!
//! Limits belong to each call: who reaches one is cancelled, and its cleanups run on a reserve. The calls of a tenant
//! are within its budget (`tenants`), so that many small scripts are as harmless as a large one, and who floods the
//! service stops itself and no neighbour. All together have no more memory than the machine can spare.
//!
//! Two runtimes live side by side. Fibers of scripts run on the engine's workers, where one that only computes is
//! interrupted all the time; what listens and answers runs on tokio's threads, which a script never gets. Between them
//! go only wakers:
//!
//! - A call is a future. A task of tokio awaits it, and is woken when the script has ended. When the client goes away
//!   the server drops the task, that drops the call, and that cancels the script: its cleanups run on the engine's
//!   workers.
//! - A function of the host gives a future, which the fiber that called polls on its worker. What waits for tokio's
//!   timers and sockets has to be polled inside of tokio's context (`inside`); channels and locks of tokio need no
//!   context.
//!
//! Compiling takes milliseconds, so it goes to a thread that may block; the same script again finds what was compiled.

mod answer;
mod inside;
mod scripts;
mod store;
mod tenants;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use aivi::{Budget, Call, Engine, LookupError, Output};
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
pub use tenants::Quotas;
use tenants::Tenants;

/// The longest script.
const SOURCE_BYTES: usize = 64 << 10;

/// The service. Clones are the same one.
#[derive(Clone)]
pub struct Service {
    scripts: Arc<Scripts>,
    tenants: Arc<Tenants>,
}

impl Service {
    /// A service whose scripts `use store`, and may use so much. To be called inside of tokio's runtime.
    ///
    /// # Errors
    /// When the engine cannot be made.
    pub fn new(store: &Arc<Store>, quotas: Quotas) -> io::Result<Service> {
        let engine = Engine::builder()
            .workers(2)
            .limits(quotas.request)
            .total(quotas.service)
            .module(store::module(store, &Handle::current()))
            // Scripts of strangers have no console.
            .stdout(Output::writer(io::sink()))
            .stderr(Output::writer(io::sink()))
            .without_input()
            .build()?;
        let tenants = Arc::new(Tenants::new(engine.clone(), quotas));
        Ok(Service { scripts: Arc::new(Scripts::new(engine)), tenants })
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
        let tenant = request.headers().get("tenant").and_then(|name| name.to_str().ok()).unwrap_or("nobody").to_owned();
        let source = match Limited::new(request.into_body(), SOURCE_BYTES).collect().await {
            Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            Err(error) => return Answer::too_long(&*error),
        };
        match self.start(source, input, &self.tenants.budget(&tenant)).await {
            Ok(call) => call.await.map_or_else(Answer::from, Answer::Done),
            Err(answer) => answer,
        }
    }

    /// Begins to run a script.
    async fn start(&self, source: String, input: String, budget: &Budget) -> Result<Call<String>, Answer> {
        let script = self.scripts.get(source).await?;
        let handle = script.function::<(String,), String>("handle");
        let handle = handle.map_err(|error: LookupError| Answer::Incorrect(error.to_string()))?;
        Ok(handle.within(budget).start((input,)))
    }
}

impl Answer {
    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.to_string())));
        *response.status_mut() = self.status();
        response
    }
}
