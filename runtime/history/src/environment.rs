//! What the numbers of a run depend on besides the target: when it differs between runs, so may they.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine and the program that made a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// The host's name.
    pub host: String,
    /// The processor's name.
    pub processor: String,
    /// How many of its cores Squall could use.
    pub cores: usize,
    /// The kernel.
    pub kernel: String,
    /// Squall's version.
    pub squall: String,
}

impl Environment {
    /// This machine. What the system does not tell stays empty.
    pub fn here() -> Environment {
        let line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        Environment {
            host: line("/proc/sys/kernel/hostname"),
            processor: processor().unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: line("/proc/sys/kernel/osrelease"),
            squall: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// What differs from `other`, in words.
    pub fn differences(&self, other: &Environment) -> Vec<String> {
        let cores = (self.cores.to_string(), other.cores.to_string());
        let pairs = [
            ("host", &self.host, &other.host),
            ("processor", &self.processor, &other.processor),
            ("cores", &cores.0, &cores.1),
            ("kernel", &self.kernel, &other.kernel),
            ("squall", &self.squall, &other.squall),
        ];
        let differ = pairs.into_iter().filter(|(_, ours, theirs)| ours != theirs);
        differ.map(|(what, ours, theirs)| format!("{what} {ours:?}, then {theirs:?}")).collect()
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
