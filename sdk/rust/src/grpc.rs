//! Calls by gRPC, with streams and without. Messages are JSON (protobuf's own mapping) or bytes; the host has the types.
//!
//! ```
//! use squall::prelude::*;
//!
//! const PROTO: &str = r#"
//!     syntax = "proto3";
//!     package greet;
//!     message Name { string name = 1; }
//!     message Greeting { string text = 1; }
//!     service Greeter { rpc Hello(Name) returns (Greeting); rpc Many(Name) returns (stream Greeting); }
//! "#;
//!
//! fn greet() -> Outcome {
//!     let schema = grpc::Schema::parse(&[("greet.proto", PROTO)])?;
//!     let (hello, many) = (schema.method("greet.Greeter/Hello")?, schema.method("greet.Greeter/Many")?);
//!     let channel = grpc::connect("127.0.0.1:50051").plaintext().open()?;
//!     let reply = channel.call(&hello).metadata("x-id", "7").send_json(r#"{"name": "Ada"}"#)?;
//!     check!(reply.is_ok(), "it answers");
//!
//!     let mut stream = channel.call(&many).start()?;
//!     stream.send_json(r#"{"name": "Ada"}"#)?;
//!     stream.finish()?;
//!     while let Some(greeting) = stream.receive()? {
//!         check!(greeting.json()?.contains("Ada"), "it greets Ada");
//!     }
//!     check!(stream.reply().is_some_and(|reply| reply.is_ok()), "the stream ends well");
//!     Ok(())
//! }
//! # use squall::testing::CallReply;
//! # let mut host = squall::testing::Host::new()
//! #     .answer_call("greet.Greeter/Hello", CallReply::ok(r#"{"text": "Ada!"}"#))
//! #     .answer_call("greet.Greeter/Many", CallReply::ok(r#"{"text": "Ada 1"}"#).and(r#"{"text": "Ada 2"}"#));
//! # assert_eq!(host.run(greet).expect_ok().calls.len(), 2);
//! ```
//!
//! What is opened in `start`, and kept in a `thread_local!`, lasts over iterations: schema, methods and channel.

use std::time::Duration;

use crate::data::Blob;
use crate::host::grpc::{self as host, Payload};
use crate::timing::{Seconds, nanoseconds};

pub use crate::http::{Error, Timings};

/// Forever, in the contract's terms.
const FOREVER: u64 = u64::MAX;

/// Services and their messages. The same files are compiled once for all virtual users.
#[derive(Debug)]
pub struct Schema(host::Schema);

/// A method of a service.
#[derive(Debug)]
pub struct Method(host::Method);

impl Schema {
    /// Of `.proto` files: their names, as others import them, and their texts (`include_str!`). The well-known types and
    /// gRPC's health service need not be given.
    ///
    /// # Errors
    ///
    /// When one of them cannot be compiled, or imports one that was not given.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, Error> {
        host::Schema::parse(files).map(Schema)
    }

    /// Of a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it.
    ///
    /// # Errors
    ///
    /// When the bytes are no such set.
    pub fn load(descriptors: &[u8]) -> Result<Self, Error> {
        host::Schema::load(descriptors).map(Schema)
    }

    /// What a server tells of itself: by its reflection service. Asked once for all virtual users.
    ///
    /// # Errors
    ///
    /// When it has none, or cannot be reached.
    pub fn reflect(channel: &Channel) -> Result<Self, Error> {
        host::Schema::reflect(&channel.0, None).map(Schema)
    }

    /// The method of that full name: "package.Service/Method".
    ///
    /// # Errors
    ///
    /// When there is none; the error names some that look alike.
    pub fn method(&self, name: &str) -> Result<Method, Error> {
        self.0.method(name).map(Method)
    }

    /// The full names of all methods, sorted.
    #[must_use]
    pub fn methods(&self) -> Vec<String> {
        self.0.methods()
    }
}

impl Method {
    /// Whether the client may send several messages.
    #[must_use]
    pub fn client_streams(&self) -> bool {
        self.0.client_streams()
    }

    /// Whether the server may send several messages.
    #[must_use]
    pub fn server_streams(&self) -> bool {
        self.0.server_streams()
    }
}

/// A channel to "host:port", "grpc://host:port" (without TLS) or "grpcs://host:port"; see [`Channel::to_target`] for the run's
/// own target.
#[must_use]
pub fn connect(target: &str) -> Connect {
    Connect { target: Some(target.to_owned()), options: host::ChannelOptions::new() }
}

/// A channel that is being set up.
#[derive(Debug)]
pub struct Connect {
    target: Option<String>,
    options: host::ChannelOptions,
}

impl Connect {
    /// Without TLS, where the target does not say so itself.
    #[must_use]
    pub fn plaintext(self) -> Self {
        self.options.set_plaintext(true);
        self
    }

    /// What is sent as `:authority`, in place of host and port of the target.
    #[must_use]
    pub fn authority(self, authority: &str) -> Self {
        self.options.set_authority(authority);
        self
    }

    /// The largest message that is received, in bytes; 4 MiB otherwise.
    #[must_use]
    pub fn receive_limit(self, bytes: u64) -> Self {
        self.options.set_receive_limit(bytes);
        self
    }

    /// The largest message that is sent, in bytes; 2 GiB otherwise.
    #[must_use]
    pub fn send_limit(self, bytes: u64) -> Self {
        self.options.set_send_limit(bytes);
        self
    }

    /// The channel. The first call opens its connection.
    ///
    /// # Errors
    ///
    /// When the target is no address, or the run has none.
    pub fn open(self) -> Result<Channel, Error> {
        host::Channel::open(self.target.as_deref(), Some(&self.options)).map(Channel)
    }
}

/// A server, and how it is spoken to.
#[derive(Debug)]
pub struct Channel(host::Channel);

impl Channel {
    /// A channel to the run's `--target`: with TLS if that is `https://`.
    #[must_use]
    pub fn to_target() -> Connect {
        Connect { target: None, options: host::ChannelOptions::new() }
    }

    /// A call of that method.
    #[must_use]
    pub fn call<'a>(&'a self, method: &'a Method) -> Call<'a> {
        Call { channel: self, method, options: host::CallOptions::new(), failed: None }
    }
}

/// A call that is being set up.
#[derive(Debug)]
pub struct Call<'a> {
    channel: &'a Channel,
    method: &'a Method,
    options: host::CallOptions,
    failed: Option<Error>,
}

impl Call<'_> {
    /// What the call is counted under, in place of "package.Service/Method".
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.options.set_name(name);
        self
    }

    /// How long the call may take in all. Sent to the server, too.
    #[must_use]
    pub fn timeout(self, time: impl Seconds) -> Self {
        self.options.set_timeout(nanoseconds(time.duration()));
        self
    }

    /// Adds metadata. A key that cannot be sent is an error of the call.
    #[must_use]
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        let added = host::add_metadata(&self.options, key, value);
        self.failed = self.failed.or(added.err());
        self
    }

    /// Adds metadata whose key ends in "-bin".
    #[must_use]
    pub fn binary_metadata(mut self, key: &str, value: &[u8]) -> Self {
        let added = host::add_binary_metadata(&self.options, key, value);
        self.failed = self.failed.or(added.err());
        self
    }

    /// The status codes that count as expected; 0 otherwise.
    #[must_use]
    pub fn expect(self, codes: &[u32]) -> Self {
        self.options.set_expected_statuses(codes);
        self
    }

    /// Messages that come are measured and thrown away.
    #[must_use]
    pub fn discard(self) -> Self {
        self.options.set_discard(true);
        self
    }

    /// Messages are sent compressed.
    #[must_use]
    pub fn gzip(self) -> Self {
        self.options.set_gzip(true);
        self
    }

    /// Makes a unary call with a message as JSON, and waits for its end.
    ///
    /// # Errors
    ///
    /// When there is no status. A status other than OK is no error.
    pub fn send_json(self, json: &str) -> Result<Reply, Error> {
        self.send(&Payload::Json(json))
    }

    /// The same with a message as it is sent.
    ///
    /// # Errors
    ///
    /// As [`Call::send_json`].
    pub fn send_bytes(self, message: &[u8]) -> Result<Reply, Error> {
        self.send(&Payload::Binary(message))
    }

    /// The same with a message of the run's data (`--data NAME=file:FILE`), which never enters the guest.
    ///
    /// # Errors
    ///
    /// As [`Call::send_json`].
    pub fn send_from(self, blob: &Blob) -> Result<Reply, Error> {
        let blob = blob.host().map_err(|error| Error::InvalidRequest(error.to_string()))?;
        self.send(&Payload::Held(blob))
    }

    fn send(self, message: &Payload<'_>) -> Result<Reply, Error> {
        self.failed.map_or(Ok(()), Err)?;
        host::invoke(&self.channel.0, &self.method.0, message, Some(&self.options)).map(Reply)
    }

    /// Begins a call with streams.
    ///
    /// # Errors
    ///
    /// When it cannot be sent.
    pub fn start(self) -> Result<Stream, Error> {
        self.failed.map_or(Ok(()), Err)?;
        host::Call::start(&self.channel.0, &self.method.0, Some(&self.options)).map(Stream)
    }
}

/// A call with a stream in either direction, or both. Dropped before its end, it is cancelled.
#[derive(Debug)]
pub struct Stream(host::Call);

impl Stream {
    /// Sends a message as JSON. Waits while more than 64 KiB are unsent.
    ///
    /// # Errors
    ///
    /// When the message is not of its type, or the call has ended.
    pub fn send_json(&mut self, json: &str) -> Result<(), Error> {
        self.0.send(&Payload::Json(json))
    }

    /// Sends a message as it is.
    ///
    /// # Errors
    ///
    /// When the call has ended.
    pub fn send_bytes(&mut self, message: &[u8]) -> Result<(), Error> {
        self.0.send(&Payload::Binary(message))
    }

    /// Ends the messages of the client. The server's may go on.
    ///
    /// # Errors
    ///
    /// When the call has broken off.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }

    /// The next message, when it has come; `None` when the server has ended the call: see [`Stream::reply`].
    ///
    /// # Errors
    ///
    /// When the call breaks off without a status.
    pub fn receive(&mut self) -> Result<Option<Message>, Error> {
        Ok(self.0.receive(FOREVER)?.map(Message))
    }

    /// The same, for at most that long. After [`Error::Timeout`] nothing is lost: ask again. With 0 it only looks.
    ///
    /// # Errors
    ///
    /// When the call breaks off, or nothing has come.
    pub fn receive_within(&mut self, time: impl Seconds) -> Result<Option<Message>, Error> {
        Ok(self.0.receive(nanoseconds(time.duration()))?.map(Message))
    }

    /// The messages up to the end of the call.
    pub fn messages(&mut self) -> impl Iterator<Item = Result<Message, Error>> {
        std::iter::from_fn(|| self.receive().transpose())
    }

    /// How the call ended; `None` before its end.
    #[must_use]
    pub fn reply(&self) -> Option<Reply> {
        self.0.reply().map(Reply)
    }
}

/// A message that has come. The host holds it until this is dropped.
#[derive(Debug)]
pub struct Message(host::Message);

impl Message {
    /// By protobuf's JSON mapping. Fields that are not set have their defaults.
    ///
    /// # Errors
    ///
    /// When it is not of its type.
    pub fn json(&self) -> Result<String, Error> {
        self.0.json()
    }

    /// As it came.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.bytes()
    }

    /// The time of the read that completed it, since the run began.
    #[must_use]
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.0.at())
    }
}

/// How a call ended.
#[derive(Debug)]
pub struct Reply(host::Reply);

impl Reply {
    /// Whether the status is OK.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status() == 0
    }

    /// The status code; 0 is OK.
    #[must_use]
    pub fn status(&self) -> u32 {
        self.0.status()
    }

    /// The server's text about it.
    #[must_use]
    pub fn status_message(&self) -> String {
        self.0.status_message()
    }

    /// The details of the status, as a JSON array.
    #[must_use]
    pub fn details(&self) -> String {
        self.0.details()
    }

    /// The message of a unary call, if there is one.
    #[must_use]
    pub fn message(&self) -> Option<Message> {
        self.0.message().map(Message)
    }

    /// The JSON of that message; empty if there is none.
    ///
    /// # Errors
    ///
    /// When it is not of its type.
    pub fn json(&self) -> Result<String, Error> {
        self.message().map_or_else(|| Ok(String::new()), |message| message.json())
    }

    /// What came before the messages, names in lower case.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        self.0.headers()
    }

    /// What came after them.
    #[must_use]
    pub fn trailers(&self) -> Vec<(String, String)> {
        self.0.trailers()
    }

    /// How long each phase took.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.0.timings()
    }
}
