//! The echo server of the examples with more clients than the system lets it have.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::child::{expect_line, signal};

/// Descriptors that the server may have: those that it needs, and some for clients.
const DESCRIPTORS: usize = 24;

/// Clients beyond those that it has room for.
const BEYOND: usize = 5;

/// What the descriptors of the process are.
fn descriptors(child: &Child) -> Vec<String> {
    let listed = fs::read_dir(format!("/proc/{}/fd", child.id())).expect("the process exists");
    let paths = listed.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    paths.map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The port where the process listens.
fn port(child: &Child) -> u16 {
    let own = descriptors(child);
    let sockets = fs::read_to_string(format!("/proc/{}/net/tcp", child.id())).expect("the system tells");
    let listens = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, state, inode) = (*words.get(1)?, *words.get(3)?, words.get(9)?);
        let is_own = state == "0A" && own.contains(&format!("socket:[{inode}]"));
        is_own.then(|| u16::from_str_radix(address.rsplit(':').next()?, 16).ok())?
    };
    sockets.lines().find_map(listens).expect("it listens")
}

/// Sends a byte and waits until it is back.
fn ask(mut client: &TcpStream) {
    let mut answer = [0];
    client.write_all(&[7]).expect("the server is there");
    client.read_exact(&mut answer).expect("the server answers");
    assert_eq!(answer, [7]);
}

#[test]
fn a_server_with_too_many_clients_goes_on() {
    let command = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" run --workers 1 examples/echo.aivi -- 0");
    let mut child = Command::new("sh")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["-c", &command, env!("CARGO_BIN_EXE_aivi")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    expect_line(&mut stdout, "ready");
    let port = port(&child);
    let connect = || TcpStream::connect(("127.0.0.1", port)).expect("the system keeps it");
    let mut clients = Vec::new();
    while descriptors(&child).len() < DESCRIPTORS {
        clients.push(connect());
        clients.iter().for_each(ask);
    }
    let beyond: Vec<TcpStream> = (0..BEYOND).map(|_| connect()).collect();
    clients.iter().for_each(ask);
    drop(clients);
    beyond.iter().for_each(ask);
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("the program ends").code(), Some(143));
}
