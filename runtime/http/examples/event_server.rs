//! A server of event streams with an exact schedule, against which Squall's gaps between events are measured:
//!
//! ```sh
//! cargo run --release -p squall-http --example event_server -- 127.0.0.1:8090 50
//! ```
//!
//! Each connection gets 50 events per second, evenly spaced from its request on. Every ten seconds the server prints its own
//! lateness, and the gaps between its own writes: no client can measure better than that.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of its own, which keeps its own time and prints its own figures"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
/// A wait this long before an event is slept; the rest is spun, because a sleep ends late.
const SPIN: Duration = Duration::from_micros(150);

/// Connections by number; those that have gone are none.
struct Server {
    streams: Vec<Option<Stream>>,
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    late: Vec<u32>,
    gaps: Vec<u32>,
}

struct Stream {
    connection: TcpStream,
    written: Option<Instant>,
    number: u64,
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

fn percentiles(name: &str, values: &mut Vec<u32>) {
    values.sort_unstable();
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    if !values.is_empty() {
        println!("{name}: n={} p50={} p99={} p99.9={} max={} µs", values.len(), at(0.5), at(0.99), at(0.999), at(1.0));
    }
    values.clear();
}

impl Server {
    /// Waits for the request, answers it, and plans the first event.
    fn accept(&mut self, mut connection: TcpStream, every: Duration) -> std::io::Result<()> {
        connection.set_nodelay(true)?;
        connection.set_nonblocking(false)?;
        let mut request = [0; 4_096];
        if connection.read(&mut request)? > 0 {
            connection.write_all(HEAD)?;
            connection.set_nonblocking(true)?;
            self.due.push(Reverse((Instant::now() + every, self.streams.len())));
            self.streams.push(Some(Stream { connection, written: None, number: 0 }));
        }
        Ok(())
    }

    /// Writes the event that is due, and plans the next one.
    fn write(&mut self, due: Instant, index: usize, every: Duration) {
        let Some(stream) = &mut self.streams[index] else { return };
        stream.number += 1;
        let event = format!("data: {}\n\n", stream.number);
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        let now = Instant::now();
        if stream.connection.write_all(chunk.as_bytes()).is_err() {
            self.streams[index] = None;
            return;
        }
        self.late.push(micros(now - due));
        if let Some(before) = stream.written.replace(now) {
            self.gaps.push(micros(now - before));
        }
        self.due.push(Reverse((due + every, index)));
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let rate: f64 = arguments.next().and_then(|rate| rate.parse().ok()).unwrap_or(50.0);
    let every = Duration::from_secs_f64(1.0 / rate);
    let listener = TcpListener::bind(&address)?;
    listener.set_nonblocking(true)?;
    println!("listening on http://{address}, {rate} events per second and stream");
    let mut server = Server { streams: Vec::new(), due: BinaryHeap::new(), late: Vec::new(), gaps: Vec::new() };
    let mut reported = Instant::now();
    loop {
        match listener.accept() {
            Ok((connection, _)) => drop(server.accept(connection, every)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        while let Some(Reverse((due, index))) =
            server.due.peek().copied().filter(|Reverse((due, _))| *due <= Instant::now())
        {
            server.due.pop();
            server.write(due, index, every);
        }
        if reported.elapsed() > Duration::from_secs(10) {
            percentiles("late", &mut server.late);
            percentiles("gaps", &mut server.gaps);
            reported = Instant::now();
        }
        let wait = server.due.peek().map_or(Duration::from_millis(1), |Reverse((due, _))| {
            due.saturating_duration_since(Instant::now()).saturating_sub(SPIN)
        });
        if wait > Duration::ZERO {
            std::thread::sleep(wait.min(Duration::from_millis(1)));
        }
    }
}
