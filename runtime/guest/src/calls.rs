//! What an instance holds of gRPC: schemas, channels, calls and what came of them. They end with it.

use std::rc::Rc;

use squall_grpc::{Method, Schema};
use squall_http::{Booked, Call, CallMessage, CallOptions, Channel, ChannelOptions, MemoryAccount, Reply};

use crate::handles::Handles;

/// The handles of gRPC that a guest holds.
pub(crate) struct Calls {
    pub(crate) schemas: Handles<HeldSchema>,
    pub(crate) methods: Handles<Method>,
    pub(crate) channel_options: Handles<ChannelOptions>,
    pub(crate) channels: Handles<Channel>,
    pub(crate) call_options: Handles<OwnOptions>,
    pub(crate) messages: Handles<HeldMessage>,
    pub(crate) replies: Handles<HeldReply>,
    pub(crate) calls: Handles<HeldCall>,
}

/// A schema, which others may hold, too.
pub(crate) struct HeldSchema {
    pub(crate) schema: Schema,
    pub(crate) _booked: Booked,
}

/// Settings of calls, while the guest makes them.
pub(crate) struct OwnOptions {
    pub(crate) options: CallOptions,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) booked: Booked,
}

/// A message, and the method that knows its type.
pub(crate) struct HeldMessage {
    pub(crate) message: CallMessage,
    pub(crate) method: Method,
}

/// How a call ended.
pub(crate) struct HeldReply {
    pub(crate) reply: Box<Reply>,
    pub(crate) method: Method,
}

/// A call with streams. Dropped, it is cancelled.
pub(crate) struct HeldCall {
    pub(crate) call: Rc<Call>,
    pub(crate) method: Method,
}

impl Drop for HeldCall {
    fn drop(&mut self) {
        self.call.let_go();
    }
}

impl Calls {
    pub(crate) fn new(account: &Rc<MemoryAccount>) -> Calls {
        Calls {
            schemas: Handles::new("schema", account),
            methods: Handles::new("method", account),
            channel_options: Handles::new("channel-options", account),
            channels: Handles::new("channel", account),
            call_options: Handles::new("call-options", account),
            messages: Handles::new("message", account),
            replies: Handles::new("reply", account),
            calls: Handles::new("call", account),
        }
    }
}
