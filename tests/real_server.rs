//! A server from another project: Python's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::program::{Squall, guest};

struct Python {
    child: Child,
    url: String,
}

impl Python {
    fn start(folder: &std::path::Path) -> Python {
        let mut child = Command::new("python3")
            .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--protocol", "HTTP/1.1"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is installed");
        // "Serving HTTP on 127.0.0.1 port 40001 (http://127.0.0.1:40001/) ..."
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split(['(', ')']).nth(1).expect("a URL").trim_end_matches('/').to_owned();
        Python { child, url }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn files_are_fetched_and_missing_ones_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "x".repeat(10_000)).unwrap();
    let python = Python::start(folder.path());
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &python.url, "-u", "4", "-i", "200"]);
    let ended = ended.exporting().run().expect_code(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0);
    assert!(ended.number("data_received", "count") > 200.0 * 10_000.0);
    let ended = Squall::new(&["run", &format!("{}/nothing", python.url), "-c", "1", "-i", "3"]).exporting().run();
    assert_eq!(ended.number("http_req_failed", "passes"), 3.0);
    assert!(ended.out.contains("statuses       404: 3"), "{}", ended.out);
    assert_eq!(ended.code, 97);
}
