//! Plans: from a file to a run and a verdict, and the errors of a broken one.

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

/// Runs `squall` with a plan in its folder; `COMPONENT` and `TARGET` stand for the real ones.
fn squall(arguments: &[&str], plan: &str, server: &Server) -> Ended {
    let squall = Squall::new(arguments);
    let plan = plan.replace("COMPONENT", &guest("feed")).replace("TARGET", &server.url());
    std::fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    std::fs::write(squall.folder().join("users.csv"), "name,email\na,a@x\nb,b@x\n").unwrap();
    squall.run()
}

fn server() -> Server {
    Server::start(|_| Reply::ok(""))
}

const PLAN: &str = "name: Two users\nobjectives: [ it answers ]\nenvironment: { host: here }\ncomponent: COMPONENT\n\
                    target: TARGET\ndata: { users: users.csv }\ntype: smoke\nusers: 2\nerror_rate: <1%\n\
                    throughput: { min_rps: 0.001, target_rps: 9000000 }\n";

#[test]
fn a_plan_is_run_and_judged() {
    let server = server();
    let ended = squall(&["run", "plan.yaml"], PLAN, &server).expect_code(0);
    // Three iterations of each user.
    assert_eq!(server.requests().len(), 6);
    for text in ["OBJECTIVES", "error rate", "<1%", "0.00%", "✓ met", "! below target", "verdict: Warning"] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
    for text in ["plan: Two users", "objective: it answers", "environment: host here", "type: smoke"] {
        assert!(ended.err.contains(text), "{text} is missing:\n{}", ended.err);
    }
}

#[test]
fn objectives_decide_the_exit_code() {
    let server = server();
    let plan = PLAN.replace("error_rate: <1%", "response_time: { p95: <1ns }");
    let ended = squall(&["run", "plan.yaml"], &plan, &server).expect_code(99);
    assert!(ended.out.contains("✗ not met") && ended.out.contains("verdict: Critical"), "{}", ended.out);
}

#[test]
fn options_override_the_plan() {
    let server = server();
    squall(&["run", "plan.yaml", "-u", "1", "-i", "4"], PLAN, &server).expect_code(0);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn show_prints_the_source_of_each_value() {
    let server = server();
    let ended = squall(&["plan", "show", "plan.yaml", "--seed", "7"], PLAN, &server).expect_code(0);
    let from = |option: &str| {
        let line = ended.out.lines().find(|line| line.trim_start().starts_with(option)).unwrap_or_default();
        line.trim_end().to_owned()
    };
    assert!(from("seed").ends_with("command line"), "{}", ended.out);
    assert!(from("target").ends_with("  plan"), "{}", ended.out);
    assert!(from("iterations").ends_with("  plan"), "{}", ended.out);
    assert!(ended.out.contains("thresholds.http_req_failed"), "{}", ended.out);
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    let server = server();
    let plan = PLAN.replace("users: 2", "users: two").replace("error_rate: <1%", "eror_rate: <1%");
    for command in [&["plan", "check", "plan.yaml"][..], &["run", "plan.yaml"]] {
        let ended = squall(command, &plan, &server).expect_code(104);
        assert!(ended.err.contains("plan.yaml:8:8: users: "), "{}", ended.err);
        let meant = "plan.yaml:9:1: unknown key \"eror_rate\": did you mean \"error_rate\"?";
        assert!(ended.err.contains(meant), "{}", ended.err);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn check_reads_the_component_too() {
    let server = server();
    let ended = squall(&["plan", "check", "plan.yaml"], PLAN, &server).expect_code(0);
    assert_eq!(ended.out, "plan.yaml: no mistakes\n");
    let plan = format!("{PLAN}scenarios:\n  - {{ flow: logn }}\n");
    let ended = squall(&["plan", "check", "plan.yaml"], &plan, &server).expect_code(104);
    assert!(
        ended
            .err
            .contains("plan.yaml:12:13: weights names a flow \"logn\" that does not exist; did you mean \"login\"?"),
        "{}",
        ended.err
    );
}

#[test]
fn users_think_between_iterations() {
    let server = server();
    let plan = PLAN.replace("type: smoke\nusers: 2", "users: 1\niterations: 3\nthink_time: { login: 300ms }");
    let ended = squall(&["run", "plan.yaml", "--summary-export", "summary.json"], &plan, &server).expect_code(0);
    // It thinks at least twice, for 600 ms in all: three requests are less than five a second.
    assert_eq!(server.requests().len(), 3);
    assert!(ended.number("http_reqs", "rate") < 5.0, "{}", ended.out);
}

#[test]
fn init_writes_a_valid_plan_and_never_overwrites_one() {
    let squall = Squall::new(&["plan", "init"]);
    let ended = squall.run().expect_code(0);
    let written = std::fs::read_to_string(ended.folder().join("plan.yaml")).unwrap();
    let first = written.lines().next().unwrap();
    assert!(first.starts_with("# yaml-language-server: $schema=https://"), "{first}");
    assert!(crate::support::program::root().join("docs").join(first.rsplit('/').next().unwrap()).exists(), "{first}");
    let by_another_name = Squall::new(&["plan", "new", "other.yaml"]).run().expect_code(0);
    assert_eq!(std::fs::read_to_string(by_another_name.folder().join("other.yaml")).unwrap(), written);
    let server = server();
    let ended =
        self::squall(&["plan", "check", "plan.yaml"], &written.replace("shop.wasm", &guest("minimal")), &server);
    ended.expect_code(0);
    let ended = self::squall(&["plan", "init"], PLAN, &server).expect_code(104);
    assert!(ended.err.contains("is there already"), "{}", ended.err);
}

#[test]
fn schema_is_the_published_one() {
    let ended = Squall::new(&["plan", "schema"]).run().expect_code(0);
    assert_eq!(ended.out, include_str!("../docs/plan.schema.json"));
}

#[test]
fn outputs_of_a_plan_are_opened_unless_options_name_others() {
    let server = server();
    let plan = format!("{PLAN}out: [ json=points.ndjson ]\n");
    let ended = squall(&["run", "plan.yaml"], &plan, &server).expect_code(0);
    let points = std::fs::read_to_string(ended.folder().join("points.ndjson")).unwrap();
    assert!(points.contains("\"metric\":\"http_reqs\""), "{points}");
    let ended = squall(&["run", "plan.yaml", "--out", "csv=points.csv"], &plan, &server).expect_code(0);
    let is_there = |name: &str| ended.folder().join(name).exists();
    assert!(is_there("points.csv") && !is_there("points.ndjson"));
    let shown = squall(&["plan", "show", "plan.yaml"], &plan, &server).expect_code(0).out;
    let line = shown.lines().find(|line| line.trim_start().starts_with("out ")).unwrap_or_default();
    assert!(line.contains("json=points.ndjson") && line.ends_with("  plan"), "{shown}");
}

#[test]
fn an_unknown_output_is_reported_with_its_place() {
    let server = server();
    for (out, told) in [
        ("[ json=a, jsn=b ]", "plan.yaml:11:16: out: \"jsn\" is not one of json, csv"),
        ("json=a", "plan.yaml:11:6: out: write a list of KIND=WHERE, like [ json=points.ndjson ]"),
    ] {
        let ended = squall(&["plan", "check", "plan.yaml"], &format!("{PLAN}out: {out}\n"), &server).expect_code(104);
        assert!(ended.err.contains(told), "{}", ended.err);
    }
}

#[test]
fn a_plan_is_run_as_another_type_of_test() {
    let server = server();
    let plan = PLAN.replace("type: smoke\n", "type: load\nduration: 10m\nramp_up: 5m\n");
    let shown = squall(&["plan", "show", "plan.yaml", "--type", "stress"], &plan, &server).expect_code(0).out;
    assert!(
        shown.contains("type: stress") && shown.contains("load: up to 4 VUs for 20m over 10 steps, then 2 VUs"),
        "{shown}"
    );
    let arguments = ["run", "plan.yaml", "--type", "smoke", "--summary-json", "summary.json"];
    let ended = squall(&arguments, &plan, &server);
    let summary = std::fs::read_to_string(ended.folder().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["run"]["plan"]["test_type"], "smoke");
    assert_eq!(
        (&summary["run"]["plan"]["name"], &summary["run"]["plan"]["questions"][0]),
        (&"Two users".into(), &"it answers".into())
    );
    // One user, three iterations; the throughput of the load is not asked for.
    assert_eq!(server.requests().len(), 3);
    let objectives = summary["objectives"].as_array().unwrap().iter().map(|line| line["title"].as_str().unwrap());
    assert_eq!(objectives.collect::<Vec<_>>(), ["error rate", "checks"]);
}

#[test]
fn a_type_that_no_load_can_be_made_of_is_refused() {
    let server = server();
    let refused = |arguments: &[&str], plan: &str| squall(arguments, plan, &server).expect_code(104).err;
    let stages = PLAN.replace("type: smoke\nusers: 2\n", "stages: [ { duration: 1m, target: 5 } ]\n");
    let text = refused(&["run", "plan.yaml", "--type", "soak"], &stages);
    assert!(text.contains("--type soak: the plan gives its load as stages"), "{text}");
    let text = refused(&["run", "plan.yaml", "--type", "soak", "-i", "5"], PLAN);
    assert!(text.contains("--type soak: another load was given"), "{text}");
    let text = refused(&["run", &guest("feed"), "--type", "soak"], PLAN);
    assert!(text.contains("--type goes with a plan"), "{text}");
}
