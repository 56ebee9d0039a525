//! Where work items of a run go, and what they cost: `work_items`. Must not know how items are made, nor which trackers
//! there are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::limits::each;
use super::mistake::{Mistake, Trouble};
use super::node::{self, Node};
use crate::options::read_texts;

/// Whose a run's work items are, and what they cost; everything optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkItemSettings {
    /// The person, as the tracker writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The area path of Azure DevOps; the component of Jira.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The iteration path of Azure DevOps; the milestone of GitHub and GitLab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iteration: Option<String>,
    /// Further tags or labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The parent's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The name of the tested system, where one project has items of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Story points by the kind of item: `n-plus-one: 5`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub story_points: BTreeMap<String, f64>,
}

pub(super) const KEYS: [&str; 7] = ["owner", "area", "iteration", "tags", "parent", "system", "story_points"];

impl WorkItemSettings {
    /// Reads a file of its own with the same keys.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the lines.
    pub fn read(text: &str) -> Result<WorkItemSettings, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut settings = WorkItemSettings::default();
        if let Some(root) = node::parse(text, &mut mistakes) {
            let mut troubles = Vec::new();
            read(&mut settings, &root, &mut troubles);
            let located = |trouble: Trouble| Mistake::at(trouble.place.unwrap_or(root.place), trouble.message);
            mistakes.extend(troubles.into_iter().map(located));
        }
        if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
    }

    /// These, and what they leave open as `others` have it. Tags of both count.
    #[must_use]
    pub fn over(mut self, others: WorkItemSettings) -> WorkItemSettings {
        let story_points = others.story_points.into_iter().chain(self.story_points).collect();
        let new: Vec<String> = others.tags.into_iter().filter(|tag| !self.tags.contains(tag)).collect();
        self.tags.extend(new);
        WorkItemSettings {
            owner: self.owner.or(others.owner),
            area: self.area.or(others.area),
            iteration: self.iteration.or(others.iteration),
            tags: self.tags,
            parent: self.parent.or(others.parent),
            system: self.system.or(others.system),
            story_points,
        }
    }
}

pub(super) fn read(settings: &mut WorkItemSettings, value: &Node, troubles: &mut Vec<Trouble>) {
    each(value, "work_items", &KEYS, troubles, |name, entry| {
        let value = &entry.value;
        let text = || Option::<String>::deserialize(value);
        match name {
            "owner" => settings.owner = text()?,
            "area" => settings.area = text()?,
            "iteration" => settings.iteration = text()?,
            "parent" => settings.parent = text()?,
            "system" => settings.system = text()?,
            "tags" => settings.tags = Option::deserialize(value)?.unwrap_or_default(),
            _ => settings.story_points = story_points(value)?,
        }
        Ok(())
    });
}

fn story_points(value: &Node) -> Result<BTreeMap<String, f64>, Trouble> {
    let written = read_texts(value)?.unwrap_or_default();
    let number = |(kind, text): (String, String)| match text.trim().parse::<f64>() {
        Ok(points) if points.is_finite() && points > 0.0 => Ok((kind, points)),
        _ => Err(Trouble::at(value.place, format!("{kind}: {text:?} is not a number above 0"))),
    };
    written.into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlanFile;

    #[test]
    fn a_plan_says_whose_items_are_and_what_they_cost() {
        let text = "component: a.wasm\nwork_items:\n  { owner: ada@example.com, area: 'Shop\\Web', tags: [ perf ], \
                    parent: 7, story_points: { n-plus-one: 5 } }\n";
        let read = PlanFile::read(text).unwrap().work_items;
        let expected = WorkItemSettings {
            owner: Some("ada@example.com".to_owned()),
            area: Some("Shop\\Web".to_owned()),
            tags: vec!["perf".to_owned()],
            parent: Some("7".to_owned()),
            story_points: BTreeMap::from([("n-plus-one".to_owned(), 5.0)]),
            ..WorkItemSettings::default()
        };
        assert_eq!(read, expected);
        let mistakes = |text: &str| {
            let mistakes = PlanFile::read(&format!("component: a.wasm\nwork_items: {text}\n")).unwrap_err();
            mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            mistakes("{ ownr: ada }"),
            ["2:15: work_items: work_items has no \"ownr\": did you mean \"owner\"?"]
        );
        assert_eq!(
            mistakes("{ story_points: { cpu: many } }"),
            ["2:29: work_items: story_points: cpu: \"many\" is not a number above 0"]
        );
    }

    #[test]
    fn options_go_before_the_plan_and_tags_add_up() {
        let of = |owner: &str, tag: &str, points: f64| WorkItemSettings {
            owner: Some(owner.to_owned()),
            tags: vec![tag.to_owned()],
            story_points: BTreeMap::from([("cpu".to_owned(), points)]),
            ..WorkItemSettings::default()
        };
        let plan = WorkItemSettings { area: Some("Shop".to_owned()), ..of("ada", "perf", 3.0) };
        let both = of("grace", "nightly", 8.0).over(plan);
        assert_eq!((both.owner.as_deref(), both.area.as_deref()), (Some("grace"), Some("Shop")));
        assert_eq!((both.tags, both.story_points["cpu"]), (vec!["nightly".to_owned(), "perf".to_owned()], 8.0));
    }
}
