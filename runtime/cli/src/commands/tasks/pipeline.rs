//! The pipeline that Squall runs in, by its environment: what work items link to.

use squall_trackers::Pipeline;
use squall_work_items::Link;

/// Links to the pipeline's run, where there is one.
pub fn links(variable: impl Fn(&str) -> Option<String>) -> Vec<Link> {
    let known = |name: &str| variable(name).filter(|value| !value.is_empty());
    let azure = Pipeline::from_variables(&variable).ok().flatten().map(|pipeline| pipeline.links);
    azure.or_else(|| github(&known)).or_else(|| gitlab(&known)).into_iter().flatten().collect()
}

/// <https://docs.github.com/actions/reference/variables-reference>
fn github(known: &impl Fn(&str) -> Option<String>) -> Option<Vec<Link>> {
    let (server, repository) = (known("GITHUB_SERVER_URL")?, known("GITHUB_REPOSITORY")?);
    let run = known("GITHUB_RUN_ID")?;
    let title =
        known("GITHUB_RUN_NUMBER").map_or_else(|| "Workflow run".to_owned(), |number| format!("Workflow run {number}"));
    Some(vec![Link { title, url: format!("{server}/{repository}/actions/runs/{run}") }])
}

/// <https://docs.gitlab.com/ci/variables/predefined_variables/>
fn gitlab(known: &impl Fn(&str) -> Option<String>) -> Option<Vec<Link>> {
    let url = known("CI_JOB_URL")?;
    let title = known("CI_JOB_ID").map_or_else(|| "Job".to_owned(), |id| format!("Job {id}"));
    Some(vec![Link { title, url }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links_of(environment: &[(&str, &str)]) -> Vec<(String, String)> {
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        links(variable).into_iter().map(|link| (link.title, link.url)).collect()
    }

    fn link(title: &str, url: &str) -> (String, String) {
        (title.to_owned(), url.to_owned())
    }

    #[test]
    fn each_pipeline_is_linked_by_its_own_variables() {
        let azure = [
            ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/acme/"),
            ("SYSTEM_TEAMPROJECT", "Web Shop"),
            ("BUILD_BUILDID", "77"),
            ("BUILD_BUILDNUMBER", "20261130.4"),
        ];
        let url = "https://dev.azure.com/acme/Web%20Shop/_build/results?buildId=77";
        assert_eq!(
            links_of(&azure),
            [
                link("Build 20261130.4", url),
                link("Test run of build 20261130.4", &format!("{url}&view=ms.vss-test-web.build-test-results-tab")),
            ]
        );
        let github = [
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "123"),
            ("GITHUB_RUN_NUMBER", "9"),
        ];
        assert_eq!(links_of(&github), [link("Workflow run 9", "https://github.com/acme/shop/actions/runs/123")]);
        let gitlab = [("CI_JOB_URL", "https://gitlab.com/acme/shop/-/jobs/5"), ("CI_JOB_ID", "5")];
        assert_eq!(links_of(&gitlab), [link("Job 5", "https://gitlab.com/acme/shop/-/jobs/5")]);
        assert_eq!(links_of(&[("CI_JOB_URL", "")]), []);
    }
}
