//! The address of a project, and of what is in it.

use std::fmt::{self, Display};
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::transport::check_base;

const CLOUD: &str = "https://dev.azure.com/";

/// A project: its organization (or collection, on premises) and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureProject {
    /// The organization or collection, with a slash at its end.
    organization: Url,
    name: String,
}

impl AzureProject {
    /// A project in an organization or collection: `https://dev.azure.com/acme`, `https://server/tfs/Collection`.
    ///
    /// # Errors
    /// If it is not an address, or has credentials in it.
    pub fn new(organization: &str, name: &str) -> Result<AzureProject, String> {
        let text = format!("{}/", organization.trim_end_matches('/'));
        let url = Url::parse(&text).map_err(|error| format!("the organization is not an address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "the address has credentials in it: leave them out, and set the token in the environment".into()
            );
        }
        if name.trim().is_empty() || url.query().is_some() || url.fragment().is_some() {
            return Err(FORM.to_owned());
        }
        let project = AzureProject { organization: url, name: name.trim().to_owned() };
        project.check().map(|()| project)
    }

    /// Whether both are in one organization or collection.
    pub fn is_beside(&self, other: &AzureProject) -> bool {
        self.organization == other.organization
    }

    /// Whether a token may be sent there.
    ///
    /// # Errors
    /// If it would be sent in the clear.
    pub fn check(&self) -> Result<(), String> {
        check_base(&self.organization)
    }

    /// The version of the API. Servers on premises are older, and each still knows the former versions.
    fn version(&self) -> &'static str {
        let host = self.organization.host_str().unwrap_or_default();
        let is_cloud = host == "dev.azure.com" || host.ends_with(".visualstudio.com");
        let is_test = self.organization.scheme() == "http";
        if is_cloud || is_test { "7.1" } else { "6.0" }
    }

    /// `PROJECT/_apis/SEGMENTS?QUERY&api-version=`.
    pub fn api(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.within(&[&[self.name.as_str(), "_apis"], segments].concat());
        let mut text = String::new();
        for (name, value) in query {
            // `$expand` stays as it is, as the documentation writes it.
            text.push_str(&format!("{name}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        text.push_str(&format!("api-version={}", self.version()));
        url.set_query(Some(&text));
        url
    }

    /// The page of an item.
    pub fn item_page(&self, id: &str) -> String {
        self.within(&[self.name.as_str(), "_workitems", "edit", id]).to_string()
    }

    /// The address of an item by which others link to it.
    pub fn item_url(&self, id: &str) -> String {
        self.within(&["_apis", "wit", "workItems", id]).to_string()
    }

    fn within(&self, segments: &[&str]) -> Url {
        let mut url = self.organization.clone();
        // An http URL always has segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

const FORM: &str = "not a project of Azure DevOps: write ORGANIZATION/PROJECT, https://dev.azure.com/ORGANIZATION/PROJECT or \
                    https://SERVER/tfs/COLLECTION/PROJECT";

impl FromStr for AzureProject {
    type Err = String;

    fn from_str(text: &str) -> Result<AzureProject, String> {
        let text = text.trim().trim_end_matches('/');
        if !text.contains("://") {
            return match text.split('/').collect::<Vec<_>>()[..] {
                [organization, name] if !organization.is_empty() => {
                    let organization = utf8_percent_encode(organization, NON_ALPHANUMERIC).to_string();
                    AzureProject::new(&format!("{CLOUD}{}", organization.replace("%2D", "-")), name)
                }
                _ => Err(FORM.to_owned()),
            };
        }
        let url = Url::parse(text).map_err(|error| format!("{FORM} ({error})"))?;
        let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        // The address of a page in the project is good enough: `.../PROJECT/_boards`.
        let end = segments.iter().position(|segment| segment.starts_with('_')).unwrap_or(segments.len());
        let (name, collection) = segments[..end].split_last().filter(|(name, _)| !name.is_empty()).ok_or(FORM)?;
        let mut organization = url.clone();
        organization.set_path(&collection.join("/"));
        organization.set_query(None);
        organization.set_fragment(None);
        AzureProject::new(organization.as_str(), &percent_decode_str(name).decode_utf8_lossy())
    }
}

impl Display for AzureProject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.within(&[self.name.as_str()]).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_an_address_names_the_same() {
        for form in [
            "acme/My Shop",
            "https://dev.azure.com/acme/My%20Shop",
            "https://dev.azure.com/acme/My Shop/",
            "https://dev.azure.com/acme/My%20Shop/_boards/board?x=1",
        ] {
            let project: AzureProject = form.parse().unwrap();
            assert_eq!(project.to_string(), "https://dev.azure.com/acme/My%20Shop", "{form}");
            let url = project.api(&["wit", "workitems", "$User Story"], &[("$expand", "all")]);
            let expected =
                "https://dev.azure.com/acme/My%20Shop/_apis/wit/workitems/$User%20Story?$expand=all&api-version=7.1";
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn servers_on_premises_have_collections_and_an_older_interface() {
        let project: AzureProject = "https://server:8443/tfs/Main/Shop".parse().unwrap();
        let url = project.api(&["wit", "wiql"], &[]);
        assert_eq!(url.as_str(), "https://server:8443/tfs/Main/Shop/_apis/wit/wiql?api-version=6.0");
        assert_eq!(project.item_page("7"), "https://server:8443/tfs/Main/Shop/_workitems/edit/7");
        assert_eq!(project.item_url("7"), "https://server:8443/tfs/Main/_apis/wit/workItems/7");
        let old: AzureProject = "https://acme.visualstudio.com/Shop".parse().unwrap();
        assert_eq!(old.item_page("7"), "https://acme.visualstudio.com/Shop/_workitems/edit/7");
    }

    #[test]
    fn names_are_escaped() {
        let project: AzureProject = "acme/a?b#c%20".parse().unwrap();
        assert_eq!(project.to_string(), "https://dev.azure.com/acme/a%3Fb%23c%2520");
        let url = project.api(&["wit", "attachments"], &[("fileName", "run & a=b ü.html")]);
        assert_eq!(url.query(), Some("fileName=run%20%26%20a%3Db%20%C3%BC%2Ehtml&api-version=7.1"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, problem) in [
            ("acme", "write ORGANIZATION/PROJECT"),
            ("acme/", "write ORGANIZATION/PROJECT"),
            ("a/b/c", "write ORGANIZATION/PROJECT"),
            ("https://dev.azure.com/", "write ORGANIZATION/PROJECT"),
            ("http://server/tfs/Main/Shop", "use https"),
            ("https://me:s3cret@dev.azure.com/acme/Shop", "leave them out"),
        ] {
            let error = text.parse::<AzureProject>().unwrap_err();
            assert!(error.contains(problem) && !error.contains("s3cret"), "{text}: {error}");
        }
    }
}
