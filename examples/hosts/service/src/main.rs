//! The service at a port of this machine: see the library beside this file.
//!
//!     cargo run -p aivi-host-service &
//!     curl --data-binary @hello.aivi 'http://127.0.0.1:8080/run?world'

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aivi::Limits;
use aivi_host_service::{Service, Store};
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    let limits = Limits::none().time(Duration::from_secs(2)).memory(16 << 20).fibers(1000);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let service = Service::new(&Arc::new(Store::default()), limits)?;
        let listener = TcpListener::bind(("127.0.0.1", 8080)).await?;
        println!("POST http://{}/run?INPUT", listener.local_addr()?);
        service.serve(listener).await.map(|never| match never {})
    })
}
