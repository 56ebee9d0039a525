//! OTLP over HTTP: requests and their answers, as <https://opentelemetry.io/docs/specs/otlp/#otlphttp> has them.

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use crate::answer::{AnswerBody, encode_status, encode_success};
use crate::body::read_body;
use crate::collector::{Collector, Export, Format, Signal};
use crate::refusal::{Refusal, RefusalKind, shorten};

/// Answers a request.
pub(crate) async fn answer(request: Request<Incoming>, collector: &Collector) -> Response<AnswerBody> {
    let format = format_of(request.headers());
    let answered = take(request, format, collector).await;
    // An answer to a request of unknown format is in JSON, which people can read.
    let format = format.unwrap_or(Format::Json);
    match answered {
        Ok(rejected) => response(StatusCode::OK, format, encode_success(format, rejected)),
        Err(refusal) => {
            collector.note(&refusal);
            refuse(&refusal, format)
        }
    }
}

async fn take(request: Request<Incoming>, format: Option<Format>, collector: &Collector) -> Result<u64, Refusal> {
    let signal = signal_of(request.uri().path())?;
    if request.method() != Method::POST {
        return Err(RefusalKind::WrongMethod.because(format!("the method was {}", request.method())));
    }
    let unknown_type = || {
        let shown = text(request.headers(), &CONTENT_TYPE);
        RefusalKind::Unsupported.because(format!("the Content-Type was \"{}\"", shorten(shown)))
    };
    let format = format.ok_or_else(unknown_type)?;
    let is_gzip = is_gzip(request.headers(), &CONTENT_ENCODING)?;
    let body = read_body(request.into_body(), &collector.room).await?;
    collector.take(&Export { signal, format, is_gzip, body })
}

fn signal_of(path: &str) -> Result<Signal, Refusal> {
    let signal = Signal::ALL.into_iter().find(|signal| signal.path() == path);
    signal.ok_or_else(|| RefusalKind::UnknownPath.of_path(path))
}

fn format_of(headers: &HeaderMap) -> Option<Format> {
    let kind = text(headers, &CONTENT_TYPE);
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Format::Protobuf),
        "application/json" => Some(Format::Json),
        _ => None,
    }
}

/// Whether a header names gzip; or no compression at all.
pub(crate) fn is_gzip(headers: &HeaderMap, name: &HeaderName) -> Result<bool, Refusal> {
    match text(headers, name).trim().to_ascii_lowercase().as_str() {
        "gzip" => Ok(true),
        "" | "identity" => Ok(false),
        other => Err(RefusalKind::Unsupported.because(format!("the {name} was \"{}\"", shorten(other)))),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn refuse(refusal: &Refusal, format: Format) -> Response<AnswerBody> {
    let body = encode_status(format, refusal.kind.grpc_code(), &refusal.message);
    let mut response = response(refusal.kind.status(), format, body);
    match refusal.kind {
        RefusalKind::Busy => response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1")),
        RefusalKind::WrongMethod => response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST")),
        _ => None,
    };
    response
}

fn response(status: StatusCode, format: Format, body: Bytes) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::new(body));
    *response.status_mut() = status;
    let kind = match format {
        Format::Protobuf => "application/x-protobuf",
        Format::Json => "application/json",
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
