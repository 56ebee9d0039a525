//! The JSON Schema of `performance_tasks` (draft 2020-12), as docs/performance-tasks.schema.json publishes it.

use serde_json::{Value, json};

/// The schema.
pub fn schema() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let texts =
        |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    let task = object(json!({
        "title": { "type": "string", "minLength": 1, "maxLength": 255, "description": "The title." },
        "type": { "enum": ["Task", "Bug"], "description": "Task: something to improve. Bug: an objective that was missed." },
        "description": text("Analysis and plan, in Markdown."),
        "story_points": { "type": "number", "minimum": 0, "description": "The effort; docs/work-items.md has the rule." },
        "metrics": metrics(),
        "bottlenecks_identified": texts("What is in the way, in sentences."),
        "optimizations": { "type": "array", "items": optimization(), "description": "What to change." },
        "acceptance_criteria": texts("When it is done, in sentences that can be checked."),
    }));
    let mut schema = object(json!({ "performance_tasks": { "type": "array", "items": task } }));
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Performance tasks");
    schema
}

fn metrics() -> Value {
    let time = |description: &str| json!({ "type": "string", "description": description });
    object(json!({
        "current_p95": time("The measured p95, with its unit: 850ms. 'not measured' where nothing was."),
        "target_p95": time("The p95 to reach, with its unit: 200ms."),
        "improvement": time("(current - target) / current, in whole percent: 76%. 'not computed' without figures."),
    }))
}

fn optimization() -> Value {
    object(json!({
        "change": { "type": "string", "description": "What to change." },
        "expected_improvement": {
            "type": "string",
            "description": "By how much the p95 falls, in whole percent: 40%. 'not computed' where the measurements do not say."
        },
    }))
}

/// An object with exactly these properties.
fn object(properties: Value) -> Value {
    let required: Vec<String> = properties.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}
