//! Addresses as guests write them: "cache.internal:6379", "[::1]:53".

use url::{Host, Url};

use crate::error::{Error, in_one_line};
use crate::network::Network;
use crate::url::Origin;

/// The longest address, in bytes.
const LONGEST: usize = 300;

/// Reads host and port; an empty text stands for those of the run's target. Names and numbers are brought into the form
/// that URLs have, because the rules of the policy have it.
pub(super) fn parse(network: &Network, address: &str) -> Result<Origin, Error> {
    if address.is_empty() {
        let target = network.origins.base().ok_or_else(|| invalid("", "there is no --target, so it needs one"))?;
        return Ok(origin(target.host.clone(), target.port));
    }
    if address.len() > LONGEST {
        return Err(invalid(&address[..address.floor_char_boundary(40)], "it is too long"));
    }
    let (host, port) = address.rsplit_once(':').ok_or_else(|| invalid(address, "it has no port"))?;
    let port: u16 = port.parse().map_err(|_| invalid(address, "a port is a number from 1 to 65535"))?;
    if port == 0 {
        return Err(invalid(address, "a port is a number from 1 to 65535"));
    }
    if host.contains(['/', '@', '?', '#', '\\']) {
        return Err(invalid(address, "it is not a URL"));
    }
    let url = Url::parse(&format!("https://{host}/")).map_err(|error| invalid(address, &error.to_string()))?;
    match url.host() {
        Some(Host::Domain(name)) => Ok(origin(name.to_owned(), port)),
        Some(Host::Ipv4(number)) => Ok(origin(number.to_string(), port)),
        Some(Host::Ipv6(number)) => Ok(origin(number.to_string(), port)),
        None => Err(invalid(address, "it has no host")),
    }
}

/// Proxies are to make tunnels, as they do for HTTPS.
fn origin(host: String, port: u16) -> Origin {
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Origin { secure: true, host, port, authority }
}

fn invalid(address: &str, reason: &str) -> Error {
    Error::InvalidRequest(format!("the address {:?}: {reason} (host:port)", in_one_line(address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::network;

    fn parsed(address: &str) -> Result<String, String> {
        let origin = parse(&network(), address).map_err(|error| error.to_string())?;
        Ok(format!("{} {}", origin.host, origin.port))
    }

    #[test]
    fn host_and_port_are_those_that_rules_know() {
        assert_eq!(parsed("Cache.internal:6379").unwrap(), "cache.internal 6379");
        assert_eq!(parsed("127.1:80").unwrap(), "127.0.0.1 80");
        assert_eq!(parsed("0x7f000001:80").unwrap(), "127.0.0.1 80");
        assert_eq!(parsed("[::1]:53").unwrap(), "::1 53");
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for (address, reason) in [
            ("cache", "it has no port"),
            ("cache:", "a port is a number"),
            ("cache:0", "a port is a number"),
            ("cache:65536", "a port is a number"),
            ("tcp://cache:6379", "it is not a URL"),
            ("ada:secret@cache:6379", "it is not a URL"),
            (":6379", "empty host"),
            ("::1:53", "the address"),
            ("", "there is no --target"),
        ] {
            let error = parsed(address).unwrap_err();
            assert!(error.contains(reason), "{address}: {error}");
        }
        assert!(parsed(&format!("{}:1", "a".repeat(400))).unwrap_err().contains("too long"));
    }
}
