//! RESP2, the protocol of Redis: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use squall::prelude::*;
use squall::sockets::Tcp;

/// A reply of the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    Status(String),
    Number(i64),
    /// None: there is no such value.
    Text(Option<Vec<u8>>),
    List(Vec<Reply>),
}

/// A command, as an array of texts.
pub fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len());
    for word in words {
        bytes.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    bytes.into_bytes()
}

impl Reply {
    /// Waits for a reply. One that is an error fails the iteration.
    pub fn read(redis: &mut Tcp) -> Outcome<Reply> {
        let line = redis.receive_until("\r\n", 64 << 10)?.ok_or_else(closed)?;
        let line = String::from_utf8_lossy(&line[..line.len() - 2]).into_owned();
        let (kind, rest) = line.split_at_checked(1).ok_or_else(|| Error::new("an empty reply"))?;
        Ok(match kind {
            "+" => Reply::Status(rest.to_owned()),
            ":" => Reply::Number(rest.parse()?),
            "$" if rest == "-1" => Reply::Text(None),
            "$" => {
                let length: u32 = rest.parse()?;
                let mut text = redis.receive_exactly(length + 2)?.ok_or_else(closed)?;
                text.truncate(length as usize);
                Reply::Text(Some(text))
            }
            "*" => {
                let count: u32 = rest.parse()?;
                Reply::List((0..count).map(|_| Reply::read(redis)).collect::<Outcome<_>>()?)
            }
            "-" => return Err(Error::new(format_args!("Redis refuses: {rest}"))),
            _ => return Err(Error::new("a reply is not RESP")),
        })
    }
}

fn closed() -> Error {
    Error::new("Redis has closed the connection")
}
