//! Coordinators that come later, and the end of a run.

use std::time::Duration;

use squall_bus::{AgentEnd, AgentHeard, BusError, CoordinatorEnd, Delivery, Heard, Recipient, RunKey};

use crate::support::{TestRun, agent_hears, agent_name, hear, kept, told};

#[tokio::test]
async fn a_coordinator_that_attaches_hears_everything_again() {
    let Some(run) = TestRun::start("attach").await else { return };
    let mut first = run.create().await;
    let mut agent = run.join("one").await;
    first.send(Recipient::All, Delivery::Kept, b"start".to_vec()).await.unwrap();
    assert_eq!(agent_hears(&mut agent).await, told(b"start"));
    for text in ["1", "2"] {
        agent.send(Delivery::Kept, text.into()).await.unwrap();
        assert_eq!(hear(&mut first).await, kept("one", text.as_bytes()));
    }
    drop(first);
    // Sent while there is no coordinator.
    agent.send(Delivery::Kept, b"3".to_vec()).await.unwrap();
    agent.flush(Duration::from_secs(60)).await.unwrap();

    let mut second = run.attach().await;
    assert_eq!(hear(&mut second).await, Heard::Own { to: Recipient::All, bytes: b"start".to_vec() });
    for text in [b"1", b"2", b"3"] {
        assert_eq!(hear(&mut second).await, kept("one", text));
    }
    assert_eq!(hear(&mut second).await, Heard::CaughtUp);
    let to = Recipient::One(agent_name("one"));
    second.send(to.clone(), Delivery::Kept, b"stop".to_vec()).await.unwrap();
    assert_eq!(agent_hears(&mut agent).await, told(b"stop"));
    agent.send(Delivery::Kept, b"4".to_vec()).await.unwrap();
    // Not what it has sent itself.
    assert_eq!(hear(&mut second).await, kept("one", b"4"));

    let mut third = run.attach().await;
    let mut heard = Vec::new();
    while heard.last() != Some(&Heard::CaughtUp) {
        heard.push(hear(&mut third).await);
    }
    assert_eq!(heard.len(), 7);
    assert!(heard.contains(&Heard::Own { to, bytes: b"stop".to_vec() }));
}

#[tokio::test]
async fn own_messages_and_those_of_agents_are_heard_in_one_order() {
    let Some(run) = TestRun::start("one-order").await else { return };
    let first = run.create().await;
    let agents = [run.join("one").await, run.join("two").await];
    let minute = Duration::from_secs(60);
    let mut stored = Vec::new();
    for round in 0..20_u8 {
        let own = [Recipient::All, Recipient::One(agent_name("one"))];
        for (index, to) in own.into_iter().enumerate() {
            let bytes = vec![round; 1 + index * usize::from(round == 7) * 3_000_000];
            first.send(to.clone(), Delivery::Kept, bytes.clone()).await.unwrap();
            first.flush(minute).await.unwrap();
            stored.push(Heard::Own { to, bytes });
            let agent = &agents[(usize::from(round) + index) % 2];
            agent.send(Delivery::Kept, vec![round]).await.unwrap();
            agent.flush(minute).await.unwrap();
            stored.push(kept(agent.name().as_str(), &[round]));
        }
    }
    stored.push(Heard::CaughtUp);
    let mut second = run.attach().await;
    for expected in stored {
        assert!(hear(&mut second).await == expected);
    }
}

#[tokio::test]
async fn a_coordinator_that_is_replaced_is_not_heard_any_more() {
    let Some(run) = TestRun::start("replaced").await else { return };
    let first = run.create().await;
    let mut agent = run.join("one").await;
    let second = run.attach().await;
    second.send(Recipient::All, Delivery::Kept, b"second".to_vec()).await.unwrap();
    assert_eq!(agent_hears(&mut agent).await, told(b"second"));
    first.send(Recipient::All, Delivery::Kept, b"first".to_vec()).await.unwrap();
    let heard = agent_hears(&mut agent).await;
    assert!(matches!(&heard, AgentHeard::Dropped { reason } if reason.contains("replaced")), "{heard:?}");
}

#[tokio::test]
async fn a_name_is_one_agents() {
    let Some(run) = TestRun::start("again").await else { return };
    let mut coordinator = run.create().await;
    let agent = run.join("one").await;
    agent.send(Delivery::Kept, b"1".to_vec()).await.unwrap();
    assert_eq!(hear(&mut coordinator).await, kept("one", b"1"));
    let again = AgentEnd::join(&run.agent_settings(), &run.id, &run.key, &agent_name("one")).await;
    assert_eq!(again.unwrap_err(), BusError::NameTaken { agent: "one".to_owned() });
    // The first is not disturbed.
    agent.send(Delivery::Kept, b"2".to_vec()).await.unwrap();
    assert_eq!(hear(&mut coordinator).await, kept("one", b"2"));
    run.join("two").await;
}

#[tokio::test]
async fn a_run_is_made_once_and_deleted_once() {
    let Some(run) = TestRun::start("once").await else { return };
    let settings = run.server.coordinator().unwrap();
    let no_run = BusError::NoRun { run: "once".to_owned() };
    let attach = CoordinatorEnd::attach(&settings, &run.id, &run.key).await;
    assert_eq!(attach.unwrap_err(), no_run);
    let join = AgentEnd::join(&run.agent_settings(), &run.id, &run.key, &agent_name("one")).await;
    assert_eq!(join.unwrap_err(), no_run);

    let coordinator = run.create().await;
    let again = CoordinatorEnd::create(&settings, &run.id, &run.key).await.unwrap_err();
    assert_eq!(again, BusError::RunExists { run: "once".to_owned() });
    let other = CoordinatorEnd::attach(&settings, &run.id, &RunKey::generate().unwrap()).await;
    assert_eq!(other.unwrap_err(), BusError::OtherToken { run: "once".to_owned() });
    coordinator.delete().await.unwrap();
    let attach = CoordinatorEnd::attach(&settings, &run.id, &run.key).await;
    assert_eq!(attach.unwrap_err(), no_run);
    run.create().await;
}
