//! Servers with programmed responses, one thread a connection: simple enough to be right.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A received request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    /// Number of requests to this server before.
    pub number: u64,
}

/// A response.
pub struct Reply {
    /// Time from the arrival of the whole request to the first byte of the response.
    pub after: Duration,
    /// The whole response, with its head. Empty: the connection is closed instead.
    pub bytes: Vec<u8>,
    pub then_close: bool,
}

impl Reply {
    pub fn ok(body: &str) -> Reply {
        Reply::status(200, body)
    }

    pub fn status(status: u16, body: &str) -> Reply {
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        Reply { after: Duration::ZERO, bytes: head.into_bytes(), then_close: false }
    }

    pub fn raw(bytes: &str) -> Reply {
        Reply { after: Duration::ZERO, bytes: bytes.as_bytes().to_vec(), then_close: false }
    }

    pub fn after(mut self, time: Duration) -> Reply {
        self.after = time;
        self
    }

    pub fn closing(mut self) -> Reply {
        self.then_close = true;
        self
    }
}

/// A server on a free port of loopback, until the test ends.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicU64>,
    peers: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        Server::remembering(usize::MAX, answer)
    }

    /// A server that stores no request, for loads that would fill the memory of the tests.
    pub fn forgetting(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        Server::remembering(0, answer)
    }

    fn remembering(most: usize, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicU64::new(0));
        let peers = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen, accepted) = (Arc::new(answer), Arc::clone(&requests), Arc::clone(&connections));
        let callers = Arc::clone(&peers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                accepted.fetch_add(1, Ordering::Relaxed);
                callers.lock().unwrap().extend(stream.peer_addr());
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                // A client that goes away in the middle is part of some tests.
                std::thread::spawn(move || drop(converse(&stream, &*answer, &seen, most)));
            }
        });
        Server { address, requests, connections, peers }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// Waits for the first request: then the load runs.
    #[track_caller]
    pub fn until_asked(&self) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while self.count() == 0 {
            assert!(Instant::now() < give_up, "no request in a minute");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where connections came from.
    pub fn peers(&self) -> Vec<SocketAddr> {
        self.peers.lock().unwrap().clone()
    }

    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

fn converse(
    stream: &TcpStream,
    answer: &dyn Fn(&Request) -> Reply,
    seen: &Mutex<Vec<Request>>,
    most: usize,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream.try_clone()?;
    while let Some(mut request) = read_request(&mut reader)? {
        let arrived = Instant::now();
        {
            let mut seen = seen.lock().unwrap();
            request.number = seen.len() as u64;
            if seen.len() < most {
                seen.push(request.clone());
            }
        }
        let reply = answer(&request);
        wait_until(arrived + reply.after);
        writer.write_all(&reply.bytes)?;
        if reply.then_close || reply.bytes.is_empty() {
            break;
        }
    }
    stream.shutdown(std::net::Shutdown::Both)
}

/// Sleeps, and spins for the rest: a programmed latency has to be exact.
fn wait_until(time: Instant) {
    let margin = Duration::from_micros(300);
    if let Some(rest) = time.checked_duration_since(Instant::now() + margin) {
        std::thread::sleep(rest);
    }
    while Instant::now() < time {
        std::hint::spin_loop();
    }
}

pub(super) fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut request = Request {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if request.headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        request.body = read_chunks(reader)?;
        return Ok(Some(request));
    }
    let length = request.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

fn read_chunks(reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
