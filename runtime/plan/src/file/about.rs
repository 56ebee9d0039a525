//! What a plan is about: `name`, `objectives`, `environment`. For people; nothing is done with it but showing it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::mistake::Trouble;
use super::node::Node;
use crate::options::read_texts;

/// What a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What it is called.
    pub name: Option<String>,
    /// What it is to find out, in words.
    pub objectives: Vec<String>,
    /// What it ran against: names and values.
    pub environment: BTreeMap<String, String>,
}

pub(super) fn read(about: &mut About, key: &str, value: &Node) -> Result<(), Trouble> {
    match key {
        "name" => about.name = Option::deserialize(value)?,
        "objectives" => about.objectives = Option::deserialize(value)?.unwrap_or_default(),
        _ => about.environment = read_texts(value)?.unwrap_or_default(),
    }
    Ok(())
}
