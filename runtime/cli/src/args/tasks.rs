//! What can be typed about work items.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::headings;
use crate::args::history::StoreArgs;
use crate::values::parse_pair;

/// `squall tasks`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TasksArgs {
    /// Bring them into a tracker, or ask it what has become of them.
    #[command(subcommand)]
    pub action: Option<TasksAction>,
    #[command(flatten)]
    pub items: ItemsArgs,
    /// json: performance_tasks, as published; markdown: for people; csv: for spreadsheets.
    #[arg(long, value_name = "FORM", default_value = "json")]
    pub format: TasksFormat,
}

/// What to do with work items.
#[derive(Debug, Subcommand)]
pub enum TasksAction {
    /// Create them in a tracker or update those that are there, and read each back.
    Push(PushTasksArgs),
    /// Say of each item in a tracker whether a run still shows it, and what has come of what was promised.
    Status(StatusArgs),
    /// Print the JSON Schema of performance_tasks.
    Schema,
}

/// The forms of work items.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum TasksFormat {
    Json,
    Markdown,
    Csv,
}

/// Which items, and whose they are.
#[derive(Debug, Args)]
pub struct ItemsArgs {
    /// The run, or a file that --summary-json wrote.
    #[arg(value_name = "RUN", default_value = "last")]
    pub run: String,
    /// The person whose the items are, as the tracker writes them.
    #[arg(long, value_name = "PERSON", help_heading = headings::WORK_ITEMS)]
    pub owner: Option<String>,
    /// The area path of Azure DevOps, or the component of Jira.
    #[arg(long, value_name = "AREA", hide_short_help = true, help_heading = headings::WORK_ITEMS)]
    pub area: Option<String>,
    /// The iteration path of Azure DevOps, or the milestone of GitHub and GitLab.
    #[arg(long, value_name = "ITERATION", hide_short_help = true, help_heading = headings::WORK_ITEMS)]
    pub iteration: Option<String>,
    /// A further tag or label; give several.
    #[arg(long = "item-tag", value_name = "TAG", hide_short_help = true, help_heading = headings::WORK_ITEMS)]
    pub tags: Vec<String>,
    /// The id of the item that they are parts of.
    #[arg(long, value_name = "ID", hide_short_help = true, help_heading = headings::WORK_ITEMS)]
    pub parent: Option<String>,
    /// The name of the tested system, where a project has items of several.
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = headings::WORK_ITEMS)]
    pub system: Option<String>,
    /// A YAML file with owner, tags, story points.
    ///
    /// With the keys that work_items has in a plan.
    #[arg(long, value_name = "FILE", help_heading = headings::WORK_ITEMS)]
    pub work_items: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall tasks push`.
#[derive(Debug, Args)]
pub struct PushTasksArgs {
    #[command(flatten)]
    pub items: ItemsArgs,
    #[command(flatten)]
    pub tracker: TrackerArgs,
    /// Send a message about them to this address.
    ///
    /// Its form follows the host: Slack, Teams, or JSON for anything else.
    #[arg(long, value_name = "URL", env = "SQUALL_WEBHOOK", hide_env_values = true, help_heading = headings::TRACKER)]
    pub webhook: Option<String>,
    /// The form of that message, where the host does not tell.
    #[arg(long, hide_short_help = true, value_name = "FORM", requires = "webhook", help_heading = headings::TRACKER)]
    pub webhook_format: Option<MessageForm>,
    /// Only show what would be sent, and let the tracker check it.
    #[arg(long)]
    pub dry_run: bool,
    /// A closed item whose finding has come back.
    #[arg(long, value_name = "WHAT", default_value = "reopen", help_heading = headings::TRACKER)]
    pub closed: ClosedItem,
    /// Close the open items that this run looked for and no longer shows.
    #[arg(long, help_heading = headings::TRACKER)]
    pub resolve_fixed: bool,
    /// Attach this file to new items: the report. Azure DevOps only.
    #[arg(long, value_name = "FILE", requires = "azure_devops", help_heading = headings::TRACKER)]
    pub attach: Option<PathBuf>,
    /// Let new items link to this address; give several. The pipeline's own run is linked anyway.
    #[arg(long, hide_short_help = true, value_name = "TITLE=URL", value_parser = parse_pair, help_heading = headings::TRACKER)]
    pub link: Vec<(String, String)>,
    /// Print the results as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `squall tasks status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub items: ItemsArgs,
    #[command(flatten)]
    pub tracker: TrackerArgs,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// A closed item whose finding has come back.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ClosedItem {
    /// It is opened again.
    Reopen,
    /// It stays closed, and a new item refers to it.
    Refer,
}

/// The forms of a message about items.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum MessageForm {
    Generic,
    Slack,
    Teams,
}

/// Where the items are, and how Squall may go there.
#[derive(Debug, Args)]
pub struct TrackerArgs {
    /// Azure DevOps, or the address of a project on premises.
    ///
    /// On premises: https://SERVER/tfs/COLLECTION/PROJECT.
    #[arg(long, value_name = "ORG/PROJECT", group = "tracker", help_heading = headings::TRACKER)]
    pub azure_devops: Option<String>,
    /// GitHub Issues.
    ///
    /// On GitHub Enterprise the address of a repository.
    #[arg(long, value_name = "OWNER/REPO", group = "tracker", help_heading = headings::TRACKER)]
    pub github: Option<String>,
    /// GitLab Issues.
    ///
    /// On a GitLab of your own the address of a project.
    #[arg(long, value_name = "GROUP/PROJECT", group = "tracker", help_heading = headings::TRACKER)]
    pub gitlab: Option<String>,
    /// Jira: https://acme.atlassian.net/SHOP.
    ///
    /// The address of a site, with the project's key at its end.
    #[arg(long, value_name = "URL/KEY", group = "tracker", help_heading = headings::TRACKER)]
    pub jira: Option<String>,
    /// A file with the token [default: the environment].
    ///
    /// Variables: AZURE_DEVOPS_TOKEN, or SYSTEM_ACCESSTOKEN in Azure Pipelines; GITHUB_TOKEN; GITLAB_TOKEN; JIRA_TOKEN, with
    /// JIRA_USER on Jira Cloud.
    #[arg(long, value_name = "FILE", help_heading = headings::TRACKER)]
    pub token_file: Option<PathBuf>,
}
