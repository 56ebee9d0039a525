//! Where a project and its API are.

use url::Url;

use crate::api_base::{ApiBase, split_host};

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Project {
    /// `https://gitlab.com`, for people.
    host: String,
    api: ApiBase,
    /// `group/subgroup/project`.
    path: String,
}

impl Project {
    /// Reads `GROUP/PROJECT` or `https://HOST/GROUP/PROJECT`, with any number of groups.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(place: &str) -> Result<Project, String> {
        let (host, path) = split_host(place);
        let host = host.unwrap_or_else(|| "https://gitlab.com".to_owned());
        let is_name = |name: &str| {
            !name.is_empty()
                && name != "-"
                && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'))
                && name.chars().any(|letter| letter != '.')
        };
        if !path.contains('/') || !path.split('/').all(is_name) {
            return Err(format!(
                "--gitlab {place:?} is not a project: write GROUP/PROJECT or https://HOST/GROUP/PROJECT"
            ));
        }
        let api = ApiBase::new(&format!("{host}/api/v4/"))?;
        Ok(Project { host, api, path })
    }

    /// `acme/shop (https://gitlab.com/acme/shop)`.
    pub fn name(&self) -> String {
        let Project { host, path, .. } = self;
        format!("{path} ({host}/{path})")
    }

    /// An address of the API below the project.
    pub fn api(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        self.api.at(&[&["projects", self.path.as_str()], segments].concat(), query)
    }

    /// The instance's users.
    pub fn users(&self, query: &[(&str, &str)]) -> Url {
        self.api.at(&["users"], query)
    }

    /// An issue's page.
    pub fn issue_page(&self, iid: &str) -> String {
        format!("{}/{}/-/issues/{iid}", self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_api() {
        for (place, api) in [
            ("acme/shop", "https://gitlab.com/api/v4/projects/acme%2Fshop/issues"),
            ("https://git.acme.com/a/b/shop.git", "https://git.acme.com/api/v4/projects/a%2Fb%2Fshop/issues"),
        ] {
            assert_eq!(Project::parse(place).unwrap().api(&["issues"], &[]).as_str(), api);
        }
        assert_eq!(Project::parse("a/shop").unwrap().issue_page("7"), "https://gitlab.com/a/shop/-/issues/7");
    }

    #[test]
    fn anything_else_is_refused() {
        for place in ["", "shop", "acme/", "acme//shop", "acme/../shop", "acme/shop/-/issues", "https://gitlab.com/a"] {
            assert!(Project::parse(place).unwrap_err().contains("--gitlab"), "{place}");
        }
        assert!(Project::parse("http://git.acme.com/acme/shop").unwrap_err().contains("use https"));
    }
}
