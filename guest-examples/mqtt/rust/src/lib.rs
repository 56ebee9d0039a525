//! Speaks MQTT 3.1.1 over TCP: subscribes to a topic of the virtual user's own, publishes to it with quality of service 1, and
//! waits until the message comes back. The way through the broker is a trend, `mqtt_delivery`.
//!
//! Options: `MQTT`, the broker's address (without it: that of the target), `TLS=1`, and `MESSAGES`, their number in an
//! iteration.

mod packet;

use std::cell::RefCell;

use packet::{Packet, connect, publish, subscribe};
use squall::Unit;
use squall::prelude::*;
use squall::sockets::Tcp;

squall::scenario! {
    flows: { deliver },
    start: arrive,
}

static DELIVERY: Trend = Trend::with_unit("mqtt_delivery", Unit::Time);

thread_local! {
    static CONNECTION: RefCell<Option<Tcp>> = const { RefCell::new(None) };
}

fn topic() -> String {
    format!("squall/{}", vu())
}

/// Connects, and subscribes.
fn join() -> Outcome<Tcp> {
    let address = env("MQTT").unwrap_or_default();
    let to = Tcp::to(&address).name("mqtt").timeout(5);
    let mut broker = if env("TLS").is_some() { to.tls() } else { to }.open()?;
    broker.send(connect(&format!("squall-{}", vu())))?;
    check!(Packet::read(&mut broker)? == Packet::Connected(0), "the broker accepts the connection");
    broker.send(subscribe(1, &topic()))?;
    check!(Packet::read(&mut broker)? == Packet::Subscribed(1), "the broker accepts the subscription");
    Ok(broker)
}

fn arrive() -> Outcome {
    CONNECTION.set(Some(join()?));
    Ok(())
}

fn deliver() -> Outcome {
    let mut broker = match CONNECTION.take() {
        Some(broker) => broker,
        None => join()?,
    };
    let messages: u16 = env("MESSAGES").and_then(|messages| messages.parse().ok()).unwrap_or(10);
    for number in 1..=messages {
        let text = format!("{}-{}-{number}", vu(), iteration());
        let sent = broker.send(publish(number, &topic(), &text))?;
        // The broker may deliver before it acknowledges.
        let (mut acknowledged, mut delivered) = (false, false);
        while !(acknowledged && delivered) {
            match Packet::read(&mut broker)? {
                Packet::Acknowledged(of) => acknowledged = of == number,
                Packet::Published(body) if body == text.as_bytes() => {
                    DELIVERY.add((broker.at() - sent).as_secs_f64() * 1e3);
                    delivered = true;
                }
                _ => return Err(Error::new("an unexpected packet")),
            }
        }
        check!(delivered, "the message comes back");
    }
    CONNECTION.set(Some(broker));
    Ok(())
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    /// A broker with one client.
    fn broker(sent: &[u8]) -> Vec<u8> {
        match sent[0] >> 4 {
            1 => vec![0x20, 2, 0, 0],
            8 => vec![0x90, 3, sent[2], sent[3], 0],
            3 => {
                let topic = 2 + usize::from(sent[3]);
                let (head, body) = (&sent[2..2 + topic], &sent[4 + topic..]);
                let mut answer = vec![0x30, (head.len() + body.len()) as u8];
                answer.extend([head, body].concat());
                answer.extend([0x40, 2, sent[2 + topic], sent[3 + topic]]);
                answer
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn messages_come_back() {
        let mut host = Host::new().option("MQTT", "broker:1883").option("MESSAGES", "3").serve("broker:1883", broker);
        let report = host.run(deliver).expect_ok();
        assert_eq!(report.checks.len(), 5);
        assert!(report.checks.iter().all(|(_, passed)| *passed), "{:?}", report.checks);
    }
}
