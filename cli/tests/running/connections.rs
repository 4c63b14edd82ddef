//! A server with ten thousand connections that mostly do nothing, or as many as the system allows: what each costs, and
//! that they are still served.

use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use crate::child::{signal, start};
use crate::common::script;

const CONNECTIONS: usize = 10_000;

/// Each so many-th connection is used at once, so that the server is never further behind with accepting them than
/// that: less than the system keeps for it.
const AT_ONCE: usize = 100;

/// Descriptors that a process needs for other things.
const OTHERS: u64 = 100;

/// Memory of the server for each, at most, in kibibytes: with many workers no fiber is put away. The system's own is
/// not in it.
const KIBIBYTES_EACH: usize = 3;

const SERVER: &str = "module demo

use aivi.concurrency (spawn)
use aivi.net.sockets

echo : Connection -> Effect SocketError Unit
echo = connection => do Effect {
  bytes <- recv connection
  if bytes == [] then close connection else do Effect {
    send connection bytes
    echo connection
  }
}

serve : Listener -> Effect SocketError Unit
serve = listener => do Effect {
  connection <- accept listener
  _ <- spawn (attempt (echo connection)) or | text => fail { message: text }
  serve listener
}

main : Effect SocketError Unit
main = do Effect {
  listener <- listen { host: \"127.0.0.1\", port: 0 }
  at <- localAddress listener
  println \"{at.port}\"
  serve listener
}
";

/// Memory of the process that is there, in kibibytes.
fn resident(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("the process exists");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("the system tells");
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
}

/// Sends a byte and waits until it is back.
fn ask(connection: &mut TcpStream, byte: u8) {
    let mut answer = [0];
    connection.write_all(&[byte]).expect("the server listens");
    connection.read_exact(&mut answer).expect("the server answers");
    assert_eq!(answer, [byte]);
}

#[test]
fn ten_thousand_connections() {
    let limit = ::aivi::raise_descriptor_limit().expect("the system has a limit");
    let count = usize::try_from(limit - OTHERS).map_or(CONNECTIONS, |allowed| allowed.min(CONNECTIONS));
    let (mut child, mut stdout) = start(&script("connections", SERVER));
    let mut port = String::new();
    stdout.read_line(&mut port).expect("the server says where it listens");
    let port: u16 = port.trim().parse().expect("a port");
    let connect = || TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    ask(&mut connect(), 1);
    let before = resident(&child);
    let mut connections: Vec<TcpStream> = (1..=count)
        .map(|number| {
            let mut connection = connect();
            if number.is_multiple_of(AT_ONCE) || number == count {
                ask(&mut connection, 2);
            }
            connection
        })
        .collect();
    // The last one was used, so all are accepted by now.
    let kibibytes = resident(&child) - before;
    assert!(kibibytes < count * KIBIBYTES_EACH, "{kibibytes} KiB for {count} idle connections");
    connections.iter_mut().step_by(7).for_each(|connection| ask(connection, 3));
    drop(connections);
    ask(&mut connect(), 4);
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("the program ends").code(), Some(143));
}
