//! The client by itself, without WebAssembly. The difference between a scenario's cost and this one's is the price
//! of scripting.
//!
//! `native URL CLIENTS SECONDS [CONNECTIONS]` sends GET requests from CLIENTS clients on one thread, one after the other,
//! and prints how many there were, also per second of processor time. With CONNECTIONS it speaks HTTP/2 by prior knowledge,
//! and the clients share that many; 0 gives each its own. Compare with `wrk -t1 -cCLIENTS -dSECONDS URL`, and with
//! `h2load -t1 -cCONNECTIONS -mSTREAMS -DSECONDS URL`, where CLIENTS is the product of both.
#![allow(clippy::print_stdout)]

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use squall_http::{Client, ClientConfig, HttpVersion, Network, RequestOptions, SharedTls};
use squall_metrics::{Clock, Nanos, Recorder, Registry};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, clients, seconds, connections @ ..] = &arguments[..] else {
        return Err("usage: native URL CLIENTS SECONDS [CONNECTIONS]".into());
    };
    let clients: usize = clients.parse()?;
    let length = Nanos::from(Duration::from_secs(seconds.parse()?));

    let mut config = ClientConfig { discard_bodies: true, max_streams: 1000, ..ClientConfig::default() };
    if let [connections] = connections {
        config.http = HttpVersion::Http2PriorKnowledge;
        config.pool = Some(connections.parse()?).filter(|connections| *connections > 0);
    }
    let tls = SharedTls::build(&config.tls)?;
    let clock = Clock::start();
    let recorder = Rc::new(RefCell::new(Recorder::new(Arc::new(Registry::new(1000)))));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    let before = processor_time()?;
    runtime.block_on(tasks.run_until(async {
        let network = Network::new(config, tls, clock.clone(), Rc::clone(&recorder));
        let of_client = |_| {
            let (client, url, clock) = (Client::new(Rc::clone(&network)), url.clone(), clock.clone());
            tokio::task::spawn_local(async move {
                let options = RequestOptions::default();
                while clock.now() < length {
                    if let Ok(request) = client.prepare("GET", &url, std::iter::empty(), None, &options) {
                        let _ = client.send(request).await;
                    }
                }
            })
        };
        let running: Vec<_> = (0..clients).map(of_client).collect();
        for client in running {
            client.await?;
        }
        Ok::<(), tokio::task::JoinError>(())
    }))?;
    let used = processor_time()? - before;

    let interval = recorder.borrow_mut().take();
    for (key, cell) in &interval.requests {
        println!(
            "status {} failure {}: {} requests, p50 {}, p99 {}, sent {}, received {}",
            key.status,
            key.failure,
            cell.count,
            cell.response_time.percentile(50.0),
            cell.response_time.percentile(99.0),
            cell.sent,
            cell.received
        );
    }
    for (problem, cell) in &interval.problems {
        println!("{problem:?}: {cell:?}");
    }
    let requests: u64 = interval.requests.values().map(|cell| cell.count).sum();
    println!("requests {requests}  per CPU-second {:.0}", requests as f64 / used);
    Ok(())
}

/// The processor time of this process in seconds, user and system.
fn processor_time() -> Result<f64, Box<dyn Error>> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let line = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = line.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 and 15 of the line, counted after the name.
    let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / TICKS_PER_SECOND)
}
