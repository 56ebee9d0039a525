//! One call by gRPC, described by options and made repeatedly, which `squall run grpc://..` runs.
//!
//! | option | meaning |
//! | --- | --- |
//! | `SQUALL_ADDRESS` | the server: `grpc://HOST:PORT` or `grpcs://HOST:PORT`; default: the target |
//! | `SQUALL_METHOD` | `package.Service/Method` |
//! | `SQUALL_MESSAGE` | the message as JSON; default `{}`. Of a method whose client streams, it is sent once |
//! | `SQUALL_METADATA` | `name: value`, one a line |
//! | `SQUALL_PROTO_FILES` | names and texts of `.proto` files, U+001F behind each; without them the server is asked |
//! | `SQUALL_PROTOSET` | set if the types are in the file `--data protoset=file:..` |

use std::cell::RefCell;

use squall::prelude::*;

squall::scenario! {
    flows: { call },
    start: prepare,
}

/// Stands behind each name and each text of `SQUALL_PROTO_FILES`.
const SEPARATOR: char = '\u{1f}';

static PROTOSET: Blob = Blob::new("protoset");

/// What each iteration needs.
struct Prepared {
    channel: grpc::Channel,
    method: grpc::Method,
    message: String,
    metadata: Vec<(String, String)>,
}

thread_local! {
    static PREPARED: RefCell<Option<Prepared>> = const { RefCell::new(None) };
}

/// Without a server, or without the method, no virtual user starts.
fn prepare() -> Outcome {
    let channel = match env("SQUALL_ADDRESS") {
        Some(address) => grpc::connect(&address),
        None => grpc::Channel::to_target(),
    };
    let channel = channel.open()?;
    let schema = schema(&channel)?;
    let metadata = env("SQUALL_METADATA").unwrap_or_default();
    let metadata = metadata.lines().filter_map(|line| line.split_once(':'));
    PREPARED.set(Some(Prepared {
        // A method that is not there does not come while one waits.
        method: schema
            .method(&env("SQUALL_METHOD").unwrap_or_default())
            .inspect_err(|error| abort(&error.to_string()))?,
        channel,
        message: env("SQUALL_MESSAGE").unwrap_or_else(|| "{}".to_owned()),
        metadata: metadata.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect(),
    }));
    Ok(())
}

fn call() -> Outcome {
    PREPARED.with_borrow(|prepared| prepared.as_ref().ok_or_else(|| Error::new("the call is not prepared"))?.call())
}

fn schema(channel: &grpc::Channel) -> Result<grpc::Schema, grpc::Error> {
    if env("SQUALL_PROTOSET").is_some() {
        return grpc::Schema::load(&protoset().map_err(|error| grpc::Error::Other(error.to_string()))?);
    }
    let Some(files) = env("SQUALL_PROTO_FILES") else { return grpc::Schema::reflect(channel) };
    let parts: Vec<&str> = files.split(SEPARATOR).collect();
    let files: Vec<(&str, &str)> = parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    grpc::Schema::parse(&files)
}

fn protoset() -> Outcome<Vec<u8>> {
    let length = u32::try_from(PROTOSET.length()?)?;
    Ok(PROTOSET.read(0, length)?)
}

impl Prepared {
    fn call(&self) -> Outcome {
        let call = self.channel.call(&self.method).discard();
        let call = self.metadata.iter().fold(call, |call, (name, value)| call.metadata(name, value));
        if !self.method.client_streams() && !self.method.server_streams() {
            call.send_json(&self.message)?;
            return Ok(());
        }
        let mut stream = call.start()?;
        stream.send_json(&self.message)?;
        stream.finish()?;
        while stream.receive()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use squall::testing::{CallReply, Host};

    use super::*;

    #[test]
    fn options_describe_the_call() {
        let mut host = Host::new()
            .answer_call("p.S/M", CallReply::ok("{}"))
            .option("SQUALL_METHOD", "p.S/M")
            .option("SQUALL_MESSAGE", r#"{"a": 1}"#)
            .option("SQUALL_METADATA", "x-a: 1\nx-b:  2 ")
            .option("SQUALL_PROTO_FILES", "a.proto\u{1f}message A {}\u{1f}");
        host.run(prepare).expect_ok();
        let calls = host.run(call).expect_ok().calls;
        assert_eq!(calls[0].messages, [r#"{"a": 1}"#]);
        assert_eq!(calls[0].metadata[1], ("x-b".to_owned(), "2".to_owned()));
    }
}
