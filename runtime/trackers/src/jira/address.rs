//! Where a project and its API are.

use url::Url;

use super::Edition;
use crate::api_base::{ApiBase, split_host};

/// A project at a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// `https://acme.atlassian.net`, or with a path on premises.
    base: String,
    api: ApiBase,
    key: String,
}

impl Site {
    /// Reads `URL/PROJECTKEY`; addresses of the project's pages will do.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(place: &str) -> Result<Site, String> {
        let problem = || {
            format!("--jira {place:?} is not a project: write URL/PROJECTKEY, as in https://acme.atlassian.net/SHOP")
        };
        let (Some(host), path) = split_host(place) else { return Err(problem()) };
        let (path, key) = path.rsplit_once('/').unwrap_or(("", path.as_str()));
        let path = path.trim_end_matches("/browse").trim_end_matches("/projects");
        let path = if matches!(path, "browse" | "projects") { "" } else { path };
        let key = key.to_ascii_uppercase();
        let is_key = key.starts_with(|letter: char| letter.is_ascii_uppercase())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_key || path.contains(['?', '#', '%']) {
            return Err(problem());
        }
        let base = format!("{host}/{path}").trim_end_matches('/').to_owned();
        let api = ApiBase::new(&format!("{base}/rest/api/"))?;
        Ok(Site { base, api, key })
    }

    /// The project's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// `SHOP (https://acme.atlassian.net)`.
    pub fn name(&self) -> String {
        format!("{} ({})", self.key, self.base)
    }

    /// An address of the API.
    pub fn api(&self, edition: Edition, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let version = match edition {
            Edition::Cloud => "3",
            Edition::Server => "2",
        };
        self.api.at(&[&[version], segments].concat(), query)
    }

    /// An issue's page.
    pub fn issue_page(&self, key: &str) -> String {
        format!("{}/browse/{key}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_site_has_its_api() {
        for (place, api) in [
            ("https://acme.atlassian.net/SHOP", "https://acme.atlassian.net/rest/api/3/issue"),
            ("https://acme.atlassian.net/browse/shop/", "https://acme.atlassian.net/rest/api/3/issue"),
            ("https://acme.com/jira/SHOP", "https://acme.com/jira/rest/api/3/issue"),
            ("https://acme.com/jira/projects/SHOP", "https://acme.com/jira/rest/api/3/issue"),
        ] {
            let site = Site::parse(place).unwrap();
            assert_eq!((site.api(Edition::Cloud, &["issue"], &[]).as_str(), site.key()), (api, "SHOP"));
        }
        let site = Site::parse("https://acme.com/jira/SHOP").unwrap();
        assert_eq!(site.api(Edition::Server, &["search"], &[]).as_str(), "https://acme.com/jira/rest/api/2/search");
        assert_eq!(site.issue_page("SHOP-7"), "https://acme.com/jira/browse/SHOP-7");
    }

    #[test]
    fn anything_else_is_refused() {
        for place in ["", "SHOP", "https://acme.atlassian.net", "https://acme.atlassian.net/SH-OP", "https://a/7"] {
            assert!(Site::parse(place).unwrap_err().contains("--jira"), "{place}");
        }
        assert!(Site::parse("http://jira.acme.com/SHOP").unwrap_err().contains("use https"));
    }
}
