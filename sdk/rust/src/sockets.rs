//! Bytes over TCP, with TLS if asked for, and datagrams over UDP: for protocols that a scenario speaks itself.
//!
//! ```
//! use squall::prelude::*;
//! use squall::sockets::Tcp;
//!
//! fn ping() -> Outcome {
//!     let mut redis = Tcp::connect("127.0.0.1:6379")?;
//!     redis.send("PING\r\n")?;
//!     let answer = redis.receive_line()?;
//!     check!(answer.as_deref() == Some(b"+PONG\r\n"), "Redis answers");
//!     Ok(())
//! }
//! # let mut host = squall::testing::Host::new().serve("127.0.0.1:6379", |_| b"+PONG\r\n".to_vec());
//! # assert!(host.run(ping).expect_ok().checks[0].1);
//! ```
//!
//! The host times reads and writes at the socket (`tcp_response`, `udp_response`). A socket may be kept over iterations, in a
//! `thread_local!`. Connections implement [`std::io::Read`] and [`std::io::Write`], for crates that speak a protocol.

use std::io;
use std::time::Duration;

use crate::host;
use crate::http::Error;
use crate::timing::{Seconds, nanoseconds};
use crate::waiting::Waitable;

/// How long a call waits, unless it is told otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest line, in bytes.
const LONGEST_LINE: u32 = 1 << 20;

/// Settings of a connection that is to be opened.
#[derive(Debug, Clone)]
pub struct Connect<'a> {
    address: &'a str,
    name: &'a str,
    tls: Option<&'a str>,
    timeout: Duration,
}

impl<'a> Connect<'a> {
    /// What the connection's samples are counted under, instead of its address.
    #[must_use]
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Speaks TLS, with the name of the server in the address.
    #[must_use]
    pub fn tls(self) -> Self {
        self.tls_for("")
    }

    /// Speaks TLS with a server of another name.
    #[must_use]
    pub fn tls_for(mut self, server: &'a str) -> Self {
        self.tls = Some(server);
        self
    }

    /// How long opening the connection may take, and each call that receives. 60 seconds unless said otherwise.
    #[must_use]
    pub fn timeout(mut self, time: impl Seconds) -> Self {
        self.timeout = time.duration();
        self
    }

    /// Opens the connection.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn open(self) -> Result<Tcp, Error> {
        let inner = host::Tcp::open(self.name, self.address, self.tls, nanoseconds(self.timeout))?;
        Ok(Tcp { inner, timeout: nanoseconds(self.timeout) })
    }
}

/// A TCP connection. Dropped, it is closed.
///
/// Calls that receive return `None` when the connection has ended. After [`Error::Timeout`] nothing is lost: ask again.
#[derive(Debug)]
pub struct Tcp {
    inner: host::Tcp,
    timeout: u64,
}

impl Tcp {
    /// Connects to "host:port"; an empty text stands for host and port of the run's target.
    ///
    /// # Errors
    ///
    /// When there is no connection.
    pub fn connect(address: &str) -> Result<Tcp, Error> {
        Tcp::to(address).open()
    }

    /// The same, with settings: `Tcp::to("mail:993").tls().name("mail").open()?`.
    #[must_use]
    pub fn to(address: &str) -> Connect<'_> {
        Connect { address, name: "", tls: None, timeout: TIMEOUT }
    }

    /// Sets how long each call that receives waits. With 0 it only looks.
    pub fn set_timeout(&mut self, time: impl Seconds) {
        self.timeout = nanoseconds(time.duration());
    }

    /// Sends bytes. Waits only while more than 64 KiB are unsent. Returns the time since the run began at which the last of
    /// them was written, or was handed over, if the socket does not take them now.
    ///
    /// # Errors
    ///
    /// When nothing can be sent any more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<Duration, Error> {
        self.inner.send(bytes.as_ref()).map(Duration::from_nanos)
    }

    /// The bytes that have come, at most `most` of them.
    ///
    /// # Errors
    ///
    /// When nothing comes in time, or the connection breaks.
    pub fn receive(&mut self, most: u32) -> Result<Option<Vec<u8>>, Error> {
        self.inner.receive(most, self.timeout)
    }

    /// The bytes up to a delimiter, and the delimiter, which must be within `most` bytes.
    ///
    /// # Errors
    ///
    /// When it does not come in time, is not within so many bytes, or the connection ends before it.
    pub fn receive_until(&mut self, delimiter: impl AsRef<[u8]>, most: u32) -> Result<Option<Vec<u8>>, Error> {
        self.inner.receive_until(delimiter.as_ref(), most, self.timeout)
    }

    /// The bytes up to a line feed, and it; at most 1 MiB.
    ///
    /// # Errors
    ///
    /// As [`receive_until`](Tcp::receive_until).
    pub fn receive_line(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.receive_until(b"\n", LONGEST_LINE)
    }

    /// Exactly that many bytes.
    ///
    /// # Errors
    ///
    /// When they do not come in time, or the connection ends before.
    pub fn receive_exactly(&mut self, count: u32) -> Result<Option<Vec<u8>>, Error> {
        self.inner.receive_exactly(count, self.timeout)
    }

    /// When the last byte received had come, since the run began.
    #[must_use]
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.inner.at())
    }

    /// Ends sending, as soon as all is written. The server can still send.
    pub fn finish(&mut self) {
        self.inner.finish();
    }
}

impl io::Read for Tcp {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let most = u32::try_from(into.len()).unwrap_or(u32::MAX);
        let bytes = self.receive(most).map_err(as_io)?.unwrap_or_default();
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl io::Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes).map_err(as_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn as_io(error: Error) -> io::Error {
    let kind = match error {
        Error::Timeout => io::ErrorKind::TimedOut,
        Error::Reset(_) => io::ErrorKind::ConnectionReset,
        Error::InvalidRequest(_) => io::ErrorKind::InvalidInput,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// A UDP socket, connected to one address. Dropped, it is closed.
#[derive(Debug)]
pub struct Udp {
    inner: host::Udp,
    timeout: u64,
}

impl Udp {
    /// Opens a socket for "host:port"; an empty text stands for host and port of the run's target. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When the address cannot be used.
    pub fn connect(address: &str) -> Result<Udp, Error> {
        Udp::connect_as("", address)
    }

    /// The same, with the name that its samples are counted under.
    ///
    /// # Errors
    ///
    /// When the address cannot be used.
    pub fn connect_as(name: &str, address: &str) -> Result<Udp, Error> {
        Ok(Udp { inner: host::Udp::open(name, address)?, timeout: nanoseconds(TIMEOUT) })
    }

    /// Sets how long [`receive`](Udp::receive) waits. With 0 it only looks.
    pub fn set_timeout(&mut self, time: impl Seconds) {
        self.timeout = nanoseconds(time.duration());
    }

    /// Sends a datagram of at most 65,507 bytes. Returns when, since the run began.
    ///
    /// # Errors
    ///
    /// When it is too long, or the last one came back.
    pub fn send(&mut self, datagram: impl AsRef<[u8]>) -> Result<Duration, Error> {
        self.inner.send(datagram.as_ref()).map(Duration::from_nanos)
    }

    /// The next datagram.
    ///
    /// # Errors
    ///
    /// When none comes in time, or the last one sent came back.
    pub fn receive(&mut self) -> Result<Vec<u8>, Error> {
        self.inner.receive(self.timeout)
    }

    /// When the last datagram received had come, since the run began.
    #[must_use]
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.inner.at())
    }
}

impl Waitable for Tcp {
    fn key(&self) -> u32 {
        self.inner.key()
    }
}

impl Waitable for Udp {
    fn key(&self) -> u32 {
        self.inner.key()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};

    use super::*;
    use crate::testing::Host;
    use crate::waiting;

    fn echo(bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    #[test]
    fn bytes_are_taken_as_they_are_asked_for() {
        Host::new().serve("peer:1", echo).run(|| -> crate::Outcome {
            let mut peer = Tcp::connect("peer:1")?;
            peer.send("one\ntwo\nrest")?;
            assert_eq!(peer.receive_line()?.unwrap(), b"one\n");
            assert_eq!(peer.receive_exactly(3)?.unwrap(), b"two");
            assert_eq!(peer.receive(2)?.unwrap(), b"\nr");
            assert_eq!(peer.receive_until("st", 100)?.unwrap(), b"est");
            peer.finish();
            assert_eq!(peer.receive(9)?, None);
            Ok(())
        });
    }

    #[test]
    fn a_timeout_passes_time_and_loses_nothing() {
        let report = Host::new().serve("peer:1", echo).run(|| {
            let mut peer = Tcp::to("peer:1").timeout(2).open().unwrap();
            peer.send("half").unwrap();
            assert_eq!(peer.receive_line(), Err(Error::Timeout));
            assert_eq!(peer.receive(9).unwrap().unwrap(), b"half");
        });
        assert_eq!(report.slept, Duration::from_secs(2));
    }

    #[test]
    fn crates_that_read_and_write_can_use_it() {
        Host::new().serve("peer:1", echo).run(|| {
            let mut peer = Tcp::connect("peer:1").unwrap();
            writeln!(peer, "a line").unwrap();
            let mut line = String::new();
            BufReader::new(&mut peer).read_line(&mut line).unwrap();
            assert_eq!(line, "a line\n");
        });
    }

    #[test]
    fn datagrams_have_borders_and_an_unknown_server_is_refused() {
        Host::new().serve("peer:1", echo).run(|| {
            let mut peer = Udp::connect("peer:1").unwrap();
            peer.set_timeout(0);
            peer.send("a").unwrap();
            peer.send("bc").unwrap();
            assert_eq!((peer.receive().unwrap(), peer.receive().unwrap()), (b"a".to_vec(), b"bc".to_vec()));
            assert_eq!(peer.receive(), Err(Error::Timeout));
            assert!(matches!(Udp::connect("peer:2"), Err(Error::Connect(_))));
        });
    }

    #[test]
    fn of_several_the_one_with_something_is_named() {
        let report = Host::new().serve("peer:1", echo).run(|| {
            let (one, mut other) = (Tcp::connect("peer:1").unwrap(), Tcp::connect("peer:1").unwrap());
            assert_eq!(waiting::any_within(&[&one, &other], 3), None);
            other.send("x").unwrap();
            assert_eq!(waiting::any(&[&one, &other]), 1);
        });
        assert_eq!(report.slept, Duration::from_secs(3));
    }
}
