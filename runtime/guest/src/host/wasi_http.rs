//! `wasi:http/outgoing-handler`, the base of `fetch()` and other standard clients. Their requests go through the
//! virtual user's measured client, as those of `squall:scenario/http` do.
//!
//! `wasmtime-wasi-http` has the resources, and no client of its own: its feature `default-send-request` is off, so
//! nothing can by-pass [`Hooks::send_request`]. Linked only for components that import it.

mod answer;
mod exchanges;
mod failure;
mod outgoing;

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONNECTION, HOST};
use send_wrapper::SendWrapper;
use squall_http::{Error, OriginLimit, RequestOptions, StreamLimits, StreamedBody};
use squall_plan::Limits;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, ForbiddenHeaderFilter, RequestOptions as WasiOptions, WasiBody, WasiHttpCtx,
    WasiHttpHooks,
};

use self::answer::{Receiving, WasiResponse};
pub(crate) use self::exchanges::Exchanges;
use self::failure::wasi_error;
use self::outgoing::{Outgoing, gather};
use crate::identity::Identity;
use crate::worker::WorkerContext;

/// A field by which a guest names the series of a request. It is taken out and not sent.
const NAME_FIELD: &str = "squall-name";

type Response = http::Response<WasiBody>;
type WasiError = wasmtime_wasi_http::Error;
type InBackground = Box<dyn Future<Output = Result<(), WasiError>> + Send>;

/// The `wasi:http` state of an instance that uses it.
pub(crate) struct WasiHttp {
    pub(crate) context: WasiHttpCtx,
    pub(crate) hooks: Hooks,
}

/// The exit of requests from the library.
pub(crate) struct Hooks(SendWrapper<Sender>);

struct Sender {
    worker: Rc<WorkerContext>,
    user: Rc<Identity>,
    turns: Rc<OriginLimit>,
    exchanges: Exchanges,
}

impl WasiHttp {
    pub(crate) fn new(worker: &Rc<WorkerContext>, user: &Rc<Identity>) -> WasiHttp {
        let sender = Sender {
            worker: Rc::clone(worker),
            user: Rc::clone(user),
            turns: Rc::default(),
            exchanges: Exchanges::default(),
        };
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(Limits::WASI_MESSAGE);
        WasiHttp { context, hooks: Hooks(SendWrapper::new(sender)) }
    }

    /// The exchanges under way.
    pub(crate) fn exchanges(&mut self) -> &mut Exchanges {
        &mut self.hooks.0.exchanges
    }
}

impl WasiHttpHooks for Hooks {
    /// A load test may well ask for another `Host`, or for the end of the connection: the measured client decides.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| *name != HOST && *name != CONNECTION && DEFAULT_FORBIDDEN_HEADERS.contains(name))
    }

    /// The measured client writes it.
    fn set_host_header(&mut self) -> bool {
        false
    }

    /// The library holds the written parts of unsent bodies: up to two pieces of this size for each.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        Limits::WASI_MESSAGE
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<WasiOptions>,
        _response_failed: InBackground,
    ) -> Box<dyn Future<Output = Result<(Response, InBackground), WasiError>> + Send> {
        let sender = &mut *self.0;
        let answer = Rc::new(WasiResponse::default());
        let exchange = exchange(Rc::clone(&answer), sender, request, options.unwrap_or_default());
        sender.exchanges.start(Rc::clone(&answer), exchange);
        let receiving = Receiving::new(answer);
        Box::new(SendWrapper::new(async move {
            let response = receiving.response().await?;
            let nothing_left: InBackground = Box::new(std::future::ready(Ok(())));
            Ok((response, nothing_left))
        }))
    }
}

/// Sends a request and passes the result to `answer`.
fn exchange(
    answer: Rc<WasiResponse>,
    sender: &Sender,
    request: http::Request<WasiBody>,
    limits: WasiOptions,
) -> impl Future<Output = ()> + 'static {
    let (worker, user, turns) = (Rc::clone(&sender.worker), Rc::clone(&sender.user), Rc::clone(&sender.turns));
    async move {
        let (head, body) = request.into_parts();
        let Some(body) = gather(body, &head.headers, &answer).await else {
            return; // Given up before anything was sent.
        };
        let outcome = send(&worker, &user, &turns, &head, body, limits, &answer).await;
        answer.end(outcome.map_err(wasi_error));
    }
}

async fn send(
    worker: &WorkerContext,
    user: &Identity,
    turns: &OriginLimit,
    head: &http::request::Parts,
    body: StreamedBody<Outgoing>,
    limits: WasiOptions,
    answer: &WasiResponse,
) -> Result<(), Error> {
    let fields = text_fields(&head.headers)?;
    let name = fields.iter().find(|(name, _)| *name == NAME_FIELD).map(|(_, value)| *value);
    let name = name.map(|name| worker.recorder.borrow_mut().name(name));
    let sent = fields.iter().copied().filter(|(name, _)| *name != NAME_FIELD);
    let limits = StreamLimits {
        connect: limits.connect_timeout,
        first_byte: limits.first_byte_timeout,
        between_bytes: limits.between_bytes_timeout,
    };
    let options = RequestOptions { name, ..RequestOptions::default() };
    let (client, url) = (user.client(), head.uri.to_string());
    let request = client.prepare_streamed((head.method.as_str(), &url), sent, body, &options, limits)?;
    client.send_streamed(request, turns, answer).await
}

fn text_fields(headers: &HeaderMap) -> Result<Vec<(&str, &str)>, Error> {
    headers
        .iter()
        .map(|(name, value)| match std::str::from_utf8(value.as_bytes()) {
            Ok(value) => Ok((name.as_str(), value)),
            Err(_) => Err(Error::InvalidRequest(format!("header {name} is not UTF-8"))),
        })
        .collect()
}
