//! Calls before they are made: checked, and copied.

use std::time::Duration;

use squall_grpc::{compress, frame, timeout_value};
use squall_metrics::{NameId, Nanos, TagSetId};

use super::channel::Channel;
use crate::account::KeptList;
use crate::client::Client;
use crate::cookies::CookieJar;
use crate::error::Error;
use crate::request::{Belongings, Brought, Prepared, RequestOptions};
use crate::streamed::QueuedBody;

/// Bytes of a message's frame beside the message, and a little more.
const BESIDE: usize = 64;

/// Settings of a call.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// Name under which the call is counted, instead of "package.Service/Method".
    pub name: Option<NameId>,
    /// Tags under which it is counted, instead of the client's.
    pub tags: Option<TagSetId>,
    /// Limit for the whole call. Without one, that of requests holds for unary calls, and none for streams.
    pub timeout: Option<Duration>,
    /// Metadata, with values as they are sent.
    pub metadata: Option<KeptList<(String, String)>>,
    /// The status codes that count as expected. By default 0.
    pub expected: Option<KeptList<u32>>,
    /// Whether messages that come are measured and thrown away.
    pub discard: bool,
    /// Whether messages are sent compressed.
    pub gzip: bool,
    /// Whether the call is no part of the load, and is recorded nowhere.
    pub is_unrecorded: bool,
}

/// A call that has been checked, ready to be made.
#[derive(Debug)]
pub struct PreparedCall {
    pub(super) request: Box<Prepared>,
    /// The messages, of a call with streams.
    pub(super) messages: Option<QueuedBody>,
    pub(super) options: CallOptions,
    pub(super) receive_limit: usize,
    pub(super) asked: Nanos,
}

impl Client {
    /// Checks and copies a unary call. An invalid one is counted as a failure, but is not a sample.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn prepare_unary(
        &self,
        channel: &Channel,
        path: &str,
        message: &[u8],
        options: &CallOptions,
    ) -> Result<PreparedCall, Error> {
        let framed = framed(message, options.gzip, channel.send_limit).and_then(|framed| {
            // The request books its own copy; this one goes at once.
            let booked = self.account().book(framed.len() + BESIDE)?;
            Ok((framed, booked))
        });
        let limit = options.timeout.unwrap_or(self.network.config.request_timeout);
        let prepared = framed.and_then(|(framed, _booked)| {
            self.prepare_call(channel, path, Brought::Bytes(&framed), Some(limit), options)
        });
        self.counted(prepared.map(|request| self.prepared(channel, request, None, options)))
    }

    /// Checks and copies a call with streams, whose messages come from the queue of `messages`, in their frames. Counted as
    /// `prepare_unary` does.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn prepare_streaming(
        &self,
        channel: &Channel,
        path: &str,
        messages: QueuedBody,
        options: &CallOptions,
    ) -> Result<PreparedCall, Error> {
        let prepared = self.prepare_call(channel, path, Brought::Pieces(None), options.timeout, options);
        self.counted(prepared.map(|request| self.prepared(channel, request, Some(messages), options)))
    }

    /// Refuses a call before there is one to prepare, and counts it as invalid.
    pub fn refuse_call(&self, reason: String) -> Error {
        let error = Error::InvalidRequest(reason);
        self.record_failure(&error, &error.to_string());
        error
    }

    fn prepare_call(
        &self,
        channel: &Channel,
        path: &str,
        body: Brought<'_>,
        limit: Option<Duration>,
        options: &CallOptions,
    ) -> Result<Box<Prepared>, Error> {
        let config = &self.network.config;
        let timeout = limit.unwrap_or(config.longest_timeout).min(config.longest_timeout);
        let deadline = limit.map(|_| timeout_value(timeout));
        let own = [
            ("te", Some("trailers")),
            ("content-type", Some("application/grpc")),
            ("grpc-accept-encoding", Some("gzip")),
            ("grpc-encoding", options.gzip.then_some("gzip")),
            ("grpc-timeout", deadline.as_deref()),
            ("host", channel.authority.as_deref()),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let metadata = options.metadata.as_deref().unwrap_or_default();
        let metadata = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let request_options =
            RequestOptions {
                name: Some(options.name.unwrap_or_else(|| {
                    self.network.recorder.borrow_mut().name(path.strip_prefix('/').unwrap_or(path))
                })),
                tags: options.tags,
                http: Some(channel.http),
                timeout: Some(timeout),
                redirects: Some(0),
                ..RequestOptions::default()
            };
        // gRPC has no cookies.
        let jar = CookieJar::default();
        let belongings = Belongings { cookies: &jar, ..self.belongings(&jar) };
        let url = format!("{}{path}", channel.base);
        Prepared::new(belongings, ("POST", &url), own.chain(metadata), body, &request_options)
    }

    fn prepared(
        &self,
        channel: &Channel,
        request: Box<Prepared>,
        messages: Option<QueuedBody>,
        options: &CallOptions,
    ) -> PreparedCall {
        PreparedCall {
            request,
            messages,
            options: options.clone(),
            receive_limit: channel.receive_limit,
            asked: self.network.clock.now(),
        }
    }

    /// What cannot be sent is a failure of its flow.
    fn counted(&self, prepared: Result<PreparedCall, Error>) -> Result<PreparedCall, Error> {
        prepared.map_err(Error::before_sending).inspect_err(|error| self.record_failure(error, &error.to_string()))
    }
}

/// A message in its frame.
pub(super) fn framed(message: &[u8], gzip: bool, limit: usize) -> Result<Vec<u8>, Error> {
    if message.len() > limit {
        let length = message.len();
        return Err(Error::InvalidRequest(format!("a message of {length} bytes: at most {limit} may be sent (limit)")));
    }
    let mut framed = Vec::new();
    if gzip {
        frame(&compress(message), true, &mut framed)
    } else {
        frame(message, false, &mut framed)
    }
    Ok(framed)
}
