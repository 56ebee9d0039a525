//! Kinds of addresses, and of names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Kind of an address. Prints as it reads in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Somewhere on the public Internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network: RFC 1918, RFC 4193, shared (RFC 6598), benchmarking (RFC 2544).
    Private,
    /// This link: RFC 3927, RFC 4291.
    LinkLocal,
    /// Addresses at which clouds serve credentials to their machines.
    Metadata,
    /// No single host, or none at all: multicast, broadcast, documentation, reserved (RFC 6890).
    Reserved,
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Range::Public => "a public address",
            Range::Loopback => "this machine",
            Range::Private => "a private address",
            Range::LinkLocal => "a link-local address",
            Range::Metadata => "where a cloud keeps its credentials",
            Range::Reserved => "a reserved address",
        })
    }
}

/// Metadata addresses of AWS, Google, Azure, OpenStack and others; ECS tasks; EKS pods; Alibaba; Oracle; Azure's host.
/// From their documentation.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// The same for IPv6: AWS, EKS pods, Google.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Suffixes that the public DNS does not hold, so that only a private DNS can give such a name an address: RFC 6761,
/// RFC 6762 (with its appendix G), RFC 8375, and `internal`, which ICANN has set aside.
const PRIVATE_ENDINGS: [&str; 10] =
    ["localhost", "local", "test", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"];

/// Whether only this network can give the name an address. A name of one label is one: `api`, as in a Compose file.
pub fn is_private_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let ends =
        |ending: &&str| host.strip_suffix(*ending).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    !host.contains('.') || PRIVATE_ENDINGS.iter().any(ends)
}

/// The address that traffic for this one ends up at, where it carries another: IPv4 in IPv6, in all of its forms.
pub(crate) fn carried(address: IpAddr) -> IpAddr {
    let IpAddr::V6(outer) = address else {
        return address;
    };
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match outer.segments() {
        // ::1 and :: stand for themselves.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        // Mapped, translated (RFC 2765), compatible (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => from(high, low),
        _ => address,
    }
}

/// The addresses that an address under the local NAT64 prefix (RFC 8215) may lead to. The length of the prefix in use
/// is not visible, and with it the position of the IPv4 address (RFC 6052, section 2.2).
fn carried_by_local_nat64(address: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let bits = address.to_bits();
    // After a prefix of 48, 56, 64 and 96 bits; the eight bits from the 64th on are left out.
    let (upper, lower) = ((bits >> 64) as u64, bits as u64);
    // The last bits of the upper half, and the remaining ones from the lower.
    let joined = |last: u32| (upper << (32 - last) | lower << 8 >> (32 + last)) as u32;
    let carried = [joined(16), joined(8), joined(0), bits as u32].map(Ipv4Addr::from_bits);
    // No packet is sent to 0.0.0.0/8: such an address is the padding of another layout.
    carried.into_iter().filter(|address| address.octets()[0] != 0)
}

impl Range {
    /// Strictness of the rules for it: of several kinds, the strictest counts.
    pub fn strictness(self) -> u8 {
        match self {
            Range::Public => 0,
            Range::Reserved => 1,
            Range::Private => 2,
            Range::LinkLocal => 3,
            Range::Loopback => 4,
            Range::Metadata => 5,
        }
    }

    /// The kind of an address.
    pub fn of(address: IpAddr) -> Range {
        match carried(address) {
            IpAddr::V4(address) => Range::of_v4(address),
            IpAddr::V6(address) => Range::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Range {
        match address.octets() {
            _ if METADATA_V4.contains(&address) => Range::Metadata,
            // 0.0.0.0 connects to this machine.
            [127, ..] | [0, 0, 0, 0] => Range::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => Range::Private,
            [169, 254, ..] => Range::LinkLocal,
            [0, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Range::Reserved,
            _ => Range::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Range {
        match address.segments() {
            _ if METADATA_V6.contains(&address) => Range::Metadata,
            [0, 0, 0, 0, 0, 0, 0, _] => Range::Loopback,
            [0x64, 0xff9b, 1, ..] => {
                let ranges = carried_by_local_nat64(address).map(Range::of_v4);
                ranges.max_by_key(|range| range.strictness()).unwrap_or(Range::Reserved)
            }
            [0xfc00..=0xfdff, ..] => Range::Private,
            [0xfe80..=0xfebf, ..] => Range::LinkLocal,
            // Site-local addresses are history (RFC 3879), and some networks have not heard of it.
            [0xfec0..=0xfeff, ..] => Range::Private,
            // Teredo tunnels, documentation; only 2000::/3 is in use as public addresses.
            [0x2001, 0 | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Range::Reserved,
            [0x2000..=0x3fff, ..] => Range::Public,
            _ => Range::Reserved,
        }
    }
}
