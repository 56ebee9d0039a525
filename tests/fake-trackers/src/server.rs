//! A server on loopback for any fake. One thread runs it and its clients, so that tests look into it without locks.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::faults::Fault;

/// What a fake does with requests.
pub trait FakeService: 'static {
    /// Carries out a request.
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer;

    /// The answer with this status, without carrying anything out.
    fn refuse(&mut self, request: &FakeRequest, status: u16) -> FakeAnswer;

    /// Hides what this request creates from searches for so many further requests.
    fn delay(&mut self, requests: u64);

    /// Looks at each request that has arrived, and at the answer if there is one.
    fn inspect(&mut self, request: &FakeRequest, answer: Option<&FakeAnswer>);
}

/// A request.
#[derive(Clone, Debug)]
pub struct FakeRequest {
    /// Its method.
    pub method: Method,
    /// The segments of its path, decoded.
    pub segments: Vec<String>,
    /// Its query, decoded.
    pub query: Vec<(String, String)>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct FakeAnswer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Bytes,
}

/// A running server. It ends with the thread's [`run_local`].
pub struct FakeServer<S> {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    shared: Rc<Shared<S>>,
}

/// Decides what happens to a request.
type Faults = Box<dyn FnMut(&FakeRequest) -> Fault>;

struct Shared<S> {
    service: RefCell<S>,
    faults: RefCell<Faults>,
    /// Requests to be carried out later, each with the number of requests until then.
    late: RefCell<Vec<(u64, FakeRequest)>>,
    connections: Cell<usize>,
    accepted: Cell<usize>,
}

/// Runs a test with servers on this thread.
///
/// # Panics
/// If the system refuses a runtime.
pub fn run_local<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    tokio::task::LocalSet::new().block_on(&runtime, test)
}

impl<S: FakeService> FakeServer<S> {
    /// Starts a server at a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start(service: S) -> FakeServer<S> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("no port: {error}"));
        let url = format!("http://{}", listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}")));
        let shared = Rc::new(Shared {
            service: RefCell::new(service),
            faults: RefCell::new(Box::new(|_| Fault::None)),
            late: RefCell::default(),
            connections: Cell::new(0),
            accepted: Cell::new(0),
        });
        tokio::task::spawn_local(accept(listener, Rc::clone(&shared)));
        FakeServer { url, shared }
    }

    /// From now on this decides what happens to each request.
    pub fn set_faults(&self, faults: impl FnMut(&FakeRequest) -> Fault + 'static) {
        *self.shared.faults.borrow_mut() = Box::new(faults);
    }

    /// No further failures.
    pub fn heal(&self) {
        self.set_faults(|_| Fault::None);
    }

    /// Looks into the fake, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut S) -> T) -> T {
        look(&mut self.shared.service.borrow_mut())
    }

    /// Waits until each connection that a killed client has left is over, and carries out what is late.
    ///
    /// # Panics
    /// If that does not happen within 10 s.
    pub async fn settle(&self) {
        // Connections are accepted in order, so this one comes after all others.
        let before = self.shared.accepted.get();
        let address = self.url.trim_start_matches("http://");
        drop(tokio::net::TcpStream::connect(address).await);
        for turn in 0..20_000 {
            if self.shared.accepted.get() > before && self.shared.connections.get() == 0 {
                self.shared.carry_out_late(u64::MAX);
                return;
            }
            tokio::task::yield_now().await;
            if turn > 10_000 {
                pause(Duration::from_millis(1)).await;
            }
        }
        panic!("connections do not end");
    }
}

impl<S: FakeService> Shared<S> {
    /// Carries out the late requests that are due after so many further requests.
    fn carry_out_late(&self, further: u64) {
        let mut due = Vec::new();
        self.late.borrow_mut().retain_mut(|(left, request)| {
            *left = left.saturating_sub(further);
            if *left == 0 {
                due.push(request.clone());
            }
            *left > 0
        });
        for request in due {
            self.service.borrow_mut().answer(&request);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits for its own connections to end")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

async fn accept<S: FakeService>(listener: TcpListener, shared: Rc<Shared<S>>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.accepted.set(shared.accepted.get() + 1);
        shared.connections.set(shared.connections.get() + 1);
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move {
            let handler = service_fn(|request| handle(Rc::clone(&shared), request));
            // A connection that a fault ends is an error, as intended.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), handler).await;
            shared.connections.set(shared.connections.get() - 1);
        });
    }
}

async fn handle<S: FakeService>(shared: Rc<Shared<S>>, request: Request<Incoming>) -> io::Result<Response<FakeBody>> {
    let request = read_request(request).await?;
    shared.carry_out_late(1);
    let fault = (shared.faults.borrow_mut())(&request);
    if let Fault::LateCommit(requests) = fault {
        shared.late.borrow_mut().push((requests + 1, request.clone()));
    }
    let answer = {
        let mut service = shared.service.borrow_mut();
        let answer = act(&mut *service, &request, &fault);
        service.inspect(&request, answer.as_ref());
        answer
    };
    let dropped = io::Error::other("dropped by a fault");
    match (fault, answer) {
        (Fault::Silence, _) => std::future::pending().await,
        (Fault::DropAfter | Fault::SlowCommit(_), _) | (_, None) => Err(dropped),
        (Fault::HalfAnswer, Some(answer)) => Ok(respond(answer, true)),
        (_, Some(answer)) => Ok(respond(answer, false)),
    }
}

/// Carries out what the fault lets through.
fn act<S: FakeService>(service: &mut S, request: &FakeRequest, fault: &Fault) -> Option<FakeAnswer> {
    match fault {
        Fault::DropBefore | Fault::LateCommit(_) => None,
        Fault::Status(status, retry_after) => {
            let mut answer = service.refuse(request, *status);
            answer.headers.extend(retry_after.map(|seconds| ("retry-after", seconds.to_string())));
            Some(answer)
        }
        Fault::StatusAfter(status) => {
            service.answer(request);
            Some(service.refuse(request, *status))
        }
        Fault::SlowCommit(requests) => {
            service.delay(*requests);
            Some(service.answer(request))
        }
        Fault::HalfJson => {
            let mut answer = service.answer(request);
            answer.body.truncate(answer.body.len() / 2);
            Some(answer)
        }
        Fault::None | Fault::DropAfter | Fault::HalfAnswer | Fault::Silence => Some(service.answer(request)),
    }
}

async fn read_request(request: Request<Incoming>) -> io::Result<FakeRequest> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let url = url::Url::parse(&format!("http://fake{}", head.uri)).map_err(io::Error::other)?;
    let decode = |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
    Ok(FakeRequest {
        method: head.method,
        segments: url.path_segments().into_iter().flatten().map(decode).collect(),
        query: url.query_pairs().into_owned().collect(),
        headers: head.headers,
        body,
    })
}

fn respond(answer: FakeAnswer, half: bool) -> Response<FakeBody> {
    let length = answer.body.len();
    let body = if half { answer.body.slice(..length / 2) } else { answer.body };
    let mut response = Response::new(FakeBody { data: Some(body), breaks: half });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

impl FakeAnswer {
    /// JSON.
    pub fn json(status: u16, json: &serde_json::Value) -> FakeAnswer {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        FakeAnswer { status, headers, body: Bytes::from(json.to_string()) }
    }

    /// A page.
    pub fn page(status: u16, html: &'static str) -> FakeAnswer {
        let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        FakeAnswer { status, headers, body: Bytes::from_static(html.as_bytes()) }
    }
}

impl FakeRequest {
    /// The value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; null if it is not.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A body that may break off.
struct FakeBody {
    data: Option<Bytes>,
    breaks: bool,
}

impl Body for FakeBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        Poll::Ready(self.breaks.then(|| Err(io::Error::other("broken off by a fault"))))
    }
}
