//! Servers of a test whose protocol the scenario speaks itself.

use std::fmt;
use std::rc::Rc;

type Answer = dyn Fn(&[u8]) -> Vec<u8>;

/// A server that answers what is sent.
#[derive(Clone)]
pub(crate) struct Peer(Rc<Answer>);

impl Peer {
    pub(crate) fn new(answer: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Self {
        Peer(Rc::new(answer))
    }

    pub(crate) fn answer(&self, bytes: &[u8]) -> Vec<u8> {
        (self.0)(bytes)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Peer")
    }
}
