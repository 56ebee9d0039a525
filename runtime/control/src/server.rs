//! The server of the control API: its address, its thread, and how much of either one client may take.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::{AbortHandle, JoinSet};
use tracing::info;

use crate::api::{Api, ApiResponse, Routes};
use crate::background::{Background, End, runtime};
use crate::command::Controls;
use crate::error::ControlError;
use crate::guard::Guard;
use crate::run_state::RunState;
use crate::token::Token;
use crate::{only_loopback, within};

/// Connections at a time. One more takes the place of one that has asked nothing, or waits in line.
const CONNECTIONS: usize = 16;
/// Limit for a connection, from its first byte to its last. It carries one request.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for requests under way at the end of the run.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);
/// The largest head of a request.
const HEAD_LIMIT: usize = 8 * 1024;
/// The most headers of a request.
const HEADERS: usize = 32;
/// Pause after a failed accept, usually for lack of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// An address that is bound, but not yet served.
pub struct ReservedApi {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
    is_new: bool,
}

impl ReservedApi {
    /// Takes the address. The token is in the file, or else in the environment, or else made.
    ///
    /// # Errors
    /// If the address is not of this machine, or not free; or if the token cannot be had.
    pub fn take(address: SocketAddr, token_file: Option<&Path>) -> Result<ReservedApi, ControlError> {
        only_loopback("--control", address)?;
        let given = Token::given("--control-token-file", token_file)?;
        let failed = |error: io::Error| ControlError::of_address("--control", address, &error);
        let is_new = given.is_none();
        let token = given.map_or_else(Token::random, Ok).map_err(failed)?;
        let runtime = runtime().map_err(failed)?;
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(ReservedApi { runtime, listener, address, token, is_new })
    }

    /// The lines with address and token, for the terminal.
    pub fn heading(&self) -> String {
        let token = if self.is_new { self.token.secret() } else { "as given" };
        format!("      control: http://{}/v1/status\n        token: {token}", self.address)
    }

    /// Answers until the returned handle is dropped.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn serve(self, controls: Controls, state: &RunState) -> Result<Background, ControlError> {
        let api = Arc::new(Api {
            guard: Guard::new(self.address, self.token),
            routes: Routes { controls, state: state.reader() },
        });
        let (listener, address) = (self.listener, self.address);
        info!(%address, "the control API listens");
        let answer = move |request| {
            let api = Arc::clone(&api);
            async move { api.answer(request).await }
        };
        Background::begin("control", self.runtime, move |end| serve_until(end, listener, answer))
            .map_err(|error| ControlError::Setting(format!("--control {address}: {error}")))
    }
}

/// Answers all connections until `end`.
pub(super) async fn serve_until<A, F>(mut end: End, listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ApiResponse> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let mut silent = Silent::default();
    loop {
        tokio::select! {
            _ = &mut end => break,
            accepted = listener.accept(), if connections.len() < CONNECTIONS || silent.has_any() => match accepted {
                Ok((connection, _)) => {
                    if connections.len() >= CONNECTIONS {
                        silent.send_oldest_away();
                    }
                    let has_asked = Arc::new(AtomicBool::new(false));
                    let conversation = converse(connection, Arc::clone(&has_asked), answer.clone());
                    silent.0.push_back((connections.spawn(within(CONNECTION_TIMEOUT, conversation)), has_asked));
                }
                Err(_) => { within(ACCEPT_AGAIN, std::future::pending::<()>()).await; }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    // The client that stopped the run gets its answer.
    within(FLUSH_TIMEOUT, async { while connections.join_next().await.is_some() {} }).await;
}

/// Connections without a request so far, the oldest first. Programs send their request immediately; a connection that
/// only occupies a slot makes room for the next.
#[derive(Default)]
struct Silent(VecDeque<(AbortHandle, Arc<AtomicBool>)>);

impl Silent {
    fn has_any(&mut self) -> bool {
        self.0.retain(|(conversation, has_asked)| !conversation.is_finished() && !has_asked.load(Ordering::Relaxed));
        !self.0.is_empty()
    }

    fn send_oldest_away(&mut self) {
        if self.has_any()
            && let Some((conversation, _)) = self.0.pop_front()
        {
            conversation.abort();
        }
    }
}

async fn converse<A, F>(connection: TcpStream, has_asked: Arc<AtomicBool>, answer: A)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = ApiResponse>,
{
    // Without this, small answers may wait for an acknowledgement. If it fails the answers are late, not wrong.
    let _ = connection.set_nodelay(true);
    let service = service_fn(|request| {
        has_asked.store(true, Ordering::Relaxed);
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).header_read_timeout(None).max_buf_size(HEAD_LIMIT).max_headers(HEADERS);
    // An error here is a client that left in mid-sentence, or did not speak HTTP: hyper has answered where possible.
    let _ = http.serve_connection(TokioIo::new(connection), service).await;
}
