//! Which tracker the command line names, and the token for it.

use std::path::Path;

use squall_files::read_bounded;
use squall_trackers::{
    Attachment, AzureCredentials, AzureDevOps, AzureProject, AzureSettings, GitHub, GitLab, Jira, Patience, Pipeline,
    Token, TrackerError,
};

use crate::args::tasks::TrackerArgs;
use crate::error::CliError;

/// No token is longer, in bytes.
const LONGEST_TOKEN: u64 = 64 << 10;
/// The largest file that is attached, in bytes: Azure DevOps takes 60 MB.
const LARGEST_ATTACHMENT: u64 = 60_000_000;

/// A tracker that was named.
pub enum Named {
    AzureDevOps(Box<AzureDevOps>),
    GitHub(Box<GitHub>),
    GitLab(Box<GitLab>),
    Jira(Box<Jira>),
}

/// The same work with whichever tracker was named.
macro_rules! with_tracker {
    ($named:expr, $tracker:ident => $work:expr) => {
        match $named {
            Named::AzureDevOps($tracker) => $work,
            Named::GitHub($tracker) => $work,
            Named::GitLab($tracker) => $work,
            Named::Jira($tracker) => $work,
        }
    };
}
pub(super) use with_tracker;

/// What goes into new items beside their text.
#[derive(Default)]
pub struct Extras {
    pub attachment: Option<Attachment>,
}

/// The tracker that the arguments name; none if they name none.
pub fn named(arguments: &TrackerArgs, extras: Extras) -> Result<Option<Named>, CliError> {
    if let Some(place) = &arguments.azure_devops {
        return azure(place, arguments, extras).map(|tracker| Some(Named::AzureDevOps(Box::new(tracker))));
    }
    let patience = Patience::default();
    let refused = |error: TrackerError| CliError::options(vec![error.to_string()]);
    if let Some(place) = &arguments.github {
        let token = needed_token(arguments, "--github", &["GITHUB_TOKEN", "GH_TOKEN"])?;
        let tracker = GitHub::new(place, &token, patience).map_err(refused)?;
        return Ok(Some(Named::GitHub(Box::new(tracker))));
    }
    if let Some(place) = &arguments.gitlab {
        let token = needed_token(arguments, "--gitlab", &["GITLAB_TOKEN"])?;
        let tracker = GitLab::new(place, &token, patience).map_err(refused)?;
        return Ok(Some(Named::GitLab(Box::new(tracker))));
    }
    if let Some(place) = &arguments.jira {
        let token = needed_token(arguments, "--jira", &["JIRA_TOKEN"])?;
        let user = variable("JIRA_USER");
        let tracker = Jira::new(place, user.as_deref(), &token, patience).map_err(refused)?;
        return Ok(Some(Named::Jira(Box::new(tracker))));
    }
    Ok(None)
}

fn needed_token(arguments: &TrackerArgs, flag: &str, variables: &[&str]) -> Result<Token, CliError> {
    let first = variables.first().copied().unwrap_or_default();
    let missing = || {
        let remedy = format!("set {first}, or name a file with --token-file");
        CliError::options(vec![format!("{flag} needs a token that may read and write issues: {remedy}")])
    };
    token(arguments, variables)?.ok_or_else(missing)
}

/// The sentence for a command without a tracker.
pub fn missing() -> CliError {
    CliError::options(vec![
        "where are the items? Name a tracker: --azure-devops ORG/PROJECT, --github OWNER/REPO, --gitlab GROUP/PROJECT or \
         --jira URL/KEY"
            .to_owned(),
    ])
}

fn azure(place: &str, arguments: &TrackerArgs, extras: Extras) -> Result<AzureDevOps, CliError> {
    let wrong = |problem: String| CliError::options(vec![format!("--azure-devops {place}: {problem}")]);
    let project: AzureProject = place.parse().map_err(wrong)?;
    let pipeline = Pipeline::from_variables(variable).map_err(wrong)?;
    let given = token(arguments, &["AZURE_DEVOPS_TOKEN", "AZURE_DEVOPS_EXT_PAT"])?;
    let of_job = pipeline.as_ref().and_then(|pipeline| pipeline.token.clone());
    let credentials = match (given, of_job) {
        (Some(token), _) if token.is_jwt() => AzureCredentials::Bearer(token),
        (Some(token), _) => AzureCredentials::PersonalAccessToken(token),
        (None, Some(token)) => AzureCredentials::Bearer(token),
        (None, None) => {
            return Err(CliError::options(vec![
                "--azure-devops needs a token that may read and write work items: set AZURE_DEVOPS_TOKEN, name a file with \
                 --token-file, or, in Azure Pipelines, hand on SYSTEM_ACCESSTOKEN: $(System.AccessToken)"
                    .to_owned(),
            ]));
        }
    };
    // A build of another organization cannot be linked as a build.
    let build = pipeline.filter(|pipeline| pipeline.project.is_beside(&project)).and_then(|pipeline| pipeline.build);
    let settings =
        AzureSettings { project, credentials, build, attachment: extras.attachment, patience: Patience::default() };
    AzureDevOps::new(settings).map_err(|error| wrong(error.to_string()))
}

/// The token of a file, or of the first of these variables that is set.
fn token(arguments: &TrackerArgs, variables: &[&str]) -> Result<Option<Token>, CliError> {
    if let Some(path) = &arguments.token_file {
        let bytes = read_bounded(path, LONGEST_TOKEN).map_err(|error| CliError::file("--token-file", path, error))?;
        let token = Token::new(&String::from_utf8_lossy(&bytes));
        return token.map(Some).map_err(|problem| CliError::options(vec![format!("--token-file: {problem}")]));
    }
    let set = variables.iter().find_map(|name| Some((name, variable(name)?)));
    let read = |(name, text): (&&str, String)| {
        Token::new(&text).map_err(|problem| CliError::options(vec![format!("{name}: {problem}")]))
    };
    set.map(read).transpose()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// A file that new items bring along.
pub fn attachment(path: &Path) -> Result<Attachment, CliError> {
    let content = read_bounded(path, LARGEST_ATTACHMENT).map_err(|error| CliError::file("--attach", path, error))?;
    let name = path.file_name().map_or_else(|| "report".to_owned(), |name| name.to_string_lossy().into_owned());
    Ok(Attachment { name, content: content.into() })
}
