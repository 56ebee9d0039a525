//! An item as a JSON Patch, by the fields that its type has.

use serde_json::{Value, json};
use squall_work_items::{Block, WorkItem, html};

use super::TAG;
use super::address::AzureProject;
use super::types::TypeInfo;
use crate::error::TrackerError;

pub(crate) const DESCRIPTION: &str = "System.Description";
pub(crate) const REPRO_STEPS: &str = "Microsoft.VSTS.TCM.ReproSteps";
pub(crate) const CRITERIA: &str = "Microsoft.VSTS.Common.AcceptanceCriteria";
pub(crate) const TAGS: &str = "System.Tags";
/// The fields for the effort: Agile, Scrum and Basic, CMMI.
pub(crate) const EFFORTS: [&str; 3] =
    ["Microsoft.VSTS.Scheduling.StoryPoints", "Microsoft.VSTS.Scheduling.Effort", "Microsoft.VSTS.Scheduling.Size"];
pub(crate) const PARENT: &str = "System.LinkTypes.Hierarchy-Reverse";

/// An item, ready to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct AzureDraft {
    /// The type's name.
    pub(super) item_type: String,
    /// Fields by their reference names.
    pub(super) fields: Vec<(&'static str, Value)>,
    /// Relations to other things.
    pub(super) relations: Vec<Relation>,
    /// The name of the file to attach.
    pub(super) attachment: Option<String>,
    /// What is worth knowing of it.
    pub(super) notes: Vec<String>,
}

/// A relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub rel: &'static str,
    pub url: String,
    /// An attribute: `comment` or `name`, and its value.
    pub attribute: Option<(&'static str, String)>,
}

impl AzureDraft {
    /// The item in the fields of this type.
    ///
    /// # Errors
    /// If its parent is not an id.
    pub(super) fn new(
        item: &WorkItem,
        info: &TypeInfo,
        project: &AzureProject,
        build: Option<u64>,
        attachment: Option<String>,
    ) -> Result<AzureDraft, TrackerError> {
        let mut draft = AzureDraft {
            item_type: info.name.clone(),
            fields: vec![("System.Title", json!(item.task.title.trim())), (TAGS, json!(join_tags(item)))],
            relations: Vec::new(),
            attachment,
            notes: Vec::new(),
        };
        draft.add_texts(item, info);
        draft.add_assignment(item);
        draft.add_relations(item, project, build)?;
        Ok(draft)
    }

    /// The description, with all that has no field of its own.
    fn add_texts(&mut self, item: &WorkItem, info: &TypeInfo) {
        let has_criteria = info.has_field(CRITERIA);
        let mut body = item.body(has_criteria);
        if has_criteria {
            let criteria = Block::Bullets(item.task.acceptance_criteria.clone());
            self.fields.push((CRITERIA, json!(html(&[criteria]))));
        } else {
            self.note_missing(info, "Acceptance Criteria");
        }
        match EFFORTS.into_iter().find(|field| info.has_field(field)) {
            Some(field) => self.fields.push((field, json!(item.task.story_points))),
            None => {
                // Before the record, which is the last paragraph.
                let points = Block::Paragraph(format!("Story points: {}", item.task.story_points));
                body.insert(body.len().saturating_sub(1), points);
                self.note_missing(info, "Story Points");
            }
        }
        let field = if info.has_field(REPRO_STEPS) { REPRO_STEPS } else { DESCRIPTION };
        self.fields.push((field, json!(html(&body))));
    }

    fn note_missing(&mut self, info: &TypeInfo, field: &str) {
        self.notes.push(format!("{} has no field {field} in this project: it is in the description", info.name));
    }

    fn add_assignment(&mut self, item: &WorkItem) {
        let assignment = &item.assignment;
        let fields = [
            ("System.AssignedTo", &assignment.owner),
            ("System.AreaPath", &assignment.area),
            ("System.IterationPath", &assignment.iteration),
        ];
        self.fields.extend(fields.into_iter().filter_map(|(name, value)| Some((name, json!(value.as_ref()?)))));
    }

    fn add_relations(
        &mut self,
        item: &WorkItem,
        project: &AzureProject,
        build: Option<u64>,
    ) -> Result<(), TrackerError> {
        if let Some(parent) = &item.assignment.parent {
            let id: u64 = parent.trim().trim_start_matches('#').parse().map_err(|_| {
                TrackerError::refused(format!("the parent {parent:?} is not an id of Azure DevOps: write a number"))
            })?;
            self.relations.push(Relation { rel: PARENT, url: project.item_url(&id.to_string()), attribute: None });
        }
        if let Some(build) = build {
            let attribute = Some(("name", "Build".to_owned()));
            let url = format!("vstfs:///Build/Build/{build}");
            self.relations.push(Relation { rel: "ArtifactLink", url, attribute });
        }
        for link in &item.links {
            let is_web = link.url.starts_with("https://") || link.url.starts_with("http://");
            // The same relation twice is refused by the service.
            if is_web && self.relations.iter().all(|relation| relation.url != link.url) {
                let attribute = Some(("comment", link.title.clone()));
                self.relations.push(Relation { rel: "Hyperlink", url: link.url.clone(), attribute });
            }
        }
        Ok(())
    }

    /// The JSON Patch that creates it. `uploaded` is the address of the attachment.
    pub(super) fn patch(&self, uploaded: Option<&str>) -> Value {
        let field =
            |(name, value): &(&str, Value)| json!({ "op": "add", "path": format!("/fields/{name}"), "value": value });
        let mut patch: Vec<Value> = self.fields.iter().map(field).collect();
        patch.extend(self.relations.iter().map(|relation| add_relation(relation.value())));
        patch.extend(uploaded.map(|url| {
            add_relation(json!({ "rel": "AttachedFile", "url": url, "attributes": { "comment": "Report of Squall" } }))
        }));
        Value::Array(patch)
    }
}

impl Relation {
    fn value(&self) -> Value {
        match &self.attribute {
            Some((name, value)) => json!({ "rel": self.rel, "url": self.url, "attributes": { *name: value } }),
            None => json!({ "rel": self.rel, "url": self.url }),
        }
    }
}

fn add_relation(value: Value) -> Value {
    json!({ "op": "add", "path": "/relations/-", "value": value })
}

/// The tags in one text. A tag has neither commas nor semicolons, which separate tags.
fn join_tags(item: &WorkItem) -> String {
    let mut tags = vec![TAG.to_owned(), item.fingerprint.to_string()];
    for tag in &item.assignment.tags {
        let tag = tag.replace([';', ','], " ").trim().to_owned();
        if !tag.is_empty() && tags.iter().all(|have| !have.eq_ignore_ascii_case(&tag)) {
            tags.push(tag);
        }
    }
    tags.join("; ")
}
