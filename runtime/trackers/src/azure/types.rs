//! Types of work items: which fields and states they have in the project's process.

use std::rc::Rc;

use serde_json::Value;
use squall_work_items::ItemType;

use super::{AzureDevOps, NAME};
use crate::error::TrackerError;
use crate::tracker::ItemState;
use crate::transport::plain_message;

/// A type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypeInfo {
    /// Its name: `Task`.
    pub name: String,
    /// The reference names of its fields: `System.Title`.
    fields: Vec<String>,
    /// Its states with their categories, in the order of work.
    states: Vec<(String, String)>,
}

impl TypeInfo {
    /// A type by two answers of the service. None if they have another form.
    pub fn read(name: &str, fields: &Value, states: &Value) -> Option<TypeInfo> {
        let field = |field: &Value| Some(field["referenceName"].as_str()?.to_owned());
        let state = |state: &Value| {
            let category = state["category"].as_str().unwrap_or_default();
            Some((state["name"].as_str()?.to_owned(), category.to_owned()))
        };
        let fields = fields["value"].as_array()?.iter().map(field).collect::<Option<_>>()?;
        let states = states["value"].as_array()?.iter().map(state).collect::<Option<_>>()?;
        Some(TypeInfo { name: name.to_owned(), fields, states })
    }

    /// Whether it has this field.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.eq_ignore_ascii_case(name))
    }

    /// Whether a state means that work is still to be done. Resolved counts as done: the team takes it as such, and a run
    /// that still shows the finding contradicts it.
    pub fn item_state(&self, name: &str) -> ItemState {
        let state = self.states.iter().find(|(state, _)| state == name);
        match state.map(|(_, category)| category.as_str()) {
            Some("Completed" | "Removed" | "Resolved") => ItemState::Closed,
            _ => ItemState::Open,
        }
    }

    /// The states that mean open or closed, those to try first first.
    pub fn states_for(&self, state: ItemState) -> Vec<&str> {
        let categories = match state {
            ItemState::Open => ["Proposed", "InProgress"],
            ItemState::Closed => ["Completed", "Resolved"],
        };
        let of =
            |wanted: &str| self.states.iter().find(|(_, category)| category == wanted).map(|(name, _)| name.as_str());
        categories.into_iter().filter_map(of).collect()
    }
}

impl AzureDevOps {
    /// The type for an item, and a note if it has another name than asked for: the process Basic has no bugs.
    pub(super) async fn type_for(&self, wanted: ItemType) -> Result<(Rc<TypeInfo>, Option<String>), TrackerError> {
        let names = self.type_names().await?;
        let candidates: &[&str] = match wanted {
            ItemType::Task => &["Task", "Issue"],
            ItemType::Bug => &["Bug", "Issue", "Task"],
        };
        let Some(name) = candidates.iter().find(|name| names.iter().any(|have| have == *name)) else {
            let names = plain_message(&names.join(", "));
            let wanted = wanted.name();
            let project = &self.project;
            let problem = format!("{project} has no type {wanted}, only {names}: enable {wanted} in its process");
            return Err(TrackerError::refused(problem));
        };
        let note = (*name != wanted.name())
            .then(|| format!("the project has no type {}: it is created as {name}", wanted.name()));
        Ok((self.type_info(name).await?, note))
    }

    /// The names of the project's types, asked for once.
    async fn type_names(&self) -> Result<Rc<Vec<String>>, TrackerError> {
        if let Some(names) = self.names.borrow().clone() {
            return Ok(names);
        }
        let types = self.get(&["wit", "workitemtypes"], &[]).await?;
        let types = types["value"].as_array().ok_or_else(|| self.strange("its types"))?;
        let names: Vec<String> = types.iter().filter_map(|one| Some(one["name"].as_str()?.to_owned())).collect();
        let names = Rc::new(names);
        *self.names.borrow_mut() = Some(Rc::clone(&names));
        Ok(names)
    }

    /// A type's fields and states, asked for once.
    pub(super) async fn type_info(&self, name: &str) -> Result<Rc<TypeInfo>, TrackerError> {
        if let Some(info) = self.types.borrow().get(name).cloned() {
            return Ok(info);
        }
        if name.is_empty() {
            return Err(TrackerError::refused(format!("{NAME} answered with an item that has no type: push again")));
        }
        let fields = self.get(&["wit", "workitemtypes", name, "fields"], &[]).await?;
        let states = self.get(&["wit", "workitemtypes", name, "states"], &[]).await?;
        let info = TypeInfo::read(name, &fields, &states).ok_or_else(|| self.strange("a type's fields"))?;
        let info = Rc::new(info);
        self.types.borrow_mut().insert(name.to_owned(), Rc::clone(&info));
        Ok(info)
    }
}
