//! Azure DevOps, in the cloud and on premises.
//!
//! An item is found by its tag and a query (WIQL), written as a JSON Patch, and read back with all its relations. What a
//! type of the project's process lacks goes into the description. Must not know when something is to be done.

mod address;
mod answers;
mod compare;
mod draft;
#[cfg(test)]
mod garbage;
mod items;
mod pipeline;
mod types;

pub use address::AzureProject;
pub use draft::AzureDraft;
pub use pipeline::Pipeline;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use squall_work_items::{Fingerprint, WorkItem, html};

use crate::error::{ErrorKind, TrackerError};
use crate::patience::Patience;
use crate::token::Token;
use crate::tracker::{Change, Preview, TrackedItem, Tracker, Validation, renew_record};
use crate::transport::{HttpClient, HttpRequest};
use answers::{read_json, read_written};
use items::{body_field, read_ids, read_item};
use types::TypeInfo;

/// The name in sentences.
const NAME: &str = "Azure DevOps";
/// The tag of all our items.
const TAG: &str = "squall";
const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";
/// The most items that a batch may ask for.
const BATCH: usize = 200;

/// How the token is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AzureCredentials {
    /// A personal access token, as the password of a nameless user.
    PersonalAccessToken(Token),
    /// A token of Entra, or that of a job in Azure Pipelines.
    Bearer(Token),
}

/// A file that is attached to the items that are created: the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its content.
    pub content: Bytes,
}

/// Where items go, and what they refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureSettings {
    /// The project.
    pub project: AzureProject,
    /// The token.
    pub credentials: AzureCredentials,
    /// The build in Azure Pipelines that items link to.
    pub build: Option<u64>,
    /// The report.
    pub attachment: Option<Attachment>,
    /// How long the service is waited for.
    pub patience: Patience,
}

/// A project in Azure DevOps.
#[derive(Debug)]
pub struct AzureDevOps {
    client: HttpClient,
    project: AzureProject,
    build: Option<u64>,
    attachment: Option<Attachment>,
    /// Types by name, once they were asked for.
    types: RefCell<HashMap<String, Rc<TypeInfo>>>,
    /// The names of the project's types.
    names: RefCell<Option<Rc<Vec<String>>>>,
    /// The address of the uploaded attachment.
    uploaded: RefCell<Option<String>>,
    /// Whether an upload failed: it is not tried for each item.
    upload_failed: Cell<bool>,
}

impl AzureDevOps {
    /// A project, asked with a token.
    ///
    /// # Errors
    /// If the token would be sent in the clear.
    pub fn new(settings: AzureSettings) -> Result<AzureDevOps, TrackerError> {
        settings.project.check().map_err(TrackerError::refused)?;
        let credentials: HeaderValue = match &settings.credentials {
            AzureCredentials::PersonalAccessToken(token) => token.basic(""),
            AzureCredentials::Bearer(token) => token.bearer(),
        };
        Ok(AzureDevOps {
            client: HttpClient::new(NAME, (None, credentials), settings.patience),
            project: settings.project,
            build: settings.build,
            attachment: settings.attachment,
            types: RefCell::default(),
            names: RefCell::default(),
            uploaded: RefCell::default(),
            upload_failed: Cell::new(false),
        })
    }

    /// Reads JSON.
    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Value, TrackerError> {
        let request = quiet(HttpRequest::get(self.project.api(segments, query)));
        let answer = self.client.read(&request).await?;
        read_json(&request, &answer)
    }

    /// Reads JSON by a request that has a body but no effect.
    async fn ask(&self, segments: &[&str], body: &Value) -> Result<Value, TrackerError> {
        let request = quiet(HttpRequest::json(Method::POST, self.project.api(segments, &[]), JSON, body));
        let answer = self.client.read(&request).await?;
        read_json(&request, &answer)
    }

    /// The items that a condition of WIQL selects, in the order of their ids.
    async fn query(&self, condition: &str) -> Result<Vec<TrackedItem>, TrackerError> {
        let query = format!(
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND {condition} ORDER BY [System.Id]"
        );
        let found = self.ask(&["wit", "wiql"], &json!({ "query": query })).await?;
        let mut ids = read_ids(&found).ok_or_else(|| self.strange("the query"))?;
        ids.sort_unstable();
        let mut items = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let body = json!({ "ids": ids, "$expand": "all", "errorPolicy": "omit" });
            let batch = self.ask(&["wit", "workitemsbatch"], &body).await?;
            let batch = batch["value"].as_array().ok_or_else(|| self.strange("the batch of items"))?;
            // Items that were deleted meanwhile are null.
            for item in batch.iter().filter(|item| !item.is_null()) {
                items.push(self.item(item.clone()).await?);
            }
        }
        Ok(items)
    }

    async fn item(&self, native: Value) -> Result<TrackedItem, TrackerError> {
        let item_type = native["fields"]["System.WorkItemType"].as_str().unwrap_or_default().to_owned();
        let info = self.type_info(&item_type).await?;
        read_item(native, &self.project, &info).ok_or_else(|| self.strange("an item"))
    }

    fn strange(&self, what: &str) -> TrackerError {
        let project = &self.project;
        TrackerError::refused(format!(
            "{NAME} answered {what} in a form that is not its own: check the address {project}"
        ))
    }

    /// Uploads the attachment once. Items are created without it if that fails; the comparison names it then.
    async fn upload(&self) -> Option<String> {
        if let Some(url) = self.uploaded.borrow().clone() {
            return Some(url);
        }
        let attachment = self.attachment.as_ref().filter(|_| !self.upload_failed.get())?;
        let url = self.project.api(&["wit", "attachments"], &[("fileName", &attachment.name)]);
        let body = Some(("application/octet-stream", attachment.content.clone()));
        let request = quiet(HttpRequest { method: Method::POST, url, body, headers: Vec::new() });
        let answer = self.client.write(&request).await.ok();
        let json = answer.filter(|answer| answer.status.is_success()).and_then(|answer| answer.json());
        let url = json.and_then(|json| Some(json["url"].as_str()?.to_owned()));
        self.upload_failed.set(url.is_none());
        self.uploaded.borrow_mut().clone_from(&url);
        url
    }

    fn creation(&self, draft: &AzureDraft, query: &[(&str, &str)], uploaded: Option<&str>) -> HttpRequest {
        let url = self.project.api(&["wit", "workitems", &format!("${}", draft.item_type)], query);
        quiet(HttpRequest::json(Method::POST, url, JSON_PATCH, &draft.patch(uploaded)))
    }

    /// Sends a change, with this state.
    async fn send_change(&self, item: &TrackedItem, change: &Change, state: Option<&str>) -> Result<(), TrackerError> {
        let url = self.project.api(&["wit", "workitems", &item.id], &[]);
        let request = quiet(HttpRequest::json(Method::PATCH, url, JSON_PATCH, &describe_change(item, change, state)));
        let answer = self.client.write(&request).await?;
        read_written(&request, &answer).map(|_| ())
    }
}

impl Tracker for AzureDevOps {
    type Draft = AzureDraft;

    fn place(&self) -> String {
        format!("{NAME} project {}", self.project)
    }

    fn url(&self, id: &str) -> String {
        self.project.item_page(id)
    }

    async fn prepare(&self, item: &WorkItem) -> Result<AzureDraft, TrackerError> {
        let (info, note) = self.type_for(item.task.item_type).await?;
        let attachment = self.attachment.as_ref().map(|attachment| attachment.name.clone());
        let mut draft = AzureDraft::new(item, &info, &self.project, self.build, attachment)?;
        draft.notes.splice(0..0, note);
        Ok(draft)
    }

    fn preview(&self, draft: &AzureDraft) -> Preview {
        let request = self.creation(draft, &[], None);
        let body = serde_json::to_string_pretty(&draft.patch(None)).unwrap_or_default();
        Preview { request: format!("POST {}\n{body}", request.url), notes: draft.notes.clone() }
    }

    async fn validate(&self, draft: &AzureDraft) -> Result<Validation, TrackerError> {
        let request = self.creation(draft, &[("validateOnly", "true")], None);
        // It saves nothing, so that it may be repeated like a read.
        let answer = self.client.read(&request).await?;
        read_json(&request, &answer).map(|_| Validation::Accepted)
    }

    async fn find(&self, fingerprint: &Fingerprint) -> Result<Vec<TrackedItem>, TrackerError> {
        let mut items = self.query(&format!("[System.Tags] CONTAINS '{fingerprint}'")).await?;
        // The service may compare parts of tags.
        items.retain(|item| item.has_tag(fingerprint.as_str()));
        Ok(items)
    }

    async fn list(&self) -> Result<Vec<TrackedItem>, TrackerError> {
        let mut items = self.query(&format!("[System.Tags] CONTAINS '{TAG}'")).await?;
        items.retain(|item| item.has_tag(TAG));
        Ok(items)
    }

    async fn create(&self, draft: &AzureDraft) -> Result<String, TrackerError> {
        let uploaded = self.upload().await;
        let request = self.creation(draft, &[], uploaded.as_deref());
        let answer = self.client.write(&request).await?;
        read_written(&request, &answer)
    }

    async fn read(&self, id: &str) -> Result<TrackedItem, TrackerError> {
        let native = self.get(&["wit", "workitems", id], &[("$expand", "all")]).await?;
        self.item(native).await
    }

    async fn update(&self, item: &TrackedItem, change: &Change) -> Result<(), TrackerError> {
        let Some(state) = change.state.filter(|state| *state != item.state) else {
            return self.send_change(item, change, None).await;
        };
        let item_type = item.native["fields"]["System.WorkItemType"].as_str().unwrap_or_default();
        let info = self.type_info(item_type).await?;
        let mut last = TrackerError::refused(format!("the type {item_type} has no state for it: change it by hand"));
        // Rules of the process may forbid the way to one state, and allow that to another.
        for name in info.states_for(state) {
            match self.send_change(item, change, Some(name)).await {
                Err(error) if error.kind == ErrorKind::Refused => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    fn compare(&self, draft: &AzureDraft, item: &TrackedItem) -> Vec<String> {
        compare::describe_differences(draft, &item.native)
    }
}

/// Asks for 401 instead of a redirect to the page to sign in, as Microsoft's own clients do. Old servers do not care.
fn quiet(mut request: HttpRequest) -> HttpRequest {
    let suppress = (HeaderName::from_static("x-tfs-fedauthredirect"), HeaderValue::from_static("Suppress"));
    request.headers.push(suppress);
    request
}

/// The JSON Patch of a change. With the revision, so that one whose answer was lost cannot be carried out twice.
fn describe_change(item: &TrackedItem, change: &Change, state: Option<&str>) -> Value {
    let body = renew_record(&item.body, item.record.as_ref(), &change.record, html);
    let revision: Option<u64> = item.revision.as_ref().and_then(|revision| revision.parse().ok());
    let mut patch = vec![json!({ "op": "test", "path": "/rev", "value": revision })];
    patch.push(json!({ "op": "add", "path": format!("/fields/{}", body_field(&item.native)), "value": body }));
    patch.push(json!({ "op": "add", "path": "/fields/System.History", "value": html(&change.comment) }));
    patch.extend(state.map(|state| json!({ "op": "add", "path": "/fields/System.State", "value": state })));
    Value::Array(patch)
}
