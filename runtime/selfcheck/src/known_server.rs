//! A server with programmed answer times, which records the times that it really took. It has one thread, which a stall
//! stops altogether, as a garbage collector would. It must not know its client, nor share code with the client that it
//! checks.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use squall_metrics::{Clock, Histogram, Nanos};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nhello, world";

/// The programmed behaviour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Programme {
    /// Time until each answer.
    pub latency: Duration,
    /// A time without any answers.
    pub stall: Option<Stall>,
}

/// A time without answers; waiting clients get theirs at its end.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// Its start, counted from the first request.
    pub after: Duration,
    /// Its duration.
    pub length: Duration,
}

/// The server's records.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Requests that it read.
    pub requests: u64,
    /// From the last byte of the request to the first byte of the answer.
    pub times: Histogram,
}

impl Served {
    fn note(&mut self, time: Nanos) {
        self.requests += 1;
        self.times.record(time);
    }
}

/// A server on a free port of loopback.
pub struct KnownServer {
    address: SocketAddr,
    close: oneshot::Sender<()>,
    thread: JoinHandle<Served>,
}

impl KnownServer {
    pub fn start(programme: Programme) -> io::Result<KnownServer> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let (close, closed) = oneshot::channel();
        let serve = move || serve(&runtime, listener, programme, async { drop(closed.await) });
        let thread = std::thread::Builder::new().name("known-server".to_owned()).spawn(serve)?;
        Ok(KnownServer { address, close, thread })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Closes all connections, and returns the records.
    pub fn stop(self) -> Served {
        // A server that has ended by itself no longer listens for the signal.
        let _ = self.close.send(());
        self.thread.join().unwrap_or_default()
    }
}

fn serve(runtime: &Runtime, listener: TcpListener, programme: Programme, closed: impl Future<Output = ()>) -> Served {
    let desk = Rc::new(Desk::new(Clock::of_system(), programme));
    let accept = async {
        // No more connections than the client has users: it does not run out of descriptors.
        while let Ok((stream, _)) = listener.accept().await {
            let desk = Rc::clone(&desk);
            tokio::task::spawn_local(async move { desk.attend(stream).await });
        }
    };
    let connections = LocalSet::new();
    runtime.block_on(connections.run_until(async {
        tokio::select! {
            () = accept => {}
            () = closed => {}
        }
    }));
    drop(connections);
    desk.served.take()
}

/// State shared by all connections.
struct Desk {
    clock: Clock,
    programme: Programme,
    /// Time of the first request.
    began: Cell<Option<Nanos>>,
    served: RefCell<Served>,
}

impl Desk {
    fn new(clock: Clock, programme: Programme) -> Desk {
        Desk { clock, programme, began: Cell::new(None), served: RefCell::default() }
    }

    /// Answers the requests of one connection until the client closes it.
    async fn attend(&self, mut stream: TcpStream) {
        // Without it, answers may wait for an acknowledgement: the check would show it.
        let _ = stream.set_nodelay(true);
        while read_request(&mut stream).await {
            let arrived = self.clock.now();
            let began = self.began.get().unwrap_or(arrived);
            self.began.set(Some(began));
            if !self.programme.latency.is_zero() {
                pause(self.programme.latency).await;
            }
            self.stop_while_stalled(began);
            self.served.borrow_mut().note(self.clock.now().since(arrived));
            if stream.write_all(ANSWER).await.is_err() {
                break;
            }
        }
    }

    /// Stops this thread, and with it all connections, until the stall is over.
    #[expect(clippy::disallowed_methods, reason = "the known server's own thread: that all of it stops is the point")]
    fn stop_while_stalled(&self, began: Nanos) {
        if let Some(end) = self.programme.stall.and_then(|stall| stall.end(began, self.clock.now())) {
            std::thread::sleep(end.since(self.clock.now()).into());
        }
    }
}

impl Stall {
    /// Its end, if `now` is within it, for a server whose first request came at `began`.
    fn end(&self, began: Nanos, now: Nanos) -> Option<Nanos> {
        let from = began + Nanos::from(self.after);
        let to = from + Nanos::from(self.length);
        (from..to).contains(&now).then_some(to)
    }
}

/// Reads the head of a request without a body; false at the end of the stream, or if the head is too long to be
/// Squall's.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut head = [0; 1024];
    let mut length = 0;
    loop {
        match stream.read(&mut head[length..]).await {
            Ok(0) | Err(_) => return false,
            Ok(read) => length += read,
        }
        if head[..length].ends_with(b"\r\n\r\n") {
            return true;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the server's latency: how late it is, it measures itself")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn ask(stream: &mut std::net::TcpStream) {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
        let mut answer = vec![0; ANSWER.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, ANSWER);
    }

    #[test]
    fn it_never_answers_early_and_knows_what_it_did() {
        let latency = Duration::from_millis(5);
        let server = KnownServer::start(Programme { latency, stall: None }).unwrap();
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        (0..10).for_each(|_| ask(&mut stream));
        let served = server.stop();
        assert_eq!((served.requests, served.times.count()), (10, 10));
        assert!(served.times.min() >= Nanos::from(latency));
    }

    #[test]
    fn a_stall_holds_back_what_would_be_answered_in_it() {
        let stall = Stall { after: Duration::from_secs(5), length: Duration::from_secs(1) };
        let second = |seconds: u64| Nanos(seconds * 1_000_000_000);
        assert_eq!(stall.end(second(100), second(104)), None);
        assert_eq!(stall.end(second(100), second(105)), Some(second(106)));
        assert_eq!(stall.end(second(100), Nanos(second(106).0 - 1)), Some(second(106)));
        assert_eq!(stall.end(second(100), second(106)), None);
    }
}
