//! A server for pages in a browser on this machine. Unlike the control API it answers web pages, so its secret is in the
//! address. A page of another site neither knows that, nor passes: its requests have another Origin or another Host.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::api::{read, respond};
use crate::api_error::ApiError;
use crate::background::{Background, runtime};
use crate::error::ControlError;
use crate::guard::{is_of_own_page, names_this_machine};
use crate::only_loopback;
use crate::server::serve_until;
use crate::token::Token;

/// An answer, whole.
pub type PageResponse = Response<Full<Bytes>>;

/// An address that is taken for pages.
pub struct ReservedPages {
    option: &'static str,
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

/// A request that may be answered: it knows the secret, and comes from no other site.
pub struct PageRequest {
    /// Its method.
    pub method: Method,
    /// Its path, after the secret: `""` is the page itself.
    pub path: String,
    body: Incoming,
}

impl PageRequest {
    /// Checks a request; says of one that may not be answered why.
    fn admit(request: Request<Incoming>, token: &Token) -> Result<PageRequest, (StatusCode, &'static str)> {
        let (head, body) = request.into_parts();
        // A page whose name resolves to this machine (DNS rebinding) would share the server's origin.
        if !names_this_machine(&head.headers) {
            return Err((StatusCode::FORBIDDEN, "the Host header must name this machine"));
        }
        if !is_of_own_page(&head.headers) {
            return Err((StatusCode::FORBIDDEN, "requests of other sites' pages are refused"));
        }
        let (secret, path) = head.uri.path().trim_start_matches('/').split_once('/').unwrap_or_default();
        if !token.is(secret.as_bytes()) {
            return Err((StatusCode::NOT_FOUND, "look at the address that squall has printed"));
        }
        Ok(PageRequest { method: head.method, path: path.to_owned(), body })
    }

    /// The same request for another path.
    #[must_use]
    pub fn at(self, path: String) -> PageRequest {
        PageRequest { path, ..self }
    }

    /// Its body, which must be short.
    ///
    /// # Errors
    /// If it is not, or cannot be read.
    pub async fn body(self) -> Result<Bytes, ApiError> {
        read(self.body).await
    }

    pub(crate) fn into_body(self) -> Incoming {
        self.body
    }
}

impl ReservedPages {
    /// Takes the address, which that option names.
    ///
    /// # Errors
    /// If it is not of this machine, or not free.
    pub fn take(option: &'static str, address: SocketAddr) -> Result<ReservedPages, ControlError> {
        only_loopback(option, address)?;
        let failed = |error: io::Error| ControlError::of_address(option, address, &error);
        let token = Token::random().map_err(failed)?;
        let runtime = runtime().map_err(failed)?;
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(ReservedPages { option, runtime, listener, address, token })
    }

    /// The address for a browser, with its secret.
    pub fn url(&self) -> String {
        format!("http://{}/{}/", self.address, self.token.secret())
    }

    /// Answers on a thread of that name until the returned handle is dropped.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn serve<A, F>(self, thread: &str, answer: A) -> Result<Background, ControlError>
    where
        A: Fn(PageRequest) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = PageResponse> + Send + 'static,
    {
        let (listener, token, option, address) = (self.listener, Arc::new(self.token), self.option, self.address);
        let admit_and_answer = move |request| {
            let (token, answer) = (Arc::clone(&token), answer.clone());
            async move {
                match PageRequest::admit(request, &token) {
                    Ok(request) => answer(request).await,
                    Err((status, sentence)) => plain(status, sentence),
                }
            }
        };
        Background::begin(thread, self.runtime, move |end| serve_until(end, listener, admit_and_answer))
            .map_err(|error| ControlError::Setting(format!("{option} {address}: {error}")))
    }
}

/// A page.
pub fn page(html: String) -> PageResponse {
    response(StatusCode::OK, "text/html; charset=utf-8", html)
}

/// A sentence.
pub fn plain(status: StatusCode, sentence: &str) -> PageResponse {
    response(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
}

/// JSON, or why there is none.
pub fn json(result: Result<serde_json::Value, ApiError>) -> PageResponse {
    protected(respond(result))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> PageResponse {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    protected(response)
}

/// The address is a secret, and no other page may frame this one.
fn protected(mut response: PageResponse) -> PageResponse {
    for (name, value) in
        [("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")]
    {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
