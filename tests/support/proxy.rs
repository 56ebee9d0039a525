//! A TCP proxy that makes a network bad: it delays all bytes, or lets none through. It loses and repeats nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A way to a server that the test can make bad.
pub struct Proxy {
    address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    delay_in_millis: AtomicU64,
    is_cut: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn to(server: &str) -> Proxy {
        Proxy::at("127.0.0.1", server)
    }

    /// At another address of this machine.
    pub fn at(host: &str, server: &str) -> Proxy {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let (address, server) = (listener.local_addr().unwrap().to_string(), server.to_owned());
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is down closes the connection; so does a cut.
                if let Ok(server) = TcpStream::connect(&server)
                    && !shared.is_cut.load(Ordering::SeqCst)
                {
                    let _ = carry(&client, &server, &shared);
                }
            }
        });
        Proxy { address, state }
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Delays what comes from now on by that time, each way.
    pub fn delay(&self, time: Duration) {
        self.state.delay_in_millis.store(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Closes all connections and takes none, until it is mended.
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        for stream in self.state.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn mend(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }
}

/// Carries bytes both ways until one side ends.
fn carry(client: &TcpStream, server: &TcpStream, state: &Arc<State>) -> std::io::Result<()> {
    let mut open = state.open.lock().unwrap();
    for (from, to) in [(client, server), (server, client)] {
        from.set_nodelay(true)?;
        open.push(from.try_clone()?);
        let (mut from, mut to, state) = (from.try_clone()?, to.try_clone()?, Arc::clone(state));
        let (send, delayed) = channel::<(Instant, Vec<u8>)>();
        thread::spawn(move || {
            let mut bytes = [0; 1 << 16];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                let delay = Duration::from_millis(state.delay_in_millis.load(Ordering::SeqCst));
                let _ = send.send((Instant::now() + delay, bytes[..read].to_vec()));
            }
        });
        thread::spawn(move || {
            for (due, bytes) in delayed {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if to.write_all(&bytes).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}
