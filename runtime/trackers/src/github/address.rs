//! Where a repository and its API are.

use url::Url;

use crate::api_base::{ApiBase, split_host};

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    /// `https://github.com`, for people.
    host: String,
    api: ApiBase,
    owner: String,
    name: String,
}

impl Repository {
    /// Reads `OWNER/REPO` or `https://HOST/OWNER/REPO`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(place: &str) -> Result<Repository, String> {
        let problem = || format!("--github {place:?} is not a repository: write OWNER/REPO or https://HOST/OWNER/REPO");
        let (host, path) = split_host(place);
        let host = host.unwrap_or_else(|| "https://github.com".to_owned());
        let (owner, name) = path.split_once('/').ok_or_else(problem)?;
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
                && name.bytes().any(|byte| byte != b'.')
        };
        if !is_name(owner) || !is_name(name) {
            return Err(problem());
        }
        let api = ApiBase::new(&api_of(&host))?;
        Ok(Repository { host, api, owner: owner.to_owned(), name: name.to_owned() })
    }

    /// `acme/shop (https://github.com/acme/shop)`.
    pub fn name(&self) -> String {
        let Repository { host, owner, name, .. } = self;
        format!("{owner}/{name} ({host}/{owner}/{name})")
    }

    /// An address of the API below the repository.
    pub fn api(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        self.api.at(&[&["repos", &self.owner, &self.name], segments].concat(), query)
    }

    /// The types of issues of the organization.
    pub fn issue_types(&self) -> Url {
        self.api.at(&["orgs", &self.owner, "issue-types"], &[])
    }

    /// An issue's page.
    pub fn issue_page(&self, number: &str) -> String {
        format!("{}/{}/{}/issues/{number}", self.host, self.owner, self.name)
    }
}

/// The API of a host: its own at github.com and `*.ghe.com`, a path of Enterprise Server.
fn api_of(host: &str) -> String {
    match host.strip_prefix("https://") {
        Some("github.com" | "www.github.com") => "https://api.github.com/".to_owned(),
        Some(name) if name.ends_with(".ghe.com") => format!("https://api.{name}/"),
        _ => format!("{host}/api/v3/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_api() {
        for (place, api) in [
            ("acme/shop", "https://api.github.com/repos/acme/shop/issues"),
            ("https://github.com/acme/shop.git", "https://api.github.com/repos/acme/shop/issues"),
            ("https://acme.ghe.com/acme/shop/", "https://api.acme.ghe.com/repos/acme/shop/issues"),
            ("https://git.acme.com/acme/shop", "https://git.acme.com/api/v3/repos/acme/shop/issues"),
        ] {
            assert_eq!(Repository::parse(place).unwrap().api(&["issues"], &[]).as_str(), api);
        }
        let page = Repository::parse("acme/shop").unwrap().issue_page("7");
        assert_eq!(page, "https://github.com/acme/shop/issues/7");
    }

    #[test]
    fn anything_else_is_refused() {
        for place in ["", "shop", "acme/", "acme/shop/issues", "acme/..", "acme/sh op", "https://github.com"] {
            assert!(Repository::parse(place).unwrap_err().contains("--github"), "{place}");
        }
        assert!(Repository::parse("http://git.acme.com/acme/shop").unwrap_err().contains("use https"));
    }
}
