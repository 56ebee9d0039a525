//! User and password of a URL, as they are sent: `Authorization: Basic` (RFC 7617). Never shown.

use std::fmt;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

/// The value of an `Authorization` field. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials(Rc<str>);

impl Credentials {
    /// Those of a URL: percent-decoded, with a colon where there is no password, as curl, k6 and browsers send them.
    pub(crate) fn from_url(url: &Url) -> Option<Credentials> {
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
        pair.push(b':');
        pair.extend(percent_decode_str(url.password().unwrap_or_default()));
        Some(Credentials(format!("Basic {}", BASE64_STANDARD.encode(pair)).into()))
    }

    /// The value of the `Authorization` field.
    pub(crate) fn authorization(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("hidden")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(url: &str) -> Option<String> {
        Some(Credentials::from_url(&Url::parse(url).unwrap())?.authorization().to_owned())
    }

    #[test]
    fn a_name_and_a_password_are_sent_as_meant() {
        assert_eq!(sent("http://host/"), None);
        // The example of RFC 7617; the others are copied from `curl -v`.
        assert_eq!(sent("http://Aladdin:open%20sesame@host/").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(sent("http://ada@host/").unwrap(), "Basic YWRhOg==");
        assert_eq!(sent("http://ada:@host/").unwrap(), "Basic YWRhOg==");
        assert_eq!(sent("http://:key@host/").unwrap(), "Basic OmtleQ==");
        assert_eq!(sent("http://a%3Ab:%FF%40@host/").unwrap(), "Basic YTpiOv9A");
    }
}
