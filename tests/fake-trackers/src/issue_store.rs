//! What the fakes of GitHub, GitLab and Jira have in common: issues in the order of their numbers, with labels and
//! comments, found late after a slow commit.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::server::{FakeAnswer, FakeRequest, FakeService};

/// An issue.
#[derive(Clone, Debug, PartialEq)]
pub struct FakeIssue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text: Markdown, wiki markup or a document.
    pub body: Value,
    /// Its labels.
    pub labels: Vec<String>,
    /// The service's word for its state.
    pub state: String,
    /// Its comments, in the markup of the text.
    pub comments: Vec<Value>,
    /// What else was set.
    pub others: Map<String, Value>,
    /// The request from which on it is found.
    pub visible_from: u64,
}

/// The issues of a project.
#[derive(Debug, Default)]
pub struct IssueStore {
    /// By their numbers.
    pub issues: BTreeMap<u64, FakeIssue>,
    /// Labels that exist.
    pub labels: Vec<String>,
    /// Whether the token may create and set labels.
    pub forbids_labels: bool,
    /// Requests that were answered.
    pub requests: u64,
    /// Breaches of the published specification.
    pub breaches: Vec<String>,
    /// Methods and paths of all requests.
    pub log: Vec<String>,
    /// Changes what is stored behind the back of the client.
    pub tamper: Option<fn(&mut FakeIssue)>,
    /// For the next issue that is created: requests until it is found.
    pub(crate) delay: Option<u64>,
}

/// A fake with such a store.
pub trait IssueFake: FakeService {
    /// Its store.
    fn store(&mut self) -> &mut IssueStore;
}

impl IssueStore {
    /// The issues with this label.
    pub fn labelled(&self, label: &str) -> Vec<&FakeIssue> {
        self.issues.values().filter(|issue| issue.labels.iter().any(|have| have == label)).collect()
    }

    /// Those that a search or listing finds by now.
    pub(crate) fn found(&self, label: &str) -> Vec<&FakeIssue> {
        let found = self.labelled(label).into_iter();
        found.filter(|issue| issue.visible_from <= self.requests).collect()
    }

    pub(crate) fn create(&mut self, title: &str, body: Value, labels: Vec<String>, state: &str) -> &mut FakeIssue {
        let number = self.issues.keys().last().copied().unwrap_or_default() + 1;
        let labels = if self.forbids_labels { Vec::new() } else { labels };
        for label in &labels {
            if !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
        let issue = FakeIssue {
            number,
            title: title.to_owned(),
            body,
            labels,
            state: state.to_owned(),
            comments: Vec::new(),
            others: Map::new(),
            visible_from: self.requests + self.delay.take().unwrap_or_default(),
        };
        self.issues.entry(number).or_insert(issue)
    }

    /// Lets the test change what was stored.
    pub(crate) fn tamper(&mut self, number: u64) {
        if let (Some(tamper), Some(issue)) = (self.tamper, self.issues.get_mut(&number)) {
            tamper(issue);
        }
    }

    pub(crate) fn get(&self, number: &str) -> Option<&FakeIssue> {
        self.issues.get(&number.parse().ok()?)
    }

    pub(crate) fn get_mut(&mut self, number: &str) -> Option<&mut FakeIssue> {
        self.issues.get_mut(&number.parse().ok()?)
    }

    pub(crate) fn log(&mut self, request: &FakeRequest) {
        self.log.push(format!("{} {}", request.method, request.segments.join("/")));
    }
}

/// A page of a listing, as `page` and `per_page` ask for it.
pub(crate) fn page_of(request: &FakeRequest, entries: Vec<Value>) -> FakeAnswer {
    let number =
        |name: &str, default: usize| request.query(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let size = number("per_page", 20).clamp(1, 100);
    let page: Vec<_> = entries.into_iter().skip((number("page", 1).max(1) - 1) * size).take(size).collect();
    FakeAnswer::json(200, &Value::Array(page))
}

/// An answer with a message.
pub(crate) fn message(status: u16, text: &str) -> FakeAnswer {
    FakeAnswer::json(status, &json!({ "message": text }))
}

/// The strings in a list.
pub(crate) fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
