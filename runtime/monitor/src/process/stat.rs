//! `/proc/PID/stat`, as `proc(5)` has it.

use std::collections::BTreeMap;
use std::fs::{read_dir, read_to_string};

/// Fields of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub id: u32,
    pub command: String,
    pub parent: u32,
    /// Processor time up to now, in ticks.
    pub ticks: u64,
    pub threads: u64,
    /// Start time, in ticks since the machine's boot.
    pub began: u64,
    pub resident_pages: u64,
}

impl Stat {
    /// Of one process.
    pub(super) fn of(id: u32) -> Option<Stat> {
        parse(&read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// Of all that there are.
    pub(super) fn all() -> BTreeMap<u32, Stat> {
        let entries = read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        numbers.filter_map(|id| Some((id, Stat::of(id)?))).collect()
    }
}

/// `1234 (a (name) S 1 ...`: the name may have anything in it, even parentheses.
pub(super) fn parse(text: &str) -> Option<Stat> {
    let (id, rest) = text.split_once(" (")?;
    let (command, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // The state, the third field of all, is the first here.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    // One that has ended and waits for its parent uses nothing any more.
    if fields.first() == Some(&"Z") {
        return None;
    }
    Some(Stat {
        id: id.parse().ok()?,
        command: command.to_owned(),
        parent: u32::try_from(field(4)?).ok()?,
        ticks: field(14)? + field(15)?,
        threads: field(20)?,
        began: field(22)?,
        resident_pages: field(24)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_the_manual() {
        let text =
            "42 (a) (b c) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 16 0 98765 1000000 333 184467 1 1 0\n";
        let stat = parse(text).unwrap();
        assert_eq!((stat.id, stat.command.as_str(), stat.parent), (42, "a) (b c", 7));
        assert_eq!((stat.ticks, stat.threads, stat.began, stat.resident_pages), (300, 16, 98_765, 333));
        assert_eq!(parse(&text.replace(") S ", ") Z ")), None, "it has ended");
        assert_eq!(parse("garbage"), None);
    }
}
