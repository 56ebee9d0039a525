//! Where what is measured goes: `out`. Only knows that it is a list of texts; what an output is, others know.

use super::mistake::{Position, Trouble};
use super::node::{Node, Value};

/// Each output, and where it stands.
pub(super) fn read(value: &Node, troubles: &mut Vec<Trouble>) -> Vec<(String, Position)> {
    let Value::List(items) = &value.value else {
        troubles.push(Trouble::at(value.place, "write a list of KIND=WHERE, like [ json=points.ndjson ]"));
        return Vec::new();
    };
    let mut outputs = Vec::new();
    for item in items {
        match <String as serde::Deserialize>::deserialize(item) {
            Ok(written) => outputs.push((written, item.place)),
            Err(trouble) => troubles.push(trouble.or_at(item.place)),
        }
    }
    outputs
}
