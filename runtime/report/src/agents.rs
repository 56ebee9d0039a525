//! The agents of a run in words, for all forms of output. Names, machines and reasons come from other machines: here they
//! become text that steers no terminal, and each form escapes it in its own way.

use squall_metrics::{AgentLine, AgentsReport, LostLoad, plain};

use crate::document::Unit;
use crate::table::shorten;
use crate::wording::sentence_of;

/// How far apart two agents may begin without a warning, in milliseconds.
const START_ERROR_LIMIT_MS: f64 = 10.0;
/// Letters of a name or a reason that are shown.
const LONGEST_TEXT: usize = 200;

/// How far apart the agents began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StartBound {
    /// Without a full stop.
    pub(crate) text: String,
    /// Whether they were too far apart for figures by the second.
    pub(crate) is_warning: bool,
}

/// A text from another machine, fit to be shown.
pub(crate) fn foreign(text: &str) -> String {
    shorten(&plain(text), LONGEST_TEXT)
}

/// When an agent came and went, if it did not carry the load from beginning to end.
pub(crate) fn describe_stay(agent: &AgentLine) -> Option<String> {
    let joined = agent.joined_ms.map(|at| format!("joined at {}", Unit::Ms.text(at)));
    let lost = agent.lost_ms.map(|at| format!("lost at {}", Unit::Ms.text(at)));
    let parts: Vec<String> = joined.into_iter().chain(lost).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A sentence on what was lost with an agent, without a full stop.
pub(crate) fn describe_loss(loss: &LostLoad) -> String {
    let mut text = format!("{} was lost at {}", foreign(&loss.agent), Unit::Ms.text(loss.at_ms));
    if !loss.reason.is_empty() {
        text.push_str(&format!(": {}", foreign(&loss.reason).trim_end_matches('.')));
    }
    [Some(text), describe_counts(loss.arrivals, loss.iterations), describe_repeated(loss.repeated), describe_gap(loss)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
}

/// What is wrong with a run that lost load, in a few words, and its consequence in a sentence; nothing if nothing is
/// missing.
pub(crate) fn describe_missing_load(report: &AgentsReport) -> Option<(String, String)> {
    let missing: Vec<&LostLoad> = report.lost.iter().filter(|loss| is_missing(loss)).collect();
    let (first, title) = match missing.as_slice() {
        [] => return None,
        [loss] => (*loss, format!("{} was lost", foreign(&loss.agent))),
        [loss, ..] => (*loss, format!("{} agents were lost", Unit::Number.text(missing.len() as f64))),
    };
    let arrivals = missing.iter().try_fold(0u64, |sum, loss| Some(sum.saturating_add(loss.arrivals?)));
    let iterations = missing.iter().fold(0u64, |sum, loss| sum.saturating_add(loss.iterations));
    let gap = if missing.len() == 1 {
        describe_gap(first)
    } else {
        let [from, until] = [
            missing.iter().map(|loss| loss.missing_from_ms).fold(f64::INFINITY, f64::min),
            missing.iter().map(|loss| loss.missing_until_ms).fold(0.0, f64::max),
        ]
        .map(|at| Unit::Ms.text(at));
        Some(format!("their parts are missing at times from {from} to {until}"))
    };
    let impact: Vec<String> = describe_counts(arrivals, iterations).into_iter().chain(gap).collect();
    Some((format!("Part of the load is missing: {title}"), sentence_of(&impact.join("; "))))
}

/// How far apart the agents began at most, where several did.
pub(crate) fn describe_start(report: &AgentsReport) -> Option<StartBound> {
    (report.agents.len() > 1 && report.start_error_ms > 0.0).then(|| StartBound {
        text: format!("the agents began within {} of each other", Unit::Ms.text(report.start_error_ms)),
        is_warning: report.start_error_ms > START_ERROR_LIMIT_MS,
    })
}

/// The stretches in which a part of the load is missing, in seconds of the load.
pub(crate) fn missing_stretches(report: &AgentsReport) -> Vec<[f64; 2]> {
    let stretches = report.lost.iter().filter(|loss| has_gap(loss));
    stretches.map(|loss| [loss.missing_from_ms / 1e3, loss.missing_until_ms / 1e3]).collect()
}

fn is_missing(loss: &LostLoad) -> bool {
    loss.arrivals != Some(0) || loss.iterations > 0 || has_gap(loss)
}

fn has_gap(loss: &LostLoad) -> bool {
    loss.missing_until_ms > loss.missing_from_ms
}

fn describe_repeated(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 arrival was begun twice, by it and by another".to_owned()),
        count => Some(format!("{} arrivals were begun twice, by it and by others", Unit::Number.text(count as f64))),
    }
}

fn describe_counts(arrivals: Option<u64>, iterations: u64) -> Option<String> {
    let number = |count: u64| Unit::Number.text(count as f64);
    let arrivals = match arrivals {
        None => Some("it is not known how many planned arrivals were never begun".to_owned()),
        Some(0) => None,
        Some(1) => Some("1 planned arrival was never begun".to_owned()),
        Some(count) => Some(format!("{} planned arrivals were never begun", number(count))),
    };
    let iterations = match iterations {
        0 => None,
        1 => Some("1 iteration has no known end".to_owned()),
        count => Some(format!("{} iterations have no known end", number(count))),
    };
    let parts: Vec<String> = arrivals.into_iter().chain(iterations).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn describe_gap(loss: &LostLoad) -> Option<String> {
    let [from, until] = [loss.missing_from_ms, loss.missing_until_ms].map(|at| Unit::Ms.text(at));
    let then = if loss.taken_over { "then the others carried it" } else { "and no other agent carried it" };
    has_gap(loss).then(|| format!("its part is missing from {from} to {until}, {then}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::known_agents;

    fn loss(arrivals: Option<u64>, iterations: u64) -> LostLoad {
        let agent = "agent-9".to_owned();
        LostLoad { agent, at_ms: 5_000.0, arrivals, iterations, ..LostLoad::default() }
    }

    #[test]
    fn an_agent_that_was_taken_for_lost_may_have_gone_on() {
        let loss = LostLoad { repeated: 12, ..loss(Some(0), 0) };
        assert!(describe_loss(&loss).contains("; 12 arrivals were begun twice, by it and by others"), "{loss:?}");
    }

    #[test]
    fn a_loss_is_a_sentence() {
        assert_eq!(
            describe_loss(&known_agents().lost[0]),
            "agent-2 was lost at 31.2s: nothing was heard of it for 4s; 118 planned arrivals were never begun, \
             3 iterations have no known end; its part is missing from 27s to 32s, then the others carried it"
        );
        assert_eq!(describe_loss(&loss(Some(0), 0)), "agent-9 was lost at 5s");
        let text = "agent-9 was lost at 5s; 1 planned arrival was never begun, 1 iteration has no known end";
        assert_eq!(describe_loss(&loss(Some(1), 1)), text);
        let open = LostLoad { missing_from_ms: 4_000.0, missing_until_ms: 60_000.0, ..loss(None, 0) };
        assert_eq!(
            describe_loss(&open),
            "agent-9 was lost at 5s; it is not known how many planned arrivals were never begun; its part is missing \
             from 4s to 1m00s, and no other agent carried it"
        );
    }

    #[test]
    fn what_is_missing_is_added_up() {
        let report = known_agents();
        let (title, impact) = describe_missing_load(&report).unwrap();
        assert_eq!(title, "Part of the load is missing: agent-2 was lost");
        assert_eq!(
            impact,
            "118 planned arrivals were never begun, 3 iterations have no known end; its part is missing from 27s to \
             32s, then the others carried it."
        );
        let gap = LostLoad { missing_from_ms: 1_000.0, missing_until_ms: 3_000.0, ..loss(Some(2_000), 4) };
        let lost = vec![report.lost[0].clone(), gap];
        let (title, impact) = describe_missing_load(&AgentsReport { lost, ..report.clone() }).unwrap();
        assert_eq!(title, "Part of the load is missing: 2 agents were lost");
        assert_eq!(
            impact,
            "2,118 planned arrivals were never begun, 7 iterations have no known end; their parts are missing at \
             times from 1s to 32s."
        );
        let nothing = AgentsReport { lost: vec![loss(Some(0), 0)], ..report };
        assert_eq!(describe_missing_load(&nothing), None);
    }

    #[test]
    fn a_start_far_apart_is_a_warning() {
        let of = |start_error_ms| describe_start(&AgentsReport { start_error_ms, ..known_agents() });
        let bound = of(0.4).unwrap();
        assert_eq!((bound.text.as_str(), bound.is_warning), ("the agents began within 400µs of each other", false));
        assert!(!of(10.0).unwrap().is_warning && of(10.1).unwrap().is_warning);
        assert_eq!(of(0.0), None);
    }
}
