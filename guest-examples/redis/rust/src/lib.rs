//! Speaks Redis' protocol (RESP2) over TCP: commands one by one, in a pipeline, and messages of a channel.
//!
//! Options: `REDIS`, the address (without it: that of the target), and `KEYS`, the number of keys in use.

mod resp;

use std::cell::RefCell;

use resp::{Reply, command};
use squall::prelude::*;
use squall::sockets::Tcp;

squall::scenario! {
    flows: { read_and_write: 80, pipeline: 15, subscribe: 5 },
    start: arrive,
}

thread_local! {
    /// A virtual user keeps its connection, as applications do.
    static CONNECTION: RefCell<Option<Tcp>> = const { RefCell::new(None) };
}

fn connect() -> Outcome<Tcp> {
    Ok(Tcp::to(&env("REDIS").unwrap_or_default()).name("redis").timeout(5).open()?)
}

fn arrive() -> Outcome {
    CONNECTION.set(Some(connect()?));
    Ok(())
}

/// Lends the connection. One that has failed is replaced the next time.
fn with_connection<T>(work: impl FnOnce(&mut Tcp) -> Outcome<T>) -> Outcome<T> {
    let mut connection = match CONNECTION.take() {
        Some(connection) => connection,
        None => connect()?,
    };
    let outcome = work(&mut connection)?;
    CONNECTION.set(Some(connection));
    Ok(outcome)
}

fn key() -> String {
    let keys = env("KEYS").and_then(|keys| keys.parse().ok()).unwrap_or(1_000);
    format!("squall:{}", random_in(0..keys))
}

fn read_and_write() -> Outcome {
    with_connection(|redis| {
        let (key, value) = (key(), format!("{}-{}", vu(), iteration()));
        redis.send(command(&["SET", &key, &value]))?;
        check!(Reply::read(redis)? == Reply::Status("OK".to_owned()), "a value is kept");
        redis.send(command(&["GET", &key]))?;
        // Other virtual users write, too.
        check!(matches!(Reply::read(redis)?, Reply::Text(Some(_))), "a value is there");
        redis.send(command(&["GET", "squall:none"]))?;
        check!(Reply::read(redis)? == Reply::Text(None), "what was never kept is not there");
        Ok(())
    })
}

fn pipeline() -> Outcome {
    with_connection(|redis| {
        let counter = format!("squall:counter:{}", vu());
        let commands: Vec<u8> = (0..10).flat_map(|_| command(&["INCR", &counter])).collect();
        redis.send(commands)?;
        let mut last = None;
        for _ in 0..10 {
            let Reply::Number(number) = Reply::read(redis)? else { return Err(Error::new("not a number")) };
            check!(last.is_none_or(|last| number == last + 1), "replies keep the order of commands");
            last = Some(number);
        }
        Ok(())
    })
}

/// Listens on a connection of its own, and waits for it and for the other one at once.
fn subscribe() -> Outcome {
    with_connection(|redis| {
        let channel = format!("squall:channel:{}", vu());
        let mut listener = connect()?;
        listener.send(command(&["SUBSCRIBE", &channel]))?;
        check!(matches!(Reply::read(&mut listener)?, Reply::List(_)), "a subscription is confirmed");
        redis.send(command(&["PUBLISH", &channel, "hello"]))?;
        let (mut published, mut heard) = (false, false);
        while !(published && heard) {
            match squall::waiting::any_within(&[redis, &listener], 5) {
                Some(0) => published = Reply::read(redis)? == Reply::Number(1),
                Some(_) => heard = matches!(Reply::read(&mut listener)?, Reply::List(parts) if parts.len() == 3),
                None => break,
            }
        }
        check!(published && heard, "a message reaches its subscriber");
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    #[test]
    fn replies_are_read_and_a_broken_connection_is_replaced() {
        let mut host = Host::new().option("REDIS", "redis:6379").serve("redis:6379", |sent| {
            match String::from_utf8_lossy(sent).split("\r\n").nth(2) {
                Some("SET") => b"+OK\r\n".to_vec(),
                Some("GET") if sent.ends_with(b"none\r\n") => b"$-1\r\n".to_vec(),
                Some("GET") => b"$3\r\n1-0\r\n".to_vec(),
                _ => b"-ERR unknown command\r\n".to_vec(),
            }
        });
        let report = host.run(read_and_write).expect_ok();
        assert!(report.checks.iter().all(|(_, passed)| *passed) && report.checks.len() == 3, "{:?}", report.checks);
        let error = host.run(pipeline).outcome.unwrap_err();
        assert!(error.to_string().contains("ERR unknown command"), "{error}");
        CONNECTION.with_borrow(|connection| assert!(connection.is_none()));
    }
}
