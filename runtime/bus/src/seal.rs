//! Sealing: only ends with the run's key can read a message, or make one.
//!
//! A sealed message is a version, the sender's session, a sequence number, a nonce, and what AES-256-GCM makes of the
//! content. The subject (run, direction, sender or recipient, delivery), session and number are authenticated with it:
//! a message that is moved to another place does not open.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use thiserror::Error;

use crate::channel::Channel;
use crate::error::BusError;
use crate::id::RunId;
use crate::key::{RunKey, random};
use crate::message::Delivery;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 16 + 8 + NONCE_LEN;
/// The bytes that sealing adds.
pub(crate) const SEAL: usize = HEAD + 16;

/// The life of an end, from its start to its drop: random, so that it differs from all others.
pub(crate) type Session = [u8; 16];

/// Seals and opens the messages of a run.
pub(crate) struct Sealer {
    key: LessSafeKey,
    run: RunId,
    session: Session,
}

/// An authentic message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) sequence: u64,
    pub(crate) content: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum OpenError {
    #[error("it is not a message of Squall")]
    Malformed,
    #[error("it is not sealed with this run's token, or was changed or moved")]
    NotAuthentic,
}

impl Sealer {
    pub(crate) fn new(run: &RunId, key: &RunKey) -> Result<Sealer, BusError> {
        let unbound = UnboundKey::new(&AES_256_GCM, key.bytes()).map_err(|_| failed())?;
        Ok(Sealer { key: LessSafeKey::new(unbound), run: run.clone(), session: random()? })
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn run(&self) -> &RunId {
        &self.run
    }

    pub(crate) fn seal(
        &self,
        channel: &Channel,
        delivery: Delivery,
        sequence: u64,
        content: &[u8],
    ) -> Result<Vec<u8>, BusError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let bound = self.bound(channel, delivery, &self.session, sequence);
        let mut sealed = Vec::with_capacity(content.len() + SEAL);
        sealed.push(VERSION);
        sealed.extend(self.session);
        sealed.extend(sequence.to_be_bytes());
        sealed.extend(nonce);
        sealed.extend(content);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(bound), &mut sealed[HEAD..]);
        sealed.extend(tag.map_err(|_| failed())?.as_ref());
        Ok(sealed)
    }

    pub(crate) fn open(&self, channel: &Channel, delivery: Delivery, sealed: &[u8]) -> Result<Opened, OpenError> {
        let (version, rest) = sealed.split_first().ok_or(OpenError::Malformed)?;
        let (session, rest) = rest.split_first_chunk::<16>().ok_or(OpenError::Malformed)?;
        let (sequence, rest) = rest.split_first_chunk::<8>().ok_or(OpenError::Malformed)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Malformed)?;
        if *version != VERSION {
            return Err(OpenError::Malformed);
        }
        let sequence = u64::from_be_bytes(*sequence);
        let bound = Aad::from(self.bound(channel, delivery, session, sequence));
        let mut content = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, bound, &mut content).map_err(|_| OpenError::NotAuthentic)?.len();
        content.truncate(length);
        Ok(Opened { session: *session, sequence, content })
    }

    /// What is authenticated beside the content.
    fn bound(&self, channel: &Channel, delivery: Delivery, session: &Session, sequence: u64) -> Vec<u8> {
        let mut bound = b"squall-bus 1 ".to_vec();
        bound.extend(channel.subject(&self.run, delivery).as_bytes());
        bound.push(b' ');
        bound.extend(session);
        bound.extend(sequence.to_be_bytes());
        bound
    }
}

fn failed() -> BusError {
    BusError::System { action: "seal a message", problem: "the key does not work".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AgentName;

    fn sealer(run: &str, key: &RunKey) -> Sealer {
        Sealer::new(&RunId::new(run).unwrap(), key).unwrap()
    }

    #[test]
    fn a_message_opens_only_where_it_was_sealed_for() {
        let key = RunKey::generate().unwrap();
        let one = sealer("one", &key);
        let sealed = one.seal(&Channel::All, Delivery::Kept, 7, b"stop").unwrap();
        assert_eq!(sealed.len(), 4 + SEAL);
        assert!(!sealed.windows(4).any(|window| window == b"stop"));
        let opened = one.open(&Channel::All, Delivery::Kept, &sealed).unwrap();
        assert_eq!(opened, Opened { session: one.session, sequence: 7, content: b"stop".to_vec() });

        let agent = Channel::One(AgentName::new("a").unwrap());
        assert_eq!(one.open(&agent, Delivery::Kept, &sealed), Err(OpenError::NotAuthentic));
        assert_eq!(one.open(&Channel::All, Delivery::Passing, &sealed), Err(OpenError::NotAuthentic));
        assert_eq!(sealer("two", &key).open(&Channel::All, Delivery::Kept, &sealed), Err(OpenError::NotAuthentic));
        let stranger = sealer("one", &RunKey::generate().unwrap());
        assert_eq!(stranger.open(&Channel::All, Delivery::Kept, &sealed), Err(OpenError::NotAuthentic));
    }

    #[test]
    fn each_changed_bit_and_each_cut_is_found() {
        let one = sealer("one", &RunKey::generate().unwrap());
        let sealed = one.seal(&Channel::All, Delivery::Kept, 7, b"stop").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(one.open(&Channel::All, Delivery::Kept, &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(one.open(&Channel::All, Delivery::Kept, &sealed[..length]).is_err(), "length {length}");
        }
    }
}
