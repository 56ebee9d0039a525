//! The version of HTTP that requests are made in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use squall_schedule::UnknownChoice;

use crate::options::kinds::{Named, words_schema};

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum HttpVersion {
    /// `auto`: what the server prefers of 2 and 1.1, with TLS; 1.1 without.
    #[default]
    Auto,
    /// `1.1`.
    Http1,
    /// `2`: agreed on by TLS. A server without it is an error.
    Http2,
    /// `2-prior-knowledge`: also without TLS, where nothing is agreed on.
    Http2PriorKnowledge,
    /// `3`: over QUIC, without asking for anything else before.
    Http3,
}

impl HttpVersion {
    const NAMES: &[&str] = &["auto", "1.1", "2", "2-prior-knowledge", "3"];
}

impl Named for HttpVersion {
    const VALUE: &'static str = "VERSION";

    fn schema() -> Value {
        // A version looks like a number, and YAML takes it for one.
        json!({ "anyOf": [words_schema(HttpVersion::NAMES), { "enum": [1.1, 2, 3] }] })
    }
}

impl FromStr for HttpVersion {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<HttpVersion, UnknownChoice> {
        match text {
            "auto" => Ok(HttpVersion::Auto),
            "1.1" => Ok(HttpVersion::Http1),
            "2" => Ok(HttpVersion::Http2),
            "2-prior-knowledge" => Ok(HttpVersion::Http2PriorKnowledge),
            "3" => Ok(HttpVersion::Http3),
            _ => Err(UnknownChoice::new("version of HTTP", text, HttpVersion::NAMES)),
        }
    }
}

impl fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            HttpVersion::Auto => "auto",
            HttpVersion::Http1 => "1.1",
            HttpVersion::Http2 => "2",
            HttpVersion::Http2PriorKnowledge => "2-prior-knowledge",
            HttpVersion::Http3 => "3",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HttpOptions;

    #[test]
    fn each_version_is_read_back_from_its_name() {
        for name in HttpVersion::NAMES {
            assert_eq!(name.parse::<HttpVersion>().unwrap().to_string(), *name);
        }
        assert!("4".parse::<HttpVersion>().is_err());
    }

    #[test]
    fn a_version_may_be_written_as_a_number() {
        let version = |written: Value| {
            let mut options = HttpOptions::default();
            crate::options::Keyed::set(&mut options, "http_version", written).map(|()| options.http_version)
        };
        assert_eq!(version(json!(2)).unwrap(), Some(HttpVersion::Http2));
        assert_eq!(version(json!(1.1)).unwrap(), Some(HttpVersion::Http1));
        assert_eq!(version(json!(3)).unwrap(), Some(HttpVersion::Http3));
        assert_eq!(version(json!("2-prior-knowledge")).unwrap(), Some(HttpVersion::Http2PriorKnowledge));
        assert!(version(json!(1)).is_err() && version(json!([])).is_err());
    }
}
