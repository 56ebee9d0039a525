//! A message about a run's items to any address: a chat of Slack or Teams, or a program of the user's own.
//!
//! The address is the secret, so sentences have its scheme and host only. Texts come from targets and scenarios: they
//! are neither markup nor mentions in any form. Must not know trackers.

mod form;
mod generic;
mod slack;
mod teams;

pub use form::MessageForm;

use std::fmt;

use hyper::{Method, StatusCode};
use serde_json::Value;
use squall_work_items::PerformanceTask;
use url::Url;

use crate::error::TrackerError;
use crate::patience::Patience;
use crate::pushed::ItemLink;
use crate::transport::{HttpAnswer, HttpClient, HttpRequest, check_base, plain_message};

/// What is told of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The run: its name among the kept runs.
    pub run: String,
    /// What was tested, in a line.
    pub title: String,
    /// The verdict, in a sentence.
    pub verdict: String,
    /// The report's address, if it has one.
    pub report: Option<String>,
    /// The items, the most important first.
    pub items: Vec<MessageItem>,
}

/// An item in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageItem {
    /// The item.
    pub task: PerformanceTask,
    /// Where it is in a tracker, if it is in one.
    pub link: Option<ItemLink>,
}

/// An address that takes messages.
pub struct Webhook {
    client: HttpClient,
    url: Url,
    form: MessageForm,
}

impl Webhook {
    /// The webhook at this address; without a form, the one that its host takes.
    ///
    /// # Errors
    /// If it is not an address, or messages would be sent in the clear.
    pub fn new(url: &str, form: Option<MessageForm>, patience: Patience) -> Result<Webhook, TrackerError> {
        let url = Url::parse(url.trim()).map_err(|error| {
            TrackerError::refused(format!("--webhook is not an address ({error}): write it as https://host/path"))
        })?;
        if check_base(&url).is_err() {
            return Err(TrackerError::refused(format!(
                "--webhook {} has no TLS, and its address is a secret: use https",
                shown(&url)
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TrackerError::refused(
                "--webhook has a name or password before its host, which is not sent: use an address without",
            ));
        }
        let form = form.unwrap_or_else(|| MessageForm::of_host(url.host_str().unwrap_or_default()));
        Ok(Webhook { client: HttpClient::for_secret_urls("the webhook", patience), url, form })
    }

    /// The form of its messages.
    pub fn form(&self) -> MessageForm {
        self.form
    }

    /// The JSON of a message: what would be sent.
    pub fn preview(&self, message: &Message) -> Value {
        match self.form {
            MessageForm::Generic => generic::describe(message),
            MessageForm::Slack => slack::describe(message),
            MessageForm::Teams => teams::describe(message),
        }
    }

    /// Sends a message, once.
    ///
    /// # Errors
    /// [`ErrorKind::Unclear`](crate::ErrorKind::Unclear) if it may have arrived nevertheless.
    pub async fn send(&self, message: &Message) -> Result<(), TrackerError> {
        let body = self.preview(message);
        let request = HttpRequest::json(Method::POST, self.url.clone(), "application/json; charset=utf-8", &body);
        let answer = self.client.write(&request).await?;
        if answer.status.is_success() { Ok(()) } else { Err(self.refuse(&answer)) }
    }

    /// The sentence for an answer that is no success.
    fn refuse(&self, answer: &HttpAnswer) -> TrackerError {
        let remedy = match answer.status {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                "it takes messages of another form: choose one with --webhook-format"
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                "its address is wrong or was withdrawn: create a new webhook"
            }
            StatusCode::PAYLOAD_TOO_LARGE => "the message is too large for it: push fewer items",
            status if status.is_redirection() => "it redirects, which is not followed: use the final address",
            _ => "the message was not taken",
        };
        let status = answer.status.as_u16();
        TrackerError::refused(format!("{} answered {status}{}: {remedy}", shown(&self.url), self.detail(answer)))
    }

    /// The server's own words, unless they repeat the secret.
    fn detail(&self, answer: &HttpAnswer) -> String {
        let text = plain_message(&String::from_utf8_lossy(&answer.body));
        let path = self.url.path().trim_matches('/');
        let secrets = path.split('/').chain(self.url.query().into_iter().flat_map(|query| query.split(['&', '='])));
        let repeats = secrets.filter(|part| part.len() >= 4).any(|part| text.contains(part));
        if text.is_empty() || repeats { String::new() } else { format!(" ({text})") }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Webhook").field("url", &shown(&self.url)).field("form", &self.form).finish()
    }
}

/// The part of the address that is not a secret.
fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), squall_plain_http::authority(url))
}

/// One line: control characters and white space as spaces.
fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// At most so many characters, with an ellipsis if some were cut.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// `p95 now 850ms, to reach 200ms (76% less)`.
fn describe_figures(task: &PerformanceTask) -> String {
    let metrics = &task.metrics;
    one_line(&format!(
        "p95 now {}, to reach {}, improvement {}",
        metrics.current_p95, metrics.target_p95, metrics.improvement
    ))
}

/// What is to be changed, a line each.
fn describe_changes(task: &PerformanceTask) -> impl Iterator<Item = String> + '_ {
    let line = |change: &squall_work_items::Optimization| {
        one_line(&format!("{} (expected improvement: {})", change.change, change.expected_improvement))
    };
    task.optimizations.iter().map(line)
}

/// `and 3 more items`.
fn describe_rest(left_out: usize) -> String {
    format!("and {left_out} more {}", if left_out == 1 { "item" } else { "items" })
}

/// `2 work items`.
fn describe_count(message: &Message) -> String {
    match message.items.len() {
        1 => "1 work item".to_owned(),
        count => format!("{count} work items"),
    }
}

#[cfg(test)]
mod tests;
