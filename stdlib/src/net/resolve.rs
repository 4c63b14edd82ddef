//! Hosts to addresses that the program may reach.
//!
//! An address that was found is a value of its own, which only this module makes: to connect or to listen needs one, so
//! nobody reaches an address that was not granted, nor one by another name than it was granted for.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use aivi_vm::capability::Power;
use aivi_vm::native::{Args, NativeCx, NativeResult, Then};
use aivi_vm::{Shared, Value};

use super::{error_text, failed};
use crate::cause::cause;

/// An address that the program may connect to.
pub(crate) struct Remote(pub SocketAddr);

/// An address that it may listen on.
pub(crate) struct Local(pub SocketAddr);

/// host, port -> `Result Text (List Remote)`, or of `Local` if it is for listening.
pub(super) fn find(cx: &mut NativeCx<'_>, args: &mut Args<'_>, power: Power) -> NativeResult {
    let (host, port) = (args.text(0), args.int(1));
    let Ok(port) = u16::try_from(port) else { return failed(format!("not a port: {port}")) };
    let grants = cx.grants(power);
    if let Some(address) = literal(host, port) {
        return match grants.reach(power, host, None, vec![address]) {
            Ok(addresses) => NativeResult::Done(Value::ok(values(power, addresses))),
            Err(refusal) => failed(refusal.to_string()),
        };
    }
    if let Err(refusal) = grants.look_up(power, host, port) {
        return failed(refusal.to_string());
    }
    let host = host.to_owned();
    let find = move || {
        let found =
            look_up(&host, port).map_err(|error| format!("cannot find the address of {host}: {}", cause(&error)))?;
        grants.reach(power, &host, Some(&host), found).map_err(|refusal| refusal.to_string())
    };
    let job = move || {
        Shared::new(match find() {
            Ok(addresses) => Value::ok(values(power, addresses)),
            Err(message) => error_text(&message),
        })
    };
    cx.blocking(Box::new(job), Then::Done)
}

/// The address, if the host is written as a number: no look-up, nothing to wait for.
fn literal(host: &str, port: u16) -> Option<SocketAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let ip: IpAddr = bare.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

/// Asks the system; may block for long. At least one address.
fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
    if addresses.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(addresses) }
}

fn values(power: Power, addresses: Vec<SocketAddr>) -> Value {
    Value::list(addresses.into_iter().map(|address| match power {
        Power::Listen => Value::handle("local", Arc::new(Local(address))),
        _ => Value::handle("remote", Arc::new(Remote(address))),
    }))
}
