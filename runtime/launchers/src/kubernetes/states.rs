//! The states of all agents, from their Job and its pods.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pods::{self, PodState};
use crate::AgentStates;
use crate::text::plain_message;

/// The states of agents whose Job is gone.
pub fn of_missing_job(agents: u32, name: &str) -> AgentStates {
    let mut states = AgentStates { failed: agents, ..AgentStates::default() };
    states.add_problem(None, true, format!("Job {name} does not exist any more: launch the run again"));
    states
}

/// The states of the agents. Of an index with several pods, the best one counts.
pub fn of_agents(job: &Value, all: &[Value], agents: u32) -> AgentStates {
    let mut best: BTreeMap<u32, &Value> = BTreeMap::new();
    for pod in all {
        if let Some(index) = pods::index(pod).filter(|index| *index < agents) {
            let known = best.entry(index).or_insert(pod);
            if pods::state(pod) > pods::state(known) {
                *known = pod;
            }
        }
    }
    let is_over = job_failure(job);
    let failed = failed_indexes(job["status"]["failedIndexes"].as_str().unwrap_or_default());
    let is_failed =
        |index: u32| is_over.is_some() || failed.iter().any(|(first, last)| (*first..=*last).contains(&index));
    let mut states = AgentStates::default();
    for index in 0..agents {
        let pod = best.get(&index).copied();
        let counter = match pod.map_or(PodState::Waiting, pods::state) {
            PodState::Succeeded => &mut states.succeeded,
            PodState::Running => &mut states.running,
            PodState::Failed | PodState::Waiting if is_failed(index) => &mut states.failed,
            // A replacement comes.
            PodState::Failed | PodState::Waiting => &mut states.waiting,
        };
        *counter += 1;
        let (Some(pod), Some(problem)) = (pod, pod.and_then(pods::problem)) else { continue };
        let name = pod["metadata"]["name"].as_str().map(plain_message).unwrap_or_default();
        states.add_problem(Some(name), problem.is_final || is_failed(index), problem.sentence);
    }
    if let Some(sentence) = is_over {
        states.add_problem(None, true, sentence);
    }
    states
}

/// Why Kubernetes has given the Job up.
fn job_failure(job: &Value) -> Option<String> {
    let conditions = job["status"]["conditions"].as_array()?;
    let failed = conditions.iter().find(|condition| condition["type"] == "Failed" && condition["status"] == "True")?;
    let text = |key: &str| plain_message(failed[key].as_str().unwrap_or_default());
    Some(match failed["reason"].as_str() {
        Some("DeadlineExceeded") => "the Job is over its time: allow the run more time".to_owned(),
        _ => format!("the Job has failed ({}, {}): see `kubectl describe job`", text("reason"), text("message")),
    })
}

/// The ranges in `1,3-5`.
fn failed_indexes(text: &str) -> Vec<(u32, u32)> {
    let ranges = text.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some((first.parse().ok()?, last.parse().ok()?))
    });
    ranges.collect()
}

/// Adds why pods were not even created: quotas and policies refuse them, which only events say.
pub fn add_refusals(states: &mut AgentStates, events: &[Value]) {
    let refusals = events.iter().filter(|event| event["reason"] == "FailedCreate");
    // The newest are the last ones, and one is enough.
    if let Some(message) = refusals.filter_map(|event| event["message"].as_str()).next_back() {
        let message = plain_message(message);
        states.add_problem(
            None,
            false,
            format!(
                "Kubernetes does not create the pods ({message}): raise the quota, or change what the policy forbids"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ranges_of_indices_are_read() {
        assert_eq!(failed_indexes("1,3-5,x,"), [(1, 1), (3, 5)]);
        assert_eq!(failed_indexes(""), []);
    }

    #[test]
    fn an_agent_that_failed_is_waited_for_until_its_retries_are_used_up() {
        let pod = |index: u32, phase: &str| {
            let annotations = json!({"batch.kubernetes.io/job-completion-index": index.to_string()});
            json!({"metadata": {"name": format!("p{index}"), "annotations": annotations}, "status": {"phase": phase}})
        };
        let pods = [pod(0, "Failed"), pod(1, "Failed"), pod(1, "Running"), pod(2, "Succeeded"), pod(9, "Running")];
        let states = of_agents(&json!({"status": {}}), &pods, 4);
        assert_eq!((states.waiting, states.running, states.succeeded, states.failed), (2, 1, 1, 0));
        assert!(!states.problems[0].is_final);
        let states = of_agents(&json!({"status": {"failedIndexes": "0"}}), &pods, 4);
        assert_eq!((states.waiting, states.failed), (1, 1));
        assert!(states.problems[0].is_final);
    }
}
