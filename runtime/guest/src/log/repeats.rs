//! Equal lines are told once and counted from then on. The memory for that is bounded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use super::LogLine;

/// Lines that were told, and how often each came again.
#[derive(Debug)]
pub struct RepeatedLines {
    told: HashMap<ByText, Repeats>,
    most: usize,
}

#[derive(Debug)]
struct Repeats {
    /// Its number among those that were told.
    number: usize,
    count: u64,
}

/// A line by what is read of it: which virtual user wrote it makes no difference.
#[derive(Debug)]
struct ByText(LogLine);

impl ByText {
    fn key(&self) -> (super::Level, squall_metrics::FlowId, &str) {
        (self.0.level, self.0.flow, &self.0.text)
    }
}

impl PartialEq for ByText {
    fn eq(&self, other: &ByText) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ByText {}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl RepeatedLines {
    /// Remembers so many different lines.
    pub fn remembering(most: usize) -> RepeatedLines {
        RepeatedLines { told: HashMap::new(), most }
    }

    /// Whether a new line would not be remembered.
    pub fn is_full(&self) -> bool {
        self.told.len() >= self.most
    }

    /// A line that was written so many times. Returns it if it has not been told, and is to be; else it is counted.
    pub fn admit(&mut self, line: LogLine, times: u64) -> Option<LogLine> {
        let (number, is_full) = (self.told.len(), self.is_full());
        match self.told.entry(ByText(line)) {
            Entry::Occupied(mut told) => {
                told.get_mut().count += times;
                None
            }
            Entry::Vacant(new) if is_full => Some(new.into_key().0),
            Entry::Vacant(new) => {
                let line = new.key().0.clone();
                new.insert(Repeats { number, count: times.saturating_sub(1) });
                Some(line)
            }
        }
    }

    /// Forgets all lines. Returns those that came again, and how often, in the order in which they were told.
    pub fn take(&mut self) -> Vec<(LogLine, u64)> {
        let repeated = self.told.drain().filter(|(_, repeats)| repeats.count > 0);
        let mut repeated: Vec<_> = repeated.map(|(line, repeats)| (repeats.number, line.0, repeats.count)).collect();
        repeated.sort_by_key(|(number, ..)| *number);
        repeated.into_iter().map(|(_, line, count)| (line, count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use squall_metrics::FlowId;

    use super::super::Level;
    use super::*;

    fn line(vu: u32, text: &str) -> LogLine {
        LogLine { level: Level::Info, vu, flow: FlowId(0), text: text.to_owned() }
    }

    #[test]
    fn a_line_is_told_once_and_counted_from_then_on() {
        let mut lines = RepeatedLines::remembering(2);
        assert!(lines.admit(line(1, "b"), 1).is_some() && lines.admit(line(1, "a"), 1).is_some());
        assert!(lines.admit(line(2, "a"), 5).is_none() && lines.admit(line(1, "b"), 1).is_none());
        let louder = LogLine { level: Level::Error, ..line(1, "a") };
        assert_eq!(lines.admit(louder.clone(), 1), Some(louder), "what does not fit is told each time");
        assert_eq!(lines.take(), [(line(1, "b"), 1), (line(1, "a"), 5)]);
        assert_eq!(lines.admit(line(3, "a"), 4), Some(line(3, "a")));
        assert_eq!(lines.take(), [(line(3, "a"), 3)], "it was told once");
        assert!(lines.take().is_empty());
    }
}
