//! Types, the fields of their screens, and what is refused or changed when an issue is stored.

use serde_json::{Value, json};

use super::{JiraFake, field_refusal};
use crate::issue_store::strings;
use crate::server::FakeAnswer;

impl JiraFake {
    pub(super) fn types_json(&self) -> Vec<Value> {
        let one = |(place, name): (usize, &&str)| json!({ "id": place.to_string(), "name": name, "subtask": *name == "Sub-task" });
        self.types.iter().enumerate().map(one).collect()
    }

    pub(super) fn type_name(&self, id: &str) -> &'static str {
        id.parse().ok().and_then(|place: usize| self.types.get(place)).copied().unwrap_or("Epic")
    }

    /// Ids, names and whether they must be set.
    fn fields(&self, type_id: &str) -> Vec<(&'static str, &'static str, bool)> {
        let mut fields = vec![
            ("project", "Project", true),
            ("issuetype", "Issue Type", true),
            ("summary", "Summary", true),
            ("description", "Description", false),
            ("labels", "Labels", false),
            ("assignee", "Assignee", false),
            ("components", "Component/s", false),
        ];
        fields.push(if self.is_cloud {
            ("parent", "Parent", false)
        } else {
            ("customfield_10014", "Epic Link", false)
        });
        if self.has_points && self.type_name(type_id) != "Bug" {
            let name = if self.is_cloud { "Story point estimate" } else { "Story Points" };
            fields.push(("customfield_10016", name, false));
        }
        fields.extend(self.demanded.map(|name| ("customfield_10099", name, true)));
        fields.retain(|(id, _, _)| Some(*id) != self.removed);
        fields
    }

    pub(super) fn fields_json(&self, type_id: &str) -> Vec<Value> {
        let one = |(id, name, required): (&str, &str, bool)| json!({ "fieldId": id, "key": id, "name": name, "required": required, "hasDefaultValue": false });
        self.fields(type_id).into_iter().map(one).collect()
    }

    /// The refusal of fields, if they are.
    pub(super) fn check_fields(&self, fields: &Value) -> Option<FakeAnswer> {
        let known = self.fields(fields["issuetype"]["id"].as_str().unwrap_or_default());
        for name in fields.as_object().into_iter().flatten().map(|(name, _)| name) {
            if !known.iter().any(|(id, _, _)| id == name) {
                let text = format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.");
                return Some(field_refusal(name, &text));
            }
        }
        if let Some((id, name, _)) = known.iter().find(|(id, _, required)| *required && fields[*id].is_null()) {
            return Some(field_refusal(id, &format!("{name} is required.")));
        }
        if strings(&fields["labels"]).iter().any(|label| label.contains(' ')) {
            return Some(field_refusal("labels", "The label can't contain spaces."));
        }
        if !self.is_body(&fields["description"]) {
            return Some(field_refusal("description", "Operation value must be an Atlassian Document"));
        }
        None
    }

    /// Whether a text is in the edition's markup.
    pub(super) fn is_body(&self, body: &Value) -> bool {
        match self.is_cloud {
            true => body["type"] == "doc" && body["version"] == 1 && has_texts(body),
            false => body.is_string(),
        }
    }

    /// As the service keeps it.
    pub(super) fn stored(&self, body: &Value) -> Value {
        match body.as_str() {
            Some(text) => json!(text.replace('\r', "").replace('\n', "\r\n")),
            None => with_ids(body.clone()),
        }
    }
}

/// No text node is empty.
fn has_texts(node: &Value) -> bool {
    let is_text = node["type"] != "text" || node["text"].as_str().is_some_and(|text| !text.is_empty());
    is_text && node["content"].as_array().into_iter().flatten().all(has_texts)
}

/// Editors give paragraphs an id.
fn with_ids(mut node: Value) -> Value {
    if node["type"] == "paragraph" {
        node["attrs"] = json!({ "localId": "5f2c" });
    }
    for child in node.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        *child = with_ids(child.take());
    }
    node
}
