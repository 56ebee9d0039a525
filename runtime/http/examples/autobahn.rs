//! Runs all cases of Autobahn's test suite against the client: messages are sent back as they come.
//!
//! ```sh
//! pip install 'virtualenv<20.22' && virtualenv -p python2.7 ab && ab/bin/pip install autobahntestsuite==0.8.2
//! echo '{"url": "ws://127.0.0.1:9001", "outdir": "reports", "cases": ["*"], "exclude-cases": [], "exclude-agent-cases": {}}' >fuzz.json
//! ab/bin/wstest -m fuzzingserver -s fuzz.json &
//! cargo run --release -p squall-http --example autobahn -- ws://127.0.0.1:9001
//! ```
//!
//! `reports/index.json` has the behaviour of each case; none may be FAILED.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;

use squall_http::{Client, ClientConfig, Content, Network, SharedTls, WebSocket, WebSocketOptions};
use squall_metrics::{Clock, Recorder, Registry};

fn main() {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, run_all(&url));
}

async fn run_all(url: &str) {
    let recorder = Rc::new(RefCell::new(Recorder::new(Arc::new(Registry::new(100)))));
    let config = ClientConfig::default();
    let tls = SharedTls::build(&config.tls).unwrap();
    let client = Rc::new(Client::new(Network::new(config, tls, Clock::start(), recorder)));
    let counting = open(&client, &format!("{url}/getCaseCount"));
    let count: u32 = next(&counting).await.unwrap().into_text().parse().unwrap();
    for case in 1..=count {
        let socket = open(&client, &format!("{url}/runCase?case={case}&agent=squall"));
        while let Some(content) = next(&socket).await {
            let sent = match content {
                Content::Text(text) => socket.send_text(&text),
                Content::Binary(bytes) => socket.send_binary(&bytes),
                _ => continue,
            };
            if sent.is_err() || poll_fn(|context| socket.poll_room(context)).await.is_err() {
                break;
            }
        }
        until_finished(&socket).await;
    }
    let reports = open(&client, &format!("{url}/updateReports?agent=squall"));
    while next(&reports).await.is_some() {}
    println!("{count} cases");
}

fn open(client: &Rc<Client>, url: &str) -> Rc<WebSocket> {
    let options = WebSocketOptions { compression: true, ..WebSocketOptions::default() };
    let (prepared, socket) = client.prepare_websocket(url, std::iter::empty(), &options).unwrap();
    let (client, carried) = (Rc::clone(client), Rc::clone(&socket));
    tokio::task::spawn_local(async move { client.websocket(prepared, carried).await });
    socket
}

/// The next message; none at the end, whatever that is.
async fn next(socket: &WebSocket) -> Option<Content> {
    poll_fn(|context| socket.poll_message(false, context)).await.ok().flatten().map(|message| message.content)
}

async fn until_finished(socket: &WebSocket) {
    socket.let_go();
    while !socket.is_finished() {
        tokio::task::yield_now().await;
    }
}
