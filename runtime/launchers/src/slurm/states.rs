//! The states of all agents, from the tasks of their job.

use super::queue::ArrayTask;
use crate::AgentStates;
use crate::text::plain_message;

/// What a state of Slurm means for an agent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Waiting,
    Running,
    Succeeded,
    Failed,
}

fn meaning(state: &str) -> Meaning {
    match state {
        "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT" | "RESV_DEL_HOLD" => {
            Meaning::Waiting
        }
        "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "STAGE_OUT" | "RESIZING" => Meaning::Running,
        "COMPLETED" => Meaning::Succeeded,
        _ => Meaning::Failed,
    }
}

/// The states of the agents.
pub fn of_agents(tasks: &[ArrayTask], agents: u32) -> AgentStates {
    let mut states = AgentStates::default();
    for task in tasks.iter().filter(|task| task.index < agents) {
        let meaning = meaning(&task.state);
        match meaning {
            Meaning::Waiting => states.waiting += 1,
            Meaning::Running => states.running += 1,
            Meaning::Succeeded => states.succeeded += 1,
            Meaning::Failed => states.failed += 1,
        }
        let problem = match meaning {
            Meaning::Waiting => waiting_problem(&task.reason),
            Meaning::Failed => Some((true, failure(task))),
            Meaning::Running | Meaning::Succeeded => None,
        };
        if let Some((is_final, sentence)) = problem {
            states.add_problem(Some(format!("task {}", task.index)), is_final, sentence);
        }
    }
    let known = states.waiting + states.running + states.succeeded + states.failed;
    if known < agents {
        states.failed += agents - known;
        states.add_problem(
            None,
            true,
            format!(
                "Slurm does not know {} of {agents} tasks any more, and has no accounting of them: see slurmctld's log",
                agents - known
            ),
        );
    }
    states
}

/// Why a task waits, and whether waiting hardly helps. Some reasons are the queue's usual course.
fn waiting_problem(reason: &str) -> Option<(bool, String)> {
    let (is_final, remedy) = match reason {
        "" | "None" => return None,
        "Resources" | "Priority" => (false, "wait, or start fewer agents"),
        "JobArrayTaskLimit" | "BeginTime" => (false, "wait"),
        "PartitionTimeLimit" => (true, "allow the run less time, or name another partition"),
        "PartitionDown" | "PartitionInactive" => (true, "name another by --launch-option partition=NAME"),
        "PartitionConfig" | "PartitionNodeLimit" | "BadConstraints" => {
            (true, "give agents less processor or memory, or other constraints")
        }
        "JobHeldAdmin" | "JobHeldUser" | "InvalidAccount" | "InvalidQOS" => {
            (true, "ask the administrator of the cluster")
        }
        "launch_failed_requeued_held" => (true, "see slurmd's log on the node"),
        reason if reason.starts_with("ReqNodeNotAvail") => (false, "wait for the nodes, or name another partition"),
        reason if reason.contains("Limit") || reason.contains("Max") => (false, "wait, or ask for a higher limit"),
        _ => (false, "see `squeue --me`"),
    };
    Some((is_final, format!("the task waits in the queue ({}): {remedy}", plain_message(reason))))
}

fn failure(task: &ArrayTask) -> String {
    let node = if task.node.is_empty() { String::new() } else { format!(" on {}", plain_message(&task.node)) };
    let (state, reason) = (plain_message(&task.state), plain_message(&task.reason));
    match (task.state.as_str(), task.exit_code) {
        ("OUT_OF_MEMORY", _) => {
            "the agent used more memory than it may (OUT_OF_MEMORY): give agents more memory, or start more of them"
                .to_owned()
        }
        ("TIMEOUT" | "DEADLINE", _) => {
            "the agent lived longer than the longest run may (TIMEOUT): allow the run more time".to_owned()
        }
        ("CANCELLED", _) => "the task was cancelled: ask those who may run `scancel`".to_owned(),
        ("PREEMPTED", _) => "the task was preempted: name another partition or qos".to_owned(),
        ("NODE_FAIL" | "BOOT_FAIL", _) => format!("the node failed{node} ({state}): leave it out, or start again"),
        (_, Some(127)) => format!(
            "the node has no squall{node} (exit code 127): install it there, or give its path by \
             --launch-option program=PATH"
        ),
        (_, Some(126)) => {
            format!("squall cannot be run{node} (exit code 126): install the one for its kind of processor")
        }
        (_, Some(code)) if code != 0 => {
            format!("the agent ended with exit code {code}{node}: see its log by --launch-option log-folder=FOLDER")
        }
        _ => format!("the task failed{node} ({state}, {reason}): see its log by --launch-option log-folder=FOLDER"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(index: u32, state: &str, reason: &str, exit_code: Option<i32>) -> ArrayTask {
        ArrayTask { index, state: state.to_owned(), reason: reason.to_owned(), node: "n1".to_owned(), exit_code }
    }

    #[test]
    fn states_are_counted_and_explained() {
        let tasks = [
            task(0, "RUNNING", "None", None),
            task(1, "PENDING", "Resources", None),
            task(2, "PENDING", "Resources", None),
            task(3, "FAILED", "NonZeroExitCode", Some(127)),
            task(4, "COMPLETED", "None", Some(0)),
            task(5, "OUT_OF_MEMORY", "OutOfMemory", None),
        ];
        let states = of_agents(&tasks, 7);
        assert_eq!((states.waiting, states.running, states.succeeded, states.failed), (2, 1, 1, 3));
        assert_eq!(states.problems[0].agents, ["task 1", "task 2"]);
        assert!(!states.problems[0].is_final);
        assert!(states.problems[1].sentence.contains("no squall on n1"));
        assert!(states.problems[2].sentence.contains("more memory"));
        assert!(states.problems[3].sentence.contains("1 of 7 tasks"));
    }

    #[test]
    fn a_new_job_has_no_problem() {
        assert_eq!(waiting_problem("None"), None);
        assert!(waiting_problem("PartitionTimeLimit").unwrap().0);
        assert!(!waiting_problem("AssocGrpCpuLimit").unwrap().0);
    }
}
