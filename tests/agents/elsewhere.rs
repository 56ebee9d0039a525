//! An agent in a network of its own: it reaches NATS, but not the target.

use std::process::{Command, Stdio};

use crate::support::agents::{NatsRun, Summary, end_of, minimal};
use crate::support::daemon::Daemon;
use crate::support::nats::Nats;
use crate::support::program;
use crate::support::proxy::Proxy;
use crate::support::server::{Reply, Server};
use crate::support::skip;

/// The host's end of the way into the network, of a range for benchmarks (RFC 2544).
const HOST: &str = "198.18.77.1";

/// A network namespace with one way out: to this machine.
struct Network(String);

impl Network {
    fn new() -> Option<Network> {
        let name = format!("sq{}", std::process::id());
        let network = Network(name.clone());
        let steps = [
            format!("netns add {name}"),
            format!("link add {name}h type veth peer name {name}a"),
            format!("link set {name}a netns {name}"),
            format!("address add {HOST}/30 dev {name}h"),
            format!("link set {name}h up"),
            format!("-n {name} address add 198.18.77.2/30 dev {name}a"),
            format!("-n {name} link set {name}a up"),
            format!("-n {name} link set lo up"),
        ];
        steps.iter().all(|step| ip(step)).then_some(network)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        ip(&format!("link delete {}h", self.0));
        ip(&format!("netns delete {}", self.0));
    }
}

fn ip(arguments: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn an_agent_that_cannot_reach_the_target_is_seen_in_the_errors() {
    let test = "an_agent_that_cannot_reach_the_target_is_seen_in_the_errors";
    let Some(nats) = Nats::start(test) else { return };
    let Some(network) = Network::new() else {
        skip(test, "network namespaces are not permitted (they need root, and ip of iproute2)");
        return;
    };
    let proxy = Proxy::at(HOST, nats.address());
    let (server, run) = (Server::start(|_| Reply::ok("hello, world")), NatsRun::on(&nats));
    let coordinator = run.start(&minimal(&server, &["-R", "60/s", "-d", "3s", "--max-backlog", "1m", "--agents", "3"]));
    let _agents = run.agents(2);
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &network.0]).arg(program::path()).current_dir(folder.path());
    command.args(["agent", "--nats", &proxy.url(), "--run", &run.name, "--name", "elsewhere"]);
    command.env("SQUALL_TOKEN", &run.token);
    let _elsewhere = Daemon::spawn(&mut command, String::new(), folder).unwrap();
    let ended = end_of(coordinator).expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), 180, "{}", ended.err);
    assert_eq!(server.count(), 120);
    let errors = summary.0["errors"].as_array().unwrap();
    assert!(errors.iter().any(|error| error["count"] == 60), "{errors:#?}");
    assert_ne!(summary.0["verdict"]["status"], "good");
}
