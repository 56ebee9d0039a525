//! What others on the same server can do: nothing that is not found.

use squall_bus::{AgentEnd, AgentHeard, BusError, CoordinatorEnd, Delivery, Heard, NatsSettings, Recipient, RunKey};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;

use crate::support::{OpenServer, TestRun, agent_hears, agent_name, hear, kept, run_id, soon, told};

/// A subscription that the server knows: a message of the same client has come back.
async fn wire_tap(client: &async_nats::Client, subject: &str) -> async_nats::Subscriber {
    let mut wire = client.subscribe(subject.to_owned()).await.unwrap();
    client.publish(subject.replace(['*', '>'], "probe"), "".into()).await.unwrap();
    let probe = async { while !wire.next().await.unwrap().payload.is_empty() {} };
    soon("the probe", probe).await;
    wire
}

#[tokio::test]
async fn another_runs_token_is_named() {
    let Some(run) = TestRun::start("token").await else { return };
    let mut coordinator = run.create().await;
    let other = RunKey::generate().unwrap();
    let joined = AgentEnd::join(&run.agent_settings(), &run.id, &other, &agent_name("one")).await;
    let error = joined.unwrap_err();
    assert_eq!(error, BusError::OtherToken { run: "token".to_owned() });
    assert!(error.to_string().starts_with("the token is of another run: use "), "{error}");

    // What is not sealed, or by another key, is named and dropped.
    let client = run.stranger().connect(run.server.address().to_string()).await.unwrap();
    for subject in ["squall.token.agent.one", "squall-passing.token.agent.one"] {
        client.publish(subject, "I am an agent".into()).await.unwrap();
        let heard = hear(&mut coordinator).await;
        let Heard::Dropped { from, reason } = heard else { panic!("{heard:?}") };
        assert_eq!((from.as_str(), reason.as_str()), ("one", "it is not a message of Squall"));
    }
}

#[tokio::test]
async fn a_stranger_with_another_token_can_neither_read_nor_stop() {
    let Some(server) = OpenServer::start().await else { return };
    let (ours, theirs) = (RunKey::generate().unwrap(), RunKey::generate().unwrap());
    let (our_run, their_run) = (run_id("ours"), run_id("theirs"));
    let coordinator = CoordinatorEnd::create(&server.settings(), &our_run, &ours).await.unwrap();
    let mut agent = AgentEnd::join(&server.settings(), &our_run, &ours, &agent_name("one")).await.unwrap();
    let stranger = CoordinatorEnd::create(&server.settings(), &their_run, &theirs).await.unwrap();

    // All that is on the wire, as a stranger sees it.
    let client = async_nats::connect(&server.url).await.unwrap();
    let mut wire = wire_tap(&client, ">").await;

    // A stop that is sealed with another key, and one that is sealed for another place with the right key.
    stranger.send(Recipient::All, Delivery::Kept, b"stop".to_vec()).await.unwrap();
    coordinator.send(Recipient::One(agent_name("two")), Delivery::Kept, b"the secret: stop".to_vec()).await.unwrap();
    let mut sealed = Vec::new();
    while sealed.len() < 2 {
        let message = soon("a message on the wire", wire.next()).await.unwrap();
        let text = String::from_utf8_lossy(&message.payload).into_owned();
        assert!(!text.contains("stop") && !text.contains("secret"), "{}: {text}", message.subject);
        if ["squall.theirs.all", "squall.ours.one.two"].contains(&message.subject.as_str()) {
            sealed.push(message.payload);
        }
    }
    for payload in sealed {
        for subject in ["squall.ours.all", "squall.ours.one.one", "squall-passing.ours.all"] {
            client.publish(subject, payload.clone()).await.unwrap();
            let heard = agent_hears(&mut agent).await;
            assert!(matches!(&heard, AgentHeard::Dropped { reason } if reason.contains("token")), "{heard:?}");
        }
    }
    coordinator.send(Recipient::All, Delivery::Kept, b"go on".to_vec()).await.unwrap();
    assert_eq!(agent_hears(&mut agent).await, told(b"go on"));
}

#[tokio::test]
async fn repeats_and_reorders_are_named_and_dropped() {
    let Some(server) = OpenServer::start().await else { return };
    let (run, key) = (run_id("repeats"), RunKey::generate().unwrap());
    let mut coordinator = CoordinatorEnd::create(&server.settings(), &run, &key).await.unwrap();
    let agent = AgentEnd::join(&server.settings(), &run, &key, &agent_name("one")).await.unwrap();
    let client = async_nats::connect(&server.url).await.unwrap();
    let mut wire = wire_tap(&client, "*.repeats.agent.one").await;
    let mut recorded = Vec::new();
    for text in [b"1", b"2", b"3"] {
        agent.send(Delivery::Kept, text.to_vec()).await.unwrap();
        assert_eq!(hear(&mut coordinator).await, kept("one", text));
        recorded.push(soon("the message", wire.next()).await.unwrap());
    }
    agent.send(Delivery::Passing, b"heartbeat".to_vec()).await.unwrap();
    assert!(matches!(hear(&mut coordinator).await, Heard::Message { delivery: Delivery::Passing, .. }));
    recorded.push(soon("the heartbeat", wire.next()).await.unwrap());
    for message in recorded.into_iter().rev() {
        client.publish(message.subject, message.payload).await.unwrap();
        let heard = hear(&mut coordinator).await;
        assert!(matches!(&heard, Heard::Dropped { reason, .. } if reason.contains("again")), "{heard:?}");
    }
    agent.send(Delivery::Kept, b"4".to_vec()).await.unwrap();
    assert_eq!(hear(&mut coordinator).await, kept("one", b"4"));
}

#[tokio::test]
async fn an_agents_login_is_limited_to_its_run_and_cannot_delete() {
    let Some(run) = TestRun::start("rights").await else { return };
    let mut coordinator = run.create().await;
    let (refusals, mut refused) = mpsc::channel(64);
    let options = run.stranger().event_callback(move |event| {
        let refusals = refusals.clone();
        async move { drop(refusals.try_send(event.to_string())) }
    });
    let client = options.connect(run.server.address().to_string()).await.unwrap();
    let mut is_refused = async |what: &str| {
        let event = async {
            loop {
                let event = refused.recv().await.unwrap().to_lowercase();
                if event.contains("permissions violation") && event.contains(&what.to_lowercase()) {
                    return;
                }
            }
        };
        soon(what, event).await;
    };
    for subject in ["squall.other.>", "squall-passing.other.all", "squall-inbox.other.>", "squall.rights.>", ">"] {
        let _subscriber = client.subscribe(subject).await.unwrap();
        is_refused(&format!("subscription to \"{subject}\"")).await;
    }
    for subject in [
        "squall.rights.all",
        "squall.rights.one.two",
        "squall.other.agent.one",
        "squall-passing.rights.all",
        "$JS.API.STREAM.DELETE.SQUALL_rights",
        "$JS.API.STREAM.PURGE.SQUALL_rights",
        "$JS.API.STREAM.UPDATE.SQUALL_rights",
        "$JS.API.STREAM.MSG.DELETE.SQUALL_rights",
        "$JS.API.STREAM.CREATE.SQUALL_other",
        "$JS.API.CONSUMER.CREATE.SQUALL_other",
    ] {
        client.publish(subject, "{}".into()).await.unwrap();
        is_refused(&format!("publish to \"{subject}\"")).await;
    }
    // The run is whole.
    let agent = run.join("one").await;
    agent.send(Delivery::Kept, b"here".to_vec()).await.unwrap();
    assert_eq!(hear(&mut coordinator).await, kept("one", b"here"));
}

#[tokio::test]
async fn connections_that_fail_are_named_with_a_remedy() {
    let Some(run) = TestRun::start("errors").await else { return };
    let address = run.server.address();
    let join = async |url: &str| {
        let settings = NatsSettings::new(url).unwrap();
        AgentEnd::join(&settings, &run.id, &run.key, &agent_name("one")).await.unwrap_err().to_string()
    };
    let error = join(&format!("nats://errors-agent:wrong@{address}")).await;
    assert!(error.contains("check user and password"), "{error}");
    assert!(!error.contains("wrong@"), "{error}");
    let error = join(&format!("tls://{address}")).await;
    assert!(error.contains("TLS"), "{error}");
    let error = join("nats://127.0.0.1:9").await;
    assert!(error.contains("check that it runs there"), "{error}");
    let error = join("nats://no-such-host.invalid").await;
    assert!(error.contains("check "), "{error}");
}
