//! Addresses of a service's API.

use url::Url;

use crate::transport::check_base;

/// The address that an API's paths begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiBase(Url);

impl ApiBase {
    /// The API at this address.
    ///
    /// # Errors
    /// If it is not an address, or the token would be sent in the clear.
    pub fn new(text: &str) -> Result<ApiBase, String> {
        let mut url = Url::parse(text).map_err(|error| format!("{text:?} is not an address: {error}"))?;
        url.set_query(None);
        url.set_fragment(None);
        check_base(&url)?;
        Ok(ApiBase(url))
    }

    /// An address below it. Segments and values are encoded, slashes included.
    pub fn at(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// An address of the web, with its escapes; anything else is not a link.
pub(crate) fn web_url(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Splits `https://host/a/b` into `https://host` and `a/b`; without a scheme there is no host.
pub(crate) fn split_host(place: &str) -> (Option<String>, String) {
    let place = place.trim().trim_end_matches('/').trim_end_matches(".git");
    let Some((scheme, rest)) = place.split_once("://") else { return (None, place.to_owned()) };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    (Some(format!("{scheme}://{host}")), path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_values_are_encoded() {
        let base = ApiBase::new("https://gitlab.com/api/v4/").unwrap();
        let url = base.at(&["projects", "group/sub/shop", "issues"], &[("labels", "a&b c")]);
        assert_eq!(url.as_str(), "https://gitlab.com/api/v4/projects/group%2Fsub%2Fshop/issues?labels=a%26b+c");
        assert!(ApiBase::new("http://gitlab.com/").unwrap_err().contains("use https"));
    }

    #[test]
    fn a_place_has_a_host_or_not() {
        assert_eq!(split_host("acme/shop"), (None, "acme/shop".to_owned()));
        let split = (Some("https://git.acme.com".to_owned()), "acme/shop".to_owned());
        assert_eq!(split_host(" https://git.acme.com/acme/shop.git/ "), split);
    }
}
