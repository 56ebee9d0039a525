//! The job of Azure Pipelines that this runs in, by the variables that it sets.

use squall_work_items::Link;

use super::address::AzureProject;
use crate::token::Token;

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The project of the pipeline.
    pub project: AzureProject,
    /// The job's own token; the pipeline must hand it on as `SYSTEM_ACCESSTOKEN`.
    pub token: Option<Token>,
    /// The build's id.
    pub build: Option<u64>,
    /// The build, and its test run.
    pub links: Vec<Link>,
}

impl Pipeline {
    /// The job by its variables. None outside of Azure Pipelines.
    ///
    /// # Errors
    /// If the variables make no sense.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Pipeline>, String> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let (Some(collection), Some(name)) = (set("SYSTEM_COLLECTIONURI"), set("SYSTEM_TEAMPROJECT")) else {
            return Ok(None);
        };
        let project =
            AzureProject::new(&collection, &name).map_err(|error| format!("SYSTEM_COLLECTIONURI: {error}"))?;
        let token = set("SYSTEM_ACCESSTOKEN").map(|token| Token::new(&token)).transpose();
        let token = token.map_err(|error| format!("SYSTEM_ACCESSTOKEN: {error}"))?;
        let build = set("BUILD_BUILDID").and_then(|id| id.trim().parse().ok());
        let number = set("BUILD_BUILDNUMBER");
        let links = build.map(|build| describe_links(&project, build, number)).unwrap_or_default();
        Ok(Some(Pipeline { project, token, build, links }))
    }
}

fn describe_links(project: &AzureProject, build: u64, number: Option<String>) -> Vec<Link> {
    let name = number.unwrap_or_else(|| build.to_string());
    let page = format!("{project}/_build/results?buildId={build}");
    vec![
        Link { title: format!("Build {name}"), url: page.clone() },
        Link {
            title: format!("Test run of build {name}"),
            url: format!("{page}&view=ms.vss-test-web.build-test-results-tab"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_its_own_project_token_and_build() {
        let variable = |name: &str| {
            let value = match name {
                "SYSTEM_COLLECTIONURI" => "https://dev.azure.com/acme/",
                "SYSTEM_TEAMPROJECT" => "My Shop",
                "SYSTEM_ACCESSTOKEN" => "s3cret",
                "BUILD_BUILDID" => "812",
                "BUILD_BUILDNUMBER" => "20261130.4",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let pipeline = Pipeline::from_variables(variable).unwrap().unwrap();
        assert_eq!(pipeline.build, Some(812));
        assert_eq!(pipeline.links[0].title, "Build 20261130.4");
        assert_eq!(pipeline.links[0].url, "https://dev.azure.com/acme/My%20Shop/_build/results?buildId=812");
        assert!(!format!("{pipeline:?}").contains("s3cret"));
        assert_eq!(Pipeline::from_variables(|_| None), Ok(None));
    }
}
