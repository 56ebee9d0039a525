//! gRPC of a native test's host: methods have the answers that the test gives, and messages are JSON.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::fake_data::Blob;
use crate::http::{Error, Timings};
use crate::testing::{CallReply, SentCall, State};

#[derive(Debug)]
pub(crate) struct Schema;

#[derive(Debug)]
pub(crate) struct Method(String);

#[derive(Debug)]
pub(crate) struct Channel;

#[derive(Debug)]
pub(crate) struct Message(Vec<u8>);

#[derive(Debug)]
pub(crate) struct Reply(CallReply);

#[derive(Debug)]
pub(crate) struct Call {
    sent: RefCell<SentCall>,
    reply: RefCell<Option<CallReply>>,
    messages: RefCell<VecDeque<String>>,
    has_finished: Cell<bool>,
}

#[derive(Debug, Default)]
pub(crate) struct ChannelOptions;

#[derive(Debug, Default)]
pub(crate) struct CallOptions {
    metadata: RefCell<Vec<(String, String)>>,
}

/// A message to send.
pub(crate) enum Payload<'a> {
    Json(&'a str),
    Binary(&'a [u8]),
    Held(&'a Blob),
}

impl Payload<'_> {
    fn text(&self) -> String {
        match self {
            Payload::Json(json) => (*json).to_owned(),
            Payload::Binary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Payload::Held(blob) => String::from_utf8_lossy(&blob.0).into_owned(),
        }
    }
}

impl ChannelOptions {
    pub(crate) fn new() -> Self {
        ChannelOptions
    }

    pub(crate) fn set_plaintext(&self, _: bool) {}

    pub(crate) fn set_authority(&self, _: &str) {}

    pub(crate) fn set_send_limit(&self, _: u64) {}

    pub(crate) fn set_receive_limit(&self, _: u64) {}
}

impl CallOptions {
    pub(crate) fn new() -> Self {
        CallOptions::default()
    }

    pub(crate) fn set_name(&self, _: &str) {}

    pub(crate) fn set_timeout(&self, _: u64) {}

    pub(crate) fn set_expected_statuses(&self, _: &[u32]) {}

    pub(crate) fn set_discard(&self, _: bool) {}

    pub(crate) fn set_gzip(&self, _: bool) {}
}

impl Schema {
    pub(crate) fn parse(_: &[(&str, &str)]) -> Result<Self, Error> {
        Ok(Schema)
    }

    pub(crate) fn load(_: &[u8]) -> Result<Self, Error> {
        Ok(Schema)
    }

    pub(crate) fn reflect(_: &Channel, _: Option<&CallOptions>) -> Result<Self, Error> {
        Ok(Schema)
    }

    pub(crate) fn method(&self, name: &str) -> Result<Method, Error> {
        Ok(Method(name.strip_prefix('/').unwrap_or(name).to_owned()))
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        State::with(|state| state.calls.iter().map(|(method, _)| method.clone()).collect())
    }
}

impl Method {
    pub(crate) fn client_streams(&self) -> bool {
        false
    }

    pub(crate) fn server_streams(&self) -> bool {
        false
    }
}

impl Channel {
    pub(crate) fn open(_: Option<&str>, _: Option<&ChannelOptions>) -> Result<Self, Error> {
        Ok(Channel)
    }
}

/// Records a call, and finds its answer.
fn answer(sent: &SentCall) -> Result<CallReply, Error> {
    State::with(|state| {
        state.report.calls.push(sent.clone());
        let found = state.calls.iter().find(|(method, _)| *method == sent.method);
        found.map(|(_, reply)| reply.clone()).ok_or_else(|| {
            let method = &sent.method;
            Error::Other(format!("the test host has no answer to {method}"))
        })
    })
}

fn sent(method: &Method, options: Option<&CallOptions>) -> SentCall {
    let metadata = options.map(|options| options.metadata.borrow().clone()).unwrap_or_default();
    SentCall { method: method.0.clone(), messages: Vec::new(), metadata }
}

pub(crate) fn invoke(
    _: &Channel,
    method: &Method,
    message: &Payload<'_>,
    options: Option<&CallOptions>,
) -> Result<Reply, Error> {
    let mut sent = sent(method, options);
    sent.messages.push(message.text());
    answer(&sent).map(Reply)
}

impl Message {
    pub(crate) fn json(&self) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.0).into_owned())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    pub(crate) fn at(&self) -> u64 {
        State::with(|state| state.clock)
    }
}

impl Reply {
    pub(crate) fn status(&self) -> u32 {
        self.0.status
    }

    pub(crate) fn status_message(&self) -> String {
        self.0.text.clone()
    }

    pub(crate) fn details(&self) -> String {
        "[]".to_owned()
    }

    pub(crate) fn message(&self) -> Option<Message> {
        self.0.messages.first().map(|json| Message(json.clone().into_bytes()))
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    pub(crate) fn trailers(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    pub(crate) fn timings(&self) -> Timings {
        Timings::default()
    }
}

impl Call {
    pub(crate) fn start(_: &Channel, method: &Method, options: Option<&CallOptions>) -> Result<Self, Error> {
        Ok(Call {
            sent: RefCell::new(sent(method, options)),
            reply: RefCell::default(),
            messages: RefCell::default(),
            has_finished: Cell::new(false),
        })
    }

    pub(crate) fn send(&self, message: &Payload<'_>) -> Result<(), Error> {
        self.sent.borrow_mut().messages.push(message.text());
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        self.has_finished.set(true);
        Ok(())
    }

    /// The answers come when the first of them is asked for.
    pub(crate) fn receive(&self, _: u64) -> Result<Option<Message>, Error> {
        if self.reply.borrow().is_none() {
            let reply = answer(&self.sent.borrow())?;
            *self.messages.borrow_mut() = reply.messages.clone().into();
            *self.reply.borrow_mut() = Some(reply);
        }
        Ok(self.messages.borrow_mut().pop_front().map(|json| Message(json.into_bytes())))
    }

    pub(crate) fn reply(&self) -> Option<Reply> {
        self.reply.borrow().clone().map(Reply)
    }
}

pub(crate) fn add_metadata(options: &CallOptions, key: &str, value: &str) -> Result<(), Error> {
    options.metadata.borrow_mut().push((key.to_ascii_lowercase(), value.to_owned()));
    Ok(())
}

pub(crate) fn add_binary_metadata(options: &CallOptions, key: &str, value: &[u8]) -> Result<(), Error> {
    add_metadata(options, key, &String::from_utf8_lossy(value))
}
