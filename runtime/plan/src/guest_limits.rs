//! What a scenario may take of the machine: every limit in one place, those that an option sets and those that are fixed.
//!
//! They belong to the user who runs a scenario: neither a component nor the plan that it suggests has a say in them. Each
//! message about one names it with its option.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_schedule::UnknownChoice;

const MIB: u64 = 1 << 20;

/// What a scenario may take. The comments name the options; the defaults let every honest scenario through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The size of a component's file, in bytes: `--max-component-size`.
    pub component: u64,
    /// How long compiling it may take: `--compile-timeout`.
    pub compile: Duration,
    /// The memory that compiling it may take, in bytes: `--compile-memory`.
    pub compile_memory: u64,
    /// Each linear memory of a virtual user, in bytes: `--memory`.
    pub memory: u64,
    /// The memories and tables of all virtual users together, and what is held for them, in bytes: `--memory-total`.
    pub memory_total: Option<u64>,
    /// What is held outside of its memories for a virtual user, in bytes: requests and responses, lists: `--host-memory`.
    pub host_memory: u64,
    /// How long one iteration may take, and one `start`: `--iteration-timeout`.
    pub iteration: Option<Duration>,
    /// A response's body as it came, and decoded, in bytes: `--max-body-size`.
    pub body: u64,
    /// What guests may write to the log in a whole run, in bytes: `--max-log-size`.
    pub log: u64,
    /// How many requests one `send-all` may hold: `--max-batch`.
    pub batch: usize,
}

impl Limits {
    /// The stack of a guest, in bytes.
    pub const STACK: usize = 256 << 10;
    /// How many memories an instance may have.
    pub const MEMORIES: usize = 8;
    /// How many tables an instance may have.
    pub const TABLES: usize = 64;
    /// The entries that a table may begin with; it may become twice as large.
    pub const TABLE_ENTRIES: usize = 100_000;
    /// How many core instances a component may consist of.
    pub const CORE_INSTANCES: usize = 64;
    /// How many instances of its parts a component may consist of.
    pub const COMPONENT_INSTANCES: usize = 1_000;
    /// How many parts, components and core modules, may be in a component.
    pub const PARTS: u64 = 10_000;
    /// How many definitions a component may come to, those of a part counted as often as it is instantiated.
    pub const DEFINITIONS: u64 = 500_000;
    /// How many functions it may lift and lower, counted likewise: each is compiled.
    pub const ADAPTED_FUNCTIONS: u64 = 20_000;
    /// How many resources of one kind an instance may hold at once. A guest that holds more has lost them.
    pub const HANDLES: usize = 10_000;
    /// How many cookie jars of its own a virtual user may hold at once. Each has up to 300 cookies of some kilobytes.
    pub const COOKIE_JARS: usize = 100;
    /// How many responses and requests in pieces a virtual user may have open at once. Each has a connection.
    pub const STREAMS: usize = 100;
    /// How many TCP connections and UDP sockets a virtual user may have open at once.
    pub const SOCKETS: usize = 100;
    /// How many resources of WASI an instance may hold at once.
    pub const WASI_HANDLES: usize = 4_000;
    /// The fields of one `wasi:http` message that a guest makes, and what it may write at once of a body, in bytes.
    pub const WASI_MESSAGE: usize = 64 << 10;
    /// How many ranges of status codes a request may expect.
    pub const STATUS_RANGES: usize = 1_000;
    /// How many headers a request may have.
    pub const HEADERS: usize = 1_000;
    /// The longest line of the log, in bytes; the rest is cut off.
    pub const LOG_LINE: usize = 4 << 10;
    /// Lines that wait to be shown; what comes when there are so many is dropped, and counted.
    pub const LOG_LINES_WAITING: usize = 1_000;
    /// How long making an instance and its `start` may take, unless an iteration has a limit: then that holds for them, too.
    pub const START: Duration = Duration::from_secs(60);
    /// How long an iteration may compute in a rehearsal, in real time, unless it has a limit: the time of the plan does not pass
    /// meanwhile.
    pub const REHEARSED_ITERATION: Duration = Duration::from_secs(10);
    /// How long `describe` may take: it only has to name the flows.
    pub const DESCRIBE: Duration = Duration::from_secs(10);
    /// What is held outside of its memories for a component that describes itself, in bytes.
    pub const DESCRIBE_HOST_MEMORY: u64 = 32 * MIB;
    /// How long it may take to make a component of a core module. There is no option: what takes longer can be made one where
    /// it is built.
    pub const ENCODE: Duration = Duration::from_secs(60);
    /// The memory for that, in bytes.
    pub const ENCODE_MEMORY: u64 = 1024 * MIB;
    /// The most series (`max_series`) that the plan which a component suggests may ask for.
    pub const SUGGESTED_SERIES: usize = 10_000;
    /// The longest plan that a component may suggest, in bytes.
    pub const SUGGESTED_PLAN: usize = 256 << 10;
    /// How many iterations of an open load may wait for a virtual user in the whole run, whatever `max_backlog` says; the
    /// oldest are dropped first.
    pub const ITERATIONS_WAITING: u64 = 2_000_000;

    /// What a machine allows that others send scenarios to (`--limits ci`).
    pub const CI: Limits = Limits {
        component: 32 * MIB,
        compile: Duration::from_secs(120),
        compile_memory: 2048 * MIB,
        memory: 64 * MIB,
        memory_total: Some(1024 * MIB),
        host_memory: 128 * MIB,
        iteration: Some(Duration::from_secs(60)),
        body: 16 * MIB,
        log: MIB,
        batch: 100,
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            component: 64 * MIB,
            compile: Duration::from_secs(300),
            compile_memory: 4096 * MIB,
            memory: 64 * MIB,
            memory_total: None,
            host_memory: 512 * MIB,
            iteration: None,
            body: 256 * MIB,
            log: 64 * MIB,
            batch: 1_000,
        }
    }
}

/// Limits by a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitPreset {
    /// [`Limits::default`].
    #[default]
    Default,
    /// [`Limits::CI`].
    Ci,
}

impl LimitPreset {
    const NAMES: &[&str] = &["default", "ci"];

    /// What it stands for.
    pub fn limits(self) -> Limits {
        match self {
            LimitPreset::Default => Limits::default(),
            LimitPreset::Ci => Limits::CI,
        }
    }
}

impl FromStr for LimitPreset {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<LimitPreset, UnknownChoice> {
        match text {
            "default" => Ok(LimitPreset::Default),
            "ci" => Ok(LimitPreset::Ci),
            _ => Err(UnknownChoice::new("preset of limits", text, LimitPreset::NAMES)),
        }
    }
}

/// An amount of memory as `--memory` takes it: in the largest unit that leaves it whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySize(pub u64);

impl fmt::Display for MemorySize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10)];
        match units.into_iter().find(|(_, unit)| self.0 >= *unit && self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(formatter, "{} {name}", self.0 / unit),
            None if self.0 > 10 * MIB => write!(formatter, "{:.1} MiB", self.0 as f64 / MIB as f64),
            None => write!(formatter, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_never_wider_than_the_default() {
        let (ci, default) = (Limits::CI, Limits::default());
        assert!(ci.component <= default.component && ci.compile <= default.compile && ci.memory <= default.memory);
        assert!(ci.host_memory <= default.host_memory && ci.compile_memory <= default.compile_memory);
        assert!(ci.body <= default.body && ci.log <= default.log && ci.batch <= default.batch);
        assert!(ci.memory_total.is_some() && ci.iteration.is_some());
        assert_eq!("ci".parse(), Ok(LimitPreset::Ci));
        assert!("tight".parse::<LimitPreset>().is_err());
    }

    #[test]
    fn sizes_read_as_they_are_written() {
        assert_eq!(MemorySize(64 * MIB).to_string(), "64 MiB");
        assert_eq!(MemorySize(2 << 30).to_string(), "2 GiB");
        assert_eq!(MemorySize(100_000).to_string(), "100000 bytes");
        assert_eq!(MemorySize(100_000_000).to_string(), "95.4 MiB");
    }

    /// The cells of a row of the table in `docs/security.md`: by default, and with `--limits ci`.
    fn documented(row: &str) -> (String, String) {
        let docs = include_str!("../../../docs/security.md");
        let found = docs.lines().find(|line| line.starts_with('|') && line.contains(row));
        let cells: Vec<&str> = found.unwrap_or_else(|| panic!("no row has {row}")).split(" | ").collect();
        (cells[1].to_owned(), cells[2].to_owned())
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let (default, ci) = (Limits::default(), Limits::CI);
        let size =
            |of: fn(&Limits) -> u64| [default.clone(), ci.clone()].map(|limits| MemorySize(of(&limits)).to_string());
        let minutes = |time: Duration| format!("{} min", time.as_secs() / 60);
        let total = |limits: &Limits| limits.memory_total.map_or("-".to_owned(), |total| MemorySize(total).to_string());
        let iteration = ci.iteration.map(minutes).unwrap();
        for (row, expected) in [
            ("`--max-component-size`", size(|limits| limits.component)),
            ("`--compile-timeout`", [default.compile, ci.compile].map(minutes)),
            ("`--compile-memory`", size(|limits| limits.compile_memory)),
            ("`--memory`", size(|limits| limits.memory)),
            ("`--host-memory`", size(|limits| limits.host_memory)),
            ("`--memory-total`", [total(&default), total(&ci)]),
            ("| an iteration", ["- (but see below)".to_owned(), iteration.clone()]),
            ("| making an instance", [format!("{} s", Limits::START.as_secs()), iteration]),
            ("`--max-body-size`", size(|limits| limits.body)),
            ("`--max-log-size`", size(|limits| limits.log)),
            (
                "`--max-batch`",
                [default.batch, ci.batch]
                    .map(|batch| if batch == 1_000 { "1,000".to_owned() } else { batch.to_string() }),
            ),
        ] {
            let (by_default, in_ci) = documented(row);
            assert_eq!([by_default, in_ci], expected, "{row}");
        }
        assert_eq!(default.iteration, None);
    }

    #[test]
    fn the_limits_of_encoding_are_the_documented_ones() {
        let (minutes, memory) = (Limits::ENCODE.as_secs() / 60, MemorySize(Limits::ENCODE_MEMORY));
        let page = include_str!("../../../docs/security.md");
        let row = page.lines().find(|line| line.starts_with("| making a component of a core module")).unwrap();
        assert!(row.ends_with(&format!("| {minutes} min; {memory} |")), "{row}");
    }
}
