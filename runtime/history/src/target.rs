//! Readings of the target, as lines of `target.ndjson` and back.

use squall_metrics::{Nanos, Reading};

use crate::format::TargetLine;

pub(crate) fn target_line(reading: &Reading) -> TargetLine {
    let values = reading.said.iter().flatten().filter(|value| value.value.is_finite());
    TargetLine {
        at: reading.at.0,
        source: reading.source.to_string(),
        problem: reading.said.as_ref().err().cloned(),
        values: values.cloned().collect(),
    }
}

pub(crate) fn reading(line: TargetLine) -> Reading {
    let said = line.problem.map_or(Ok(line.values), Err);
    Reading { at: Nanos(line.at), source: line.source.into(), said }
}

#[cfg(test)]
mod tests {
    use squall_metrics::ResourceUnit;

    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written_and_later_units_are_numbers() {
        let line = r#"{"at":7,"source":"shop","values":[{"name":"memory","unit":"bytes_per_second","value":5.0,"limit":9.0}]}"#;
        let read: TargetLine = serde_json::from_str(line).unwrap();
        assert_eq!(read.values[0].unit, ResourceUnit::BytesPerSecond);
        assert_eq!(serde_json::to_string(&target_line(&reading(read))).unwrap(), line);
        let later: TargetLine = serde_json::from_str(&line.replace("bytes_per_second", "joules")).unwrap();
        assert_eq!(later.values[0].unit, ResourceUnit::Number);
    }
}
