//! Scenarios with their own loads: each keeps to its executor, time, component, environment and thresholds.

use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Request, Server};

/// Runs `squall` with a plan in its folder; `FEED`, `MINIMAL` and `TARGET` stand for the real ones.
pub fn squall(arguments: &[&str], plan: &str, target: &str) -> Ended {
    let squall = Squall::new(arguments);
    let plan = plan.replace("FEED", &guest("feed")).replace("MINIMAL", &guest("minimal")).replace("TARGET", target);
    std::fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    std::fs::write(squall.folder().join("users.csv"), "name,email\na,a@x\nb,b@x\n").unwrap();
    squall.run()
}

const PLAN: &str = "component: FEED
target: TARGET
data: { users: users.csv }
env: { COLUMN: name }
scenarios:
  names: { executor: per-vu-iterations, vus: 2, iterations: 3, flow: login }
  mails:
    rate: 10/s
    duration: 1s
    maxVUs: 5
    preAllocatedVUs: 5
    startTime: 2s
    exec: login
    env: { COLUMN: email }
    tags: { kind: mail }
    thresholds: { http_reqs: count==10 }
  pages: { vus: 1, iterations: 4, component: MINIMAL }
thresholds:
  http_reqs{scenario:names}: count==6
  http_reqs{kind:mail}: count==10
  checks{scenario:pages}: rate==1
  iterations{flow:home}: count==4
";

fn server() -> Server {
    Server::start(|_| Reply::ok(""))
}

#[test]
fn each_scenario_keeps_to_its_own_plan() {
    let server = server();
    let ended = squall(&["run", "plan.yaml", "-t", "2", "--threshold", "http_reqs=count==20"], PLAN, &server.url());
    let ended = ended.expect_code_or_busy(0);
    let requests = server.requests();
    let is_mail = |request: &Request| request.body.contains(&b'@');
    let is_name = |request: &Request| request.path == "/login" && !is_mail(request);
    let mails = requests.iter().filter(|request| is_mail(request)).count();
    let names = requests.iter().filter(|request| is_name(request)).count();
    assert_eq!((names, mails, requests.len()), (6, 10, 20));
    // Scenarios that begin at once end long before the mails begin.
    assert!(requests[..10].iter().all(|request| !is_mail(request)), "{requests:?}");
    // Virtual users are numbered through all scenarios.
    let vus = |of: &dyn Fn(&Request) -> bool| {
        let vus = requests.iter().filter(|request| of(request)).map(|request| request.headers["x-vu"].as_str());
        vus.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(vus(&is_name), "1 2");
    assert!(vus(&is_mail).split(' ').all(|vu| ["3", "4", "5", "6", "7"].contains(&vu)), "{}", vus(&is_mail));
    for line in ["scenarios: names: 2 VUs, 3 iterations each", "mails: 10/s for 1s, up to 5 VUs, from 2s on; login of"]
    {
        assert!(ended.err.contains(line), "{line} is missing:\n{}", ended.err);
    }
    let row = |name: &str| {
        let lines = ended.out.lines().skip_while(|line| !line.contains("SCENARIOS"));
        let line = lines.map(str::trim).find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("names"), "names 6 0 0 6 0.00%", "{}", ended.out);
    assert_eq!(row("mails"), "mails 10 0 0 10 0.00%", "{}", ended.out);
    assert_eq!(row("pages"), "pages 4 0 0 4 0.00%", "{}", ended.out);
}

#[test]
fn thresholds_of_a_scenario_decide_the_exit_code() {
    let server = server();
    let ended = squall(&["run", "plan.yaml"], &PLAN.replace("count==6", "count==7"), &server.url()).expect_code(99);
    assert!(ended.out.contains("✗ 'count==7'") && ended.out.contains("✓ 'count==10'"), "{}", ended.out);
}

#[test]
fn one_load_replaces_the_scenarios_of_one_component() {
    let server = server();
    let own = PLAN.replace(", component: MINIMAL", "").replace("  checks{scenario:pages}: rate==1\n", "");
    let own = own.replace("  iterations{flow:home}: count==4\n", "").replace("  http_reqs{kind:mail}: count==10\n", "");
    squall(&["run", "plan.yaml", "-u", "1", "-i", "4"], &own, &server.url()).expect_code(0);
    assert_eq!(server.count(), 4);
    let ended = squall(&["run", "plan.yaml", "-i", "4"], PLAN, &server.url()).expect_code(104);
    assert!(
        ended.complaint().contains("run several components, so no other load can take their place"),
        "{}",
        ended.err
    );
    let ended = squall(&["run", "plan.yaml", "-u", "4"], PLAN, &server.url()).expect_code(104);
    assert!(ended.err.contains("vus is given beside scenarios"), "{}", ended.err);
}

#[test]
fn mistakes_in_scenarios_are_reported_with_line_and_column() {
    let server = server();
    let plan = PLAN
        .replace("vus: 2,", "vus: 0,")
        .replace("exec: login", "exec: logn")
        .replace("{kind:mail}", "{scenario:mail}");
    let ended = squall(&["plan", "check", "plan.yaml"], &plan, &server.url()).expect_code(104);
    assert!(ended.err.contains("plan.yaml:6:41: scenario \"names\": vus is 0; it must be at least 1"), "{}", ended.err);
    let plan = plan.replace("vus: 0,", "vus: 2,");
    let ended = squall(&["plan", "check", "plan.yaml"], &plan, &server.url()).expect_code(104);
    let text =
        "plan.yaml:13:5: scenario \"mails\": flow names a flow \"logn\" that does not exist; did you mean \"login\"?";
    assert!(ended.err.contains(text), "{}", ended.err);
    let plan = plan.replace("logn", "login");
    let ended = squall(&["plan", "check", "plan.yaml"], &plan, &server.url()).expect_code(104);
    assert!(
        ended.err.contains("names a scenario \"mail\" that does not exist; did you mean \"mails\"?"),
        "{}",
        ended.err
    );
}

#[test]
fn show_lists_scenarios_and_the_sources_of_their_values() {
    let ended = squall(&["plan", "show", "plan.yaml"], PLAN, "http://127.0.0.1:9").expect_code(0);
    assert!(ended.out.contains("load: 3 scenarios for at most 10m"), "{}", ended.out);
    let row = ended.out.lines().find(|line| line.contains("scenarios.mails.env.COLUMN")).unwrap_or_default();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["scenarios.mails.env.COLUMN", "email", "plan"]);
}

#[test]
fn one_scenario_can_be_controlled_while_others_follow_their_plan() {
    let server = server();
    let plan = "component: FEED\ntarget: TARGET\ndata: { users: users.csv }\nscenarios:\n  a: { vus: 1, iterations: 5, flow: login }\n  \
                b: { executor: externally-controlled, vus: 1, max_vus: 3, duration: 1s, flow: login, min_iteration_duration: 100ms }\n";
    let ended = squall(&["run", "plan.yaml"], plan, &server.url()).expect_code_or_busy(0);
    assert!(ended.err.contains("load: 2 scenarios for at most 10m"), "{}", ended.err);
    let of_controlled = server.requests().iter().filter(|request| request.headers["x-vu"] == "2").count();
    assert!((1..=11).contains(&of_controlled), "{of_controlled}");
    assert_eq!(server.count() - of_controlled, 5);
}
