//! The service at a port of this machine: see the library beside this file.
//!
//!     cargo run -p aivi-host-service &
//!     curl -H 'Tenant: ada' --data-binary @hello.aivi 'http://127.0.0.1:8080/run?world'

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aivi::Limits;
use aivi_host_service::{Quotas, Service, Store};
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    let quotas = Quotas {
        request: Limits::none().time(Duration::from_secs(2)).memory(16 << 20).fibers(1000),
        period: Limits::none().fuel(500_000_000),
        every: Duration::from_secs(60),
        tenant: Limits::none().memory(64 << 20).fibers(5000),
        service: Limits::none().memory(256 << 20),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let service = Service::new(&Arc::new(Store::default()), quotas)?;
        let listener = TcpListener::bind(("127.0.0.1", 8080)).await?;
        println!("POST http://{}/run?INPUT", listener.local_addr()?);
        service.serve(listener).await.map(|never| match never {})
    })
}
