//! An item as the fields of the request that creates an issue.

use serde_json::{Map, Value, json};
use squall_work_items::WorkItem;

use super::Edition;
use super::meta::TypeInfo;
use crate::issue_text::{IssueText, labels_of};

/// Characters of a description, with its markup.
const LONGEST_TEXT: usize = 32_767;

/// An item, ready to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct JiraDraft {
    pub(super) edition: Edition,
    pub(super) title: String,
    pub(super) labels: Vec<String>,
    pub(super) type_name: String,
    pub(super) description: Value,
    /// The field and its value.
    pub(super) points: Option<(String, f64)>,
    /// The field of the parent, and its key.
    pub(super) parent: Option<(String, String)>,
    /// Id and name.
    pub(super) owner: Option<(String, String)>,
    /// Id and name.
    pub(super) component: Option<(String, String)>,
    pub(super) notes: Vec<String>,
    type_id: String,
    project: String,
}

impl JiraDraft {
    /// The item with the fields of this type.
    ///
    /// # Errors
    /// If the type has no labels, or demands what is not known.
    pub(super) fn new(item: &WorkItem, info: &TypeInfo, key: &str, edition: Edition) -> Result<JiraDraft, String> {
        check_fields(info)?;
        let mut notes: Vec<String> = info.note.iter().cloned().collect();
        let points = info.story_points().map(|field| (field.to_owned(), item.task.story_points));
        let parent = item.assignment.parent.as_deref().map(|parent| read_key(parent, key)).transpose()?;
        let parent_field = parent_field(info, edition);
        let mut further = Vec::new();
        if points.is_none() {
            notes.push(format!("{} has no field Story Points in this project: they are in the description", info.name));
            further.push(format!("Story points: {}", item.task.story_points));
        }
        if let (Some(parent), None) = (&parent, parent_field) {
            notes.push(format!("{} has no field for a parent: it is in the description", info.name));
            further.push(format!("Parent: {parent}"));
        }
        if let Some(iteration) = &item.assignment.iteration {
            notes.push("sprints of Jira are not set: it is in the description".to_owned());
            further.push(format!("Iteration: {iteration}"));
        }
        let mut text = IssueText::new(item, further);
        text.fit(LONGEST_TEXT, |blocks| match edition.render(blocks) {
            Value::String(text) => text,
            document => document.to_string(),
        })?;
        notes.append(&mut text.notes);
        Ok(JiraDraft {
            edition,
            title: item.task.title.trim().to_owned(),
            // A space separates labels.
            labels: labels_of(item, None, char::is_whitespace),
            type_name: info.name.clone(),
            description: edition.render(&text.blocks),
            points,
            parent: parent.and_then(|parent| Some((parent_field?.to_owned(), parent))),
            owner: None,
            component: None,
            notes,
            type_id: info.id.clone(),
            project: key.to_owned(),
        })
    }

    /// Sets the owner, or notes that there is no such user.
    pub(super) fn set_owner(&mut self, owner: &str, user: Option<(String, String)>) {
        match user {
            Some(user) => self.owner = Some(user),
            None => self.notes.push(format!("issues cannot be assigned to {owner:?}: assign it by hand")),
        }
    }

    /// Sets the component, or notes that there is none with this name.
    pub(super) fn set_component(&mut self, name: &str, id: Option<String>) {
        match id {
            Some(id) => self.component = Some((id, name.to_owned())),
            None => self.notes.push(format!("the project has no component {name:?}: it is not set")),
        }
    }

    /// The body of the request.
    pub(super) fn json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("project".to_owned(), json!({ "key": self.project }));
        fields.insert("issuetype".to_owned(), json!({ "id": self.type_id }));
        fields.insert("summary".to_owned(), json!(self.title));
        fields.insert("description".to_owned(), self.description.clone());
        fields.insert("labels".to_owned(), json!(self.labels));
        if let Some((field, points)) = &self.points {
            fields.insert(field.clone(), json!(points));
        }
        if let Some((field, key)) = &self.parent {
            let value = if field == "parent" { json!({ "key": key }) } else { json!(key) };
            fields.insert(field.clone(), value);
        }
        if let Some((id, _)) = &self.owner {
            let user = match self.edition {
                Edition::Cloud => json!({ "accountId": id }),
                Edition::Server => json!({ "name": id }),
            };
            fields.insert("assignee".to_owned(), user);
        }
        if let Some((id, _)) = &self.component {
            fields.insert("components".to_owned(), json!([{ "id": id }]));
        }
        json!({ "fields": fields })
    }
}

/// Whether all is there that an item needs, and nothing is demanded that it does not have.
fn check_fields(info: &TypeInfo) -> Result<(), String> {
    for field in ["labels", "description"] {
        if !info.has(field) {
            return Err(format!(
                "the screen that creates a {} has no field {field}: add it in the project's settings, since an item \
                 without it would not be found again",
                info.name
            ));
        }
    }
    let demanded = info.demanded();
    if demanded.is_empty() {
        return Ok(());
    }
    let (name, fields) = (&info.name, demanded.join(", "));
    Err(format!("a {name} of this project must have {fields}, which is not known: make it optional, or set a default"))
}

/// The field that takes a parent.
fn parent_field(info: &TypeInfo, edition: Edition) -> Option<&str> {
    match edition {
        Edition::Cloud => info.has("parent").then_some("parent"),
        Edition::Server => info.epic_link(),
    }
}

/// `SHOP-7`, or `7` in the same project.
fn read_key(parent: &str, project: &str) -> Result<String, String> {
    let parent = parent.trim().to_ascii_uppercase();
    let (key, number) = parent.rsplit_once('-').unwrap_or((project, parent.as_str()));
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match number.parse::<u64>() {
        Ok(number) if is_key => Ok(format!("{key}-{number}")),
        _ => Err(format!("the parent {parent:?} is not the key of an issue: write it as {project}-7")),
    }
}
