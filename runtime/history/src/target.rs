//! What was seen of the target, as lines of `target.ndjson` and back.

use squall_metrics::{Nanos, Reading, ResourceUnit, ResourceValue};

use crate::format::{TargetLine, TargetValue};

pub(crate) fn target_line(reading: &Reading) -> TargetLine {
    let value = |value: &ResourceValue| TargetValue {
        name: value.name.clone().into_owned(),
        unit: value.unit.name().to_owned(),
        value: value.value,
        limit: value.limit,
    };
    let values = reading.said.iter().flatten().filter(|value| value.value.is_finite());
    TargetLine {
        at: reading.at.0,
        source: reading.source.to_string(),
        problem: reading.said.as_ref().err().cloned(),
        values: values.map(value).collect(),
    }
}

/// A unit that is not known yet makes a plain number.
pub(crate) fn reading(line: TargetLine) -> Reading {
    let value = |value: TargetValue| ResourceValue {
        name: value.name.into(),
        unit: ResourceUnit::named(&value.unit).unwrap_or(ResourceUnit::Number),
        value: value.value,
        limit: value.limit,
    };
    let said = match line.problem {
        Some(problem) => Err(problem),
        None => Ok(line.values.into_iter().map(value).collect()),
    };
    Reading { at: Nanos(line.at), source: line.source.into(), said }
}
