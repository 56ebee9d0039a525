//! One request, described by options and sent repeatedly, which `squall run http://..` runs.
//!
//! | option | meaning |
//! | --- | --- |
//! | `SQUALL_URL` | where to; default `/`, the target itself |
//! | `SQUALL_METHOD` | default `GET` |
//! | `SQUALL_HEADERS` | `name: value`, one a line |
//! | `SQUALL_BODY_FILE` | set if the body is the file `--data body=file:..`, which never enters the scenario |
//! | `SQUALL_BODY` | the body, one byte per character (U+0000 to U+00FF), so that any bytes fit into a string |
//!
//! The request is built once per virtual user. An iteration is one call of the host.

use std::cell::OnceCell;

use squall::prelude::*;

squall::scenario! {
    flows: { request },
}

thread_local! {
    static REQUEST: OnceCell<http::Request<'static>> = const { OnceCell::new() };
}

static BODY: Blob = Blob::new("body");

fn request() -> Outcome {
    REQUEST.with(|request| request.get_or_init(build).send())?;
    Ok(())
}

fn build() -> http::Request<'static> {
    let method = env("SQUALL_METHOD").unwrap_or_else(|| "GET".into());
    let url = env("SQUALL_URL").unwrap_or_else(|| "/".into());
    let mut request = http::request(method, url).discard_body();
    for line in env("SQUALL_HEADERS").unwrap_or_default().lines() {
        if let Some((name, value)) = line.split_once(':') {
            request = request.header(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    if env("SQUALL_BODY_FILE").is_some() {
        return request.body_from(&BODY);
    }
    match env("SQUALL_BODY") {
        Some(text) => request.body(bytes(&text)),
        None => request,
    }
}

/// The bytes that `SQUALL_BODY` stands for.
fn bytes(text: &str) -> Vec<u8> {
    // A character above U+00FF stands for no byte; `?` is what other encoders put there.
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    #[test]
    fn without_options_the_target_is_asked() {
        let report = Host::new().respond("GET", "/", 200, "").run(request).expect_ok();
        assert_eq!(report.requests[0].discard_body, Some(true));
        assert!(report.checks.is_empty());
    }

    #[test]
    fn options_describe_the_request_once() {
        let mut host = Host::new()
            .respond("PUT", "http://host.test/x", 500, "")
            .option("SQUALL_METHOD", "PUT")
            .option("SQUALL_URL", "http://host.test/x?y=1")
            .option("SQUALL_HEADERS", "accept: */*\nx-when:  10:30 \n")
            .option("SQUALL_BODY", "a\u{0}\u{ff}");
        for _ in 0..2 {
            let sent = &host.run(request).expect_ok().requests[0];
            assert_eq!(sent.url, "http://host.test/x?y=1");
            assert_eq!(sent.header("x-when"), Some("10:30"));
            assert_eq!(sent.headers.len(), 2);
            assert_eq!(sent.body, [b'a', 0, 255]);
        }
    }

    #[test]
    fn a_file_is_sent_as_it_is() {
        let host = Host::new().respond("POST", "/", 200, "").blob("body", "all of it");
        let mut host = host.option("SQUALL_METHOD", "POST").option("SQUALL_BODY_FILE", "body");
        assert_eq!(host.run(request).expect_ok().requests[0].text(), "all of it");
    }

    #[test]
    fn a_request_that_fails_ends_the_iteration() {
        assert!(Host::new().run(request).outcome.is_err());
    }
}
