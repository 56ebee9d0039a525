//! Calls of a greeter by gRPC, each kind in a flow of its own.
//!
//! The target is the greeter: `--target http://HOST:PORT`, or `https://` with TLS. Options: `NAME`, who is greeted.

use squall::prelude::*;

squall::scenario! {
    flows: { hello: 4, many: 1, gather: 1, chat: 1 },
    thresholds: { grpc_req_failed: "rate<0.01" },
}

const PROTO: &str = include_str!("../../greeter.proto");
/// Greetings in each direction of a stream.
const GREETINGS: usize = 5;

/// What a virtual user needs for its calls: opened once, and kept over iterations.
struct Greeter {
    channel: grpc::Channel,
    hello: grpc::Method,
    many: grpc::Method,
    gather: grpc::Method,
    chat: grpc::Method,
}

thread_local! {
    static GREETER: Result<Greeter, grpc::Error> = Greeter::open();
}

impl Greeter {
    fn open() -> Result<Greeter, grpc::Error> {
        let schema = grpc::Schema::parse(&[("greeter.proto", PROTO)])?;
        let method = |name: &str| schema.method(&format!("greeter.v1.Greeter/{name}"));
        Ok(Greeter {
            channel: grpc::Channel::to_target().open()?,
            hello: method("Hello")?,
            many: method("Many")?,
            gather: method("Gather")?,
            chat: method("Chat")?,
        })
    }
}

fn with_greeter(flow: impl FnOnce(&Greeter) -> Outcome) -> Outcome {
    GREETER.with(|greeter| match greeter {
        Ok(greeter) => flow(greeter),
        Err(error) => Err(error.clone().into()),
    })
}

fn request(count: usize) -> String {
    let name = env("NAME").unwrap_or_else(|| "Ada".to_owned());
    format!(r#"{{"name": "{name}", "count": {count}}}"#)
}

fn hello() -> Outcome {
    with_greeter(|greeter| {
        let reply = greeter.channel.call(&greeter.hello).metadata("x-flow", "hello").send_json(&request(1))?;
        check!(reply.is_ok(), "hello is answered");
        check!(reply.json()?.contains("Hello, "), "it is a greeting");
        Ok(())
    })
}

fn many() -> Outcome {
    with_greeter(|greeter| {
        let mut stream = greeter.channel.call(&greeter.many).start()?;
        stream.send_json(&request(GREETINGS))?;
        stream.finish()?;
        let came = stream.messages().collect::<Result<Vec<_>, _>>()?;
        check!(came.len() == GREETINGS, "all greetings come");
        check!(stream.reply().is_some_and(|reply| reply.is_ok()), "the stream ends well");
        Ok(())
    })
}

fn gather() -> Outcome {
    with_greeter(|greeter| {
        let mut stream = greeter.channel.call(&greeter.gather).start()?;
        for _ in 0..GREETINGS {
            stream.send_json(&request(1))?;
        }
        stream.finish()?;
        let greeting = stream.receive()?.map(|message| message.json()).transpose()?;
        check!(greeting.is_some_and(|json| json.contains(&format!("\"{GREETINGS}\""))), "all were greeted at once");
        Ok(())
    })
}

fn chat() -> Outcome {
    with_greeter(|greeter| {
        let mut stream = greeter.channel.call(&greeter.chat).start()?;
        for _ in 0..GREETINGS {
            stream.send_json(&request(1))?;
            check!(stream.receive()?.is_some(), "each greeting is answered");
        }
        stream.finish()?;
        check!(stream.receive()?.is_none(), "the chat ends");
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use squall::testing::{CallReply, Host};

    use super::*;

    #[test]
    fn hello_greets_whom_it_is_told_to() {
        let reply = CallReply::ok(r#"{"text": "Hello, Bob", "number": "1"}"#);
        let report = Host::new().option("NAME", "Bob").answer_call("greeter.v1.Greeter/Hello", reply).run(hello);
        let report = report.expect_ok();
        assert_eq!(report.calls[0].messages, [r#"{"name": "Bob", "count": 1}"#]);
    }

    #[test]
    fn a_status_is_an_answer() {
        let reply = CallReply::status(14, "down");
        let report = Host::new().answer_call("greeter.v1.Greeter/Hello", reply).run(hello);
        assert_eq!(report.checks[0], ("hello is answered".to_owned(), false));
    }
}
