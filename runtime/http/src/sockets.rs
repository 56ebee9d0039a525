//! Sockets whose protocol the guest speaks: TCP, with TLS if asked for, and UDP.
//!
//! They are opened by the same code as connections of HTTP, so policy, routes, proxies, TLS settings and source addresses
//! hold for them, too. Reads and writes are timed at the socket. Bytes are read as they come, whatever the guest does,
//! up to a limit: a slow guest must not look like a slow server.
//!
//! Must not know any protocol above TCP and UDP.

mod address;
mod inbox;
mod outbox;
mod tcp;
mod udp;

pub use tcp::TcpConnection;
pub use udp::UdpPeer;

/// Bytes that are kept for the guest before no more are read, or datagrams are dropped.
const INBOX: usize = 1 << 20;
/// Memory of a read or a datagram beside its bytes.
const BESIDE: usize = 64;
