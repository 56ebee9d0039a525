//! The comparison of an item that was read back with what was written.

use std::collections::BTreeSet;

use serde_json::Value;

use super::draft::{AzureDraft, CRITERIA, DESCRIPTION, EFFORTS, PARENT, REPRO_STEPS, Relation, TAGS};
use super::items::split_tags;
use crate::html::html_to_text;
use crate::transport::plain_message;

/// A phrase for each difference.
pub(super) fn describe_differences(draft: &AzureDraft, native: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    let have = native["fields"]["System.WorkItemType"].as_str().unwrap_or_default();
    if have != draft.item_type {
        differences.push(format!("type is {:?}, not {:?}", plain_message(have), draft.item_type));
    }
    differences
        .extend(draft.fields.iter().filter_map(|(name, value)| compare_field(name, value, &native["fields"][name])));
    differences.extend(draft.relations.iter().filter_map(|relation| compare_relation(relation, native)));
    differences.extend(draft.attachment.as_ref().and_then(|name| compare_attachment(name, native)));
    differences
}

fn compare_field(name: &str, written: &Value, read: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match name {
        DESCRIPTION | REPRO_STEPS | CRITERIA => {
            compare_text(name, &html_to_text(&text(written)), &html_to_text(&text(read)))
        }
        TAGS => compare_tags(&text(written), &text(read)),
        "System.AssignedTo" => compare_person(&text(written), read),
        // Paths are the same whatever their case.
        "System.AreaPath" | "System.IterationPath" => {
            let (written, read) = (text(written), text(read));
            (!written.trim_matches('\\').eq_ignore_ascii_case(&read)).then(|| differ(name, &written, &read))
        }
        name if EFFORTS.contains(&name) => {
            (written.as_f64() != read.as_f64()).then(|| differ(name, &written.to_string(), &read.to_string()))
        }
        _ => (text(written) != text(read)).then(|| differ(name, &text(written), &text(read))),
    }
}

fn differ(name: &str, written: &str, read: &str) -> String {
    format!("{name} is {:?}, not {:?}", plain_message(read), plain_message(written))
}

/// Long texts: by the first line that differs.
fn compare_text(name: &str, written: &str, read: &str) -> Option<String> {
    if written == read {
        return None;
    }
    let mut lines = written.lines();
    let mut others = read.lines();
    loop {
        match (lines.next(), others.next()) {
            (Some(line), Some(other)) if line == other => {}
            (line, other) => {
                let (line, other) = (line.unwrap_or_default(), other.unwrap_or_default());
                return Some(format!("{name} has {:?}, not {:?}", plain_message(other), plain_message(line)));
            }
        }
    }
}

/// Tags as sets; the service keeps the case of a tag that it knew before.
fn compare_tags(written: &str, read: &str) -> Option<String> {
    let set = |tags: &str| split_tags(tags).into_iter().map(|tag| tag.to_lowercase()).collect::<BTreeSet<_>>();
    let (written, read) = (set(written), set(read));
    let list = |tags: Vec<&String>| plain_message(&tags.into_iter().cloned().collect::<Vec<_>>().join("; "));
    let missing = list(written.difference(&read).collect());
    let further = list(read.difference(&written).collect());
    match (missing.is_empty(), further.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("{TAGS} lacks {missing:?}")),
        (true, false) => Some(format!("{TAGS} has {further:?}, too")),
        (false, false) => Some(format!("{TAGS} lacks {missing:?} and has {further:?}, too")),
    }
}

/// A person by address or name: the service answers with both.
fn compare_person(written: &str, read: &Value) -> Option<String> {
    let names = [&read["uniqueName"], &read["displayName"], read].map(|name| name.as_str().unwrap_or_default());
    let is_same = |name: &str| name.eq_ignore_ascii_case(written) || name.contains(&format!("<{written}>"));
    if names.into_iter().any(is_same) {
        return None;
    }
    Some(differ("System.AssignedTo", written, names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()))
}

fn compare_relation(relation: &Relation, native: &Value) -> Option<String> {
    let is_same = |other: &Value| {
        let url = other["url"].as_str().unwrap_or_default();
        other["rel"].as_str() == Some(relation.rel)
            && if relation.rel == PARENT {
                last_segment(url) == last_segment(&relation.url)
            } else {
                same_url(url, &relation.url)
            }
    };
    let found = relations(native).iter().any(is_same);
    (!found).then(|| format!("the link {} to {} is missing", relation.rel, plain_message(&relation.url)))
}

fn compare_attachment(name: &str, native: &Value) -> Option<String> {
    let is_it = |relation: &Value| {
        relation["rel"].as_str() == Some("AttachedFile") && relation["attributes"]["name"].as_str() == Some(name)
    };
    let found = relations(native).iter().any(is_it);
    (!found).then(|| format!("the report {} is not attached", plain_message(name)))
}

fn relations(native: &Value) -> &[Value] {
    native["relations"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn last_segment(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

/// The same address, perhaps with other escapes.
fn same_url(one: &str, other: &str) -> bool {
    one == other || url::Url::parse(one).ok().is_some_and(|one| url::Url::parse(other).ok() == Some(one))
}
