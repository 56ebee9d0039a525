//! Jira, in the cloud (REST v3, documents) and on premises (REST v2, wiki markup; Server and Data Center from 8.4).
//!
//! An item is found by its label with JQL. That index is late by seconds in the cloud, so what it finds is read one by
//! one, and what this process has created is named in the search (`reconcileIssues`), which then has it. An anonymous
//! search finds nothing and says so with 200: the token is checked first. Must not know when something is to be done.

mod address;
mod adf;
mod compare;
mod draft;
mod exchange;
mod meta;
mod state;
mod wiki;

pub use draft::JiraDraft;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use squall_work_items::{Block, Fingerprint, ItemType, Record, WorkItem};

use crate::answers::Service;
use crate::comments::SentComments;
use crate::error::TrackerError;
use crate::patience::Patience;
use crate::token::Token;
use crate::tracker::{Change, ItemState, Preview, TrackedItem, Tracker, Validation};
use crate::transport::HttpClient;
use address::Site;
use meta::TypeInfo;

const SERVICE: Service = Service {
    name: "Jira",
    new_token: "create an API token (cloud, with its e-mail in JIRA_USER) or a personal access token (on premises), \
                and set it in JIRA_TOKEN or with --token-file",
    permission: "give its owner the permissions Browse Projects, Create Issues and Edit Issues in the project",
    missing: "check --jira URL/PROJECTKEY, and whether the token's owner may see the project",
};
/// Issues that a search may be told to have up to date.
const MOST_RECONCILED: usize = 50;

/// Which API a site has, and which markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    Cloud,
    Server,
}

/// A project in Jira.
#[derive(Debug)]
pub struct Jira {
    client: HttpClient,
    site: Site,
    /// Known once the site was asked, and the token accepted.
    edition: Cell<Option<Edition>>,
    /// Types by the names of ours.
    types: RefCell<HashMap<&'static str, Rc<TypeInfo>>>,
    /// Ids of what this process has created.
    created: RefCell<Vec<u64>>,
    comments: SentComments,
}

impl Jira {
    /// The project at `URL/PROJECTKEY`. With a user the token is an API token of the cloud (or a password), else a
    /// personal access token.
    ///
    /// # Errors
    /// If it is not a project, or the token would be sent in the clear.
    pub fn new(place: &str, user: Option<&str>, token: &Token, patience: Patience) -> Result<Jira, TrackerError> {
        let site = Site::parse(place).map_err(TrackerError::refused)?;
        let credentials = user.map_or_else(|| token.bearer(), |user| token.basic(user));
        Ok(Jira {
            client: HttpClient::new(SERVICE.name, (None, credentials), patience),
            site,
            edition: Cell::new(None),
            types: RefCell::default(),
            created: RefCell::default(),
            comments: SentComments::default(),
        })
    }

    /// The type for an item, with its fields.
    async fn type_for(&self, item_type: ItemType) -> Result<Rc<TypeInfo>, TrackerError> {
        if let Some(info) = self.types.borrow().get(item_type.name()) {
            return Ok(Rc::clone(info));
        }
        let info = Rc::new(self.read_type(item_type).await?);
        self.types.borrow_mut().insert(item_type.name(), Rc::clone(&info));
        Ok(info)
    }

    /// An issue as an item.
    fn item(&self, native: Value, edition: Edition) -> Result<TrackedItem, TrackerError> {
        let strange =
            || TrackerError::refused(format!("{} answered an issue in a form that is not its own", SERVICE.name));
        let fields = &native["fields"];
        let id = native["key"].as_str().ok_or_else(strange)?.to_owned();
        let state_name = fields["status"]["name"].as_str().ok_or_else(strange)?.to_owned();
        let is_closed = fields["status"]["statusCategory"]["key"].as_str() == Some("done");
        let labels = fields["labels"].as_array().into_iter().flatten();
        let text = edition.read_text(&fields["description"]);
        Ok(TrackedItem {
            url: self.site.issue_page(&id),
            state: if is_closed { ItemState::Closed } else { ItemState::Open },
            state_name,
            title: fields["summary"].as_str().unwrap_or_default().to_owned(),
            body: fields["description"].as_str().map_or_else(|| fields["description"].to_string(), str::to_owned),
            tags: labels.filter_map(|label| label.as_str().map(str::to_owned)).collect(),
            revision: None,
            record: Record::find(&text),
            id,
            text,
            native,
        })
    }

    /// Reads an issue; `None` if it is gone.
    async fn read_issue(&self, key: &str) -> Result<Option<TrackedItem>, TrackerError> {
        let edition = self.edition().await?;
        let request = self.getting(edition, &["issue", key], &[]);
        let answer = self.client.read(&request).await?;
        // An anonymous reader would not find it either.
        exchange::check_login(&request, &answer)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.item(SERVICE.read_json(&request, &answer)?, edition).map(Some)
    }

    /// The issues with a label, as the index has them.
    async fn labelled(&self, label: &str) -> Result<Vec<Value>, TrackerError> {
        let jql = format!("project = \"{}\" AND labels = \"{label}\" ORDER BY created ASC", self.site.key());
        match self.edition().await? {
            Edition::Cloud => self.search_cloud(&jql).await,
            Edition::Server => self.search_server(&jql).await,
        }
    }

    /// Adds a comment, unless it is there.
    async fn add_comment(&self, edition: Edition, key: &str, comment: &[Block]) -> Result<(), TrackerError> {
        let body = edition.render(comment);
        let text = edition.read_text(&body);
        let is_there = comment.is_empty() || self.comments.is_done(key, &text);
        if is_there || self.has_comment(edition, key, &text).await? {
            return Ok(());
        }
        self.comments.check(key, &text)?;
        let path = ["issue", key, "comment"];
        let outcome = self.send(edition, Method::POST, &path, &json!({ "body": body })).await;
        self.comments.note(key, &text, outcome)
    }

    async fn has_comment(&self, edition: Edition, key: &str, wanted: &str) -> Result<bool, TrackerError> {
        let comments = self.list_pages(edition, &["issue", key, "comment"], &["comments"]).await?;
        Ok(comments.iter().any(|one| compare::is_same(&edition.read_text(&one["body"]), wanted)))
    }

    async fn set_description(&self, edition: Edition, item: &TrackedItem, new: &Record) -> Result<(), TrackerError> {
        let description = edition.renew(&item.native["fields"]["description"], item.record.as_ref(), new);
        let body = json!({ "fields": { "description": description } });
        self.send(edition, Method::PUT, &["issue", &item.id], &body).await
    }
}

impl Tracker for Jira {
    type Draft = JiraDraft;

    fn place(&self) -> String {
        format!("{} project {}", SERVICE.name, self.site.name())
    }

    fn url(&self, id: &str) -> String {
        self.site.issue_page(id)
    }

    async fn prepare(&self, item: &WorkItem) -> Result<JiraDraft, TrackerError> {
        let edition = self.edition().await?;
        let info = self.type_for(item.task.item_type).await?;
        let mut draft = JiraDraft::new(item, &info, self.site.key(), edition).map_err(TrackerError::refused)?;
        if let Some(owner) = &item.assignment.owner {
            draft.set_owner(owner, self.find_user(edition, owner).await?);
        }
        if let Some(area) = &item.assignment.area {
            draft.set_component(area, self.find_component(edition, area).await?);
        }
        Ok(draft)
    }

    fn preview(&self, draft: &JiraDraft) -> Preview {
        let body = serde_json::to_string_pretty(&draft.json()).unwrap_or_default();
        let request = format!("POST {}\n{body}", self.site.api(draft.edition, &["issue"], &[]));
        Preview { request, notes: draft.notes.clone() }
    }

    async fn validate(&self, _: &JiraDraft) -> Result<Validation, TrackerError> {
        Ok(Validation::NotOffered)
    }

    async fn find(&self, fingerprint: &Fingerprint) -> Result<Vec<TrackedItem>, TrackerError> {
        let mut items = Vec::new();
        for found in self.labelled(fingerprint.as_str()).await? {
            let key = found["key"].as_str().unwrap_or_default();
            // The index may have what is gone, and states that were.
            items.extend(self.read_issue(key).await?.filter(|item| item.has_tag(fingerprint.as_str())));
        }
        items.sort_by_key(|item| item.native["id"].as_str().and_then(|id| id.parse::<u64>().ok()).unwrap_or(u64::MAX));
        Ok(items)
    }

    async fn list(&self) -> Result<Vec<TrackedItem>, TrackerError> {
        let edition = self.edition().await?;
        self.labelled("squall").await?.into_iter().map(|issue| self.item(issue, edition)).collect()
    }

    async fn create(&self, draft: &JiraDraft) -> Result<String, TrackerError> {
        let request = self.sending(draft.edition, Method::POST, &["issue"], &draft.json());
        let answer = self.client.write(&request).await?;
        let issue = SERVICE.read_written(&request, &answer)?;
        let id = issue["id"].as_str().and_then(|id| id.parse().ok());
        let (Some(id), Some(key)) = (id, issue["key"].as_str()) else { return Err(SERVICE.half(&request)) };
        let mut created = self.created.borrow_mut();
        created.push(id);
        let older = created.len().saturating_sub(MOST_RECONCILED);
        created.drain(..older);
        Ok(key.to_owned())
    }

    async fn read(&self, id: &str) -> Result<TrackedItem, TrackerError> {
        let found = self.read_issue(id).await?;
        found.ok_or_else(|| {
            let missing = SERVICE.missing;
            TrackerError::refused(format!("{} has no issue {id} that the token may see; {missing}", SERVICE.name))
        })
    }

    async fn update(&self, item: &TrackedItem, change: &Change) -> Result<(), TrackerError> {
        let edition = self.edition().await?;
        self.add_comment(edition, &item.id, &change.comment).await?;
        if let Some(state) = change.state.filter(|state| *state != item.state) {
            self.move_to(edition, &item.id, state).await?;
        }
        self.set_description(edition, item, &change.record).await
    }

    fn compare(&self, draft: &JiraDraft, item: &TrackedItem) -> Vec<String> {
        compare::describe_differences(draft, item)
    }
}

impl Edition {
    /// Blocks in the edition's markup.
    fn render(self, blocks: &[Block]) -> Value {
        match self {
            Edition::Cloud => adf::document(blocks),
            Edition::Server => Value::String(wiki::wiki(blocks)),
        }
    }

    /// The text of a description or comment, without its markup.
    fn read_text(self, body: &Value) -> String {
        match self {
            Edition::Cloud => adf::text_of(body),
            Edition::Server => wiki::text_of(body.as_str().unwrap_or_default()),
        }
    }

    /// A description with another record.
    fn renew(self, body: &Value, old: Option<&Record>, new: &Record) -> Value {
        match self {
            Edition::Cloud => adf::renew_record(body, old, new),
            Edition::Server => {
                let body = body.as_str().unwrap_or_default();
                Value::String(crate::tracker::renew_record(body, old, new, wiki::wiki))
            }
        }
    }
}
