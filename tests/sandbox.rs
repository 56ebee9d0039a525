//! What a scenario may do: where it goes, and how much load it makes.

use crate::support::program::{Squall, root};
use crate::support::server::{Reply, Server};

/// A scenario that requests a URL of its own choice, as a stranger's might.
fn stranger(url: &str) -> Squall {
    let component = root().join("runtime/cli/assets/request.wasm").display().to_string();
    let url = format!("SQUALL_URL={url}");
    Squall::new(&[
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
fn what_nobody_named_is_not_reached() {
    let (target, other) = (Server::start(|_| Reply::ok("hello")), Server::start(|_| Reply::ok("secret")));
    let ended = stranger(&other.url()).args(&["--target", &target.url()]).run().expect_code(97);
    assert_eq!((target.count(), other.connections()), (0, 0));
    assert_eq!(ended.number("http_reqs_refused", "count"), 3.0);
    assert!(ended.out.contains("http_reqs_refused"), "{}", ended.out);
    assert!(ended.out.contains("refused by policy (not sent)"), "{}", ended.out);
    assert!(ended.out.contains(&format!("add --allow {}", host_of(&other))), "{}", ended.out);
}

#[test]
fn what_is_allowed_is_reached() {
    let server = Server::start(|_| Reply::ok("hello"));
    stranger(&server.url()).args(&["--allow", &host_of(&server)]).run().expect_code(0);
    assert_eq!(server.count(), 3);
    stranger(&server.url()).env("SQUALL_ALLOW", "shop.test,127.0.0.0/8").run().expect_code(0);
    assert_eq!(server.count(), 6);
}

#[test]
fn a_redirect_leads_nowhere_else() {
    let other = Server::start(|_| Reply::ok("secret"));
    let place = other.url();
    let target = Server::start(move |_| {
        Reply::raw(&format!("HTTP/1.1 302 Found\r\nlocation: {place}/admin\r\ncontent-length: 0\r\n\r\n"))
    });
    let ended = Squall::new(&["run", &target.url(), "-c", "1", "-i", "2"]).exporting().run().expect_code(0);
    assert_eq!((target.count(), other.connections()), (2, 0));
    assert_eq!(ended.number("http_reqs_refused", "count"), 2.0);
}

#[test]
fn the_public_internet_takes_somebody_who_vouches() {
    // No packet is sent: it is refused before the run.
    let ended = Squall::new(&["run", "http://93.184.216.34/", "-c", "1", "-i", "1"]).run().expect_code(104);
    assert_eq!(
        ended.complaint(),
        "93.184.216.34:80 (93.184.216.34) is on the public Internet, and load on a service without its owner's consent is \
         an attack; if it is yours, or its owner agrees, add --i-may-load 93.184.216.34"
    );
    let squall = Squall::new(&["run", "http://93.184.216.34/", "-i", "1", "--may-load-file", "hosts"]);
    std::fs::write(squall.folder().join("hosts"), "shop.test\nhttp://shop.test\n").unwrap();
    let complaint = squall.run().expect_code(104).complaint().to_owned();
    assert!(complaint.starts_with("--may-load-file hosts: line 2: "), "{complaint}");
}

#[test]
fn neither_plan_nor_component_goes_past_a_ceiling() {
    let refused = |arguments: &[&str], part: &str| {
        let ended = Squall::new(&["run", "http://127.0.0.1:9/"]).args(arguments).run().expect_code(104);
        assert!(ended.complaint().contains(part), "{}", ended.err);
    };
    refused(&["-c", "20", "--max-vus", "10"], "--max-vus allows 10 virtual users");
    refused(&["-R", "500", "--max-rate", "100"], "--max-rate allows 100/s");
    refused(&["-c", "1", "--max-rate", "100"], "as fast as the target answers");
    refused(&["-d", "2m", "--max-duration", "1m"], "--max-duration allows 1m");
}
