//! Items of the fake: patches, rules, and the service's habit of rewriting what it stores.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::processes::Process;

/// An item.
#[derive(Clone, Debug, PartialEq)]
pub struct AzureItem {
    /// Its id.
    pub id: u64,
    /// Its revision.
    pub rev: u64,
    /// Its fields.
    pub fields: BTreeMap<String, Value>,
    /// Its relations.
    pub relations: Vec<Value>,
    /// Its comments.
    pub comments: Vec<String>,
    /// The number of requests after which searches find it.
    pub visible_from: u64,
}

/// Why a request is refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub status: u16,
    type_key: String,
    message: String,
}

/// Fields with long texts.
const HTML: [&str; 3] =
    ["System.Description", "Microsoft.VSTS.TCM.ReproSteps", "Microsoft.VSTS.Common.AcceptanceCriteria"];
const AREAS: [&str; 2] = ["Shop", "Shop\\Web"];
const PEOPLE: [(&str, &str); 1] = [("Ada Lovelace", "ada@example.com")];

impl AzureItem {
    /// An item with the service's defaults.
    pub(super) fn new(id: u64, item_type: &str, process: Process) -> AzureItem {
        let state = process.states(item_type).first().map_or("New", |(name, _)| name);
        let fields = [
            ("System.WorkItemType", item_type),
            ("System.TeamProject", "Shop"),
            ("System.AreaPath", "Shop"),
            ("System.IterationPath", "Shop"),
            ("System.State", state),
            ("System.Reason", "New"),
        ];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        AzureItem { id, rev: 1, fields, relations: Vec::new(), comments: Vec::new(), visible_from: 0 }
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its tags.
    pub fn tags(&self) -> Vec<String> {
        let tags = self.text("System.Tags").split(';').map(|tag| tag.trim().to_owned());
        tags.filter(|tag| !tag.is_empty()).collect()
    }

    /// Changes a field, as a person would.
    pub fn edit(&mut self, name: &str, value: &str) {
        self.fields.insert(name.to_owned(), json!(value));
        self.rev += 1;
    }

    pub(super) fn url(&self) -> String {
        format!("https://fake/acme/_apis/wit/workItems/{}", self.id)
    }

    /// As the service answers it.
    pub(super) fn json(&self) -> Value {
        json!({ "id": self.id, "rev": self.rev, "fields": self.fields, "relations": self.relations, "url": self.url() })
    }

    /// Applies one operation of a JSON Patch.
    pub(super) fn apply(&mut self, operation: &Value, process: Process, attachments: &[String]) -> Result<(), Refusal> {
        let value = &operation["value"];
        let path = operation["path"].as_str().unwrap_or_default();
        match (operation["op"].as_str().unwrap_or_default(), path) {
            ("test", "/rev") if value.as_u64() == Some(self.rev) => Ok(()),
            ("test", "/rev") => {
                let message =
                    format!("VS403351: Test Operation for path /rev failed value {} not equal to {value}.", self.rev);
                Err(Refusal::new(412, "TestPatchOperationFailedException", &message))
            }
            ("add", "/relations/-") => self.add_relation(value, attachments),
            ("add" | "replace", path) => match path.strip_prefix("/fields/") {
                Some(name) => self.set(name, value, process),
                None => Err(Refusal::patch(&format!("Work item patch does not support patching the path {path}."))),
            },
            (op, _) => Err(Refusal::patch(&format!("Work item patch does not support the operation {op}."))),
        }
    }

    fn set(&mut self, name: &str, value: &Value, process: Process) -> Result<(), Refusal> {
        let item_type = self.text("System.WorkItemType").to_owned();
        if !process.fields(&item_type).contains(&name) {
            let message = format!("TF51535: Cannot find field {name}.");
            return Err(Refusal::new(400, "WorkItemTrackingFieldDefinitionNotFoundException", &message));
        }
        let text = value.as_str().unwrap_or_default();
        let stored = match name {
            "System.History" => {
                self.comments.push(rewrite(text));
                return Ok(());
            }
            "System.Tags" => json!(sort_tags(text)),
            "System.State" if !process.states(&item_type).iter().any(|(state, _)| *state == text) => {
                return Err(Refusal::rule(&format!(
                    "The field 'State' contains the value '{text}' that is not in the list of supported values"
                )));
            }
            "System.AreaPath" | "System.IterationPath" if !AREAS.contains(&text) => {
                let message = format!("TF401347: Invalid tree name given for work item {}, field '{name}'.", self.id);
                return Err(Refusal::new(400, "WorkItemFieldInvalidTreeNameException", &message));
            }
            "System.AssignedTo" => {
                let person = PEOPLE.iter().find(|(name, address)| *name == text || *address == text);
                let (name, address) = person.ok_or_else(|| {
                    Refusal::rule("The identity value for field 'Assigned To' is an unknown identity.")
                })?;
                json!({ "displayName": name, "uniqueName": address, "id": "0a1b" })
            }
            name if HTML.contains(&name) => json!(rewrite(text)),
            // Numbers come back as floating point.
            name if name.starts_with("Microsoft.VSTS.Scheduling.") => json!(value.as_f64()),
            _ => value.clone(),
        };
        self.fields.insert(name.to_owned(), stored);
        Ok(())
    }

    fn add_relation(&mut self, value: &Value, attachments: &[String]) -> Result<(), Refusal> {
        let url = value["url"].as_str().unwrap_or_default();
        let rel = value["rel"].as_str().unwrap_or_default();
        let mut stored = value.clone();
        match rel {
            "Hyperlink" if url.starts_with("http") => {}
            "ArtifactLink" if url.starts_with("vstfs:///") && value["attributes"]["name"].is_string() => {}
            "System.LinkTypes.Hierarchy-Reverse" if url.starts_with("http") && url.ends_with("/1") => {}
            "AttachedFile" => {
                let id = url.rsplit('/').next().and_then(|id| id.parse::<usize>().ok());
                let name = id.and_then(|id| attachments.get(id));
                stored["attributes"]["name"] =
                    json!(name.ok_or_else(|| Refusal::patch("TF237082: The file was not uploaded."))?);
            }
            _ => return Err(Refusal::patch(&format!("VS402324: The relation {rel} to {url} is not valid."))),
        }
        let is_same = |have: &Value| have["rel"] == value["rel"] && have["url"] == value["url"];
        if self.relations.iter().any(is_same) {
            return Err(Refusal::new(400, "RelationAlreadyExistsException", "VS402325: Relation already exists."));
        }
        self.relations.push(stored);
        Ok(())
    }

    /// The rules of each type.
    pub(super) fn check_rules(&self, required: Option<&str>) -> Result<(), Refusal> {
        let title = self.text("System.Title").chars().count();
        if title == 0 || title > 255 {
            return Err(Refusal::rule("TF401320: Rule Error for field Title. Error code: Required, InvalidEmpty."));
        }
        if let Some(field) = required.filter(|field| !self.fields.contains_key(*field)) {
            let short = field.rsplit('.').next().unwrap_or_default();
            return Err(Refusal::rule(&format!(
                "TF401320: Rule Error for field {short}. Error code: Required, HasValues, InvalidEmpty."
            )));
        }
        Ok(())
    }
}

impl Refusal {
    pub fn new(status: u16, type_key: &str, message: &str) -> Refusal {
        Refusal { status, type_key: type_key.to_owned(), message: message.to_owned() }
    }

    pub fn not_found(message: &str) -> Refusal {
        Refusal::new(404, "VssResourceNotFoundException", message)
    }

    fn rule(message: &str) -> Refusal {
        Refusal::new(400, "RuleValidationException", message)
    }

    fn patch(message: &str) -> Refusal {
        Refusal::new(400, "VssPropertyValidationException", message)
    }

    /// As the service answers it.
    pub fn json(&self) -> Value {
        json!({
            "$id": "1",
            "innerException": null,
            "message": self.message,
            "typeName": format!("Microsoft.TeamFoundation.WorkItemTracking.Server.{}, Microsoft.TeamFoundation", self.type_key),
            "typeKey": self.type_key,
            "errorCode": 0,
            "eventId": 3000
        })
    }
}

/// Tags without duplicates, in the order of the alphabet.
fn sort_tags(tags: &str) -> String {
    let mut sorted: Vec<&str> = tags.split([';', ',']).map(str::trim).filter(|tag| !tag.is_empty()).collect();
    sorted.sort_by_key(|tag| tag.to_lowercase());
    sorted.dedup_by_key(|tag| tag.to_lowercase());
    sorted.join("; ")
}

/// HTML with the same text in other markup.
fn rewrite(html: &str) -> String {
    let rewritten = html.replace("<p>", "<div>").replace("</p>", "<br> </div>").replace("&quot;", "\"");
    rewritten
        .replace("<ul>", "\n<ul>\n")
        .replace("<a href=", "<a target=_blank href=")
        .replace("<h3>", "<h3 style=\"margin:0px;\">")
}
