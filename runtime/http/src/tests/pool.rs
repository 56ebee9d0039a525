//! Connections that clients share.

use std::cell::Cell;

use squall_metrics::Nanos;

use super::server::{ok, serve};
use super::*;

/// Open connections now, and at most.
#[derive(Default)]
struct Count {
    open: Cell<usize>,
    most: Cell<usize>,
    all: Cell<usize>,
}

/// A server that answers each request after 20 ms, and counts its connections.
async fn counting(count: &Rc<Count>) -> String {
    let count = Rc::clone(count);
    serve(move |_, mut peer| {
        let count = Rc::clone(&count);
        count.open.set(count.open.get() + 1);
        count.most.set(count.most.get().max(count.open.get()));
        count.all.set(count.all.get() + 1);
        async move {
            while peer.request().await.is_some() {
                #[allow(clippy::disallowed_methods, reason = "the server takes its time")]
                tokio::time::sleep(Duration::from_millis(20)).await;
                peer.send(ok("hello").as_bytes()).await;
            }
            count.open.set(count.open.get() - 1);
        }
    })
    .await
}

/// Some clients on one network with a pool.
fn clients(how_many: usize, config: ClientConfig) -> (Vec<Client>, Rc<RefCell<Recorder>>) {
    let World { client, recorder, .. } = World::new(config);
    let network = Rc::clone(&client.network);
    let more = (1..how_many).map(|_| Client::new(Rc::clone(&network)));
    let clients: Vec<Client> = more.chain([client]).collect();
    clients.iter().for_each(|client| client.set_flow(FLOW));
    (clients, recorder)
}

fn pool_of(most: usize, base: &str) -> ClientConfig {
    ClientConfig { base: Some(BaseUrl::parse(base).unwrap()), pool: Some(most), ..ClientConfig::default() }
}

async fn get(client: &Client) -> Result<Box<Response>, Error> {
    let request = client.prepare("GET", "/", std::iter::empty(), None, &RequestOptions::default()).unwrap();
    client.send(request).await
}

#[test]
fn clients_share_so_many_connections_and_wait_for_them() {
    run(async {
        let count = Rc::new(Count::default());
        let (clients, recorder) = clients(6, pool_of(2, &counting(&count).await));
        let tasks = clients.into_iter().map(|client| {
            tokio::task::spawn_local(async move {
                for _ in 0..2 {
                    get(&client).await.unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!((count.most.get(), count.all.get()), (2, 2));
        let interval = recorder.borrow_mut().take();
        let (_, cell) = interval.requests.into_iter().next().unwrap();
        assert_eq!(cell.count, 12);
        // Six rounds of 20 ms: the first four clients after them wait for one round at least.
        let blocked = &cell.blocked;
        assert!(blocked.max() >= Nanos(38_000_000), "{:?}", blocked.max());
        // It is part of the user's wait, not of the server's time.
        assert!(cell.response_time.sum() >= cell.duration.sum() + blocked.sum().since(Nanos(1_000_000)));
    });
}

#[test]
fn a_request_that_is_given_up_gives_its_place_back() {
    run(async {
        let base = serve(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                if request.line() == "GET /" {
                    peer.send(ok("hello").as_bytes()).await;
                }
            }
        });
        let (clients, _) = clients(2, pool_of(1, &base.await));
        let silent =
            clients[0].prepare("GET", "/silent", std::iter::empty(), None, &RequestOptions::default()).unwrap();
        let mut silent = Box::pin(clients[0].send(silent));
        let mut waiting = Box::pin(get(&clients[1]));
        for _ in 0..100 {
            assert!(futures_poll(silent.as_mut()).is_pending() && futures_poll(waiting.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        drop(silent);
        assert_eq!(waiting.await.unwrap().body(), b"hello");
    });
}

#[test]
fn waiting_for_a_connection_counts_towards_the_time_allowed() {
    run(async {
        let base = serve(|_, mut peer| async move { while peer.request().await.is_some() {} });
        let config = ClientConfig { request_timeout: Duration::from_millis(50), ..pool_of(1, &base.await) };
        let (clients, recorder) = clients(2, config);
        let (first, second) = tokio::join!(get(&clients[0]), get(&clients[1]));
        assert!(matches!((first, second), (Err(Error::Timeout), Err(Error::Timeout))));
        let count: u64 = recorder.borrow_mut().take().requests.values().map(|cell| cell.count).sum();
        assert_eq!(count, 2);
    });
}

/// Polls once, without a waker.
fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}
