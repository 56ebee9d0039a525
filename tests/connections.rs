//! Where connections go and come from: the options of the command line, of plans, and of k6's scripts.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

use crate::support::program::{Squall, root};
use crate::support::server::{Reply, Server};

/// A server that answers with the host that it was asked for.
fn hosts() -> Server {
    Server::start(|request| Reply::ok(&request.headers["host"]))
}

fn address(server: &Server) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

/// A run of one URL, three times, on one connection.
fn three_times(url: &str, arguments: &[&str]) -> Squall {
    Squall::new(&["run", url, "-c", "1", "-n", "3"]).args(arguments).exporting()
}

#[test]
fn a_host_is_found_where_the_user_says() {
    let server = hosts();
    let (place, port) = (address(&server), address(&server).rsplit(':').next().unwrap().to_owned());
    for (url, option, value) in [
        (format!("http://shop.example.com:{port}/"), "--resolve", format!("shop.example.com:{port}:127.0.0.1")),
        ("http://shop.example.com/".to_owned(), "--resolve", format!("*.example.com:{place}")),
        ("http://shop.example.com/".to_owned(), "--connect-to", format!("shop.example.com:80:{place}")),
    ] {
        let before = server.count();
        let ended = three_times(&url, &[option, &value]).run().expect_code(0);
        assert!(ended.err.contains("connections: "), "{}", ended.err);
        let requests = &server.requests()[before..];
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.headers["host"].starts_with("shop.example.com")));
    }
}

#[test]
fn the_way_to_a_target_needs_consent_like_the_target() {
    for (arguments, expected) in [
        (["--resolve", "shop.test:93.184.216.34"], "shop.test:80 (93.184.216.34) is on the public Internet"),
        (["--resolve", "shop.test:169.254.169.254"], "where a cloud keeps its credentials"),
        (["--connect-to", "::93.184.216.34:80"], "93.184.216.34:80 (93.184.216.34) is on the public Internet"),
        (["--proxy", "http://93.184.216.34:3128"], "93.184.216.34:3128 (93.184.216.34) is on the public Internet"),
    ] {
        let ended = three_times("http://shop.test/", &arguments).run().expect_code(104);
        assert!(ended.complaint().contains(expected), "{}", ended.complaint());
    }
    let ended = three_times("http://shop.example.com/", &["--proxy", "http://127.0.0.1:9"]).run().expect_code(104);
    assert!(ended.complaint().contains("shop.example.com:80 is looked up by the proxy"), "{}", ended.complaint());
}

#[test]
fn requests_of_plain_http_name_their_host_to_a_proxy() {
    // To a client of plain HTTP, a proxy is a server that is asked for whole URLs.
    let proxy = hosts();
    let with_login = proxy.url().replace("http://", "http://ada:s%40cret@");
    let ended = three_times("http://shop.test/a?b=c", &[]).env("SQUALL_PROXY", &with_login).run().expect_code(0);
    assert!(ended.err.contains(&format!("connections: through {}\n", proxy.url())), "{}", ended.err);
    assert!(!ended.err.contains("cret") && !ended.out.contains("cret"), "{}{}", ended.err, ended.out);
    let requests = proxy.requests();
    assert_eq!((requests.len(), proxy.connections()), (3, 1));
    for request in requests {
        assert_eq!(request.path, "http://shop.test/a?b=c");
        assert_eq!(request.headers["host"], "shop.test");
        // ada:s@cret
        assert_eq!(request.headers["proxy-authorization"], "Basic YWRhOnNAY3JldA==");
    }
}

#[test]
fn proxies_of_the_environment_are_used_only_if_that_is_asked_for() {
    let (proxy, server) = (hosts(), hosts());
    let url = "http://shop.test:8080/";
    let place = format!("shop.test:{}", address(&server));
    let straight = three_times(url, &["--resolve", &place]).env("HTTP_PROXY", &proxy.url()).run().expect_code(0);
    assert_eq!((proxy.count(), server.count()), (0, 3));
    let notice = format!("the environment names the proxy {}, which is not used", proxy.url());
    assert!(straight.err.contains(&notice), "{}", straight.err);
    let through = three_times(url, &["--proxy", "env"]).env("http_proxy", &proxy.url()).run().expect_code(0);
    assert_eq!((proxy.count(), server.count()), (3, 3));
    assert!(!through.err.contains("not used"), "{}", through.err);
    let left_out = ["--proxy", "env", "--no-proxy", ".test", "--resolve", &place];
    three_times(url, &left_out).env("http_proxy", &proxy.url()).run().expect_code(0);
    assert_eq!((proxy.count(), server.count()), (3, 6));
    let mistake = three_times(url, &["--proxy", "env"]).env("HTTP_PROXY", "http://ada:secret@proxy.test").run();
    let mistake = mistake.expect_code(104);
    assert_eq!(mistake.complaint(), "--proxy env: HTTP_PROXY: the proxy needs a port, like http://proxy.test:3128");
}

#[test]
fn a_mistake_in_a_proxy_does_not_show_its_password() {
    let ended = three_times("http://shop.test/", &["--proxy", "ftp://ada:hunter2@proxy.test:1"]).run().expect_code(2);
    assert!(ended.err.contains("a proxy is http://, socks5:// or socks5h://"), "{}", ended.err);
    assert!(!ended.err.contains("hunter2"), "{}", ended.err);
}

#[test]
fn a_unix_socket_stands_for_every_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            if line.is_empty() {
                (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
            seen.push(line);
        }
        seen
    });
    let ended =
        three_times("http://shop.example.com/a", &["--unix-socket", path.to_str().unwrap()]).run().expect_code(0);
    assert_eq!(ended.number("http_connections", "count"), 1.0);
    let seen = server.join().unwrap();
    assert_eq!(seen.iter().filter(|line| *line == "GET /a HTTP/1.1").count(), 3);
    assert!(seen.contains(&"Host: shop.example.com".to_owned()), "{seen:?}");
}

#[test]
fn users_come_from_several_addresses_over_all_threads() {
    let server = Server::start(|_| Reply::ok("hello"));
    let arguments = ["--local-ips", "127.0.0.2-127.0.0.5", "-t", "2"];
    let ended =
        Squall::new(&["run", &server.url(), "-c", "8", "-n", "80"]).args(&arguments).run().expect_code_or_busy(0);
    assert!(ended.err.contains("connections: from 127.0.0.2-127.0.0.5\n"), "{}", ended.err);
    let mut users = std::collections::BTreeMap::new();
    for peer in server.peers() {
        *users.entry(peer.ip().to_string()).or_insert(0) += 1;
    }
    let expected = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"].map(|address| (address.to_owned(), 2));
    assert_eq!(users, expected.into());
}

#[test]
fn connections_are_opened_at_the_rate_that_was_given() {
    let server = Server::start(|_| Reply::ok("hello"));
    let arguments = ["--connect-rate", "20", "-t", "2", "--no-connection-reuse"];
    let ended = Squall::new(&["run", &server.url(), "-c", "4", "-n", "12"]).args(&arguments).exporting().run();
    let ended = ended.expect_code_or_busy(0);
    // Of each thread's six connections, five wait for a turn that is 100 ms after the last: half a second and more.
    assert!(ended.number("http_req_blocked", "max") >= 50.0, "{}", ended.out);
    assert!(ended.export()["state"]["testRunDurationMs"].as_f64().is_none_or(|took| took >= 400.0));
    assert!(ended.err.contains("connections: at most 20 new a second\n"), "{}", ended.err);
}

#[test]
fn what_is_wrong_with_connections_is_told_before_the_run() {
    // What cannot be read is told where it was typed.
    for (arguments, expected) in [
        (&["--resolve", "shop.test"][..], "write HOST:PORT:ADDRESS or HOST:ADDRESS"),
        (&["--connect-to", "a:1:b"], "write HOST1:PORT1:HOST2:PORT2"),
        (&["--dns", "policy=IPv4"], "known are preferIPv4"),
        (&["--local-ips", "here"], "is not an address, a range or a network"),
        (&["--tls-min", "1.1"], "is not a version that can be spoken: write 1.2 or 1.3"),
    ] {
        let ended = three_times("http://127.0.0.1:9/", arguments).run().expect_code(2);
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
    }
    for (arguments, expected) in [
        (&["--tls-min", "1.3", "--tls-max", "1.2"][..], "--tls-min is a later version than --tls-max"),
        (&["--tls-ciphers", "TLS_RSA_WITH_RC4_128_SHA"], "is not a cipher suite that can be spoken"),
        (&["--key", "a.key"], "add --cert FILE"),
        (&["--cert", "missing.pem"], "the client certificate or key in missing.pem: No such file"),
        (&["--cert", "a.p12", "--cert-password", "hunter2"], "write env:VARIABLE or @FILE"),
        (&["--cert", "a.p12", "--cert-password", "env:NOT_THERE"], "the variable NOT_THERE is not set"),
        (&["--connect-rate", "0"], "connect_rate is 0"),
    ] {
        let ended = three_times("http://127.0.0.1:9/", arguments).run().expect_code(104);
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.contains("hunter2"), "{}", ended.err);
    }
}

#[test]
fn a_plan_places_hosts() {
    let server = hosts();
    let place = address(&server);
    let plan = Squall::new(&["run", "plan.yaml"]);
    let text = format!(
        "component: {}\ntarget: http://shop.example.com\nhosts: {{ '*.example.com': '{place}' }}\ndns: {{ ttl: 1s }}\n\
         iterations: 3\nenv: {{ SQUALL_URL: /, SQUALL_METHOD: GET, SQUALL_HEADERS: '' }}\n",
        root().join("runtime/cli/assets/request.wasm").display()
    );
    std::fs::write(plan.folder().join("plan.yaml"), text).unwrap();
    plan.run().expect_code_or_busy(0);
    assert!(server.requests().iter().all(|request| request.headers["host"] == "shop.example.com"));
    assert!(server.count() > 0);
}
