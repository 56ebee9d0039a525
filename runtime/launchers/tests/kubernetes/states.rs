//! Why agents do not run, as pods, Jobs and events say it.

use serde_json::{Value, json};
use squall_launchers::{AgentStates, Launcher};

use crate::fake_cluster::Cluster;
use crate::support::{launch, settings};

fn pod(index: u32, status: &Value) -> Value {
    let annotations = json!({"batch.kubernetes.io/job-completion-index": index.to_string()});
    let limits = json!({"containers": [{"resources": {"limits": {"memory": "512Mi"}}}]});
    json!({"metadata": {"name": format!("squall-r1-{index}-x"), "annotations": annotations}, "spec": limits, "status": status})
}

fn waiting(reason: &str, message: &str) -> Value {
    let container =
        json!({"image": "r.example/squall:9", "state": {"waiting": {"reason": reason, "message": message}}});
    json!({"phase": "Pending", "containerStatuses": [container]})
}

fn terminated(reason: &str, code: i32, message: &str) -> Value {
    let state = json!({"terminated": {"reason": reason, "exitCode": code, "message": message}});
    json!({"phase": "Failed", "containerStatuses": [{"state": state}]})
}

/// The states of three agents with these pods.
fn states(pods: Vec<Value>, job_status: Value, events: Vec<Value>) -> AgentStates {
    let cluster = Cluster::start();
    let launcher = cluster.launcher(settings());
    let launched = launcher.launch(&launch("r1", 3)).unwrap();
    cluster.fake.with(move |fake| {
        fake.pods = pods;
        fake.events = events;
        fake.objects.get_mut("jobs/squall-r1").unwrap()["status"] = job_status;
    });
    launcher.inspect(&launched).unwrap()
}

#[test]
fn a_new_launch_waits_without_a_problem() {
    let states = states(vec![pod(0, &waiting("ContainerCreating", ""))], json!({}), vec![]);
    assert_eq!((states.waiting, states.problems.len()), (3, 0));
}

#[test]
fn each_reason_has_its_remedy() {
    let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."});
    for (status, is_final, parts) in [
        (
            json!({"phase": "Pending", "conditions": [condition]}),
            false,
            ["(Unschedulable, 0/3 nodes are available", "start fewer agents"],
        ),
        (
            waiting("ImagePullBackOff", "Back-off pulling image"),
            true,
            ["image r.example/squall:9 cannot be pulled", "pull-secret"],
        ),
        (waiting("ErrImagePull", "not found\n\u{1b}[2J"), false, ["(ErrImagePull, not found \u{fffd}[2J)", "push it"]),
        (waiting("InvalidImageName", ""), true, ["(InvalidImageName)", "image=IMAGE"]),
        (
            waiting("CreateContainerConfigError", "secret \"x\" not found"),
            true,
            ["secret \"x\" not found", "check the image"],
        ),
        (terminated("OOMKilled", 137, ""), false, ["its limit of 512Mi (OOMKilled)", "more memory"]),
        (
            terminated("Error", 98, "no NATS at nats://u:s3cret@h"),
            false,
            ["exit code 98, no NATS at nats://h", "kubectl logs"],
        ),
        (
            json!({"phase": "Failed", "reason": "Evicted", "message": "low on disk"}),
            false,
            ["(Evicted, low on disk)", "describe pod"],
        ),
    ] {
        let states = states(vec![pod(0, &status), pod(1, &json!({"phase": "Running"}))], json!({}), vec![]);
        assert_eq!((states.waiting, states.running, states.problems.len()), (2, 1, 1));
        let problem = &states.problems[0];
        assert_eq!(
            (problem.is_final, &problem.agents[..]),
            (is_final, &["squall-r1-0-x".to_owned()][..]),
            "{problem:?}"
        );
        for part in parts {
            assert!(problem.sentence.contains(part), "{}", problem.sentence);
        }
    }
}

#[test]
fn the_same_reason_is_given_once() {
    let pods = (0..3).map(|index| pod(index, &waiting("ImagePullBackOff", ""))).collect();
    let states = states(pods, json!({}), vec![]);
    assert_eq!((states.problems.len(), states.problems[0].agents.len()), (1, 3));
}

#[test]
fn a_policy_that_refuses_the_pods_is_found_in_the_events() {
    let event =
        json!({"reason": "FailedCreate", "message": "pods \"x\" is forbidden: violates PodSecurity \"restricted\""});
    let states = states(vec![], json!({}), vec![json!({"reason": "Other"}), event]);
    assert_eq!(states.waiting, 3);
    assert!(states.problems[0].sentence.contains("violates PodSecurity"), "{:?}", states.problems);
}

#[test]
fn a_job_that_is_over_its_time_or_gone_has_failed() {
    let condition =
        json!([{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "active longer"}]);
    let over = states(vec![pod(0, &json!({"phase": "Succeeded"}))], json!({"conditions": condition}), vec![]);
    assert_eq!((over.succeeded, over.failed), (1, 2));
    assert!(over.problems[0].is_final && over.problems[0].sentence.contains("allow the run more time"));

    let cluster = Cluster::start();
    let launcher = cluster.launcher(settings());
    let launched = launcher.launch(&launch("r1", 3)).unwrap();
    cluster.fake.with(|fake| fake.objects.clear());
    let states = launcher.inspect(&launched).unwrap();
    assert_eq!(states.failed, 3);
    assert!(states.problems[0].sentence.contains("does not exist any more"));
}

#[test]
fn events_that_may_not_be_read_are_left_out() {
    let cluster = Cluster::start();
    let launcher = cluster.launcher(settings());
    let launched = launcher.launch(&launch("r1", 3)).unwrap();
    cluster.fail("GET events", 403, "forbidden", 1);
    assert_eq!(launcher.inspect(&launched).unwrap().waiting, 3);
    cluster.fail("GET pods", 403, "forbidden", 1);
    assert!(launcher.inspect(&launched).unwrap_err().message.contains("does not list pods"));
}
