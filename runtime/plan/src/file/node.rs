//! YAML as a tree in which everything knows its place. Knows nothing of plans.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::mistake::{Mistake, Position};

/// The largest file that is read, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// How deep lists and mappings may lie in each other. The parser goes over them in a loop; readers do not.
const MAX_DEPTH: usize = 32;
/// How many values a file may have, aliases (`*name`) written out.
const MAX_NODES: usize = 100_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) place: Position,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Text, a number, true, null: what it is depends on who reads it. Quoted, it is text.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Position,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        }
    }
}

/// Reads the one document of a file; none if there is nothing in it. What is no YAML ends the reading, and keys given twice
/// are noted.
pub(super) fn parse(text: &str, mistakes: &mut Vec<Mistake>) -> Option<Node> {
    if text.len() > MAX_SIZE {
        mistakes.push(Mistake::at(Position::START, "the plan is larger than 1 MiB, which no plan should be"));
        return None;
    }
    let mut tree = Tree::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((event, span)) => tree.take(event, place(&span), mistakes),
            Err(error) => {
                let (line, column) = (error.marker().line(), error.marker().col() + 1);
                Err(Mistake::at(Position { line, column }, format!("this is not YAML: {}", error.info())))
            }
        };
        if let Err(mistake) = step {
            mistakes.push(mistake);
            return None;
        }
    }
    tree.root
}

fn place(span: &Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

/// The tree as far as it has grown.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

/// A list or mapping whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<(String, Position)>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, place: Position, mistakes: &mut Vec<Mistake>) -> Result<(), Mistake> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = Value::Scalar { text: text.into_owned(), quoted: style != ScalarStyle::Plain };
                self.place(Node { place, value }, anchor, mistakes)
            }
            Event::SequenceStart(anchor, _) => self.begin(Value::List(Vec::new()), place, anchor),
            Event::MappingStart(anchor, _) => self.begin(Value::Map(Vec::new()), place, anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.place(done.node, done.anchor, mistakes),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => self.place(Node { place, ..node.clone() }, 0, mistakes),
                None => Err(Mistake::at(place, "this alias stands for itself, or for nothing")),
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Mistake::at(place, "a second document begins here; a file holds one plan"))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, value: Value, place: Position, anchor: usize) -> Result<(), Mistake> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Mistake::at(
                place,
                format!("lists and mappings lie more than {MAX_DEPTH} deep in each other here"),
            ));
        }
        self.open.push(Open { node: Node { place, value }, anchor, key: None });
        Ok(())
    }

    /// Puts a whole value where it belongs.
    fn place(&mut self, node: Node, anchor: usize, mistakes: &mut Vec<Mistake>) -> Result<(), Mistake> {
        self.nodes += if anchor == 0 { node.size() } else { 1 };
        if self.nodes > MAX_NODES * MAX_DEPTH {
            return Err(Mistake::at(node.place, "there are more values than any plan should have"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut parent.node.value, parent.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, place))) => {
                if entries.iter().any(|entry| entry.key == key) {
                    mistakes.push(Mistake::at(place, format!("{key} is given twice")));
                }
                entries.push(Entry { key, place, value: node });
            }
            (Value::Map(_), None) => match node.value {
                Value::Scalar { text, .. } => parent.key = Some((text, node.place)),
                _ => return Err(Mistake::at(node.place, "a key is a word; this is a list or a mapping")),
            },
            (Value::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}
