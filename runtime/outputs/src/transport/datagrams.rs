//! Lines in datagrams: sent, without knowledge of their arrival.

use std::io;

use tokio::net::UdpSocket;

use super::Failure;

/// The payload of an Ethernet frame, without the headers of IP and UDP.
const MOST: usize = 1_432;

pub(crate) struct Datagrams {
    address: String,
    socket: Option<UdpSocket>,
}

impl Datagrams {
    /// To HOST:PORT.
    pub fn to(address: &str) -> Datagrams {
        Datagrams { address: address.to_owned(), socket: None }
    }

    /// Sends lines, as many in a datagram as fit.
    pub async fn send(&mut self, lines: &[u8]) -> Result<(), Failure> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect(&self.address).await.map_err(|error| Failure::Passing(format!("cannot send: {error}")))?,
        };
        let mut refused = None;
        for datagram in datagrams(lines) {
            // A datagram that is sent again might count twice.
            refused = socket.send(datagram).await.err().or(refused);
        }
        self.socket = Some(socket);
        refused.map_or(Ok(()), |error| Err(Failure::Final(format!("cannot send: {error}"))))
    }
}

async fn connect(address: &str) -> io::Result<UdpSocket> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in tokio::net::lookup_host(address).await? {
        let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(local).await?;
        match socket.connect(address).await {
            Ok(()) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The lines in datagrams as large as allowed.
fn datagrams(mut lines: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while !lines.is_empty() {
        let most = lines.len().min(MOST);
        let end = lines[..most].iter().rposition(|byte| *byte == b'\n').map_or(most, |end| end + 1);
        let (piece, rest) = lines.split_at(end);
        // The line break at the end is not needed, and some servers do not accept it.
        pieces.push(piece.strip_suffix(b"\n").unwrap_or(piece));
        lines = rest;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_has_whole_lines() {
        let line = format!("{}\n", "x".repeat(500));
        let lines = line.repeat(5);
        let sizes: Vec<usize> = datagrams(lines.as_bytes()).iter().map(|piece| piece.len()).collect();
        assert_eq!(sizes, [1_001, 1_001, 500]);
    }
}
