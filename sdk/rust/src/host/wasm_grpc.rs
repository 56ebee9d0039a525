//! gRPC of the real host: the component's imports.

use std::time::Duration;

use super::Blob;
use crate::bindings::grpc::squall::scenario::grpc;
use crate::http::{Error, Timings};

pub(crate) use grpc::{CallOptions, ChannelOptions};

#[derive(Debug)]
pub(crate) struct Schema(grpc::Schema);

#[derive(Debug)]
pub(crate) struct Method(grpc::Method);

#[derive(Debug)]
pub(crate) struct Channel(grpc::Channel);

#[derive(Debug)]
pub(crate) struct Message(grpc::Message);

#[derive(Debug)]
pub(crate) struct Reply(grpc::Reply);

#[derive(Debug)]
pub(crate) struct Call(grpc::Call);

/// A message to send.
pub(crate) enum Payload<'a> {
    Json(&'a str),
    Binary(&'a [u8]),
    Held(&'a Blob),
}

impl<'a> Payload<'a> {
    fn lent(&self) -> grpc::Payload<'_> {
        match self {
            Payload::Json(json) => grpc::Payload::Json(json),
            Payload::Binary(bytes) => grpc::Payload::Binary(bytes),
            Payload::Held(blob) => grpc::Payload::Held(blob),
        }
    }
}

impl Schema {
    pub(crate) fn parse(files: &[(&str, &str)]) -> Result<Self, Error> {
        Ok(Schema(grpc::Schema::parse(files)?))
    }

    pub(crate) fn load(descriptors: &[u8]) -> Result<Self, Error> {
        Ok(Schema(grpc::Schema::load(descriptors)?))
    }

    pub(crate) fn reflect(channel: &Channel, options: Option<&CallOptions>) -> Result<Self, Error> {
        Ok(Schema(grpc::Schema::reflect(&channel.0, options)?))
    }

    pub(crate) fn method(&self, name: &str) -> Result<Method, Error> {
        Ok(Method(self.0.method(name)?))
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        self.0.methods()
    }
}

impl Method {
    pub(crate) fn client_streams(&self) -> bool {
        self.0.client_streams()
    }

    pub(crate) fn server_streams(&self) -> bool {
        self.0.server_streams()
    }
}

impl Channel {
    pub(crate) fn open(target: Option<&str>, options: Option<&ChannelOptions>) -> Result<Self, Error> {
        Ok(Channel(grpc::Channel::open(target, options)?))
    }
}

pub(crate) fn invoke(
    channel: &Channel,
    method: &Method,
    message: &Payload<'_>,
    options: Option<&CallOptions>,
) -> Result<Reply, Error> {
    Ok(Reply(grpc::invoke(&channel.0, &method.0, message.lent(), options)?))
}

impl Message {
    pub(crate) fn json(&self) -> Result<String, Error> {
        Ok(self.0.json()?)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.bytes()
    }

    pub(crate) fn at(&self) -> u64 {
        self.0.at()
    }
}

impl Reply {
    pub(crate) fn status(&self) -> u32 {
        self.0.status()
    }

    pub(crate) fn status_message(&self) -> String {
        self.0.status_message()
    }

    pub(crate) fn details(&self) -> String {
        self.0.details()
    }

    pub(crate) fn message(&self) -> Option<Message> {
        self.0.message().map(Message)
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.0.headers()
    }

    pub(crate) fn trailers(&self) -> Vec<(String, String)> {
        self.0.trailers()
    }

    pub(crate) fn timings(&self) -> Timings {
        let timings = self.0.timings();
        Timings {
            blocked: Duration::from_nanos(timings.blocked),
            connecting: Duration::from_nanos(timings.connecting),
            tls_handshaking: Duration::from_nanos(timings.tls_handshaking),
            sending: Duration::from_nanos(timings.sending),
            waiting: Duration::from_nanos(timings.waiting),
            receiving: Duration::from_nanos(timings.receiving),
        }
    }
}

impl Call {
    pub(crate) fn start(channel: &Channel, method: &Method, options: Option<&CallOptions>) -> Result<Self, Error> {
        Ok(Call(grpc::Call::start(&channel.0, &method.0, options)?))
    }

    pub(crate) fn send(&self, message: &Payload<'_>) -> Result<(), Error> {
        Ok(self.0.send(message.lent())?)
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        Ok(self.0.finish()?)
    }

    pub(crate) fn receive(&self, nanoseconds: u64) -> Result<Option<Message>, Error> {
        Ok(self.0.receive(nanoseconds)?.map(Message))
    }

    pub(crate) fn reply(&self) -> Option<Reply> {
        self.0.reply().map(Reply)
    }
}

pub(crate) fn add_metadata(options: &CallOptions, key: &str, value: &str) -> Result<(), Error> {
    Ok(options.add_metadata(key, value)?)
}

pub(crate) fn add_binary_metadata(options: &CallOptions, key: &str, value: &[u8]) -> Result<(), Error> {
    Ok(options.add_binary_metadata(key, value)?)
}

impl From<grpc::Error> for Error {
    fn from(error: grpc::Error) -> Self {
        match error {
            grpc::Error::Timeout => Error::Timeout,
            grpc::Error::Dns(detail) => Error::Dns(detail),
            grpc::Error::Connect(detail) => Error::Connect(detail),
            grpc::Error::Tls(detail) => Error::Tls(detail),
            grpc::Error::Reset(detail) => Error::Reset(detail),
            grpc::Error::Protocol(detail) => Error::Protocol(detail),
            grpc::Error::TooLarge(detail) => Error::TooLarge(detail),
            grpc::Error::RefusedByPolicy(detail) => Error::RefusedByPolicy(detail),
            grpc::Error::InvalidRequest(detail) => Error::InvalidRequest(detail),
            grpc::Error::Other(detail) => Error::Other(detail),
        }
    }
}
