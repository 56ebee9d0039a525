//! What a project's types of issues have: names, fields, users and components.

use serde_json::Value;
use squall_work_items::ItemType;

use super::{Edition, Jira, SERVICE};
use crate::error::TrackerError;

/// Names of the field for story points: projects managed by a company, and by a team.
const STORY_POINTS: [&str; 2] = ["Story Points", "Story point estimate"];
/// The field on premises that links to an epic.
const EPIC_LINK: &str = "Epic Link";
/// Fields that we write, or that the project fills.
const FILLED: [&str; 6] = ["project", "issuetype", "summary", "description", "labels", "reporter"];

/// A type of issues.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TypeInfo {
    pub id: String,
    pub name: String,
    /// Why it is not the one that was meant.
    pub note: Option<String>,
    /// Fields that can be set at creation: id and name.
    pub fields: Vec<FieldInfo>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldInfo {
    pub id: String,
    pub name: String,
    /// It must be set, and has no default.
    pub is_demanded: bool,
}

impl TypeInfo {
    /// The field for story points.
    pub fn story_points(&self) -> Option<&str> {
        STORY_POINTS.iter().find_map(|name| self.id_of(name))
    }

    /// The field on premises that links to an epic.
    pub fn epic_link(&self) -> Option<&str> {
        self.id_of(EPIC_LINK)
    }

    /// Whether a field can be set at creation.
    pub fn has(&self, id: &str) -> bool {
        self.fields.iter().any(|field| field.id == id)
    }

    /// Names of fields that must be set, and that we do not know.
    pub fn demanded(&self) -> Vec<&str> {
        let ours = |field: &&FieldInfo| !FILLED.contains(&field.id.as_str());
        let demanded = self.fields.iter().filter(|field| field.is_demanded).filter(ours);
        demanded.map(|field| field.name.as_str()).collect()
    }

    fn id_of(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.id.as_str())
    }
}

impl Jira {
    /// The type with this name; else the first that is not a part of another issue.
    pub(super) async fn read_type(&self, item_type: ItemType) -> Result<TypeInfo, TrackerError> {
        let edition = self.edition().await?;
        let key = self.site.key();
        let path = ["issue", "createmeta", key, "issuetypes"];
        let types = self.list_pages(edition, &path, &["issueTypes", "values"]).await?;
        let types: Vec<&Value> = types.iter().filter(|one| one["subtask"] != Value::Bool(true)).collect();
        let name_of = |one: &Value| one["name"].as_str().unwrap_or_default().to_owned();
        let wanted = [item_type.name(), ItemType::Task.name()];
        let found = wanted.iter().find_map(|name| types.iter().find(|one| name_of(one).eq_ignore_ascii_case(name)));
        let found = found.or(types.first()).and_then(|one| Some((one["id"].as_str()?.to_owned(), name_of(one))));
        let Some((id, name)) = found else {
            let permission = SERVICE.permission;
            return Err(TrackerError::refused(format!("no issues can be created in the project {key}; {permission}")));
        };
        let is_wanted = name.eq_ignore_ascii_case(item_type.name());
        let note =
            (!is_wanted).then(|| format!("the project has no type {}: it is created as {name}", item_type.name()));
        let path = ["issue", "createmeta", key, "issuetypes", id.as_str()];
        let fields = self.list_pages(edition, &path, &["fields", "values"]).await?;
        Ok(TypeInfo { id, name, note, fields: fields.iter().filter_map(read_field).collect() })
    }

    /// The only user with this name or address whom issues can be assigned to: id and name.
    pub(super) async fn find_user(
        &self,
        edition: Edition,
        owner: &str,
    ) -> Result<Option<(String, String)>, TrackerError> {
        let (parameter, id) = match edition {
            Edition::Cloud => ("query", "accountId"),
            Edition::Server => ("username", "name"),
        };
        let query = [("project", self.site.key()), (parameter, owner)];
        let users = self.get(edition, &["user", "assignable", "search"], &query).await?;
        let users = users.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_exact = |user: &&Value| {
            ["emailAddress", "displayName", "name"]
                .iter()
                .any(|key| user[*key].as_str().is_some_and(|value| value.eq_ignore_ascii_case(owner)))
        };
        let user = users.iter().find(is_exact).or(if let [only] = users { Some(only) } else { None });
        Ok(user.and_then(|user| {
            Some((user[id].as_str()?.to_owned(), user["displayName"].as_str().unwrap_or(owner).to_owned()))
        }))
    }

    /// The id of the component with this name.
    pub(super) async fn find_component(&self, edition: Edition, name: &str) -> Result<Option<String>, TrackerError> {
        let components = self.get(edition, &["project", self.site.key(), "components"], &[]).await?;
        let found = components.as_array().into_iter().flatten().find(|one| one["name"].as_str() == Some(name));
        Ok(found.and_then(|one| one["id"].as_str().map(str::to_owned)))
    }
}

fn read_field(field: &Value) -> Option<FieldInfo> {
    // Older answers have the id as the key only.
    let id = field["fieldId"].as_str().or(field["key"].as_str())?.to_owned();
    let is_demanded = field["required"] == Value::Bool(true) && field["hasDefaultValue"] != Value::Bool(true);
    Some(FieldInfo { name: field["name"].as_str().unwrap_or(&id).to_owned(), id, is_demanded })
}
