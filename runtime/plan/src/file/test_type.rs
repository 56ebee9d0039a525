//! The types of tests: what each is for, and what it is if nothing more is said.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use squall_schedule::nearest;

/// What a test is to find out, which decides the shape of its load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestType {
    /// Whether the expected load holds: up, hold, down.
    Load,
    /// What happens beyond it, and whether the target is well again afterwards: steps up, then half.
    Stress,
    /// What happens in hours: up, and hold.
    Soak,
    /// What a burst does: hold, up within seconds, hold, back, hold.
    Spike,
    /// The highest rate that holds: a search, in trials.
    Breakpoint,
    /// Whether it works at all: one user, a few iterations, all checks.
    Smoke,
}

impl TestType {
    const ALL: [TestType; 6] =
        [TestType::Load, TestType::Stress, TestType::Soak, TestType::Spike, TestType::Breakpoint, TestType::Smoke];

    /// Its name in plans.
    pub fn name(self) -> &'static str {
        match self {
            TestType::Load => "load",
            TestType::Stress => "stress",
            TestType::Soak => "soak",
            TestType::Spike => "spike",
            TestType::Breakpoint => "breakpoint",
            TestType::Smoke => "smoke",
        }
    }

    /// Every name there is.
    pub(super) fn names() -> Vec<&'static str> {
        TestType::ALL.iter().map(|kind| kind.name()).collect()
    }

    /// How long it takes unless said otherwise; a search at most.
    pub fn default_duration(self) -> Duration {
        let minutes = match self {
            TestType::Load => 15,
            TestType::Stress => 20,
            TestType::Soak => 4 * 60,
            TestType::Spike => 6,
            TestType::Breakpoint => 45,
            TestType::Smoke => 1,
        };
        Duration::from_secs(minutes * 60)
    }
}

impl fmt::Display for TestType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TestType {
    type Err = String;

    fn from_str(text: &str) -> Result<TestType, String> {
        let known = || TestType::names().join(", ");
        match TestType::ALL.into_iter().find(|kind| kind.name() == text) {
            Some(kind) => Ok(kind),
            None => Err(match nearest(text, TestType::names()) {
                Some(meant) => format!("unknown type of test {text:?}: did you mean {meant:?}?"),
                None => format!("unknown type of test {text:?}: expected one of {}", known()),
            }),
        }
    }
}
