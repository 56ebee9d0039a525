//! Secrets: none is in NATS's store, in what another client there sees, or where other users of the machine can look.

use std::fs;
use std::path::Path;

use crate::support::agents::{NatsRun, children, end_of, until_requests};
use crate::support::nats::{Eavesdropper, Nats};
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

/// The secret is the name of a column, so that what is sent shows whether it arrived.
const SECRET: &str = "s3cret-c0lumn-0f-the-test";
/// What that column contains.
const ROW: &str = "confidential-r0w";
const TEXTS: [&str; 2] = [SECRET, ROW];

fn server() -> Server {
    Server::start(|_| Reply::ok("").after(std::time::Duration::from_millis(20)))
}

/// `feed` with the secret, and data in the folder.
fn with_secret(squall: Squall) -> Squall {
    fs::write(squall.folder().join("users.csv"), format!("name,{SECRET}\nada,{ROW}\n")).unwrap();
    squall.args(&["--data", "users=users.csv", "--secret", "COLUMN=env:FIELD"]).env("FIELD", SECRET)
}

#[track_caller]
fn expect_absence(place: &str, bytes: &[u8], texts: &[&str]) {
    for text in texts {
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!found, "{place} has {text}");
    }
}

fn expect_absence_in_files(folder: &Path, texts: &[&str]) -> u64 {
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            seen += expect_absence_in_files(&path, texts);
        } else if let Ok(bytes) = fs::read(&path) {
            expect_absence(&path.display().to_string(), &bytes, texts);
            seen += bytes.len() as u64;
        }
    }
    seen
}

#[track_caller]
fn expect_absence_in_process(number: u32, texts: &[&str]) {
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{number}/{file}")).unwrap();
        assert!(!bytes.is_empty());
        expect_absence(&format!("/proc/{number}/{file}"), &bytes, texts);
    }
}

#[test]
fn secrets_are_sealed_on_nats() {
    let Some(nats) = Nats::start("secrets_are_sealed_on_nats") else { return };
    let (server, run) = (server(), NatsRun::on(&nats));
    let listener = Eavesdropper::connect(&nats);
    let arguments = [guest("feed"), "--target".to_owned(), server.url()];
    let arguments = [&arguments[..], &["-u", "3", "-d", "4s", "--agents", "2"].map(str::to_owned)].concat();
    let mut coordinator = with_secret(run.coordinator(&arguments)).start();
    coordinator.until_said("docker run");
    let mut agents = run.agents(2);
    until_requests(&server, 20);
    let texts = [&TEXTS[..], &[run.token.as_str(), "squall:scenario"]].concat();
    assert!(expect_absence_in_files(nats.store(), &texts) > 1_000, "the store has the run");
    agents.iter().for_each(|agent| expect_absence_in_process(agent.id(), &TEXTS));
    let ended = end_of(coordinator).expect_code_or_busy(0);
    expect_absence("standard output", ended.out.as_bytes(), &[SECRET, &run.token]);
    expect_absence("standard error", ended.err.as_bytes(), &[SECRET, &run.token]);
    assert!(server.requests().iter().all(|request| request.body == ROW.as_bytes()), "the secret arrived");
    let heard = listener.heard();
    assert!(heard.iter().any(|(subject, _)| subject.contains(&run.name)), "it listens to the run");
    for (subject, bytes) in heard {
        expect_absence(&subject, &bytes, &texts);
    }
    expect_absence_in_files(nats.store(), &texts);
    agents.drain(..).for_each(|agent| expect_absence("an agent", end_of(agent).err.as_bytes(), &TEXTS));
}

#[test]
fn secrets_of_agents_at_pipes_are_not_in_their_arguments_or_environment() {
    let server = server();
    let squall =
        Squall::new(&["run", &guest("feed"), "--target", &server.url(), "-u", "3", "-d", "3s", "--agents", "2"]);
    let running = with_secret(squall).start();
    until_requests(&server, 10);
    let agents = children(running.id());
    assert_eq!(agents.len(), 2);
    for (_, number) in &agents {
        let arguments = fs::read(format!("/proc/{number}/cmdline")).unwrap();
        expect_absence("arguments", &arguments, &TEXTS);
    }
    let environments: Vec<Vec<u8>> =
        agents.iter().map(|(_, number)| fs::read(format!("/proc/{number}/environ")).unwrap()).collect();
    end_of(running).expect_code_or_busy(0);
    assert!(server.requests().iter().all(|request| request.body == ROW.as_bytes()), "the secret arrived");
    environments.iter().for_each(|environment| expect_absence("an agent's environment", environment, &TEXTS));
}

#[test]
fn printed_commands_show_the_token_only_if_asked() {
    let Some(nats) = Nats::start("printed_commands_show_the_token_only_if_asked") else { return };
    for (more, is_shown) in [(&[][..], false), (&["--show-secrets"], true)] {
        let run = NatsRun::on(&nats);
        let arguments: Vec<String> =
            [guest("minimal")].into_iter().chain(more.iter().map(|one| (*one).to_owned())).collect();
        let squall = run.coordinator(&arguments).args(&["-u", "1", "-i", "1", "--agents", "1", "--launch-dry-run"]);
        let ended = squall.run().expect_code(0);
        assert_eq!(ended.out.contains(&run.token), is_shown, "{}", ended.out);
        assert!(ended.out.contains("squall agent"), "{}", ended.out);
    }
}
