//! Answers with parts that are missing or of another type: the readers give up, and never panic.

use serde_json::{Value, json};
use squall_fake_trackers::Random;
use squall_work_items::{Fingerprint, Record, html};

use super::address::AzureProject;
use super::compare::describe_differences;
use super::draft::{AzureDraft, Relation};
use super::items::{body_field, read_ids, read_item};
use super::types::TypeInfo;
use crate::tracker::{ItemState, renew_record};

/// Puts something else in place of a random part.
fn mutate(json: &mut Value, random: &mut Random) {
    let children = match json {
        Value::Array(list) => list.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    };
    if children == 0 || random.chance(25) {
        *json = strange(random);
        return;
    }
    let chosen = random.below(children as u64) as usize;
    match json {
        Value::Array(list) => mutate(&mut list[chosen], random),
        Value::Object(object) => {
            let key = object.keys().nth(chosen).cloned().unwrap_or_default();
            match random.chance(20) {
                true => drop(object.remove(&key)),
                false => mutate(&mut object[&key], random),
            }
        }
        _ => {}
    }
}

fn strange(random: &mut Random) -> Value {
    match random.below(9) {
        0 => Value::Null,
        1 => json!(u64::MAX),
        2 => json!(-1.5e300),
        3 => json!([]),
        4 => json!({}),
        5 => json!("\u{0}\u{1b}[2J<p Squall record: squall-fp-"),
        6 => json!("é".repeat(400)),
        7 => json!("Squall record: squall-fp-0123456789ab, run , at %, p95 1e999 ms, promised NaN ms."),
        _ => json!([[{ "id": [] }], null]),
    }
}

#[test]
fn answers_of_another_form_are_no_items() {
    let project: AzureProject = "acme/Shop".parse().unwrap();
    let record = Record {
        fingerprint: Fingerprint::of(&["x"]),
        run: "r".into(),
        load: None,
        endpoint: None,
        first_p95_ms: None,
        promised_p95_ms: None,
    };
    let item = json!({
        "id": 7, "rev": 2,
        "fields": {
            "System.Title": "A title", "System.WorkItemType": "Task", "System.State": "New", "System.Tags": "squall; x",
            "System.Description": format!("<p>{}</p>", record.line()),
            "System.AssignedTo": { "displayName": "Ada", "uniqueName": "ada@example.com" },
            "Microsoft.VSTS.Scheduling.StoryPoints": 3.0
        },
        "relations": [{ "rel": "Hyperlink", "url": "https://a/", "attributes": { "comment": "x" } }]
    });
    let fields = json!({ "count": 1, "value": [{ "referenceName": "System.Title" }] });
    let states = json!({ "count": 1, "value": [{ "name": "New", "category": "Proposed" }] });
    let draft = AzureDraft {
        item_type: "Task".to_owned(),
        fields: vec![
            ("System.Title", json!("A title")),
            ("System.Tags", json!("squall; x")),
            ("System.Description", item["fields"]["System.Description"].clone()),
            ("System.AssignedTo", json!("ada@example.com")),
            ("Microsoft.VSTS.Scheduling.StoryPoints", json!(3)),
        ],
        relations: vec![Relation { rel: "Hyperlink", url: "https://a/".to_owned(), attribute: None }],
        attachment: None,
        notes: Vec::new(),
    };
    let info = TypeInfo::read("Task", &fields, &states).unwrap();
    assert_eq!(describe_differences(&draft, &item), Vec::<String>::new());
    let mut random = Random::new(11);
    for _ in 0..20_000 {
        let (mut item, mut fields, mut states) = (item.clone(), fields.clone(), states.clone());
        for json in [&mut item, &mut fields, &mut states] {
            mutate(json, &mut random);
        }
        let _ = read_ids(&json!({ "workItems": [item.clone()] }));
        for difference in describe_differences(&draft, &item) {
            assert!(!difference.contains('\u{1b}') && difference.len() < 2_000, "{difference}");
        }
        let info = TypeInfo::read("Task", &fields, &states).unwrap_or_else(|| info.clone());
        let _ = info.states_for(ItemState::Closed);
        if let Some(read) = read_item(item, &project, &info) {
            assert_eq!(read.id.parse::<u64>().ok(), read.native["id"].as_u64());
            let _ = body_field(&read.native);
            let renewed = renew_record(&read.body, read.record.as_ref(), &record, html);
            assert!(renewed.contains(&record.line()));
        }
    }
}
