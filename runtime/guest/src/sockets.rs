//! The sockets of one instance. They end with it.

use std::future::Future;
use std::rc::Rc;

use send_wrapper::SendWrapper;
use squall_http::{MemoryAccount, TcpConnection, UdpPeer};
use squall_plan::Limits;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use crate::handles::Handles;

/// The handles of sockets that a guest holds, and the tasks that read and write them.
pub(crate) struct Sockets {
    pub(crate) tcp: Handles<TcpHandle>,
    pub(crate) udp: Handles<UdpHandle>,
    drivers: Vec<Driver>,
}

/// A TCP connection. Dropped, it is closed.
pub(crate) struct TcpHandle(pub(crate) Rc<TcpConnection>);

/// A UDP socket. Dropped, it is closed.
pub(crate) struct UdpHandle(pub(crate) Rc<UdpPeer>);

struct Driver {
    socket: Socket,
    _task: AbortOnDropJoinHandle<()>,
}

enum Socket {
    Tcp(Rc<TcpConnection>),
    Udp(Rc<UdpPeer>),
}

impl Socket {
    fn has_ended(&self) -> bool {
        match self {
            Socket::Tcp(connection) => connection.has_ended(),
            Socket::Udp(peer) => peer.has_ended(),
        }
    }
}

impl Sockets {
    pub(crate) fn new(account: &Rc<MemoryAccount>) -> Sockets {
        Sockets { tcp: Handles::new("tcp", account), udp: Handles::new("udp", account), drivers: Vec::new() }
    }

    /// Whether another socket may be opened.
    pub(crate) fn check_room(&mut self) -> wasmtime::Result<()> {
        self.drivers.retain(|driver| !driver.socket.has_ended());
        if self.drivers.len() >= Limits::SOCKETS {
            wasmtime::bail!("too many open sockets: {} are open, and no more are allowed", Limits::SOCKETS);
        }
        Ok(())
    }

    /// Lets a connection be read and written, whatever the guest does. Returns the number of its handle.
    pub(crate) fn hold_tcp(&mut self, connection: Rc<TcpConnection>) -> wasmtime::Result<u32> {
        self.start(Socket::Tcp(Rc::clone(&connection)), Rc::clone(&connection).drive());
        self.tcp.hold(TcpHandle(connection))
    }

    /// The same for a UDP socket.
    pub(crate) fn hold_udp(&mut self, peer: Rc<UdpPeer>) -> wasmtime::Result<u32> {
        self.start(Socket::Udp(Rc::clone(&peer)), Rc::clone(&peer).drive());
        self.udp.hold(UdpHandle(peer))
    }

    fn start(&mut self, socket: Socket, driving: impl Future<Output = ()> + 'static) {
        self.drivers.push(Driver { socket, _task: spawn(SendWrapper::new(driving)) });
    }
}

impl Drop for TcpHandle {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

impl Drop for UdpHandle {
    fn drop(&mut self) {
        self.0.let_go();
    }
}
