//! Where calls go.

use crate::client::Client;
use crate::config::HttpVersion;
use crate::error::Error;
use crate::url::BaseUrl;

/// Settings of a channel.
#[derive(Clone, Debug, Default)]
pub struct ChannelOptions {
    /// Whether the server is spoken to without TLS, where the target does not say so itself.
    pub plaintext: bool,
    /// What is sent as `:authority`, in place of the target's host and port.
    pub authority: Option<String>,
    /// The largest messages that are sent and received, in bytes.
    pub send_limit: Option<usize>,
    /// See `send_limit`.
    pub receive_limit: Option<usize>,
}

/// A server, and how it is spoken to. The connection is opened by the first call.
#[derive(Clone, Debug)]
pub struct Channel {
    /// "http://host:port", without a path.
    pub(super) base: String,
    pub(super) http: HttpVersion,
    pub(super) authority: Option<String>,
    pub(super) send_limit: usize,
    pub(super) receive_limit: usize,
}

impl Channel {
    /// The server's URL, without a path.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// The largest message that is sent, in bytes.
    pub fn send_limit(&self) -> usize {
        self.send_limit
    }
}

impl Client {
    /// A channel to "host:port", "grpc://host:port" (without TLS), "grpcs://host:port" or a URL; without a target, to that of
    /// the run.
    ///
    /// # Errors
    /// If that is no server's address, or the run has no target.
    pub fn channel(&self, target: Option<&str>, options: ChannelOptions) -> Result<Channel, Error> {
        let base = match target {
            Some(target) => base_of(target, options.plaintext)?,
            None => self.network.resolve("/")?.origin.to_string(),
        };
        let http = if base.starts_with("https:") { HttpVersion::Http2 } else { HttpVersion::Http2PriorKnowledge };
        Ok(Channel {
            base,
            http,
            authority: options.authority,
            send_limit: options.send_limit.unwrap_or(i32::MAX as usize).min(i32::MAX as usize),
            receive_limit: options.receive_limit.unwrap_or(super::DEFAULT_RECEIVE_LIMIT).min(i32::MAX as usize),
        })
    }
}

/// The URL of a target, without a path.
fn base_of(target: &str, plaintext: bool) -> Result<String, Error> {
    let schemes = [("grpc", "http"), ("grpcs", "https"), ("http", "http"), ("https", "https")];
    let (scheme, authority) = match target.split_once("://") {
        None => (if plaintext { "http" } else { "https" }, target),
        Some((scheme, authority)) => match schemes.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme)) {
            Some((_, scheme)) => (*scheme, authority),
            None => return Err(not_an_address(target, "its scheme is none of grpc, grpcs, http and https")),
        },
    };
    let authority = authority.trim_end_matches('/');
    if authority.is_empty() || authority.contains(['/', '?', '#', '@']) {
        return Err(not_an_address(target, "write \"host:port\""));
    }
    let base = format!("{scheme}://{authority}");
    match BaseUrl::parse(&base) {
        Ok(_) => Ok(base),
        Err(error) => Err(not_an_address(target, &error.to_string())),
    }
}

fn not_an_address(target: &str, why: &str) -> Error {
    Error::InvalidRequest(format!("\"{}\" is no address of a gRPC server: {why}", target.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_schemes_or_settings() {
        let base = |target, plaintext| base_of(target, plaintext).map_err(|error| error.to_string());
        assert_eq!(base("a:1", true).as_deref(), Ok("http://a:1"));
        assert_eq!(base("a:1", false).as_deref(), Ok("https://a:1"));
        assert_eq!(base("grpc://a:1/", false).as_deref(), Ok("http://a:1"));
        assert_eq!(base("grpcs://[::1]:1", true).as_deref(), Ok("https://[::1]:1"));
        assert!(base("a:1/x", true).unwrap_err().contains("write \"host:port\""));
        assert!(base("ftp://a", true).unwrap_err().contains("its scheme is none of"));
        assert!(base("", true).is_err() && base("a:b", true).is_err());
    }
}
