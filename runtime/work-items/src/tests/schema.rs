//! The published schema, against what is written. The few keywords that it uses are understood here.

use serde_json::{Value, json};

use super::forms::example;
use super::{items_of, world::run};
use crate::{items_json, schema};

/// What of a value is not as the schema has it.
fn breaches(value: &Value, schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some(other) => panic!("the keyword type: {other} is not understood here"),
        None => true,
    };
    if !is_type || schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        found.push(format!("{place}: {value}"));
    }
    if let (Some(text), Some(most)) = (value.as_str(), schema["maxLength"].as_u64())
        && text.chars().count() as u64 > most
    {
        found.push(format!("{place}: longer than {most}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{place}: no {name}"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => found.extend(breaches(inner, schema, &format!("{place}/{name}"))),
            None => found.push(format!("{place}: {name} is not known")),
        }
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(breaches(inner, &schema["items"], &format!("{place}/{index}")));
    }
    found
}

#[test]
fn the_published_page_is_the_schema() {
    let page = include_str!("../../../../docs/performance-tasks.schema.json");
    assert_eq!(
        page,
        format!("{:#}\n", schema()),
        "write it with `squall tasks schema > docs/performance-tasks.schema.json`"
    );
}

#[test]
fn the_example_and_all_that_is_written_are_as_the_schema_has_it() {
    let written: Value = serde_json::from_str(&items_json(&items_of(&run()))).unwrap();
    for value in [example(), written] {
        assert_eq!(breaches(&value, &schema(), ""), Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_what_is_not_in_the_shape() {
    let mut wrong = example();
    wrong["performance_tasks"][0]["type"] = json!("Epic");
    wrong["performance_tasks"][0]["severity"] = json!("high");
    wrong["performance_tasks"][0]["metrics"].as_object_mut().unwrap().remove("improvement");
    assert_eq!(breaches(&wrong, &schema(), "").len(), 3);
}
