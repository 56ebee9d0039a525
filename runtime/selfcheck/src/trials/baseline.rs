//! The shortest possible exchange over loopback, the baseline for any client's latency.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use squall_metrics::{Clock, Histogram, Nanos};

use crate::error::Error;
use crate::known_server::{KnownServer, Programme};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: known\r\n\r\n";

/// Blocking writes and reads on one connection for that long; the median of the times from the write to the answer.
pub fn median_exchange(length: Duration) -> Result<Nanos, Error> {
    let server = KnownServer::start(Programme::default()).map_err(Error::Server)?;
    let times = exchanges(&server.address(), length).map_err(Error::Server)?;
    server.stop();
    Ok(times.percentile(50.0))
}

fn exchanges(address: &std::net::SocketAddr, length: Duration) -> std::io::Result<Histogram> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let clock = Clock::start();
    let mut times = Histogram::new();
    let mut answer = [0; 1024];
    while clock.now() < Nanos::from(length) {
        let begun = clock.now();
        stream.write_all(REQUEST)?;
        // The answer is one segment.
        let _ = stream.read(&mut answer)?;
        times.record(clock.now().since(begun));
    }
    Ok(times)
}
