//! From a host name to addresses: looked up once for a thread, kept for a while. A name with several addresses has its
//! connections spread over them: each begins with the next one, and has the others to turn to.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use squall_metrics::random::nth;
use squall_metrics::{Clock, Nanos};
use tokio::sync::OnceCell;

use crate::config::{AddressChoice, AddressTurns, DnsConfig, FamilyChoice};
use crate::error::{Error, in_words};

/// The addresses of one name, or the look-up that is under way.
#[derive(Debug)]
struct Entry {
    addresses: OnceCell<Box<[IpAddr]>>,
    /// Number of connections that have asked for this name.
    asked: Cell<usize>,
    expires: Nanos,
}

/// A scenario that makes up host names must not fill the memory.
const MOST_NAMES: usize = 4096;

/// The names that a thread has looked up.
#[derive(Debug)]
pub(crate) struct Resolver {
    clock: Clock,
    dns: DnsConfig,
    turns: AddressTurns,
    entries: RefCell<FxHashMap<Box<str>, Rc<Entry>>>,
    /// Number of connections to hosts whose addresses are given.
    asked_given: Cell<usize>,
    /// Answers of tests, used in turn instead of the system's.
    #[cfg(test)]
    scripted: RefCell<std::collections::VecDeque<(String, Vec<IpAddr>)>>,
}

impl Resolver {
    pub(crate) fn new(clock: Clock, dns: DnsConfig, turns: AddressTurns) -> Resolver {
        Resolver {
            clock,
            dns,
            turns,
            entries: RefCell::default(),
            asked_given: Cell::default(),
            #[cfg(test)]
            scripted: RefCell::default(),
        }
    }

    /// The addresses of a host, at least one, in the order in which a connection should try them. An address stands for
    /// itself.
    pub(crate) async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        self.resolve_with(host, || self.look_up(host)).await
    }

    /// Addresses that the user has given for a host, in the order in which a connection should try them.
    pub(crate) fn order_given(&self, host: &str, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, Error> {
        self.order(host, addresses, &self.asked_given)
    }

    fn order(&self, host: &str, addresses: &[IpAddr], asked: &Cell<usize>) -> Result<Vec<IpAddr>, Error> {
        let number = self.turns.turn(asked.replace(asked.get().wrapping_add(1)));
        let turn = match self.dns.select {
            AddressChoice::RoundRobin => number,
            AddressChoice::Random => nth(0, number as u64) as usize,
            AddressChoice::First => 0,
        };
        let ordered = from_turn(addresses, turn, self.dns.family);
        if ordered.is_empty() {
            let kind = if self.dns.family == FamilyChoice::OnlyIpv4 { "IPv4" } else { "IPv6" };
            return Err(Error::Dns(format!("look up {host}: it has no {kind} address (--dns policy)")));
        }
        Ok(ordered)
    }

    async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        #[cfg(test)]
        if let Some(addresses) = self.scripted_answer(host) {
            return Ok(addresses);
        }
        look_up(host).await
    }

    async fn resolve_with<F>(&self, host: &str, look_up: impl FnOnce() -> F) -> Result<Vec<IpAddr>, Error>
    where
        F: Future<Output = io::Result<Vec<IpAddr>>>,
    {
        let entry = self.entry(host);
        let asked = entry.addresses.get_or_try_init(|| async {
            let addresses = look_up().await.map_err(|error| in_words(&error))?;
            if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses.into()) }
        });
        match asked.await {
            Ok(addresses) => self.order(host, addresses, &entry.asked),
            Err(reason) => Err(Error::Dns(format!("look up {host}: {reason}"))),
        }
    }

    /// The present entry of a name. Callers that ask during the look-up get the same entry, and wait together.
    fn entry(&self, host: &str) -> Rc<Entry> {
        let now = self.clock.now();
        let mut entries = self.entries.borrow_mut();
        match entries.get(host) {
            Some(entry) if now < entry.expires => Rc::clone(entry),
            expired => {
                // A name whose addresses are looked up each time has its turns all the same.
                let asked = expired.map_or(0, |entry| entry.asked.get());
                entries.retain(|_, entry| now < entry.expires);
                if entries.len() >= MOST_NAMES {
                    entries.clear();
                }
                let expires = now + self.dns.ttl.into();
                let entry = Rc::new(Entry { addresses: OnceCell::new(), asked: Cell::new(asked), expires });
                entries.insert(host.into(), Rc::clone(&entry));
                entry
            }
        }
    }
}

#[cfg(test)]
impl Resolver {
    /// Answers one look-up of a name in the system's place.
    pub(crate) fn answer_next(&self, host: &str, addresses: &[IpAddr]) {
        self.scripted.borrow_mut().push_back((host.to_owned(), addresses.to_vec()));
    }

    pub(crate) fn answers_left(&self) -> usize {
        self.scripted.borrow().len()
    }

    fn scripted_answer(&self, host: &str) -> Option<Vec<IpAddr>> {
        let mut scripted = self.scripted.borrow_mut();
        let next = scripted.iter().position(|(name, _)| name == host)?;
        scripted.remove(next).map(|(_, addresses)| addresses)
    }
}

/// The addresses from number `turn` on, as often round as it takes. Only those of the family that comes first take turns;
/// those of the other come last, for the case that none of the first can be reached (RFC 8305).
fn from_turn(addresses: &[IpAddr], turn: usize, family: FamilyChoice) -> Vec<IpAddr> {
    let system_s = addresses.first().is_some_and(IpAddr::is_ipv4);
    let has_ipv4 = addresses.iter().any(IpAddr::is_ipv4);
    let has_ipv6 = addresses.iter().any(IpAddr::is_ipv6);
    let comes_first = |address: &IpAddr| match family {
        FamilyChoice::System => address.is_ipv4() == system_s,
        FamilyChoice::PreferIpv4 => address.is_ipv4() == has_ipv4,
        FamilyChoice::PreferIpv6 => address.is_ipv6() == has_ipv6,
        FamilyChoice::OnlyIpv4 => address.is_ipv4(),
        FamilyChoice::OnlyIpv6 => address.is_ipv6(),
        FamilyChoice::Any => true,
    };
    let (mut in_order, mut others): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| comes_first(address));
    if matches!(family, FamilyChoice::OnlyIpv4 | FamilyChoice::OnlyIpv6) {
        others.clear();
    }
    let first = turn % in_order.len().max(1);
    in_order.rotate_left(first);
    in_order.extend(others);
    in_order
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
    use std::time::Duration;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
    }

    fn for_seconds(seconds: u64) -> DnsConfig {
        DnsConfig { ttl: Duration::from_secs(seconds), ..DnsConfig::default() }
    }

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_name_is_looked_up_once_until_it_expires() {
        run(async {
            let (clock, hand) = Clock::manual();
            let resolver = Resolver::new(clock, for_seconds(5), AddressTurns::default());
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
            let resolver = Resolver::new(Clock::start(), for_seconds(5), AddressTurns::default());
            let failed = resolver.resolve_with("host", || async { Err(io::Error::other("no such host")) }).await;
            assert_eq!(failed, Err(Error::Dns("look up host: no such host".to_owned())));
            let empty = resolver.resolve_with("host", || async { Ok(vec![]) }).await;
            assert_eq!(empty, Err(Error::Dns("look up host: it has no address".to_owned())));
            assert!(resolver.resolve_with("host", || async { Ok(vec![ADDRESS]) }).await.is_ok());
        });
    }

    #[test]
    fn connections_take_turns_at_the_addresses_of_the_first_family() {
        let addresses = ["10.0.0.1", "10.0.0.2", "::1", "10.0.0.3"].map(|text| text.parse::<IpAddr>().unwrap());
        let order = |turn| {
            from_turn(&addresses, turn, FamilyChoice::System)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(order(0), "10.0.0.1 10.0.0.2 10.0.0.3 ::1");
        assert_eq!(order(1), "10.0.0.2 10.0.0.3 10.0.0.1 ::1");
        assert_eq!(order(5), "10.0.0.3 10.0.0.1 10.0.0.2 ::1");
        assert!(from_turn(&[], 7, FamilyChoice::System).is_empty());
    }

    #[test]
    fn a_policy_says_which_addresses_are_used_and_which_come_first() {
        let addresses = ["10.0.0.1", "::1", "10.0.0.2", "::2"].map(|text| text.parse::<IpAddr>().unwrap());
        let order =
            |family| from_turn(&addresses, 1, family).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(order(FamilyChoice::PreferIpv4), "10.0.0.2 10.0.0.1 ::1 ::2");
        assert_eq!(order(FamilyChoice::PreferIpv6), "::2 ::1 10.0.0.1 10.0.0.2");
        assert_eq!(order(FamilyChoice::OnlyIpv4), "10.0.0.2 10.0.0.1");
        assert_eq!(order(FamilyChoice::OnlyIpv6), "::2 ::1");
        assert_eq!(order(FamilyChoice::Any), "::1 10.0.0.2 ::2 10.0.0.1");
        // A preference for what there is none of changes nothing.
        let only_v4 = &addresses[..1];
        assert_eq!(from_turn(only_v4, 3, FamilyChoice::PreferIpv6), only_v4);
        assert!(from_turn(only_v4, 3, FamilyChoice::OnlyIpv6).is_empty());
    }

    #[test]
    fn one_of_several_addresses_is_chosen_in_turn_at_random_or_never() {
        let addresses: Vec<IpAddr> = (1..=4).map(|last| IpAddr::from([10, 0, 0, last])).collect();
        let chosen = |select| {
            let dns = DnsConfig { select, ..DnsConfig::default() };
            let resolver = Resolver::new(Clock::start(), dns, AddressTurns::default());
            let first = |_| resolver.order_given("host", &addresses).unwrap()[0];
            (0..400).map(first).collect::<Vec<IpAddr>>()
        };
        let times = |chosen: &[IpAddr], address| chosen.iter().filter(|one| **one == address).count();
        assert_eq!(times(&chosen(AddressChoice::First), addresses[0]), 400);
        assert_eq!(chosen(AddressChoice::RoundRobin)[..4], addresses);
        let random = chosen(AddressChoice::Random);
        assert!(addresses.iter().all(|address| (60..140).contains(&times(&random, *address))), "{random:?}");
    }

    #[test]
    fn a_name_that_is_looked_up_each_time_keeps_its_turns() {
        run(async {
            let resolver = Resolver::new(Clock::start(), for_seconds(0), AddressTurns::default());
            let addresses = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
            let mut firsts = Vec::new();
            for _ in 0..3 {
                resolver.answer_next("host", &addresses);
                firsts.push(resolver.resolve("host").await.unwrap()[0]);
            }
            assert_eq!(firsts, [addresses[0], addresses[1], addresses[0]]);
        });
    }

    #[test]
    fn each_name_has_turns_of_its_own() {
        run(async {
            let addresses = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
            let resolver = Resolver::new(Clock::start(), for_seconds(5), AddressTurns { first: 1, step: 1 });
            for host in ["one", "two"] {
                resolver.answer_next(host, &addresses);
            }
            let mut firsts = Vec::new();
            for host in ["one", "two", "one", "two"] {
                firsts.push(resolver.resolve(host).await.unwrap()[0]);
            }
            assert_eq!(firsts, [addresses[1], addresses[1], addresses[0], addresses[0]]);
        });
    }

    #[test]
    fn an_address_is_not_looked_up() {
        run(async {
            let resolver = Resolver::new(Clock::start(), for_seconds(5), AddressTurns::default());
            assert_eq!(resolver.resolve("::1").await.unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
            assert!(resolver.entries.borrow().is_empty());
        });
    }
}
