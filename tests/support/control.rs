//! A run that is controlled over HTTP with a plain socket, as a user's program would do it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::{Ended, Running, Squall};

/// A `squall run --control`, and its address and token.
pub struct Controlled {
    pub running: Running,
    /// Address and port.
    pub address: String,
    pub token: String,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    /// The body, if it is JSON.
    pub body: Value,
    pub text: String,
}

/// Sends a request for `what`, a method and a path, with only these headers, each with its line's end.
pub fn ask(address: &str, what: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let request = format!("{what} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    Answer {
        status: head[9..12].parse().expect("a status"),
        head: head.to_ascii_lowercase(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
        text: body.to_owned(),
    }
}

impl Controlled {
    /// Starts it at a free port, and reads its address.
    pub fn start(squall: Squall) -> Controlled {
        let mut running = squall.args(&["--control", "127.0.0.1:0"]).start();
        let said = running.until_said("control: http://");
        let address = said.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let token = running.until_said("token: ").split("token: ").nth(1).unwrap().trim().to_owned();
        Controlled { running, address, token }
    }

    /// A request with the token.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = format!("host: {}\r\nauthorization: Bearer {}\r\n", self.address, self.token);
        self.ask_with(method, path, &headers, body)
    }

    /// A request with only these headers, each with its line's end.
    pub fn ask_with(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        ask(&self.address, &format!("{method} {path}"), headers, body)
    }

    pub fn status(&self) -> Value {
        let answer = self.ask("GET", "/v1/status", "");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Changes the run; fails if that is refused.
    #[track_caller]
    pub fn change(&self, body: &str) -> Value {
        let answer = self.ask("PATCH", "/v1/status", body);
        assert_eq!(answer.status, 200, "{body}: {answer:?}");
        answer.body
    }

    /// Sends a change that must be refused with this status; returns the sentence.
    #[track_caller]
    pub fn refused(&self, body: &str, status: u16) -> String {
        let answer = self.ask("PATCH", "/v1/status", body);
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        answer.body["error"].as_str().expect("a sentence").to_owned()
    }

    /// Asks until the status fulfils the condition, and returns it.
    #[track_caller]
    pub fn until(&self, wished: impl Fn(&Value) -> bool) -> Value {
        let give_up = Instant::now() + Duration::from_secs(60);
        loop {
            let status = self.status();
            if wished(&status) {
                return status;
            }
            assert!(Instant::now() < give_up, "still {status:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The status after `reports` more reports of the workers, which come once a second.
    pub fn after_reports(&self, reports: u32) -> Value {
        let now = elapsed(&self.status());
        self.until(|status| elapsed(status) > now + f64::from(reports) - 0.5)
    }

    /// Stops it, and waits for its end.
    #[track_caller]
    pub fn stop(self) -> Ended {
        self.change(r#"{"stopped": true}"#);
        self.running.wait().expect_code_or_busy(103)
    }
}

fn elapsed(status: &Value) -> f64 {
    status["elapsed_seconds"].as_f64().expect("a number")
}
