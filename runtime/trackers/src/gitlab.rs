//! GitLab Issues, at gitlab.com and self-managed.
//!
//! An item is found by its label in the listing of the project's issues. Labels of guests are dropped silently, and an
//! item without its label would never be found again: so the label is created first, which is refused to guests. Lines
//! that begin with a slash are commands in GitLab, and none of ours is. Must not know when something is to be done.

mod address;
mod compare;
mod draft;

pub use draft::GitLabDraft;

use hyper::header::HeaderName;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use squall_work_items::{Block, Fingerprint, Record, WorkItem};

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
use address::Project;
use draft::render;

const SERVICE: Service = Service {
    name: "GitLab",
    new_token: "create a project access token with the role Reporter and the scope api, and set it in GITLAB_TOKEN or \
                with --token-file",
    permission: "give it at least the role Reporter (or Planner) and the scope api",
    missing: "check --gitlab GROUP/PROJECT, and whether the token may see the project",
};
const JSON: &str = "application/json";
/// What the tokens of jobs begin with.
const JOB_TOKEN: &[u8] = b"glcbt-";

/// A project at GitLab.
#[derive(Debug)]
pub struct GitLab {
    client: HttpClient,
    project: Project,
    comments: SentComments,
}

impl GitLab {
    /// The project `GROUP/PROJECT` or `https://HOST/GROUP/PROJECT`.
    ///
    /// # Errors
    /// If it is not a project, the token is one of a job, or it would be sent in the clear.
    pub fn new(place: &str, token: &Token, patience: Patience) -> Result<GitLab, TrackerError> {
        let project = Project::parse(place).map_err(TrackerError::refused)?;
        let token = token.bare();
        if token.as_bytes().starts_with(JOB_TOKEN) {
            let new_token = SERVICE.new_token;
            return Err(TrackerError::token_refused(format!(
                "a job's token (CI_JOB_TOKEN) may not create issues: {new_token}"
            )));
        }
        let header = HeaderName::from_static("private-token");
        Ok(GitLab {
            client: HttpClient::new(SERVICE.name, (Some(header), token), patience),
            project,
            comments: SentComments::default(),
        })
    }

    fn getting(&self, segments: &[&str], query: &[(&str, &str)]) -> HttpRequest {
        HttpRequest::get(self.project.api(segments, query))
    }

    fn sending(&self, method: Method, segments: &[&str], body: &Value) -> HttpRequest {
        HttpRequest::json(method, self.project.api(segments, &[]), JSON, body)
    }

    /// All entries of a listing.
    async fn list_all(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Vec<Value>, TrackerError> {
        list_all(&self.client, &SERVICE, &self.getting(segments, query)).await
    }

    /// The issues with a label, in the order of their creation.
    async fn labelled(&self, label: &str) -> Result<Vec<TrackedItem>, TrackerError> {
        let query =
            [("labels", label), ("state", "all"), ("scope", "all"), ("order_by", "created_at"), ("sort", "asc")];
        let issues = self.list_all(&["issues"], &query).await?;
        let mut items = issues.into_iter().map(read_issue).collect::<Result<Vec<_>, _>>()?;
        items.retain(|item| item.has_tag(label));
        items.sort_by_key(|item| item.id.parse::<u64>().unwrap_or(u64::MAX));
        Ok(items)
    }

    /// Creates the label by which an item is found again. That it exists is fine.
    async fn ensure_label(&self, label: &str) -> Result<(), TrackerError> {
        let body = json!({ "name": label, "color": "#ededed", "description": "The same finding of Squall" });
        let request = self.sending(Method::POST, &["labels"], &body);
        let problem = match self.client.write(&request).await {
            Ok(answer) if matches!(answer.status, StatusCode::CREATED | StatusCode::CONFLICT) => return Ok(()),
            Ok(answer) => SERVICE.refuse(&request, &answer),
            Err(error) if error.kind == ErrorKind::Unclear && self.has_label(label).await? => return Ok(()),
            Err(error) => error,
        };
        // Of the item nothing was sent.
        let kind = if problem.kind == ErrorKind::TokenRefused { problem.kind } else { ErrorKind::Refused };
        let message = format!("without its label {label} the item would not be found again: {}", problem.message);
        Err(TrackerError { kind, message })
    }

    async fn has_label(&self, label: &str) -> Result<bool, TrackerError> {
        let answer = self.client.read(&self.getting(&["labels", label], &[])).await?;
        Ok(answer.status == StatusCode::OK)
    }

    async fn has_note(&self, iid: &str, text: &str) -> Result<bool, TrackerError> {
        let notes = self.list_all(&["issues", iid, "notes"], &[("sort", "asc")]).await?;
        Ok(notes.iter().any(|note| note["body"].as_str().is_some_and(|body| is_same_text(body, text))))
    }

    async fn add_note(&self, iid: &str, comment: &[Block]) -> Result<(), TrackerError> {
        let text = render(comment);
        let is_there = comment.is_empty() || self.comments.is_done(iid, &text);
        if is_there || self.has_note(iid, &text).await? {
            return Ok(());
        }
        self.comments.check(iid, &text)?;
        let request = self.sending(Method::POST, &["issues", iid, "notes"], &json!({ "body": text }));
        let outcome = self.client.write(&request).await.and_then(|answer| SERVICE.check_done(&request, &answer));
        self.comments.note(iid, &text, outcome)
    }

    /// The id of the milestone with this title, in the project or its groups.
    async fn milestone(&self, title: &str) -> Result<Option<u64>, TrackerError> {
        let found = self.list_all(&["milestones"], &[("title", title), ("include_ancestors", "true")]).await?;
        Ok(found.iter().find(|one| one["title"].as_str() == Some(title)).and_then(|one| one["id"].as_u64()))
    }

    /// The only user with this name or address: id and name.
    async fn user(&self, owner: &str) -> Result<Option<(u64, String)>, TrackerError> {
        let key = if owner.contains('@') { "search" } else { "username" };
        let request = HttpRequest::get(self.project.users(&[(key, owner)]));
        let users = list_all(&self.client, &SERVICE, &request).await?;
        let [user] = users.as_slice() else { return Ok(None) };
        Ok(user["id"].as_u64().zip(user["username"].as_str().map(str::to_owned)))
    }
}

impl Tracker for GitLab {
    type Draft = GitLabDraft;

    fn place(&self) -> String {
        format!("{} project {}", SERVICE.name, self.project.name())
    }

    fn url(&self, id: &str) -> String {
        self.project.issue_page(id)
    }

    async fn prepare(&self, item: &WorkItem) -> Result<GitLabDraft, TrackerError> {
        let mut draft = GitLabDraft::new(item).map_err(TrackerError::refused)?;
        if let Some(title) = &item.assignment.iteration {
            draft.set_milestone(title, self.milestone(title).await?);
        }
        if let Some(owner) = &item.assignment.owner {
            draft.set_owner(owner, self.user(owner).await?);
        }
        Ok(draft)
    }

    fn preview(&self, draft: &GitLabDraft) -> Preview {
        let body = serde_json::to_string_pretty(&draft.json()).unwrap_or_default();
        let request = format!("POST {}\n{body}", self.project.api(&["issues"], &[]));
        Preview { request, notes: draft.notes.clone() }
    }

    async fn validate(&self, _: &GitLabDraft) -> Result<Validation, TrackerError> {
        Ok(Validation::NotOffered)
    }

    async fn find(&self, fingerprint: &Fingerprint) -> Result<Vec<TrackedItem>, TrackerError> {
        self.labelled(fingerprint.as_str()).await
    }

    async fn list(&self) -> Result<Vec<TrackedItem>, TrackerError> {
        self.labelled("squall").await
    }

    async fn create(&self, draft: &GitLabDraft) -> Result<String, TrackerError> {
        self.ensure_label(&draft.fingerprint).await?;
        let request = self.sending(Method::POST, &["issues"], &draft.json());
        let answer = self.client.write(&request).await?;
        let issue = SERVICE.read_written(&request, &answer)?;
        issue["iid"].as_u64().map(|iid| iid.to_string()).ok_or_else(|| SERVICE.half(&request))
    }

    async fn read(&self, id: &str) -> Result<TrackedItem, TrackerError> {
        let request = self.getting(&["issues", id], &[]);
        let answer = self.client.read(&request).await?;
        read_issue(SERVICE.read_json(&request, &answer)?)
    }

    async fn update(&self, item: &TrackedItem, change: &Change) -> Result<(), TrackerError> {
        self.add_note(&item.id, &change.comment).await?;
        let mut body = json!({ "description": renew_record(&item.body, item.record.as_ref(), &change.record, render) });
        match change.state.filter(|state| *state != item.state) {
            Some(ItemState::Open) => body["state_event"] = json!("reopen"),
            Some(ItemState::Closed) => body["state_event"] = json!("close"),
            None => {}
        }
        let request = self.sending(Method::PUT, &["issues", &item.id], &body);
        let answer = self.client.write(&request).await?;
        SERVICE.check_done(&request, &answer)
    }

    fn compare(&self, draft: &GitLabDraft, item: &TrackedItem) -> Vec<String> {
        compare::describe_differences(draft, item)
    }
}

/// An issue as an item.
fn read_issue(native: Value) -> Result<TrackedItem, TrackerError> {
    let strange = || TrackerError::refused(format!("{} answered an issue in a form that is not its own", SERVICE.name));
    let id = native["iid"].as_u64().ok_or_else(strange)?.to_string();
    let state_name = native["state"].as_str().ok_or_else(strange)?.to_owned();
    let text_of = |key: &str| native[key].as_str().unwrap_or_default().to_owned();
    let labels = native["labels"].as_array().into_iter().flatten();
    let (body, text) = (text_of("description"), markdown_to_text(&text_of("description")));
    Ok(TrackedItem {
        id,
        url: text_of("web_url"),
        state: if state_name == "closed" { ItemState::Closed } else { ItemState::Open },
        state_name,
        title: text_of("title"),
        tags: labels.filter_map(|label| label.as_str().map(str::to_owned)).collect(),
        revision: None,
        record: Record::find(&text),
        body,
        text,
        native,
    })
}
