//! Files through NATS.

use std::time::Duration;

use bytes::Bytes;
use squall_bus::{BusError, Delivery, Recipient};

use crate::support::{TestRun, agent_hears, soon, told};

#[tokio::test]
async fn a_file_arrives_as_it_was_shared_also_through_a_restart() {
    let Some(mut run) = TestRun::start("files").await else { return };
    let coordinator = run.create().await;
    let mut agent = run.join("one").await;
    let missing = soon("an answer", agent.fetch_file("sha256:a")).await;
    assert_eq!(missing, Err(BusError::NoFile { name: "sha256:a".to_owned() }));
    let file = Bytes::from((0..5_000_000_u32).map(|index| (index / 3) as u8).collect::<Vec<_>>());
    coordinator.share_file("sha256:a", file.clone()).await.unwrap();
    coordinator.share_file("sha256:a", Bytes::from_static(b"a name is shared once")).await.unwrap();
    coordinator.share_file("empty", Bytes::new()).await.unwrap();
    coordinator.send(Recipient::All, Delivery::Kept, b"fetch".to_vec()).await.unwrap();
    assert_eq!(agent_hears(&mut agent).await, told(b"fetch"));
    assert!(soon("the file", agent.fetch_file("sha256:a")).await.unwrap() == file);
    assert!(soon("the file", agent.fetch_file("empty")).await.unwrap().is_empty());
    drop(coordinator);
    let attached = run.attach().await;
    assert!(soon("the file", attached.fetch_file("sha256:a")).await.unwrap() == file);
    let missing = soon("an answer", attached.fetch_file("sha256:b")).await;
    assert_eq!(missing, Err(BusError::NoFile { name: "sha256:b".to_owned() }));
    attached.share_file("sha256:b", Bytes::from_static(b"later")).await.unwrap();
    attached.flush(Duration::from_secs(60)).await.unwrap();
    assert_eq!(soon("the file", attached.fetch_file("sha256:b")).await.unwrap(), "later");
    run.server.restart().await.unwrap();
    assert!(soon("the file", agent.fetch_file("sha256:a")).await.unwrap() == file);
}
