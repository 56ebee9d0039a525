//! A response on its way from the measured client to the guest: one writes, the other reads, on the same thread.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use send_wrapper::SendWrapper;
use squall_http::{Booked, Head, Listener, TooMuch};
use squall_metrics::Nanos;

use super::{Response, WasiError};

/// The arrived part of a response, and the part of that which the guest has not read yet.
#[derive(Default)]
pub(super) struct WasiResponse {
    head: RefCell<Option<(StatusCode, HeaderMap)>>,
    /// If no value of the head can keep it.
    head_booked: RefCell<Option<Booked>>,
    pieces: RefCell<VecDeque<Bytes>>,
    end: RefCell<Option<Result<(), WasiError>>>,
    has_ended: Cell<bool>,
    /// Whether the guest has let go of it.
    is_gone: Cell<bool>,
    reader: RefCell<Option<Waker>>,
    writer: RefCell<Option<Waker>>,
}

/// Maximum number of fields passed on if none has a value that could keep them booked.
const FIELDS_WITHOUT_VALUES: usize = 16;

/// Bytes that stay booked until the guest has let go of them.
struct Held {
    bytes: Bytes,
    _booked: SendWrapper<Booked>,
}

impl Held {
    fn bytes(bytes: Bytes, booked: Booked) -> Bytes {
        Bytes::from_owner(Held { bytes, _booked: SendWrapper::new(booked) })
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl WasiResponse {
    /// All has come, or nothing more will.
    pub(super) fn end(&self, end: Result<(), WasiError>) {
        self.end.replace(Some(end));
        self.has_ended.set(true);
        wake(&self.reader);
    }

    /// The fields, which stay booked for as long as the guest has one of their values.
    fn header_map(&self, fields: &mut dyn Iterator<Item = (&str, &[u8])>, booked: Booked) -> HeaderMap {
        let (mut values, mut places) = (Vec::new(), Vec::new());
        for (name, value) in fields {
            // The guest's type cannot hold names that `http` refuses.
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
            places.push((name, values.len()..values.len() + value.len()));
            values.extend_from_slice(value);
        }
        if values.is_empty() {
            self.head_booked.replace(Some(booked));
            places.truncate(FIELDS_WITHOUT_VALUES);
            return places.into_iter().map(|(name, _)| (name, HeaderValue::from_static(""))).collect();
        }
        let values = Held::bytes(values.into(), booked);
        let mut headers = HeaderMap::new();
        for (name, place) in places {
            if let Ok(value) = HeaderValue::from_maybe_shared(values.slice(place)) {
                headers.append(name, value);
            }
        }
        headers
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.get()
    }
}

fn wake(waker: &RefCell<Option<Waker>>) {
    let waker = waker.borrow_mut().take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Listener for WasiResponse {
    fn head(&self, head: &Head<'_>, booked: Booked) {
        let headers = self.header_map(&mut head.fields(), booked);
        let status = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.head.replace(Some((status, headers)));
        wake(&self.reader);
    }

    fn data(&self, piece: Bytes, booked: Booked, _at: Nanos) -> Result<(), TooMuch> {
        if !self.is_gone() {
            self.pieces.borrow_mut().push_back(Held::bytes(piece, booked));
            wake(&self.reader);
        }
        Ok(())
    }

    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_gone() {
            return Poll::Ready(());
        }
        self.writer.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

/// The guest's end of it. Dropping it signals that the guest no longer listens.
pub(super) struct Receiving(Rc<WasiResponse>);

impl Receiving {
    pub(super) fn new(answer: Rc<WasiResponse>) -> Receiving {
        Receiving(answer)
    }

    /// The response, as soon as its head has come.
    pub(super) async fn response(self) -> Result<Response, WasiError> {
        let (status, headers) = poll_fn(|context| self.poll_head(context)).await?;
        let mut response = http::Response::new(IncomingBody(SendWrapper::new(self)).boxed_unsync());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn poll_head(&self, context: &mut Context<'_>) -> Poll<Result<(StatusCode, HeaderMap), WasiError>> {
        if let Some(head) = self.0.head.borrow_mut().take() {
            return Poll::Ready(Ok(head));
        }
        if let Some(Err(error)) = self.0.end.borrow_mut().take() {
            return Poll::Ready(Err(error));
        }
        self.0.reader.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn poll_piece(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, WasiError>>> {
        if let Some(piece) = self.0.pieces.borrow_mut().pop_front() {
            return Poll::Ready(Some(Ok(piece)));
        }
        if self.0.has_ended() {
            let failure = self.0.end.borrow_mut().take().and_then(Result::err);
            return Poll::Ready(failure.map(Err));
        }
        self.0.reader.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.is_gone.set(true);
        self.0.pieces.borrow_mut().clear();
        wake(&self.0.writer);
    }
}

/// The body of a response.
struct IncomingBody(SendWrapper<Receiving>);

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        self.0.poll_piece(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
