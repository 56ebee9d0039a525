//! From a host name to addresses: looked up once for a thread, kept for a while.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use squall_metrics::{Clock, Nanos};
use tokio::sync::OnceCell;

use crate::error::{Error, in_words};

/// The addresses of one name, or the look-up that is under way.
#[derive(Debug)]
struct Entry {
    addresses: OnceCell<Rc<[IpAddr]>>,
    expires: Nanos,
}

/// A scenario that makes up host names must not fill the memory.
const MOST_NAMES: usize = 4096;

/// The names that a thread has looked up.
#[derive(Debug)]
pub(crate) struct Resolver {
    clock: Clock,
    keep: Nanos,
    entries: RefCell<FxHashMap<Box<str>, Rc<Entry>>>,
    /// What tests answer in the system's place, in turn.
    #[cfg(test)]
    scripted: RefCell<std::collections::VecDeque<(String, IpAddr)>>,
}

impl Resolver {
    pub(crate) fn new(clock: Clock, keep: Duration) -> Resolver {
        Resolver {
            clock,
            keep: keep.into(),
            entries: RefCell::default(),
            #[cfg(test)]
            scripted: RefCell::default(),
        }
    }

    /// The addresses of a host, at least one. An address stands for itself.
    pub(crate) async fn resolve(&self, host: &str) -> Result<Rc<[IpAddr]>, Error> {
        if let Ok(address) = host.parse() {
            return Ok(Rc::new([address]));
        }
        self.resolve_with(host, || self.look_up(host)).await
    }

    async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        #[cfg(test)]
        if let Some(address) = self.scripted_answer(host) {
            return Ok(vec![address]);
        }
        look_up(host).await
    }

    async fn resolve_with<F>(&self, host: &str, look_up: impl FnOnce() -> F) -> Result<Rc<[IpAddr]>, Error>
    where
        F: Future<Output = io::Result<Vec<IpAddr>>>,
    {
        let entry = self.entry(host);
        let asked = entry.addresses.get_or_try_init(|| async {
            let addresses = look_up().await.map_err(|error| in_words(&error))?;
            if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses.into()) }
        });
        match asked.await {
            Ok(addresses) => Ok(Rc::clone(addresses)),
            Err(reason) => Err(Error::Dns(format!("look up {host}: {reason}"))),
        }
    }

    /// The present entry of a name. Those who ask while it is being looked up get the same one, and wait together.
    fn entry(&self, host: &str) -> Rc<Entry> {
        let now = self.clock.now();
        let mut entries = self.entries.borrow_mut();
        match entries.get(host) {
            Some(entry) if now < entry.expires => Rc::clone(entry),
            _ => {
                entries.retain(|_, entry| now < entry.expires);
                if entries.len() >= MOST_NAMES {
                    entries.clear();
                }
                let entry = Rc::new(Entry { addresses: OnceCell::new(), expires: now + self.keep });
                entries.insert(host.into(), Rc::clone(&entry));
                entry
            }
        }
    }
}

#[cfg(test)]
impl Resolver {
    /// Answers one look-up of a name in the system's place.
    pub(crate) fn answer_next(&self, host: &str, address: IpAddr) {
        self.scripted.borrow_mut().push_back((host.to_owned(), address));
    }

    pub(crate) fn answers_left(&self) -> usize {
        self.scripted.borrow().len()
    }

    fn scripted_answer(&self, host: &str) -> Option<IpAddr> {
        let mut scripted = self.scripted.borrow_mut();
        let next = scripted.iter().position(|(name, _)| name == host)?;
        scripted.remove(next).map(|(_, address)| address)
    }
}

async fn look_up(host: &str) -> io::Result<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for address in tokio::net::lookup_host((host, 0)).await?.map(|found: SocketAddr| found.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
    }

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_name_is_looked_up_once_until_it_expires() {
        run(async {
            let (clock, hand) = Clock::manual();
            let resolver = Resolver::new(clock, Duration::from_secs(5));
            let asked = Cell::new(0);
            let look_up = || async {
                asked.set(asked.get() + 1);
                tokio::task::yield_now().await;
                Ok(vec![ADDRESS])
            };
            let (one, two) =
                tokio::join!(resolver.resolve_with("host", look_up), resolver.resolve_with("host", look_up));
            assert_eq!(one.unwrap(), two.unwrap());
            assert_eq!(asked.get(), 1);
            resolver.resolve_with("other", look_up).await.unwrap();
            hand.advance(Duration::from_secs(5));
            resolver.resolve_with("host", look_up).await.unwrap();
            assert_eq!(asked.get(), 3);
            assert_eq!(resolver.entries.borrow().len(), 1);
        });
    }

    #[test]
    fn a_failed_look_up_is_tried_again() {
        run(async {
            let resolver = Resolver::new(Clock::start(), Duration::from_secs(5));
            let failed = resolver.resolve_with("host", || async { Err(io::Error::other("no such host")) }).await;
            assert_eq!(failed, Err(Error::Dns("look up host: no such host".to_owned())));
            let empty = resolver.resolve_with("host", || async { Ok(vec![]) }).await;
            assert_eq!(empty, Err(Error::Dns("look up host: it has no address".to_owned())));
            assert!(resolver.resolve_with("host", || async { Ok(vec![ADDRESS]) }).await.is_ok());
        });
    }

    #[test]
    fn an_address_is_not_looked_up() {
        run(async {
            let resolver = Resolver::new(Clock::start(), Duration::from_secs(5));
            assert_eq!(*resolver.resolve("::1").await.unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
            assert!(resolver.entries.borrow().is_empty());
        });
    }
}
