//! GitHub Issues, at github.com and in GitHub Enterprise.
//!
//! An item is found by its label in the listing of the repository's issues, not by the search, whose index is late.
//! GitHub drops labels silently if the token may not set them, and an item without its label would never be found
//! again: so the label is created first, which is refused without that permission. Must not know when something is to
//! be done.

mod address;
mod compare;
mod draft;

pub use draft::GitHubDraft;

use std::cell::RefCell;
use std::rc::Rc;

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use squall_work_items::{Block, Fingerprint, Record, WorkItem, markdown};

use crate::answers::Service;
use crate::comments::SentComments;
use crate::differences::is_same_text;
use crate::error::{ErrorKind, TrackerError};
use crate::issue_text::markdown_to_text;
use crate::pages::list_all;
use crate::patience::Patience;
use crate::token::Token;
use crate::tracker::{Change, ItemState, Preview, TrackedItem, Tracker, Validation, renew_record};
use crate::transport::{HttpClient, HttpRequest};
use address::Repository;

const SERVICE: Service = Service {
    name: "GitHub",
    new_token: "create a fine-grained token with the repository permission Issues (read and write), and set it in \
                GITHUB_TOKEN or with --token-file",
    permission: "give it the repository permission Issues (read and write); in GitHub Actions: permissions: issues: \
                 write",
    missing: "check --github OWNER/REPO, and whether the token may see the repository",
};
const JSON: &str = "application/json";

/// A repository at GitHub.
#[derive(Debug)]
pub struct GitHub {
    client: HttpClient,
    repository: Repository,
    /// The organization's types of issues, once they were asked for.
    types: RefCell<Option<Rc<Vec<String>>>>,
    comments: SentComments,
}

impl GitHub {
    /// The repository `OWNER/REPO` or `https://HOST/OWNER/REPO`.
    ///
    /// # Errors
    /// If it is not a repository, or the token would be sent in the clear.
    pub fn new(place: &str, token: &Token, patience: Patience) -> Result<GitHub, TrackerError> {
        let repository = Repository::parse(place).map_err(TrackerError::refused)?;
        let client = HttpClient::new(SERVICE.name, (None, token.bearer()), patience);
        Ok(GitHub { client, repository, types: RefCell::default(), comments: SentComments::default() })
    }

    fn request(&self, method: Method, segments: &[&str], body: &Value) -> HttpRequest {
        let mut request = HttpRequest::json(method, self.repository.api(segments, &[]), JSON, body);
        request.headers.push(version());
        request
    }

    /// Reads JSON; `None` if there is none at this address.
    async fn get(&self, request: &HttpRequest) -> Result<Option<Value>, TrackerError> {
        let answer = self.client.read(request).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::NO_CONTENT => Ok(Some(Value::Null)),
            _ => SERVICE.read_json(request, &answer).map(Some),
        }
    }

    fn getting(&self, segments: &[&str], query: &[(&str, &str)]) -> HttpRequest {
        let mut request = HttpRequest::get(self.repository.api(segments, query));
        request.headers.push(version());
        request
    }

    /// All entries of a listing.
    async fn list_all(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Vec<Value>, TrackerError> {
        list_all(&self.client, &SERVICE, &self.getting(segments, query)).await
    }

    /// The issues with a label, in the order of their creation. Pull requests are issues, too, but not items.
    async fn labelled(&self, label: &str) -> Result<Vec<TrackedItem>, TrackerError> {
        let query = [("labels", label), ("state", "all"), ("sort", "created"), ("direction", "asc")];
        let issues = self.list_all(&["issues"], &query).await?;
        let issues = issues.into_iter().filter(|issue| issue["pull_request"].is_null());
        let mut items = issues.map(read_issue).collect::<Result<Vec<_>, _>>()?;
        items.retain(|item| item.has_tag(label));
        items.sort_by_key(|item| item.id.parse::<u64>().unwrap_or(u64::MAX));
        Ok(items)
    }

    /// Creates the label by which an item is found again. That it exists is fine.
    async fn ensure_label(&self, label: &str) -> Result<(), TrackerError> {
        let body = json!({ "name": label, "color": "ededed", "description": "The same finding of Squall" });
        let request = self.request(Method::POST, &["labels"], &body);
        let problem = match self.client.write(&request).await {
            Ok(answer) if answer.status == StatusCode::CREATED => return Ok(()),
            Ok(answer) if answer.status == StatusCode::UNPROCESSABLE_ENTITY => return Ok(()),
            Ok(answer) => SERVICE.refuse(&request, &answer),
            Err(error) if error.kind == ErrorKind::Unclear => {
                match self.get(&self.getting(&["labels", label], &[])).await? {
                    Some(_) => return Ok(()),
                    None => error,
                }
            }
            Err(error) => error,
        };
        // Of the item nothing was sent.
        let kind = if problem.kind == ErrorKind::TokenRefused { problem.kind } else { ErrorKind::Refused };
        let message = format!("without its label {label} the item would not be found again: {}", problem.message);
        Err(TrackerError { kind, message })
    }

    /// Makes an issue a sub-issue of its parent. If that fails, the comparison names it.
    async fn set_parent(&self, parent: &str, issue: &Value) {
        let Some(id) = issue["id"].as_u64() else { return };
        let request = self.request(Method::POST, &["issues", parent, "sub_issues"], &json!({ "sub_issue_id": id }));
        let _ = self.client.write(&request).await;
    }

    async fn has_comment(&self, number: &str, text: &str) -> Result<bool, TrackerError> {
        let comments = self.list_all(&["issues", number, "comments"], &[]).await?;
        let is_same = |comment: &Value| comment["body"].as_str().is_some_and(|body| is_same_text(body, text));
        Ok(comments.iter().any(is_same))
    }

    async fn add_comment(&self, number: &str, comment: &[Block]) -> Result<(), TrackerError> {
        let text = markdown(comment);
        let is_there = comment.is_empty() || self.comments.is_done(number, &text);
        if is_there || self.has_comment(number, &text).await? {
            return Ok(());
        }
        self.comments.check(number, &text)?;
        let request = self.request(Method::POST, &["issues", number, "comments"], &json!({ "body": text }));
        let outcome = self.client.write(&request).await.and_then(|answer| SERVICE.check_done(&request, &answer));
        self.comments.note(number, &text, outcome)
    }

    /// The names of the organization's types of issues; none for a person's repository, or if the token may not see
    /// them.
    async fn issue_types(&self) -> Result<Rc<Vec<String>>, TrackerError> {
        if let Some(types) = self.types.borrow().clone() {
            return Ok(types);
        }
        let mut request = HttpRequest::get(self.repository.issue_types());
        request.headers.push(version());
        let answer = self.client.read(&request).await?;
        let listed = if answer.status == StatusCode::OK { SERVICE.read_json(&request, &answer)? } else { Value::Null };
        let names = listed.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str());
        let types = Rc::new(names.map(str::to_owned).collect::<Vec<_>>());
        *self.types.borrow_mut() = Some(Rc::clone(&types));
        Ok(types)
    }

    /// The number of the milestone with this title.
    async fn milestone(&self, title: &str) -> Result<Option<u64>, TrackerError> {
        let milestones = self.list_all(&["milestones"], &[("state", "all")]).await?;
        let found = milestones.iter().find(|milestone| milestone["title"].as_str() == Some(title));
        Ok(found.and_then(|milestone| milestone["number"].as_u64()))
    }

    fn creation(&self, draft: &GitHubDraft) -> HttpRequest {
        self.request(Method::POST, &["issues"], &draft.json())
    }
}

impl Tracker for GitHub {
    type Draft = GitHubDraft;

    fn place(&self) -> String {
        format!("{} repository {}", SERVICE.name, self.repository.name())
    }

    fn url(&self, id: &str) -> String {
        self.repository.issue_page(id)
    }

    async fn prepare(&self, item: &WorkItem) -> Result<GitHubDraft, TrackerError> {
        let types = self.issue_types().await?;
        let mut draft = GitHubDraft::new(item, &types).map_err(TrackerError::refused)?;
        if let Some(title) = &item.assignment.iteration {
            draft.set_milestone(title, self.milestone(title).await?);
        }
        if let Some(owner) = &item.assignment.owner {
            let may_own = self.get(&self.getting(&["assignees", owner], &[])).await?.is_some();
            draft.set_owner(owner, may_own);
        }
        Ok(draft)
    }

    fn preview(&self, draft: &GitHubDraft) -> Preview {
        let body = serde_json::to_string_pretty(&draft.json()).unwrap_or_default();
        let request = format!("POST {}\n{body}", self.creation(draft).url);
        Preview { request, notes: draft.notes.clone() }
    }

    async fn validate(&self, _: &GitHubDraft) -> Result<Validation, TrackerError> {
        Ok(Validation::NotOffered)
    }

    async fn find(&self, fingerprint: &Fingerprint) -> Result<Vec<TrackedItem>, TrackerError> {
        self.labelled(fingerprint.as_str()).await
    }

    async fn list(&self) -> Result<Vec<TrackedItem>, TrackerError> {
        self.labelled("squall").await
    }

    async fn create(&self, draft: &GitHubDraft) -> Result<String, TrackerError> {
        self.ensure_label(&draft.fingerprint).await?;
        let request = self.creation(draft);
        let answer = self.client.write(&request).await?;
        let issue = SERVICE.read_written(&request, &answer)?;
        let number = issue["number"].as_u64().ok_or_else(|| SERVICE.half(&request))?;
        if let Some(parent) = &draft.parent {
            self.set_parent(parent, &issue).await;
        }
        Ok(number.to_string())
    }

    async fn read(&self, id: &str) -> Result<TrackedItem, TrackerError> {
        let request = self.getting(&["issues", id], &[]);
        let answer = self.client.read(&request).await?;
        read_issue(SERVICE.read_json(&request, &answer)?)
    }

    async fn update(&self, item: &TrackedItem, change: &Change) -> Result<(), TrackerError> {
        self.add_comment(&item.id, &change.comment).await?;
        let mut body = json!({ "body": renew_record(&item.body, item.record.as_ref(), &change.record, markdown) });
        match change.state.filter(|state| *state != item.state) {
            Some(ItemState::Open) => body["state"] = json!("open"),
            Some(ItemState::Closed) => body["state"] = json!("closed"),
            None => {}
        }
        let request = self.request(Method::PATCH, &["issues", &item.id], &body);
        let answer = self.client.write(&request).await?;
        SERVICE.check_done(&request, &answer)
    }

    fn compare(&self, draft: &GitHubDraft, item: &TrackedItem) -> Vec<String> {
        compare::describe_differences(draft, item)
    }
}

fn version() -> (HeaderName, HeaderValue) {
    (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"))
}

/// An issue as an item.
fn read_issue(native: Value) -> Result<TrackedItem, TrackerError> {
    let strange = || TrackerError::refused(format!("{} answered an issue in a form that is not its own", SERVICE.name));
    let id = native["number"].as_u64().ok_or_else(strange)?.to_string();
    let state_name = native["state"].as_str().ok_or_else(strange)?.to_owned();
    let text_of = |key: &str| native[key].as_str().unwrap_or_default().to_owned();
    let label = |label: &Value| label["name"].as_str().or(label.as_str()).map(str::to_owned);
    let (body, text) = (text_of("body"), markdown_to_text(&text_of("body")));
    Ok(TrackedItem {
        id,
        url: text_of("html_url"),
        state: if state_name == "closed" { ItemState::Closed } else { ItemState::Open },
        state_name,
        title: text_of("title"),
        tags: native["labels"].as_array().into_iter().flatten().filter_map(label).collect(),
        revision: None,
        record: Record::find(&text),
        body,
        text,
        native,
    })
}
