//! A scenario's permissions: the hosts that it reaches, and the load that it makes.

use crate::support::caged::Caged;
use crate::support::component::{OK, Wat};
use crate::support::imports::{requesting, with_wasi};
use crate::support::program::root;
use crate::support::server::{Reply, Server};

/// A scenario that requests a URL of its own choice, as an untrusted one might.
fn stranger(url: &str) -> Caged {
    let component = root().join("runtime/cli/assets/request.wasm").display().to_string();
    let url = format!("SQUALL_URL={url}");
    Caged::new(&[
        "run",
        &component,
        "-u",
        "1",
        "-i",
        "3",
        "-e",
        &url,
        "-e",
        "SQUALL_METHOD=GET",
        "-e",
        "SQUALL_HEADERS=",
    ])
    .exporting()
}

fn host_of(server: &Server) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

#[test]
fn a_host_that_was_not_named_is_not_reached() {
    let (target, other) = (Server::start(|_| Reply::ok("hello")), Server::start(|_| Reply::ok("secret")));
    let ended = stranger(&other.url()).args(&["--target", &target.url()]).run().expect_code(97);
    assert_eq!((target.count(), other.connections()), (0, 0));
    assert_eq!(ended.number("http_reqs_refused", "count"), 3.0);
    assert!(ended.out.contains("http_reqs_refused"), "{}", ended.out);
    assert!(ended.out.contains("refused by policy (not sent)"), "{}", ended.out);
    assert!(ended.out.contains(&format!("add --allow {}", host_of(&other))), "{}", ended.out);
}

#[test]
fn an_allowed_host_is_reached() {
    let server = Server::start(|_| Reply::ok("hello"));
    stranger(&server.url()).args(&["--allow", &host_of(&server)]).run().expect_code(0);
    assert_eq!(server.count(), 3);
    stranger(&server.url()).env("SQUALL_ALLOW", "shop.test,127.0.0.0/8").run().expect_code(0);
    assert_eq!(server.count(), 6);
}

#[test]
fn a_redirect_does_not_lead_to_other_hosts() {
    let other = Server::start(|_| Reply::ok("secret"));
    let place = other.url();
    let target = Server::start(move |_| {
        Reply::raw(&format!("HTTP/1.1 302 Found\r\nlocation: {place}/admin\r\ncontent-length: 0\r\n\r\n"))
    });
    let ended = Caged::new(&["run", &target.url(), "-c", "1", "-i", "2"]).exporting().run().expect_code(0);
    assert_eq!((target.count(), other.connections()), (2, 0));
    assert_eq!(ended.number("http_reqs_refused", "count"), 2.0);
}

#[test]
fn the_public_internet_needs_a_confirmation() {
    // No packet is sent: it is refused before the run.
    let ended = Caged::new(&["run", "http://93.184.216.34/", "-c", "1", "-i", "1"]).run().expect_code(104);
    assert_eq!(
        ended.complaint(),
        "93.184.216.34:80 (93.184.216.34) is on the public Internet, and load on a service without its owner's consent is \
         an attack; if it is yours, or its owner agrees, add --i-may-load 93.184.216.34"
    );
    let squall = Caged::new(&["run", "http://93.184.216.34/", "-i", "1", "--may-load-file", "hosts"]);
    std::fs::write(squall.folder().join("hosts"), "shop.test\nhttp://shop.test\n").unwrap();
    let complaint = squall.run().expect_code(104).complaint().to_owned();
    assert!(complaint.starts_with("--may-load-file hosts: line 2: "), "{complaint}");
}

#[test]
fn neither_plan_nor_component_exceeds_a_ceiling() {
    let refused = |arguments: &[&str], part: &str| {
        let ended = Caged::new(&["run", "http://127.0.0.1:9/"]).args(arguments).run().expect_code(104);
        assert!(ended.complaint().contains(part), "{}", ended.err);
    };
    refused(&["-c", "20", "--max-vus", "10"], "--max-vus allows 10 virtual users");
    refused(&["-R", "500", "--max-rate", "100"], "--max-rate allows 100/s");
    refused(&["-c", "1", "--max-rate", "100"], "as fast as the target answers");
    refused(&["-d", "2m", "--max-duration", "1m"], "--max-duration allows 1m");
    // The machine's owner sets it in the environment.
    for (variable, value, load, part) in [
        ("SQUALL_MAX_RATE", "100", ["-R", "500"], "--max-rate allows 100/s"),
        ("SQUALL_MAX_DURATION", "1m", ["-d", "2m"], "--max-duration allows 1m"),
    ] {
        let squall = Caged::new(&["run", "http://127.0.0.1:9/"]).args(&load).env(variable, value);
        let ended = squall.run().expect_code(104);
        assert!(ended.complaint().contains(part), "{}", ended.err);
    }
}

#[test]
fn a_component_that_describes_itself_reaches_nothing() {
    let server = Server::start(|_| Reply::ok("hello"));
    let (url, length) = (server.url(), server.url().len());
    let get = format!("(call $get (i32.const 720) (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 400))");
    let data = format!(r#"(data (i32.const 720) "{url}")"#);
    let run = |guest: Wat, arguments: &[&str]| {
        let squall = Caged::new(arguments);
        requesting(guest).with_functions(&data).write(squall.folder());
        squall.run().expect_code_or_busy(0);
    };
    let allowed = ["run", "guest.wasm", "-i", "1", "--target", &url];
    let describing = || Wat::new(OK).describing(&format!("{get} (i32.const 64)"));
    run(describing(), &allowed);
    run(describing(), &["inspect", "guest.wasm"]);
    assert_eq!(server.connections(), 0);
    run(Wat::new(&format!("{get} (i32.const 200)")), &allowed);
    assert_eq!(server.connections(), 1);
}

/// Asks WASI for the usual resources of a program, and traps if it gets any: an argument, a variable, a folder, a
/// socket.
fn curious(server: &Server) -> String {
    let types = r#"
      (import "wasi:cli/environment@0.2.0" (instance $environment
        (export "get-environment" (func (result (list (tuple string string)))))
        (export "get-arguments" (func (result (list string))))))
      (import "wasi:filesystem/types@0.2.0" (instance $files (export "descriptor" (type (sub resource)))))
      (alias export $files "descriptor" (type $descriptor))
      (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
        (alias outer 1 $descriptor (type $outer)) (export "descriptor" (type $own (eq $outer)))
        (export "get-directories" (func (result (list (tuple (own $own) string)))))))
      (import "wasi:sockets/network@0.2.0" (instance $sockets
        (export "network" (type (sub resource)))
        (type $code' (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
          "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable"
          "address-in-use" "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted"
          "datagram-too-large" "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
        (export "error-code" (type (eq $code')))
        (type $family' (enum "ipv4" "ipv6")) (export "ip-address-family" (type (eq $family')))
        (type $four' (tuple u8 u8 u8 u8)) (export "ipv4-address" (type $four (eq $four')))
        (type $six' (tuple u16 u16 u16 u16 u16 u16 u16 u16)) (export "ipv6-address" (type $six (eq $six')))
        (type $at-four' (record (field "port" u16) (field "address" $four)))
        (export "ipv4-socket-address" (type $at-four (eq $at-four')))
        (type $at-six' (record (field "port" u16) (field "flow-info" u32) (field "address" $six) (field "scope-id" u32)))
        (export "ipv6-socket-address" (type $at-six (eq $at-six')))
        (type $address' (variant (case "ipv4" $at-four) (case "ipv6" $at-six)))
        (export "ip-socket-address" (type (eq $address')))))
      (alias export $sockets "network" (type $network))
      (alias export $sockets "error-code" (type $code))
      (alias export $sockets "ip-address-family" (type $family))
      (alias export $sockets "ip-socket-address" (type $address))
      (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
        (alias outer 1 $network (type $outer)) (export "network" (type $own (eq $outer)))
        (export "instance-network" (func (result (own $own))))))
      (import "wasi:sockets/tcp@0.2.0" (instance $tcp
        (alias outer 1 $network (type $outer)) (export "network" (type $net (eq $outer)))
        (alias outer 1 $code (type $outer-code)) (export "error-code" (type $error (eq $outer-code)))
        (alias outer 1 $address (type $outer-address)) (export "ip-socket-address" (type $to (eq $outer-address)))
        (export "tcp-socket" (type $socket (sub resource)))
        (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $socket)) (param "network" (borrow $net))
          (param "remote-address" $to) (result (result (error $error)))))))
      (alias export $tcp "tcp-socket" (type $tcp-socket))
      (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
        (alias outer 1 $code (type $outer-code)) (export "error-code" (type $error (eq $outer-code)))
        (alias outer 1 $family (type $outer-family)) (export "ip-address-family" (type $kind (eq $outer-family)))
        (alias outer 1 $tcp-socket (type $outer-socket)) (export "tcp-socket" (type $socket (eq $outer-socket)))
        (export "create-tcp-socket" (func (param "address-family" $kind) (result (result (own $socket) (error $error)))))))
      (core func $l-environment (canon lower (func $environment "get-environment") (memory $mem) (realloc (core func $realloc))))
      (core func $l-arguments (canon lower (func $environment "get-arguments") (memory $mem) (realloc (core func $realloc))))
      (core func $l-folders (canon lower (func $preopens "get-directories") (memory $mem) (realloc (core func $realloc))))
      (core func $l-network (canon lower (func $instance-network "instance-network")))
      (core func $l-create (canon lower (func $create "create-tcp-socket") (memory $mem)))
      (core func $l-connect (canon lower (func $tcp "[method]tcp-socket.start-connect") (memory $mem)))"#;
    let imports = r#"
      (import "wasi" "environment" (func $environment (param i32)))
      (import "wasi" "arguments" (func $arguments (param i32)))
      (import "wasi" "folders" (func $folders (param i32)))
      (import "wasi" "network" (func $network (result i32)))
      (import "wasi" "create" (func $create (param i32 i32)))
      (import "wasi" "connect"
        (func $connect (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let instance = r#"(with "wasi" (instance (export "environment" (func $l-environment)) (export "arguments" (func $l-arguments))
      (export "folders" (func $l-folders)) (export "network" (func $l-network)) (export "create" (func $l-create))
      (export "connect" (func $l-connect))))"#;
    let empty =
        |list: &str| format!("(call {list} (i32.const 400)) (if (i32.load (i32.const 404)) (then (unreachable)))");
    let number = |number: u16| format!("(i32.const {number}) ");
    let port = host_of(server).rsplit(':').next().unwrap().parse().unwrap();
    // Version 4, the port, the address, and zeros for the fields of version 6.
    let address = [0, port, 127, 0, 0, 1].into_iter().chain([0; 6]).map(number).collect::<String>();
    let run = format!(
        "{} {} {}
         (call $create (i32.const 0) (i32.const 400))
         (if (i32.eqz (i32.load8_u (i32.const 400))) (then
           (call $connect (i32.load (i32.const 404)) (call $network) {address} (i32.const 440))
           (if (i32.eqz (i32.load8_u (i32.const 440))) (then (unreachable)))))
         (i32.const 200)",
        empty("$environment"),
        empty("$arguments"),
        empty("$folders")
    );
    with_wasi(&Wat::new(&run), types, imports, instance)
}

#[test]
fn wasi_gives_no_resources() {
    let server = Server::start(|_| Reply::ok("hello"));
    let squall = Caged::new(&["run", "guest.wasm", "-i", "1", "--target", &server.url()]).exporting();
    let text = curious(&server);
    let binary = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    std::fs::write(squall.folder().join("guest.wasm"), binary).unwrap();
    let ended = squall.run().expect_code_or_busy(0);
    assert_eq!(ended.number("iterations_failed", "passes"), 0.0, "{}", ended.out);
    assert_eq!(server.connections(), 0);
}
