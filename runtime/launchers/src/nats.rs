//! Where the agents find NATS, and what opens it.

use std::fmt;
use std::str::FromStr;

use squall_address::without_credentials;
use url::Url;

use crate::{LaunchError, Secret};

/// The address of NATS: `nats://HOST:4222` or `tls://HOST:4222`, with `USER:PASSWORD@` or `TOKEN@` before the host. The
/// credentials are secret.
#[derive(Clone, PartialEq, Eq)]
pub struct NatsUrl(Secret);

impl NatsUrl {
    /// The address with its credentials, on its way to an agent.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The address without credentials, for sentences.
    pub fn shown(&self) -> String {
        without_credentials(self.0.expose()).into_owned()
    }
}

impl FromStr for NatsUrl {
    type Err = LaunchError;

    fn from_str(text: &str) -> Result<NatsUrl, LaunchError> {
        check(text).map_err(|problem| {
            let shown = without_credentials(text);
            LaunchError::setting(format!("{shown:?} is not an address of NATS ({problem}): write nats://HOST:4222"))
        })?;
        Ok(NatsUrl(Secret::new(text)))
    }
}

fn check(address: &str) -> Result<(), String> {
    // Files and shells take it as it is.
    if !address.bytes().all(|byte| byte.is_ascii_graphic()) || address.contains(['\'', '"', '\\']) {
        return Err("it has characters that are to be percent-encoded".to_owned());
    }
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    if !["nats", "tls"].contains(&url.scheme()) {
        return Err(format!("{} is neither nats nor tls", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) { Err("it has no host".to_owned()) } else { Ok(()) }
}

impl fmt::Debug for NatsUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NatsUrl({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_shown_without_credentials() {
        let url: NatsUrl = "nats://squall:s3cret@a:4222".parse().unwrap();
        assert_eq!(format!("{url:?}"), "NatsUrl(nats://a:4222)");
        assert_eq!("tls://s3cret@[::1]:4443".parse::<NatsUrl>().unwrap().shown(), "tls://[::1]:4443");
        for bad in ["", "a:4222", "http://s3cret@a", "nats://", "nats://u:s3cret@a b", "ws://a", "nats://a'$(id)'"] {
            let error = bad.parse::<NatsUrl>().unwrap_err();
            assert!(error.message.contains("write nats://HOST:4222") && !error.message.contains("s3cret"), "{error}");
        }
    }
}
