//! Story points: by the class of effort that a cause usually takes. docs/work-items.md has the table; a plan or a file
//! changes it.

use std::collections::BTreeMap;

use squall_findings::{Cause, Confidence};

/// The name under which missed objectives are in the table.
const MISSED_OBJECTIVE: &str = "missed-objective";
/// The usual scale: what is only a hypothesis has to be looked into first, and costs a step more.
const SCALE: [f64; 6] = [1.0, 2.0, 3.0, 5.0, 8.0, 13.0];
/// Every cause, in the order of the documentation.
pub(crate) const CAUSES: [Cause; 22] = [
    Cause::MissingIndex,
    Cause::DeadRows,
    Cause::NPlusOne,
    Cause::TemporaryFiles,
    Cause::PoolExhaustion,
    Cause::WorkerPool,
    Cause::Memory,
    Cause::Descriptors,
    Cause::NoisyNeighbour,
    Cause::SlowStatement,
    Cause::LockContention,
    Cause::SerialisedCalls,
    Cause::ChattyCalls,
    Cause::BlockingCall,
    Cause::Cpu,
    Cause::Disk,
    Cause::Network,
    Cause::GarbageCollection,
    Cause::SuperLinear,
    Cause::MemoryLeak,
    Cause::ConcurrencyLimit,
    Cause::Scaling,
];

/// The rule: what each kind of item costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoryPoints {
    /// Kinds that cost something else than by default.
    changed: BTreeMap<String, f64>,
}

impl StoryPoints {
    /// The rule with some kinds changed: `{ "n-plus-one": 5 }`.
    ///
    /// # Errors
    /// If there is no such kind, or its points are not a positive number: a sentence.
    pub fn with(changed: BTreeMap<String, f64>) -> Result<StoryPoints, String> {
        for (kind, points) in &changed {
            if !kinds().any(|known| known == *kind) {
                let known: Vec<String> = kinds().collect();
                return Err(format!("story points: no such kind {kind:?}; kinds are {}", known.join(", ")));
            }
            if !(points.is_finite() && *points > 0.0) {
                return Err(format!("story points: {kind}: write a number above 0"));
            }
        }
        Ok(StoryPoints { changed })
    }

    /// The points of a finding's item.
    pub fn of_finding(&self, cause: Cause, confidence: Confidence) -> f64 {
        let points = self.changed.get(&name(cause)).copied().unwrap_or_else(|| usual(cause));
        if confidence == Confidence::Hypothesis { next_step(points) } else { points }
    }

    /// The points of a missed objective's item.
    pub fn of_objective(&self) -> f64 {
        self.changed.get(MISSED_OBJECTIVE).copied().unwrap_or(3.0)
    }
}

/// The kinds of items: the causes, and missed objectives.
pub fn kinds() -> impl Iterator<Item = String> {
    CAUSES.iter().copied().map(name).chain([MISSED_OBJECTIVE.to_owned()])
}

/// A cause as JSON writes it: `n-plus-one`.
pub fn name(cause: Cause) -> String {
    match serde_json::to_value(cause) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn usual(cause: Cause) -> f64 {
    match cause {
        // A statement of the database's, without a change of code.
        Cause::MissingIndex | Cause::DeadRows => 2.0,
        // One query or one setting.
        Cause::NPlusOne
        | Cause::TemporaryFiles
        | Cause::PoolExhaustion
        | Cause::WorkerPool
        | Cause::Memory
        | Cause::Descriptors
        | Cause::NoisyNeighbour => 3.0,
        // Code of one endpoint is written anew.
        Cause::SlowStatement
        | Cause::LockContention
        | Cause::SerialisedCalls
        | Cause::ChattyCalls
        | Cause::BlockingCall
        | Cause::Cpu
        | Cause::Disk
        | Cause::Network
        | Cause::GarbageCollection => 5.0,
        // First it has to be found in the code.
        Cause::SuperLinear | Cause::MemoryLeak | Cause::ConcurrencyLimit | Cause::Scaling => 8.0,
    }
}

fn next_step(points: f64) -> f64 {
    SCALE.into_iter().find(|step| *step > points).unwrap_or(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hypothesis_costs_a_step_more() {
        let rule = StoryPoints::default();
        assert_eq!(rule.of_finding(Cause::MissingIndex, Confidence::Proved), 2.0);
        assert_eq!(rule.of_finding(Cause::MissingIndex, Confidence::Hypothesis), 3.0);
        assert_eq!(rule.of_finding(Cause::Scaling, Confidence::Hypothesis), 13.0);
        assert_eq!(rule.of_objective(), 3.0);
    }

    #[test]
    fn a_file_changes_what_a_kind_costs() {
        let rule = StoryPoints::with(BTreeMap::from([("n-plus-one".to_owned(), 1.5)])).unwrap();
        assert_eq!(rule.of_finding(Cause::NPlusOne, Confidence::Proved), 1.5);
        assert_eq!(rule.of_finding(Cause::MissingIndex, Confidence::Proved), 2.0);
        let problem = |kind: &str, points| StoryPoints::with(BTreeMap::from([(kind.to_owned(), points)])).unwrap_err();
        assert!(problem("n+1", 1.0).starts_with("story points: no such kind \"n+1\"; kinds are missing-index, "));
        assert_eq!(problem("n-plus-one", -1.0), "story points: n-plus-one: write a number above 0");
    }
}
