//! `squall run URL`: wrk's flags.

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

#[test]
fn all_options_of_the_command_line_are_sent() {
    let server = Server::start(|_| Reply::ok("hello"));
    let url = format!("{}/api/items?q=1", server.url());
    let squall = Squall::new(&["run", &url, "-c", "2", "-i", "6", "-H", "x-one: 1", "-H", "accept: */*", "-m", "PUT"]);
    std::fs::write(squall.folder().join("body.bin"), [0, 1, 200, 255, 10, 13]).unwrap();
    squall.args(&["-b", "@body.bin"]).run().expect_code(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/api/items?q=1"));
        assert_eq!(request.headers["x-one"], "1");
        assert_eq!(request.headers["accept"], "*/*");
        assert_eq!(request.body, [0, 1, 200, 255, 10, 13]);
    }
}

/// The body is eight times as large as a virtual user's memory.
#[test]
fn a_large_body_never_enters_the_scenario() {
    let server = Server::start(|request| Reply::ok(&request.body.len().to_string()));
    let squall = Squall::new(&["run", &server.url(), "-c", "2", "-i", "4", "--memory", "4MiB", "-b", "@body.bin"]);
    std::fs::write(squall.folder().join("body.bin"), vec![7; 32 << 20]).unwrap();
    let ended = squall.exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0, "{}", ended.out);
    assert!(server.requests().iter().all(|request| request.body.len() == 32 << 20));
}

#[test]
fn a_body_makes_it_a_post() {
    let server = Server::start(|_| Reply::status(201, ""));
    Squall::new(&["run", &server.url(), "-i", "1", "-c", "1", "-b", "{\"a\": 1}"]).run().expect_code(0);
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.body, b"{\"a\": 1}");
}

#[test]
fn ten_connections_by_default() {
    let server = Server::start(|_| Reply::ok("hello"));
    Squall::new(&["run", &server.url(), "-d", "1s"]).run().expect_code(0);
    assert_eq!(server.connections(), 10);
}

#[test]
fn a_space_in_the_url_is_encoded() {
    let server = Server::start(|_| Reply::ok("hello"));
    Squall::new(&["run", &format!("{}/a b/ü?c=d e", server.url()), "-n", "3"]).run().expect_code(0);
    assert_eq!(server.count(), 3);
    assert!(server.requests().iter().all(|request| request.path == "/a%20b/%C3%BC?c=d%20e"));
}

#[test]
fn a_request_that_cannot_be_sent_is_refused_before_the_run() {
    let server = Server::start(|_| Reply::ok("hello"));
    for (arguments, told) in [
        (vec!["-m", "CONNECT"], "method CONNECT asks for a tunnel"),
        (vec!["-m", "G T"], "method \"G T\" is not a token"),
        (vec!["-H", "Content-Length: 9"], "but the body has 0 bytes"),
        (vec!["-H", "Content-Length: 9", "-b", "four"], "but the body has 4 bytes"),
        (vec!["-H", "X Y: z"], "header name \"X Y\" is not a token"),
        (vec!["-H", "X: a\nInjected: b"], "holds a control character"),
    ] {
        let ended = Squall::new(&["run", &server.url(), "-i", "1"]).args(&arguments).run().expect_code(104);
        let complaint = ended.complaint();
        assert!(complaint.starts_with("this request cannot be sent: ") && complaint.contains(told), "{complaint}");
    }
    assert_eq!(server.count(), 0);
    Squall::new(&["run", &server.url(), "-n", "1", "-H", "Content-Length: 4", "-b", "four"]).run().expect_code(0);
}

#[test]
fn a_host_without_a_scheme_means_http() {
    let server = Server::start(|_| Reply::ok("hello"));
    let host = server.url().replace("http://", "");
    for named in [host.clone(), format!("{host}/a"), format!("HTTP://{host}/")] {
        let before = server.count();
        let ended = Squall::new(&["run", &named, "-n", "1"]).run().expect_code(0);
        assert!(ended.err.contains(&format!("http://{host}")), "{}", ended.err);
        assert_eq!(server.count(), before + 1, "{named}");
    }
    // A missing file is still a file, whatever options follow it.
    for arguments in [["shop.wasm", "-u", "1"], ["scripts/shop.js", "-u", "1"]] {
        let ended = Squall::new(&["run"]).args(&arguments).run().expect_code(104);
        assert!(ended.complaint().to_lowercase().contains("no such file or "), "{}", ended.err);
    }
    let ended = Squall::new(&["run", "ws://127.0.0.1/"]).run().expect_code(104);
    assert!(ended.complaint().contains("ws:// is not spoken"), "{}", ended.err);
}

/// All output of a run: standard output and error, and every file in its folder.
fn everything_written(ended: &Ended) -> String {
    let mut text = ended.out.clone() + &ended.err;
    let mut folders = vec![ended.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => text += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()),
            }
        }
    }
    text
}

const OUTPUTS: [&str; 14] = [
    "--summary-mode",
    "full",
    "--report",
    "r.html",
    "--report",
    "r.md",
    "--report",
    "r.xml",
    "--summary-json",
    "s.json",
    "--out",
    "csv=points.csv",
    "--out",
    "json=points.ndjson",
];

#[test]
fn user_and_password_of_the_url_are_sent_and_never_shown() {
    let server = Server::start(|request| match request.path.as_str() {
        "/broken" => Reply::raw("HTTP/1.1 200 OK\r\nX : y\r\n\r\n").closing(),
        _ => Reply::ok("hello"),
    });
    for path in ["/", "/broken"] {
        let url = format!("http://ada:s3c%20ret@{}{path}", server.url().replace("http://", ""));
        let ended = Squall::new(&["run", &url, "-n", "2"]).args(&OUTPUTS).run();
        assert!(server.requests().iter().all(|request| request.headers["authorization"] == "Basic YWRhOnMzYyByZXQ="));
        let written = everything_written(&ended);
        assert!(written.contains(&format!("{}{path}", server.url())), "{written}");
        assert!(!written.contains("s3c"), "{}", written.split("s3c").next().unwrap_or_default());
    }
    assert_eq!(server.count(), 4);
}

#[test]
fn user_and_password_of_the_target_are_sent_to_its_origin_and_never_shown() {
    let other = Server::start(|_| Reply::ok("other"));
    let place = format!("{}/elsewhere", other.url());
    let server = Server::start(move |_| {
        Reply::raw(&format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"))
    });
    let target = format!("http://ada:s3cret@{}", server.url().replace("http://", ""));
    let allowed = other.url().replace("http://", "");
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &target, "--allow", &allowed]).args(&OUTPUTS).run();
    assert_eq!(server.requests()[0].headers["authorization"], "Basic YWRhOnMzY3JldA==");
    assert!(!other.requests()[0].headers.contains_key("authorization"), "they end at the origin");
    let written = everything_written(&ended);
    assert!(!written.contains("s3cret"), "{}", written.split("s3cret").next().unwrap_or_default());
}

#[test]
fn a_password_is_not_repeated_by_an_error() {
    for arguments in [
        vec!["run", "http://ada:s3cret@127.0.0.1:99999/"],
        vec!["run", "http://ada:s3c/ret@127.0.0.1/"],
        vec!["run", "ftp://ada:s3cret@127.0.0.1/"],
        vec!["run", "ada:s3cret@127.0.0.1:1:2/"],
        vec!["run", "a.wasm", "--target", "http://ada:s3cret@127.0.0.1:0/"],
        vec!["run", "http://127.0.0.1:1/", "--monitor-scrape", "ftp://ada:s3cret@127.0.0.1/"],
        vec!["run", "http://127.0.0.1:1/", "--out", "influxdb=ftp://ada:s3cret@127.0.0.1/"],
        vec!["run", "http://127.0.0.1:1/", "-u", "ada:s3cret"],
    ] {
        let ended = Squall::new(&arguments).run();
        assert!(ended.code != 0 && ended.err.starts_with("error: "), "{arguments:?}: {}", ended.err);
        assert!(!ended.err.contains("s3c"), "{}", ended.err);
    }
}

#[test]
fn a_missing_file_of_certificates_is_named() {
    let ended = Squall::new(&["run", "https://127.0.0.1:1/", "--cacert", "/nope", "-n", "1"]).run().expect_code(104);
    assert!(ended.err.ends_with("error: --cacert /nope: No such file or directory (os error 2)\n"), "{}", ended.err);
}
