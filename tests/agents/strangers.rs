//! Others on the same NATS server: they can neither stop a run, nor read it, nor slip something into it.

use crate::support::agents::{NatsRun, Summary, end_of, minimal, until_requests};
use crate::support::nats::{Eavesdropper, Nats};
use crate::support::server::{Reply, Server};

const LOAD: [&str; 8] = ["-R", "50/s", "-d", "8s", "--max-backlog", "1m", "--agents", "2"];
const PLANNED: u64 = 400;

fn server() -> Server {
    Server::start(|_| Reply::ok("hello, world"))
}

#[test]
fn a_wrong_token_is_refused_with_a_sentence() {
    let Some(nats) = Nats::start("a_wrong_token_is_refused_with_a_sentence") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let coordinator = run.start(&minimal(&server, &LOAD));
    let stranger = NatsRun { token: NatsRun::on(&nats).token, name: run.name.clone(), url: run.url.clone() };
    for squall in [stranger.agent_by(&run.url, "stranger"), stranger.attach()] {
        let ended = squall.run().expect_code(1);
        assert!(ended.complaint().contains("the token is of another run"), "{}", ended.err);
        assert!(ended.complaint().contains("use the one that the coordinator of run"), "{}", ended.err);
        assert!(!ended.err.contains(&run.token));
    }
    let _agents = run.agents(2);
    let ended = end_of(coordinator).expect_code_or_busy(0);
    assert_eq!(Summary::of(&ended).accounted(), PLANNED);
    assert!(!ended.out.contains("stranger"), "{}", ended.out);
}

#[test]
fn malformed_messages_are_dropped_and_named() {
    let Some(nats) = Nats::start("malformed_messages_are_dropped_and_named") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let mut stranger = Eavesdropper::connect(&nats);
    let coordinator = run.start(&minimal(&server, &LOAD));
    let _agents = run.agents(2);
    until_requests(&server, 100);
    let mut subjects: Vec<String> = stranger.heard().into_iter().map(|(subject, _)| subject).collect();
    subjects.retain(|subject| subject.contains(&run.name) && !subject.starts_with('$') && !subject.starts_with('_'));
    subjects.sort_unstable();
    subjects.dedup();
    assert!(subjects.len() >= 4, "{subjects:?}");
    for subject in &subjects {
        for garbage in [&b""[..], b"\"Over\"", b"{\"Steer\":{\"stop\":\"Now\"}}", &[0xff; 1000]] {
            stranger.publish(subject, garbage);
        }
    }
    let ended = end_of(coordinator).expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), PLANNED, "{}", ended.err);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
    let dropped = summary.0["agents"]["dropped"].as_array().unwrap();
    assert!(!dropped.is_empty(), "{:#}", summary.0["agents"]);
    assert!(ended.err.contains("was dropped"), "{}", ended.err);
    assert!(ended.out.contains("was dropped"), "{}", ended.out);
}

#[test]
fn repeated_and_foreign_messages_change_nothing() {
    let Some(nats) = Nats::start("repeated_and_foreign_messages_change_nothing") else { return };
    let mut stranger = Eavesdropper::connect(&nats);
    // A run that is stopped: its messages include the order to stop.
    let (server, other) = (server(), NatsRun::on(&nats));
    let coordinator = other.start(&minimal(&server, &LOAD));
    let agents = other.agents(2);
    until_requests(&server, 20);
    coordinator.signal("INT");
    end_of(coordinator).expect_code(105);
    drop(agents);

    let (server, run) = (self::server(), NatsRun::on(&nats));
    let coordinator = run.start(&minimal(&server, &LOAD));
    let _agents = run.agents(2);
    until_requests(&server, 100);
    let heard = stranger.heard();
    let of =
        |run: &NatsRun, subject: &str| subject.contains(&format!(".{}.", run.name)) && !subject.starts_with(['$', '_']);
    let mut sent = 0;
    for (subject, bytes) in heard {
        // Those of the other run under this run's name, and this run's own once more.
        let is_with_headers = bytes.starts_with(b"NATS/1.0");
        if (of(&other, &subject) || of(&run, &subject)) && sent < 2_000 {
            let subject = subject.replace(&other.name, &run.name);
            let body = if is_with_headers { body_of(&bytes) } else { &bytes };
            stranger.publish(&subject, body);
            sent += 1;
        }
    }
    assert!(sent > 20, "{sent}");
    let ended = end_of(coordinator).expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), PLANNED, "{}", ended.err);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
}

/// What follows a message's headers.
fn body_of(bytes: &[u8]) -> &[u8] {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
    &bytes[end..]
}

#[test]
fn two_runs_on_one_server_do_not_disturb_each_other() {
    let Some(nats) = Nats::start("two_runs_on_one_server_do_not_disturb_each_other") else { return };
    let (server, others) = (server(), self::server());
    let (run, other) = (NatsRun::on(&nats), NatsRun::on(&nats));
    let (first, second) = (run.start(&minimal(&server, &LOAD)), other.start(&minimal(&others, &LOAD)));
    // Agents with the same names.
    let (_agents, _others) = (run.agents(2), other.agents(2));
    until_requests(&server, 50);
    until_requests(&others, 50);
    second.signal("INT");
    end_of(second).expect_code(105);
    let ended = end_of(first).expect_code_or_busy(0);
    assert_eq!(Summary::of(&ended).accounted(), PLANNED);
    assert_eq!(server.count() as u64, PLANNED);
}

#[test]
fn an_agent_under_a_name_that_is_taken_is_refused() {
    let Some(nats) = Nats::start("an_agent_under_a_name_that_is_taken") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let coordinator = run.start(&minimal(&server, &LOAD));
    let _agents = run.agents(2);
    until_requests(&server, 50);
    let twin = run.agent_by(&run.url, "agent-1").run().expect_code(1);
    assert!(twin.complaint().contains("agent-1"), "{}", twin.err);
    let ended = end_of(coordinator).expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), PLANNED, "{:#}\n{}", summary.0["agents"], ended.err);
    assert_eq!(server.count() as u64, PLANNED);
}
