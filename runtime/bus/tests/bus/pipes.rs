//! Agents at pipes.

use std::env;
use std::fs::OpenOptions;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use squall_bus::{
    AgentCommand, AgentHeard, BusError, CoordinatorEnd, Delivery, Heard, Pipes, Recipient, StandardError,
    agent_on_stdio,
};

use crate::support::{agent_name, hear, kept, soon};

const IS_AGENT: &str = "SQUALL_BUS_TEST_AGENT";

/// The process of an agent, if it was started as one: it does what it is told.
#[tokio::test]
async fn agent_process() {
    if env::var_os(IS_AGENT).is_none() {
        return;
    }
    // The harness has printed something by now: the pipe is at descriptor 3.
    rustix::stdio::dup2_stdout(OpenOptions::new().write(true).open("/dev/fd/3").unwrap()).unwrap();
    let mut end = agent_on_stdio(&agent_name("child")).unwrap();
    while let Some(heard) = end.recv().await {
        let AgentHeard::Message { delivery, bytes } = heard else { panic!("{heard:?}") };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(name) = text.strip_prefix("fetch ") {
            let answer = match end.fetch_file(name).await {
                Ok(file) => format!("{} bytes, the last is {:?}", file.len(), file.last()),
                Err(error) => error.to_string(),
            };
            end.send(Delivery::Kept, answer.into()).await.unwrap();
        } else if text == "end" {
            end.finish(Duration::from_secs(5)).await.unwrap();
            std::process::exit(3);
        } else {
            println!("noise that must not get into a frame");
            end.send(delivery, bytes).await.unwrap();
        }
    }
    eprintln!("the coordinator is gone");
}

fn agent(name: &str) -> AgentCommand {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" --exact pipes::agent_process --nocapture 3>&1 1>&2"]);
    command.arg(env::current_exe().unwrap()).env(IS_AGENT, "1");
    AgentCommand { name: agent_name(name), command }
}

fn script(name: &str, script: &str) -> AgentCommand {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    AgentCommand { name: agent_name(name), command }
}

async fn start(commands: Vec<AgentCommand>) -> CoordinatorEnd {
    Pipes::start(commands, StandardError::Inherited).await.unwrap()
}

/// The next thing that is not a line.
async fn next(end: &mut CoordinatorEnd) -> Heard {
    loop {
        match hear(end).await {
            Heard::Said { .. } => (),
            heard => return heard,
        }
    }
}

#[tokio::test]
async fn messages_go_both_ways_and_an_end_has_its_status() {
    let mut end = Pipes::start(vec![agent("one"), agent("two")], StandardError::Lines).await.unwrap();
    end.send(Recipient::One(agent_name("one")), Delivery::Kept, b"first".to_vec()).await.unwrap();
    assert_eq!(next(&mut end).await, kept("one", b"first"));
    let large = vec![7; 5 << 20];
    end.send(Recipient::One(agent_name("two")), Delivery::Kept, large.clone()).await.unwrap();
    assert_eq!(next(&mut end).await, kept("two", &large));
    end.send(Recipient::All, Delivery::Passing, b"now".to_vec()).await.unwrap();
    for _ in 0..2 {
        let heard = next(&mut end).await;
        assert!(matches!(&heard, Heard::Message { delivery: Delivery::Passing, bytes, .. } if bytes == b"now"));
    }
    end.send(Recipient::One(agent_name("two")), Delivery::Kept, b"end".to_vec()).await.unwrap();
    let reason = "it ended (exit status: 3)".to_owned();
    let gone = next(&mut end).await;
    assert!(
        matches!(&gone, Heard::Gone { agent, reason: why, .. } if *agent == agent_name("two") && *why == reason),
        "{gone:?}"
    );
    end.send(Recipient::All, Delivery::Kept, b"still".to_vec()).await.unwrap();
    assert_eq!(next(&mut end).await, kept("one", b"still"));
}

#[tokio::test]
async fn files_go_through_the_pipe() {
    let mut end = start(vec![agent("one")]).await;
    let file: Vec<u8> = (0..5_000_000_u32).map(|index| index as u8).collect();
    end.share_file("sha256:5", Bytes::from(file)).await.unwrap();
    end.send(Recipient::All, Delivery::Kept, b"fetch sha256:5".to_vec()).await.unwrap();
    assert_eq!(next(&mut end).await, kept("one", b"5000000 bytes, the last is Some(63)"));
    assert_eq!(soon("the file", end.fetch_file("sha256:5")).await.unwrap().len(), 5_000_000);
    let missing = soon("an answer", end.fetch_file("other")).await;
    assert_eq!(missing, Err(BusError::NoFile { name: "other".to_owned() }));
    end.send(Recipient::All, Delivery::Kept, b"fetch other".to_vec()).await.unwrap();
    let answer = BusError::NoFile { name: "other".to_owned() }.to_string();
    assert_eq!(next(&mut end).await, kept("one", answer.as_bytes()));
}

#[tokio::test]
async fn hostile_frames_end_their_agent_only() {
    let commands = vec![
        agent("good"),
        script("long", r"printf '\377\377\377\377K'; exec cat >/dev/null"),
        script("garbage", "echo Hello, I am not an agent.; exec cat >/dev/null"),
        script("cut", r"printf '\012\000\000\000Kab'"),
    ];
    let mut end = start(commands).await;
    let mut named = Vec::new();
    let mut gone = Vec::new();
    while gone.len() < 3 {
        match hear(&mut end).await {
            Heard::Dropped { from, reason } => named.push(format!("{from}: {reason}")),
            Heard::Gone { agent, reason, .. } => gone.push(format!("{agent}: {reason}")),
            other => panic!("{other:?}"),
        }
    }
    named.sort();
    gone.sort();
    assert!(named[0].starts_with("cut: a frame of 9 bytes that ended after 2"), "{named:?}");
    assert!(named[1].starts_with("garbage: a frame of "), "{named:?}");
    assert!(named[2].starts_with("long: a frame of 4294967295 bytes"), "{named:?}");
    assert_eq!(gone[2], "long: it was killed for that");
    end.send(Recipient::All, Delivery::Kept, b"good".to_vec()).await.unwrap();
    assert_eq!(hear(&mut end).await, kept("good", b"good"));
}

#[tokio::test]
async fn lines_and_ends_are_reported_and_then_the_transport_ends() {
    let command = script("one", "echo first >&2; printf last >&2; kill -9 $$");
    let mut end = Pipes::start(vec![command], StandardError::Lines).await.unwrap();
    let said = |line: &str| Heard::Said { from: agent_name("one"), line: line.to_owned() };
    assert_eq!(hear(&mut end).await, said("first"));
    assert_eq!(hear(&mut end).await, said("last"));
    let heard = hear(&mut end).await;
    assert!(matches!(&heard, Heard::Gone { reason, .. } if reason.contains("SIGKILL")), "{heard:?}");
    assert_eq!(soon("the end", end.recv()).await, None);
    assert_eq!(end.send(Recipient::All, Delivery::Kept, Vec::new()).await, Err(BusError::Closed));
}

#[tokio::test]
async fn a_dropped_coordinator_kills_its_agents() {
    let (read, write) = std::io::pipe().unwrap();
    let mut command = Command::new("sleep");
    command.arg("1000").stderr(write);
    let end = start(vec![AgentCommand { name: agent_name("one"), command }]).await;
    drop(end);
    // All holders of the other side are gone.
    let end = std::thread::spawn(move || std::io::Read::read_to_end(&mut &read, &mut Vec::new()));
    soon("the agent ends", async {
        while !end.is_finished() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_agent_hears_the_end_of_its_coordinator() {
    let (coordinator_reads, agent_writes) = std::io::pipe().unwrap();
    let (agent_reads, coordinator_writes) = std::io::pipe().unwrap();
    let mut end = squall_bus::agent_on(&agent_name("one"), agent_reads, agent_writes).unwrap();
    drop((coordinator_reads, coordinator_writes));
    assert_eq!(soon("the end", end.recv()).await, None);
    assert_eq!(soon("the end", end.fetch_file("a")).await, Err(BusError::Closed));
}

#[tokio::test]
async fn a_command_that_cannot_start_is_named() {
    let command = AgentCommand { name: agent_name("one"), command: Command::new("/no/such/program") };
    let error = Pipes::start(vec![command], StandardError::Lines).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot start an agent: one (/no/such/program): "), "{error}");
}

#[tokio::test]
async fn two_agents_with_one_name_are_refused() {
    let commands = vec![script("one", "cat"), script("one", "cat")];
    let error = Pipes::start(commands, StandardError::Lines).await.unwrap_err().to_string();
    assert_eq!(error, "two agents have the name one: give each agent a name of its own");
}

#[tokio::test]
async fn too_much_is_refused_before_it_is_sent() {
    let end = start(vec![script("one", "exec cat >/dev/null")]).await;
    let sent = end.send(Recipient::All, Delivery::Passing, vec![0; squall_bus::LARGEST_PASSING + 1]).await;
    assert!(matches!(sent, Err(BusError::TooLarge { .. })));
    let sent = end.send(Recipient::All, Delivery::Kept, vec![0; squall_bus::LARGEST_MESSAGE + 1]).await;
    assert!(matches!(sent, Err(BusError::TooLarge { .. })));
}
