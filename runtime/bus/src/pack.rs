//! Contents of what is published: several small messages together, or a part of a large one.

/// The bytes that packing adds to a message that is published alone.
pub(crate) const PACKED: usize = 5;

const WHOLE: u8 = 0;
const PART: u8 = 4;
/// Added to `PART`.
const FIRST: u8 = 1;
const LAST: u8 = 2;

/// Whole messages of one channel, up to a size.
pub(crate) struct Batch {
    content: Vec<u8>,
    limit: usize,
}

impl Batch {
    pub(crate) fn new(limit: usize) -> Batch {
        Batch { content: vec![WHOLE], limit }
    }

    /// Adds a message if there is room for it.
    pub(crate) fn add(&mut self, message: &[u8]) -> bool {
        let Ok(length) = u32::try_from(message.len()) else {
            return false;
        };
        if self.content.len() + 4 + message.len() > self.limit {
            return false;
        }
        self.content.extend(length.to_be_bytes());
        self.content.extend(message);
        true
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.content
    }
}

/// The parts of a large message, each with at most `limit` bytes.
pub(crate) fn split(message: &[u8], limit: usize) -> impl Iterator<Item = Vec<u8>> {
    let size = limit.saturating_sub(1).max(1);
    let count = message.len().div_ceil(size).max(1);
    (0..count).map(move |index| {
        let end = message.len().min((index + 1) * size);
        let first = if index == 0 { FIRST } else { 0 };
        let last = if index + 1 == count { LAST } else { 0 };
        let mut part = vec![PART | first | last];
        part.extend(&message[index * size..end]);
        part
    })
}

/// Joins the parts of a channel's messages again.
pub(crate) struct Joiner {
    /// The beginning of a message, if its rest is to come.
    parts: Option<Vec<u8>>,
    most: usize,
}

impl Joiner {
    /// Joins messages of at most this many bytes.
    pub(crate) fn new(most: usize) -> Joiner {
        Joiner { parts: None, most }
    }

    /// Forgets the parts of a message whose rest does not come.
    pub(crate) fn clear(&mut self) {
        self.parts = None;
    }

    /// The messages that are complete with this content. An error is a part of a sentence.
    pub(crate) fn take(&mut self, content: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let (kind, rest) = content.split_first().ok_or("it is empty")?;
        let begun = self.parts.take();
        if *kind == WHOLE {
            return unpack(rest).ok_or_else(|| "it is not whole".to_owned());
        }
        if kind & !(FIRST | LAST) != PART {
            return Err("it is of an unknown kind: all sides need the same version of Squall".to_owned());
        }
        let begun = if kind & FIRST == FIRST { Some(Vec::new()) } else { begun };
        let mut parts = begun.ok_or("its beginning is missing")?;
        if parts.len() + rest.len() > self.most {
            return Err(format!("it is larger than {} bytes", self.most));
        }
        parts.extend(rest);
        if kind & LAST == LAST {
            return Ok(vec![parts]);
        }
        self.parts = Some(parts);
        Ok(Vec::new())
    }
}

fn unpack(mut rest: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (message, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        messages.push(message.to_vec());
        rest = after;
    }
    Some(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_unpacked_as_they_were_packed() {
        let mut batch = Batch::new(16);
        assert!(batch.add(b"one"));
        assert!(batch.add(b""));
        assert!(batch.add(b""));
        assert!(!batch.add(b""), "16 bytes are full");
        assert_eq!(Joiner::new(9).take(batch.content()).unwrap(), [b"one".to_vec(), Vec::new(), Vec::new()]);
    }

    #[test]
    fn parts_are_joined_up_to_a_size() {
        for length in [0, 1, 8, 9, 10, 17, 100] {
            let message: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let parts: Vec<Vec<u8>> = split(&message, 10).collect();
            assert!(parts.iter().all(|part| part.len() <= 10), "{length}");
            let mut joiner = Joiner::new(100);
            let joined: Vec<Vec<u8>> = parts.iter().flat_map(|part| joiner.take(part).unwrap()).collect();
            assert_eq!(joined, [message]);
        }
        let mut joiner = Joiner::new(99);
        let taken: Vec<_> = split(&[0; 100], 10).map(|part| joiner.take(&part)).collect();
        assert!(taken.iter().all(|taken| !matches!(taken, Ok(messages) if !messages.is_empty())));
        assert!(Joiner::new(99).take(&split(&[0; 30], 10).last().unwrap()).is_err(), "without its beginning");
    }

    #[test]
    fn what_is_not_packed_is_refused() {
        for content in [&b""[..], b"\x00\x00", b"\x00\x00\x00\x00\x02a", b"\x00\xff\xff\xff\xffa", b"\x09"] {
            assert!(Joiner::new(9).take(content).is_err(), "{content:?}");
        }
    }
}
