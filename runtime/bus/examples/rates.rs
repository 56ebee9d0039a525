//! The rates and latencies of the bus through a NATS server on this machine:
//! `cargo run --release -p squall-bus --example rates [PROGRAM]`.
#![allow(clippy::print_stdout, reason = "this is a program")]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use squall_bus::{AgentEnd, AgentHeard, AgentName, CoordinatorEnd, Delivery, Heard};
use squall_bus::{NatsServer, NatsSettings, Recipient, RunId, RunKey, ServerSettings};

type Outcome<T> = Result<T, Box<dyn Error>>;

const LIMIT: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "it measures the bus, beside any load")]
fn moment() -> Instant {
    Instant::now()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let run = RunId::new("rates")?;
    let program = std::env::args_os().nth(1).map(PathBuf::from);
    let server = NatsServer::start(&ServerSettings { program, ..ServerSettings::default() }, &run).await?;
    let key = RunKey::generate()?;
    let mut coordinator = CoordinatorEnd::create(&server.coordinator()?, &run, &key).await?;
    let settings = NatsSettings::new(&server.agent_url("127.0.0.1"))?;
    let mut agent = AgentEnd::join(&settings, &run, &key, &AgentName::new("one")?).await?;
    for delivery in [Delivery::Kept, Delivery::Passing] {
        report_latency(&coordinator, &mut agent, delivery).await?;
    }
    for (count, size) in [(20_000, 100), (2_000, 50 << 10), (100, 1 << 20)] {
        report_rate(&mut coordinator, &agent, count, size).await?;
    }
    report_file(&coordinator, &agent).await?;
    let begun = moment();
    let mut attached = CoordinatorEnd::attach(&server.coordinator()?, &run, &key).await?;
    let mut heard = 0;
    while attached.recv().await != Some(Heard::CaughtUp) {
        heard += 1;
    }
    println!("attaching: {heard} things in {:.2} s", begun.elapsed().as_secs_f64());
    Ok(attached.delete().await?)
}

async fn report_latency(coordinator: &CoordinatorEnd, agent: &mut AgentEnd, delivery: Delivery) -> Outcome<()> {
    let mut times = Vec::new();
    for _ in 0..1000 {
        let begun = moment();
        coordinator.send(Recipient::All, delivery, vec![0; 100]).await?;
        while !matches!(agent.recv().await, Some(AgentHeard::Message { .. }) | None) {}
        times.push(begun.elapsed());
    }
    times.sort();
    println!("{delivery:?}, 100 bytes, one way: median {:?}, 99 % {:?}", times[500], times[990]);
    Ok(())
}

async fn report_rate(coordinator: &mut CoordinatorEnd, agent: &AgentEnd, count: usize, size: usize) -> Outcome<()> {
    let sender = agent.sender();
    let begun = moment();
    let sending = tokio::spawn(async move {
        for _ in 0..count {
            sender.send(Delivery::Kept, vec![7; size]).await?;
        }
        Ok::<_, squall_bus::BusError>(())
    });
    let mut heard = 0;
    while heard < count {
        heard += usize::from(matches!(coordinator.recv().await, Some(Heard::Message { .. })));
    }
    let seconds = begun.elapsed().as_secs_f64();
    sending.await??;
    let megabytes = (count * size) as f64 / seconds / 1e6;
    println!("kept, {size} bytes: {:.0} messages/s, {megabytes:.1} MB/s", count as f64 / seconds);
    Ok(())
}

async fn report_file(coordinator: &CoordinatorEnd, agent: &AgentEnd) -> Outcome<()> {
    let begun = moment();
    coordinator.share_file("file", Bytes::from(vec![7; 20_000_000])).await?;
    coordinator.flush(LIMIT).await?;
    let shared = begun.elapsed();
    let length = agent.fetch_file("file").await?.len();
    println!("a file of {length} bytes: shared in {shared:?}, fetched in {:?}", begun.elapsed() - shared);
    Ok(())
}
