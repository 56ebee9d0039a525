//! The Atlassian Document Format: descriptions and comments of the cloud as JSON.
//! <https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>
//!
//! Texts are nodes of their own, so nothing in them is markup or a mention.

use serde_json::{Value, json};
use squall_work_items::{Block, Record, text};

use crate::api_base::web_url;

/// Nodes that end a line of text.
const LINES: [&str; 6] = ["paragraph", "heading", "codeBlock", "listItem", "tableRow", "hardBreak"];
/// Deeper nodes are not read: documents come from a server.
const DEEPEST: usize = 32;

/// Blocks as a document.
pub(super) fn document(blocks: &[Block]) -> Value {
    let content: Vec<Value> = blocks.iter().map(node).collect();
    json!({ "version": 1, "type": "doc", "content": content })
}

fn node(block: &Block) -> Value {
    match block {
        Block::Heading(words) => json!({ "type": "heading", "attrs": { "level": 3 }, "content": texts(words) }),
        Block::Paragraph(words) => paragraph(words),
        Block::Bullets(lines) => {
            let items: Vec<_> =
                lines.iter().map(|line| json!({ "type": "listItem", "content": [paragraph(line)] })).collect();
            json!({ "type": "bulletList", "content": items })
        }
        Block::Code(_) => {
            let code = text(std::slice::from_ref(block));
            let content: Vec<_> =
                (!code.is_empty()).then(|| json!({ "type": "text", "text": code })).into_iter().collect();
            json!({ "type": "codeBlock", "content": content })
        }
        Block::Link { title, url } => match web_url(url) {
            Some(url) => {
                let mut content = texts(title);
                for text in &mut content {
                    text["marks"] = json!([{ "type": "link", "attrs": { "href": url } }]);
                }
                json!({ "type": "paragraph", "content": content })
            }
            None => paragraph(title),
        },
    }
}

fn paragraph(words: &str) -> Value {
    json!({ "type": "paragraph", "content": texts(words) })
}

/// A text node; none for an empty text, which the format forbids.
fn texts(words: &str) -> Vec<Value> {
    let words = text(&[Block::Paragraph(words.to_owned())]);
    (!words.is_empty()).then(|| json!({ "type": "text", "text": words })).into_iter().collect()
}

/// The text of a document, a line for each paragraph.
pub(super) fn text_of(document: &Value) -> String {
    let mut text = String::new();
    collect(document, &mut text, 0);
    text
}

fn collect(node: &Value, text: &mut String, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    text.push_str(node["text"].as_str().unwrap_or_default());
    for child in node["content"].as_array().into_iter().flatten() {
        collect(child, text, depth + 1);
    }
    let is_line = node["type"].as_str().is_some_and(|kind| LINES.contains(&kind));
    if is_line && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// A document with its record renewed and all else as it was. If its record is not there in one piece, the new one is
/// appended.
pub(super) fn renew_record(body: &Value, old: Option<&Record>, new: &Record) -> Value {
    let mut renewed = if body["type"].as_str() == Some("doc") { body.clone() } else { document(&[]) };
    let is_replaced = old.is_some_and(|old| replace(&mut renewed, &old.line(), &new.line(), 0));
    if !is_replaced && let Some(content) = renewed["content"].as_array_mut() {
        content.push(paragraph(&new.line()));
    }
    renewed
}

/// Replaces a text in the first node that has it.
fn replace(node: &mut Value, old: &str, new: &str, depth: usize) -> bool {
    if let Some(text) = node["text"].as_str().filter(|text| text.contains(old)) {
        node["text"] = Value::String(text.replace(old, new));
        return true;
    }
    let Some(content) = node.get_mut("content").and_then(Value::as_array_mut) else { return false };
    depth < DEEPEST && content.iter_mut().any(|child| replace(child, old, new, depth + 1))
}

#[cfg(test)]
mod tests {
    use squall_work_items::Fingerprint;

    use super::*;

    fn record(run: &str) -> Record {
        let fingerprint = Fingerprint::of(&["n-plus-one"]);
        let text = format!("Squall record: {fingerprint}, run {run}, at -, p95 850 ms, promised -, load -.");
        Record::find(&text).unwrap()
    }

    #[test]
    fn a_known_answer() {
        let blocks = [
            Block::Heading("Metrics".to_owned()),
            Block::Bullets(vec!["p95 <b>".to_owned()]),
            Block::Code("SELECT 1;\nFROM t".to_owned()),
            Block::Link { title: "Report".to_owned(), url: "https://ci/r?a=1".to_owned() },
            Block::Link { title: "Report".to_owned(), url: "javascript:x".to_owned() },
            Block::Paragraph(String::new()),
        ];
        let text = |text: &str| json!([{ "type": "text", "text": text }]);
        let marks = json!([{ "type": "link", "attrs": { "href": "https://ci/r?a=1" } }]);
        let expected = json!({ "version": 1, "type": "doc", "content": [
            { "type": "heading", "attrs": { "level": 3 }, "content": text("Metrics") },
            { "type": "bulletList", "content": [
                { "type": "listItem", "content": [{ "type": "paragraph", "content": text("p95 <b>") }] }
            ] },
            { "type": "codeBlock", "content": text("SELECT 1;\nFROM t") },
            { "type": "paragraph", "content": [{ "type": "text", "text": "Report", "marks": marks }] },
            { "type": "paragraph", "content": text("Report") },
            { "type": "paragraph", "content": [] }
        ] });
        assert_eq!(document(&blocks), expected);
        assert_eq!(text_of(&expected).trim_end(), "Metrics\np95 <b>\nSELECT 1;\nFROM t\nReport\nReport");
    }

    #[test]
    fn a_record_is_renewed_among_the_edits_of_people() {
        let mut written = document(&[Block::Paragraph("a".to_owned()), Block::Paragraph(record("run-1").line())]);
        written["content"].as_array_mut().unwrap().push(json!({ "type": "mediaSingle", "attrs": { "ours": 1 } }));
        let renewed = renew_record(&written, Some(&record("run-1")), &record("run-2"));
        assert_eq!(Record::find(&text_of(&renewed)), Some(record("run-2")));
        assert_eq!(renewed["content"][2], written["content"][2]);
        assert!(!renewed.to_string().contains("run-1"));
        // Removed by people, or no description at all.
        for body in [document(&[Block::Paragraph("ours".to_owned())]), Value::Null] {
            let renewed = renew_record(&body, None, &record("run-2"));
            assert_eq!(Record::find(&text_of(&renewed)), Some(record("run-2")));
        }
    }
}
