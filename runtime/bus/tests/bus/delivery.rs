//! Kept messages arrive in order and once, whatever becomes of the server. Passing ones arrive now or never.

use std::collections::HashMap;
use std::time::Duration;

use squall_bus::{AgentHeard, AgentName, BusError, CoordinatorEnd, Delivery, Heard, Recipient};

use crate::support::{TestRun, agent_hears, agent_name, hear, kept, soon, told};

const MESSAGES: u64 = 3000;

/// Counts up the numbers of agents, and fails if one is not the next.
async fn count(end: &mut CoordinatorEnd, counted: &mut HashMap<AgentName, u64>, until: u64) {
    while counted.values().sum::<u64>() < until {
        match hear(end).await {
            Heard::Message { from, delivery: Delivery::Kept, bytes } => {
                let number = u64::from_be_bytes(bytes.try_into().unwrap());
                let counted = counted.entry(from).or_default();
                assert_eq!(number, *counted);
                *counted += 1;
            }
            Heard::Disconnected { .. } | Heard::Reconnected => (),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn messages_arrive_in_order_and_once_while_the_server_is_killed() {
    let Some(mut run) = TestRun::start("order").await else { return };
    let mut coordinator = run.create().await;
    let mut sending = Vec::new();
    for name in ["one", "two"] {
        let agent = run.join(name).await;
        sending.push(tokio::spawn(async move {
            for number in 0..MESSAGES {
                agent.send(Delivery::Kept, number.to_be_bytes().to_vec()).await.unwrap();
            }
            agent.finish(Duration::from_secs(60)).await.unwrap();
        }));
    }
    let mut counted = HashMap::new();
    for part in 1..=4 {
        count(&mut coordinator, &mut counted, part * MESSAGES / 4).await;
        run.server.restart().await.unwrap();
    }
    count(&mut coordinator, &mut counted, 2 * MESSAGES).await;
    for task in sending {
        soon("the agents finish", task).await.unwrap();
    }
    // Nothing comes after the last one: the next thing heard is what is sent now.
    let agent = run.join("three").await;
    agent.send(Delivery::Kept, b"end".to_vec()).await.unwrap();
    loop {
        match hear(&mut coordinator).await {
            Heard::Disconnected { .. } | Heard::Reconnected => (),
            heard => {
                assert_eq!(heard, kept("three", b"end"));
                return;
            }
        }
    }
}

#[tokio::test]
async fn what_is_sent_while_the_server_is_down_arrives_later() {
    let Some(mut run) = TestRun::start("down").await else { return };
    let mut coordinator = run.create().await;
    let mut agent = run.join("one").await;
    run.server.kill();
    assert!(matches!(hear(&mut coordinator).await, Heard::Disconnected { .. }));
    assert!(matches!(agent_hears(&mut agent).await, AgentHeard::Disconnected { .. }));
    agent.send(Delivery::Kept, b"frame".to_vec()).await.unwrap();
    agent.send(Delivery::Passing, b"heartbeat".to_vec()).await.unwrap();
    coordinator.send(Recipient::All, Delivery::Kept, b"stop".to_vec()).await.unwrap();
    let unfinished = coordinator.flush(Duration::from_millis(50)).await;
    assert_eq!(unfinished, Err(BusError::Unfinished { seconds: 0 }));
    run.server.restart().await.unwrap();
    assert_eq!(agent_hears(&mut agent).await, AgentHeard::Reconnected);
    assert_eq!(agent_hears(&mut agent).await, told(b"stop"));
    assert_eq!(hear(&mut coordinator).await, Heard::Reconnected);
    assert_eq!(hear(&mut coordinator).await, kept("one", b"frame"));
    // The old heartbeat never comes.
    agent.send(Delivery::Passing, b"new".to_vec()).await.unwrap();
    let delivery = Delivery::Passing;
    let expected = Heard::Message { from: agent_name("one"), delivery, bytes: b"new".to_vec() };
    assert_eq!(hear(&mut coordinator).await, expected);
}

#[tokio::test]
async fn messages_reach_their_recipients_also_those_that_join_later() {
    let Some(run) = TestRun::start("recipients").await else { return };
    let mut coordinator = run.create().await;
    let mut one = run.join("one").await;
    coordinator.send(Recipient::All, Delivery::Kept, b"plan".to_vec()).await.unwrap();
    coordinator.send(Recipient::One(agent_name("two")), Delivery::Kept, b"for two".to_vec()).await.unwrap();
    coordinator.send(Recipient::All, Delivery::Kept, b"start".to_vec()).await.unwrap();
    assert_eq!(agent_hears(&mut one).await, told(b"plan"));
    assert_eq!(agent_hears(&mut one).await, told(b"start"));
    let mut two = run.join("two").await;
    for text in [&b"plan"[..], b"for two", b"start"] {
        assert_eq!(agent_hears(&mut two).await, told(text));
    }
    coordinator.send(Recipient::One(agent_name("one")), Delivery::Passing, b"time?".to_vec()).await.unwrap();
    let question = AgentHeard::Message { delivery: Delivery::Passing, bytes: b"time?".to_vec() };
    assert_eq!(agent_hears(&mut one).await, question);
    one.send(Delivery::Passing, b"now".to_vec()).await.unwrap();
    let answer = Heard::Message { from: agent_name("one"), delivery: Delivery::Passing, bytes: b"now".to_vec() };
    assert_eq!(hear(&mut coordinator).await, answer);
}

#[tokio::test]
async fn messages_larger_than_the_server_takes_are_split() {
    let Some(run) = TestRun::start("large").await else { return };
    let mut coordinator = run.create().await;
    let mut agent = run.join("one").await;
    let large: Vec<u8> = (0..9_000_000_u32).map(|index| (index / 7) as u8).collect();
    coordinator.send(Recipient::All, Delivery::Kept, large.clone()).await.unwrap();
    agent.send(Delivery::Kept, b"before".to_vec()).await.unwrap();
    agent.send(Delivery::Kept, large.clone()).await.unwrap();
    agent.send(Delivery::Kept, b"after".to_vec()).await.unwrap();
    assert!(agent_hears(&mut agent).await == told(&large));
    assert_eq!(hear(&mut coordinator).await, kept("one", b"before"));
    assert!(hear(&mut coordinator).await == kept("one", &large));
    assert_eq!(hear(&mut coordinator).await, kept("one", b"after"));
}
