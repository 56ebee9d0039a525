//! Which form a message has, by the host that takes it.

use std::str::FromStr;

/// The form of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageForm {
    /// The published shape of work items, with facts about the run.
    Generic,
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of Workflows (Power Automate) for Microsoft Teams.
    Teams,
}

/// Hosts of incoming webhooks of Slack; the second is that for governments.
const SLACK: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// What the hosts of Workflows end with, and those of the connectors before them.
const TEAMS: [&str; 3] = [".webhook.office.com", ".logic.azure.com", ".powerplatform.com"];

impl MessageForm {
    /// The form that this host takes.
    pub fn of_host(host: &str) -> MessageForm {
        let host = host.to_ascii_lowercase();
        match () {
            () if SLACK.contains(&host.as_str()) => MessageForm::Slack,
            () if TEAMS.iter().any(|end| host.ends_with(end)) => MessageForm::Teams,
            () => MessageForm::Generic,
        }
    }
}

impl FromStr for MessageForm {
    type Err = String;

    fn from_str(text: &str) -> Result<MessageForm, String> {
        match text {
            "generic" => Ok(MessageForm::Generic),
            "slack" => Ok(MessageForm::Slack),
            "teams" => Ok(MessageForm::Teams),
            _ => Err("choose generic, slack or teams".to_owned()),
        }
    }
}
