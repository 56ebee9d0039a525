//! Packets of MQTT 3.1.1, as far as the scenario needs them: <https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/>.

use squall::prelude::*;
use squall::sockets::Tcp;

/// A packet of the broker.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet {
    /// CONNACK, with its return code.
    Connected(u8),
    /// SUBACK, of the packet with that number.
    Subscribed(u16),
    /// PUBACK, likewise.
    Acknowledged(u16),
    /// PUBLISH with quality of service 0: its message.
    Published(Vec<u8>),
    Other(u8),
}

/// CONNECT, with a clean session and without keep-alive.
pub fn connect(client: &str) -> Vec<u8> {
    packet(0x10, &[&text("MQTT"), &[4, 2, 0, 0], &text(client)])
}

/// SUBSCRIBE, to be delivered with quality of service 0.
pub fn subscribe(number: u16, topic: &str) -> Vec<u8> {
    packet(0x82, &[&number.to_be_bytes(), &text(topic), &[0]])
}

/// PUBLISH with quality of service 1.
pub fn publish(number: u16, topic: &str, message: &str) -> Vec<u8> {
    packet(0x32, &[&text(topic), &number.to_be_bytes(), message.as_bytes()])
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

fn packet(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut packet = vec![kind];
    // The length: seven bits in each byte, the lowest first (2.2.3).
    let mut rest = body.len();
    loop {
        let (low, more) = ((rest & 0x7f) as u8, rest > 0x7f);
        packet.push(if more { low | 0x80 } else { low });
        rest >>= 7;
        if !more {
            break;
        }
    }
    packet.extend(body);
    packet
}

impl Packet {
    /// Waits for a packet.
    pub fn read(broker: &mut Tcp) -> Outcome<Packet> {
        let kind = byte(broker)?;
        let mut length = 0_u32;
        for shift in [0, 7, 14, 21] {
            let part = byte(broker)?;
            length |= u32::from(part & 0x7f) << shift;
            if part < 0x80 {
                break;
            }
        }
        let body = broker.receive_exactly(length)?.ok_or_else(closed)?;
        let number = |at: usize| body.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
        let packet = match kind >> 4 {
            2 => body.get(1).copied().map(Packet::Connected),
            3 => number(0)
                .and_then(|length| body.get(2 + usize::from(length)..))
                .map(|text| Packet::Published(text.to_vec())),
            4 => number(0).map(Packet::Acknowledged),
            9 => number(0).map(Packet::Subscribed),
            _ => Some(Packet::Other(kind)),
        };
        packet.ok_or_else(|| Error::new("a packet is too short"))
    }
}

fn byte(broker: &mut Tcp) -> Outcome<u8> {
    let bytes = broker.receive_exactly(1)?.ok_or_else(closed)?;
    bytes.first().copied().ok_or_else(closed)
}

fn closed() -> Error {
    Error::new("the broker has closed the connection")
}
