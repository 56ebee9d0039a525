//! A server of event streams: an OpenAI-compatible one for chat completions, and feeds, whose events come at known times
//! and in known numbers.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Request, read_request};

/// The time before the first event of a completion, and before each of its tokens.
pub const BEFORE_FIRST: Duration = Duration::from_millis(40);
pub const BETWEEN: Duration = Duration::from_millis(5);
/// Words of each completion. The server counts more tokens than there are events with text.
pub const WORDS: [&str; 6] = ["One", ", two", ", three", ", four", ", five", "."];
pub const TOKENS: u64 = 11;
/// Events of a completion: the role, the words, the reason to stop, the count, and the end.
pub const EVENTS: u64 = WORDS.len() as u64 + 4;

/// A server on a free port of loopback, until the test ends.
pub struct EventServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl EventServer {
    pub fn start() -> EventServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                // A client that goes away in the middle is part of some tests.
                std::thread::spawn(move || drop(converse(&stream, &seen)));
            }
        });
        EventServer { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn converse(stream: &TcpStream, seen: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream.try_clone()?);
    while let Some(request) = read_request(&mut reader)? {
        seen.lock().unwrap().push(request.clone());
        match request.path.as_str() {
            "/v1/chat/completions" => complete(&mut writer, &request.body)?,
            "/feed" => return feed(&mut writer, request.headers.get("last-event-id")),
            "/forever" => forever(&mut writer)?,
            "/flood" => flood(&mut writer)?,
            _ => writer.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?,
        }
    }
    Ok(())
}

fn head(writer: &mut TcpStream) -> std::io::Result<()> {
    writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
}

fn event(writer: &mut TcpStream, text: &str) -> std::io::Result<()> {
    writer.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
}

fn end(writer: &mut TcpStream) -> std::io::Result<()> {
    writer.write_all(b"0\r\n\r\n")
}

fn complete(writer: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_streamed = asked["stream"] == true && asked["stream_options"]["include_usage"] == true;
    if !is_streamed || !asked["messages"].is_array() {
        return writer.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    }
    head(writer)?;
    let chunk = |delta: Value, finish: Value| json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
    let data = |value: &Value| format!("data: {value}\n\n");
    std::thread::sleep(BEFORE_FIRST);
    event(writer, &data(&chunk(json!({ "role": "assistant", "content": "" }), Value::Null)))?;
    for word in WORDS {
        std::thread::sleep(BETWEEN);
        event(writer, &data(&chunk(json!({ "content": word }), Value::Null)))?;
    }
    event(writer, &data(&chunk(json!({}), json!("stop"))))?;
    event(writer, &data(&json!({ "choices": [], "usage": { "prompt_tokens": 4, "completion_tokens": TOKENS } })))?;
    event(writer, "data: [DONE]\n\n")?;
    end(writer)
}

/// Events 1 to 7: three on each connection, which then ends, or breaks off in the middle of an event.
fn feed(writer: &mut TcpStream, after: Option<&String>) -> std::io::Result<()> {
    let first = after.map_or(1, |id| id.parse::<u32>().expect("a number") + 1);
    head(writer)?;
    event(writer, "retry: 20\n\n")?;
    for number in first..(first + 3).min(8) {
        event(writer, &format!(": comment\nid: {number}\nevent: tick\ndata: {number}\n\n"))?;
    }
    if first == 1 { end(writer) } else { event(writer, "id: 99\ndata: never whole\n") }
}

fn forever(writer: &mut TcpStream) -> std::io::Result<()> {
    head(writer)?;
    loop {
        event(writer, "data: again\n\n")?;
        std::thread::sleep(BETWEEN);
    }
}

/// 32 MiB of events, as fast as the client takes them.
fn flood(writer: &mut TcpStream) -> std::io::Result<()> {
    head(writer)?;
    let events = format!("data: {}\n\n", "x".repeat(1_000)).repeat(64);
    for _ in 0..512 {
        event(writer, &events)?;
    }
    end(writer)
}
