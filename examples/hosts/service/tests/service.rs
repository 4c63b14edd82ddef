//! What the service answers, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aivi::Limits;
use aivi_host_service::{Quotas, Service, Store};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A service at a free port, which ends with it.
struct Running {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Running {
    fn new(request: Limits) -> Running {
        let every = Duration::from_secs(3600);
        Running::with(Quotas {
            request,
            period: Limits::none(),
            every,
            tenant: Limits::none(),
            service: Limits::none(),
        })
    }

    fn with(quotas: Quotas) -> Running {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let service = runtime.block_on(async { Service::new(&Arc::new(Store::default()), quotas) });
        runtime.spawn(service.expect("a service").serve(listener));
        Running { address, _runtime: runtime }
    }

    /// Sends a script, and does not wait for the answer.
    fn send(&self, input: &str, script: &str) -> TcpStream {
        self.send_of("ada", input, script)
    }

    /// The same of this tenant.
    fn send_of(&self, tenant: &str, input: &str, script: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let length = script.len();
        let request = format!(
            "POST /run?{input} HTTP/1.1\r\nHost: here\r\nTenant: {tenant}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{script}"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        stream
    }

    /// Status and text of the answer to a script.
    fn run(&self, input: &str, script: &str) -> (u16, String) {
        answer(self.send(input, script))
    }

    /// The same of this tenant.
    fn run_of(&self, tenant: &str, input: &str, script: &str) -> (u16, String) {
        answer(self.send_of(tenant, input, script))
    }
}

fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// Asks until it is so, for a minute at most.
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never is");
    }
}

/// A script whose `handle` is this.
fn script(handle: &str) -> String {
    format!("module script\nuse store\nexport handle\n\nhandle : Text -> Effect Text Text\n{handle}\n")
}

const LONG: Limits = Limits::none().time(Duration::from_secs(3600));

const ENDLESS: &str = "handle = _ => pure (forever 0)\n\nforever : Int -> Text\nforever = n => forever (n + 1)";

#[test]
fn a_script_answers() {
    let service = Running::new(LONG);
    let hello = script("handle = name => pure \"hello {name}\"");
    assert_eq!(service.run("world", &hello), (200, "hello world".to_owned()));
    assert_eq!(service.run("again", &hello), (200, "hello again".to_owned()));
}

#[test]
fn functions_of_the_host_wait_in_tokio() {
    let service = Running::new(LONG);
    let waits = script("handle = name => await name");
    let waiting = [service.send("x", &waits), service.send("x", &waits)];
    let puts = script("handle = text => do Effect {\n  before <- get \"x\"\n  put \"x\" text\n  pure \"{before}\"\n}");
    assert_eq!(service.run("there", &puts), (200, "None".to_owned()));
    for stream in waiting {
        assert_eq!(answer(stream), (200, "there".to_owned()));
    }
    assert_eq!(service.run("there", &puts), (200, "Some there".to_owned()));
}

#[test]
fn what_is_wrong_with_a_script_is_said() {
    let service = Running::new(LONG);
    let (status, report) = service.run("", &script("handle = name => pure (name + 1)"));
    assert_eq!(status, 400, "{report}");
    assert!(report.contains("script.aivi:6:24"), "{report}");
    let (status, report) = service.run("", "module script\nexport two\n\ntwo = 2\n");
    assert_eq!((status, report.as_str()), (400, "the script does not export 'handle'"));
    let (status, report) = service.run("", "module script\nexport handle\n\nhandle : Int -> Int\nhandle = n => n\n");
    assert_eq!(status, 400, "{report}");
    assert!(report.contains("has type Int -> Int, the call needs Text -> Text"), "{report}");
    assert_eq!(service.run("", &script("handle = name => fail \"no {name}\"")), (422, "no ".to_owned()));
}

#[test]
fn a_bug_is_told_with_its_lines() {
    let service = Running::new(LONG);
    let (status, report) = service.run(
        "",
        &script("handle = name => pure \"{1 / textLength name}\"\n\ntextLength : Text -> Int\ntextLength = _ => 0"),
    );
    assert_eq!(status, 500, "{report}");
    assert!(report.contains("script.aivi:6:"), "{report}");
}

#[test]
fn a_script_that_is_too_long_is_refused() {
    let service = Running::new(LONG);
    let long = script(&format!("handle = name => pure \"{}\"", "x".repeat(65 << 10)));
    let mut stream = TcpStream::connect(service.address).expect("it listens");
    let head =
        format!("POST /run HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", long.len());
    stream.write_all(head.as_bytes()).expect("it reads the head");
    // It may answer before it has read all of it.
    let _ = stream.write_all(long.as_bytes());
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 413");
    let mut other = TcpStream::connect(service.address).expect("it listens");
    other.write_all(b"GET /other HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").expect("it reads");
    assert_eq!(answer(other).0, 404);
}

#[test]
fn a_script_that_does_not_end_is_stopped_at_its_deadline() {
    let service = Running::new(Limits::none().time(Duration::from_millis(50)));
    let (status, report) = service.run("", &script(ENDLESS));
    assert_eq!(status, 504, "{report}");
    assert!(report.contains("50 ms") && report.contains("script.aivi:"), "{report}");
    let (status, _) = service.run("never", &script("handle = name => await name"));
    assert_eq!(status, 504);
}

#[test]
fn neighbours_of_scripts_that_do_not_end_are_answered() {
    let service = Running::new(LONG);
    // More than the engine has workers, or tokio threads.
    let endless: Vec<TcpStream> = (0..8).map(|_| service.send("", &script(ENDLESS))).collect();
    let busy = script("handle = text => do Effect {\n  put text text\n  found <- await text\n  pure \"{found}!\"\n}");
    for number in 0..20 {
        assert_eq!(service.run(&format!("n{number}"), &busy), (200, format!("n{number}!")));
    }
    for stream in endless {
        stream.set_nonblocking(true).expect("a socket");
        let error = (&stream).read(&mut [0]).expect_err("it still runs");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn a_client_that_goes_away_cancels_its_script() {
    let service = Running::new(LONG);
    let cleans = script(
        "handle = name => do Effect {\n  held <- noted name\n  put name \"held\"\n  await held\n}\n\n\
         noted : Text -> Resource Text Text\nnoted = name => resource {\n  yield \"never\"\n  put \"{name}-left\" \"given back\"\n}",
    );
    let waits = script("handle = name => await name");
    let stream = service.send("lock", &cleans);
    assert_eq!(service.run("lock", &waits), (200, "held".to_owned()));
    drop(stream);
    assert_eq!(service.run("lock-left", &waits), (200, "given back".to_owned()));
}

#[test]
fn a_script_that_takes_too_much_is_told_which_limit_it_was() {
    let service = Running::new(LONG.memory(4 << 20).fibers(100));
    let memory =
        script("handle = _ => pure (grown \"x\")\n\ngrown : Text -> Text\ngrown = text => grown \"{text}{text}\"");
    let (status, report) = service.run("", &memory);
    assert_eq!(status, 413, "{report}");
    assert!(report.contains("memory"), "{report}");
    let fibers = "handle = name => do Effect {\n  _ <- parAll (List.map (_ => await name) ([1..1000]))\n  pure name\n}";
    let fibers = script(fibers).replace("use store", "use store\nuse aivi.concurrency");
    let (status, report) = service.run("never", &fibers);
    assert_eq!(status, 422, "{report}");
    assert!(report.contains("fibers"), "{report}");
    // What they had is free again.
    assert_eq!(service.run("x", &script("handle = name => pure name")), (200, "x".to_owned()));
}

#[test]
fn a_tenant_that_has_used_up_its_fuel_waits_for_the_next_period() {
    let (period, every) = (Limits::none().fuel(50_000), Duration::from_millis(300));
    let quotas = Quotas { request: LONG, period, every, tenant: Limits::none(), service: Limits::none() };
    let service = Running::with(quotas);
    let short = script("handle = name => pure name");
    assert_eq!(service.run_of("eve", "x", &short).0, 200);
    let (status, report) = service.run_of("eve", "", &script(ENDLESS));
    assert_eq!(status, 429, "{report}");
    assert!(report.contains("fuel") && report.contains("eve") && report.contains("script.aivi:"), "{report}");
    assert_eq!(service.run_of("bob", "y", &short), (200, "y".to_owned()), "another has his own");
    // The next period comes.
    let counts = script(
        "handle = _ => pure (counted 20000)\n\ncounted : Int -> Text\ncounted = n => if n == 0 then \"done\" else counted (n - 1)",
    );
    until(|| service.run_of("eve", "", &counts).0 == 200);
}

#[test]
fn what_a_tenant_has_at_the_same_time_is_bounded_and_comes_back() {
    let (none, every) = (Limits::none(), Duration::from_secs(3600));
    let tenant = none.memory(7 << 20);
    let service = Running::with(Quotas { request: LONG, period: none, every, tenant, service: none });
    // Holds this many bytes until it may go.
    let holds = |doublings: u32| {
        script(&format!(
            "handle = name => do Effect {{\n  held = doubled {doublings} \"x\"\n  put \"here-{{name}}\" name\n  word <- await \"go\"\n  \
             pure (if held == \"\" then \"nothing\" else word)\n}}\n\ndoubled : Int -> Text -> Text\n\
             doubled = n text => if n == 0 then text else doubled (n - 1) \"{{text}}{{text}}\""
        ))
    };
    let seen = script("handle = name => await \"here-{name}\"");
    let waiting: Vec<TcpStream> = (0..4)
        .map(|number| {
            let stream = service.send_of("eve", &number.to_string(), &holds(20));
            assert_eq!(service.run_of("bob", &number.to_string(), &seen), (200, number.to_string()));
            stream
        })
        .collect();
    let (status, report) = service.run_of("eve", "more", &holds(22));
    assert_eq!(status, 429, "{report}");
    assert!(report.contains("memory") && report.contains("eve"), "{report}");
    let go = script("handle = name => do Effect {\n  put \"go\" name\n  pure name\n}");
    assert_eq!(service.run_of("bob", "went", &go), (200, "went".to_owned()));
    for stream in waiting {
        assert_eq!(answer(stream), (200, "went".to_owned()), "who was there first is not stopped");
    }
    // Threads tell late of what they have freed.
    until(|| service.run_of("eve", "more", &holds(22)) == (200, "went".to_owned()));
}

#[test]
fn all_tenants_together_have_what_the_service_has() {
    let (none, every) = (Limits::none(), Duration::from_secs(3600));
    let service = Limits::none().memory(8 << 20);
    let service = Running::with(Quotas { request: LONG, period: none, every, tenant: none, service });
    let grows =
        script("handle = _ => pure (grown \"x\")\n\ngrown : Text -> Text\ngrown = text => grown \"{text}{text}\"");
    let (status, report) = service.run_of("eve", "", &grows);
    assert_eq!(status, 503, "{report}");
    assert_eq!(service.run_of("bob", "x", &script("handle = name => pure name")), (200, "x".to_owned()));
}
