//! Sends messages to a server that sends them back, one after the other, and closes.
//!
//! Options: `SOCKET`, the server's path or URL; `MESSAGES`, the number of messages of a connection, and `SIZE`, that of
//! bytes in each; `PAUSE`, the seconds before each; `COMPRESS`, to offer compression; `IDLE`, the seconds for which the
//! connection is only held.

use squall::prelude::*;
use squall::websocket;

squall::scenario! {
    flows: { echo },
}

fn number(name: &str, default: f64) -> Result<f64, std::num::ParseFloatError> {
    env(name).map_or(Ok(default), |text| text.parse())
}

fn echo() -> Outcome {
    let url = env("SOCKET").unwrap_or_else(|| "/echo".to_owned());
    let (messages, size, pause) = (number("MESSAGES", 10.0)?, number("SIZE", 32.0)?, number("PAUSE", 0.0)?);
    let mut connect = websocket::connect(url).name("echo");
    if env("COMPRESS").is_some() {
        connect = connect.compression();
    }
    let mut socket = connect.open()?;
    sleep(number("IDLE", 0.0)?);
    socket.ping()?;
    let text = "x".repeat(size as usize);
    let mut repeated = 0;
    for _ in 0..messages as u64 {
        if pause > 0.0 {
            sleep(pause);
        }
        socket.send(&text)?;
        match socket.receive_text()? {
            Some(answer) if answer == text => repeated += 1,
            Some(_) => {}
            None => break,
        }
    }
    check!(repeated == messages as u64, "every message came back");
    socket.close(1000, "")?;
    while socket.receive()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use squall::testing::{Host, SocketMessage};

    use super::*;

    #[test]
    fn messages_come_back() {
        let host = || Host::new().option("MESSAGES", "3");
        let report = host().websocket("/echo", |sent| vec![sent.clone()]).run(echo).expect_ok();
        assert!(report.passed("every message came back"));
        let other = |_: &SocketMessage| vec![SocketMessage::Text("other".to_owned())];
        let report = host().websocket("/echo", other).run(echo);
        assert_eq!(report.checks, [("every message came back".to_owned(), false)]);
    }
}
