//! Addresses of this machine that connections come from, as k6's `--local-ips`: addresses, ranges, networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A list of addresses, held as the ranges that it was written as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceAddresses {
    written: String,
    ranges: Vec<Block>,
}

/// Addresses that follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    first: IpAddr,
    count: u128,
}

/// Why a text is not a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not an address, a range or a network: write 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/28; several with commas"
)]
pub struct SourceAddressesError(String);

impl SourceAddresses {
    /// The address of a number; after the last address comes the first again.
    pub fn nth(&self, number: usize) -> IpAddr {
        let mut place = number as u128 % self.count();
        for block in &self.ranges {
            if place < block.count {
                return block.nth(place);
            }
            place -= block.count;
        }
        // Not reached: the place is below the sum of all counts.
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    }

    /// Number of addresses.
    pub fn count(&self) -> u128 {
        self.ranges.iter().fold(0, |sum: u128, block| sum.saturating_add(block.count))
    }
}

impl Block {
    fn nth(self, place: u128) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits().wrapping_add(place as u32)).into(),
            IpAddr::V6(first) => Ipv6Addr::from_bits(first.to_bits().wrapping_add(place)).into(),
        }
    }

    fn between(first: IpAddr, last: IpAddr) -> Option<Block> {
        let beyond = match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => u128::from(last.to_bits().checked_sub(first.to_bits())?),
            (IpAddr::V6(first), IpAddr::V6(last)) => last.to_bits().checked_sub(first.to_bits())?,
            _ => return None,
        };
        Some(Block { first, count: beyond.saturating_add(1) })
    }

    /// A network. Of one of IPv4 with more than two addresses, the first and the last are not used: they mean the network
    /// itself, and all of its machines.
    fn network(address: IpAddr, bits: u32) -> Option<Block> {
        match address {
            IpAddr::V4(address) => {
                let host_bits = 32_u32.checked_sub(bits)?;
                let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
                let first = address.to_bits() & mask;
                let (first, count) = match 1_u128 << host_bits {
                    few @ (1 | 2) => (first, few),
                    many => (first + 1, many - 2),
                };
                Some(Block { first: Ipv4Addr::from_bits(first).into(), count })
            }
            IpAddr::V6(address) => {
                let host_bits = 128_u32.checked_sub(bits)?;
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                let count = 1_u128.checked_shl(host_bits).unwrap_or(u128::MAX);
                Some(Block { first: Ipv6Addr::from_bits(address.to_bits() & mask).into(), count })
            }
        }
    }

    fn read(text: &str) -> Option<Block> {
        if let Some((first, last)) = text.split_once('-') {
            return Block::between(first.trim().parse().ok()?, last.trim().parse().ok()?);
        }
        match text.split_once('/') {
            Some((address, bits)) => Block::network(address.parse().ok()?, bits.parse().ok()?),
            None => text.parse().ok().map(|first| Block { first, count: 1 }),
        }
    }
}

impl FromStr for SourceAddresses {
    type Err = SourceAddressesError;

    fn from_str(text: &str) -> Result<SourceAddresses, SourceAddressesError> {
        let read = |part: &str| Block::read(part).ok_or_else(|| SourceAddressesError(part.to_owned()));
        let ranges: Result<Vec<Block>, _> = text.split(',').map(str::trim).map(read).collect();
        Ok(SourceAddresses { written: text.to_owned(), ranges: ranges? })
    }
}

impl fmt::Display for SourceAddresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl TryFrom<String> for SourceAddresses {
    type Error = SourceAddressesError;

    fn try_from(text: String) -> Result<SourceAddresses, SourceAddressesError> {
        text.parse()
    }
}

impl From<SourceAddresses> for String {
    fn from(addresses: SourceAddresses) -> String {
        addresses.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str, most: usize) -> Vec<String> {
        let addresses: SourceAddresses = text.parse().unwrap();
        (0..most).map(|number| addresses.nth(number).to_string()).collect()
    }

    #[test]
    fn addresses_ranges_and_networks_follow_one_another_and_begin_again() {
        assert_eq!(
            listed("127.0.0.9, 10.0.0.1-10.0.0.2,10.1.0.0/30", 6),
            ["127.0.0.9", "10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.0.2", "127.0.0.9"]
        );
        assert_eq!(listed("10.1.0.7/31", 3), ["10.1.0.6", "10.1.0.7", "10.1.0.6"]);
        assert_eq!(listed("10.1.0.7/32", 2), ["10.1.0.7", "10.1.0.7"]);
        assert_eq!(listed("fd00::fffe-fd00::1:0,::1/127", 5), ["fd00::fffe", "fd00::ffff", "fd00::1:0", "::", "::1"]);
        assert_eq!("0.0.0.0/0".parse::<SourceAddresses>().unwrap().count(), (1 << 32) - 2);
        assert_eq!("::/0,::/0".parse::<SourceAddresses>().unwrap().count(), u128::MAX);
        assert_eq!(listed("::/0", 2), ["::", "::1"]);
    }

    #[test]
    fn others_are_refused() {
        for text in
            ["", "localhost", "10.0.0.2-10.0.0.1", "10.0.0.1-::1", "10.0.0.0/33", "::/129", "10.0.0.1,", "1-2-3"]
        {
            assert!(text.parse::<SourceAddresses>().is_err(), "{text}");
        }
    }
}
