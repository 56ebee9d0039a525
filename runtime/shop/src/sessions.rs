//! The visitors' sessions and baskets. Nothing is kept for ever: the oldest session makes room for the newest.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasher;

use hyper::header::{COOKIE, HeaderMap};

/// A visitor's session, as it stands in the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(u64);

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Numbers of products, and how many of each.
pub type Basket = BTreeMap<u64, u64>;

/// The sessions that the shop remembers.
pub struct Sessions {
    baskets: HashMap<SessionId, Basket>,
    by_age: VecDeque<SessionId>,
    limit: usize,
    begun: u64,
    secret: u64,
}

impl Sessions {
    pub fn new(limit: usize) -> Sessions {
        // The standard library's only source of randomness: it has a new seed in every process.
        let secret = RandomState::new().hash_one("session");
        Sessions { baskets: HashMap::new(), by_age: VecDeque::new(), limit, begun: 0, secret }
    }

    /// The session that the request's cookie names, if the shop knows it.
    pub fn find(&self, headers: &HeaderMap) -> Option<SessionId> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix("session="))
            .filter_map(|value| u64::from_str_radix(value, 16).ok().map(SessionId))
            .find(|session| self.baskets.contains_key(session))
    }

    /// Begins a session with an empty basket.
    pub fn begin(&mut self) -> SessionId {
        if self.by_age.len() >= self.limit
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.baskets.remove(&oldest);
        }
        self.begun += 1;
        let session = SessionId(scramble(self.begun ^ self.secret));
        self.baskets.insert(session, Basket::new());
        self.by_age.push_back(session);
        session
    }

    /// The session's basket, while the session is remembered.
    pub fn basket(&mut self, session: SessionId) -> Option<&mut Basket> {
        self.baskets.get_mut(&session)
    }
}

/// SplitMix64's last step: one to one, so no two sessions get the same name.
fn scramble(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn cookie(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(text).unwrap())])
    }

    #[test]
    fn finds_the_session_among_other_cookies() {
        let mut sessions = Sessions::new(10);
        let session = sessions.begin();
        assert_eq!(sessions.find(&cookie(&format!("theme=dark; session={session}; a=b"))), Some(session));
        assert_eq!(sessions.find(&cookie("session=0123")), None);
        assert_eq!(sessions.find(&cookie(&format!("mysession={session}"))), None);
        assert_eq!(sessions.find(&HeaderMap::new()), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut sessions = Sessions::new(3);
        let begun: Vec<_> = (0..5).map(|_| sessions.begin()).collect();
        let known: Vec<_> = begun.iter().map(|&session| sessions.basket(session).is_some()).collect();
        assert_eq!(known, [false, false, true, true, true]);
        assert_eq!((sessions.baskets.len(), sessions.by_age.len()), (3, 3));
    }
}
