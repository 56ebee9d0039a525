//! The request builder and the response, against a host of the test's own.

use std::time::Duration;

use squall::http;
use squall::prelude::*;
use squall::testing::{Host, Reply, Report, Sent};

/// Sends one request to a host that accepts anything, and returns what arrived.
fn sent(build: impl FnOnce() -> http::Request<'static>) -> Sent {
    let mut host = Host::new().respond("*", "*", 200, "");
    let report = host.run(|| build().send().map(drop)).expect_ok();
    report.requests[0].clone()
}

#[test]
fn every_method_has_its_function() {
    let methods = [
        (http::get("/"), "GET"),
        (http::post("/"), "POST"),
        (http::put("/"), "PUT"),
        (http::patch("/"), "PATCH"),
        (http::delete("/"), "DELETE"),
        (http::head("/"), "HEAD"),
        (http::options("/"), "OPTIONS"),
        (http::request("PURGE", "/"), "PURGE"),
    ];
    for (request, method) in methods {
        assert_eq!(sent(|| request).method, method);
    }
}

#[test]
fn all_that_is_set_is_sent() {
    let sent = sent(|| {
        http::put("https://host.test/x")
            .header("a", "1")
            .header("a", String::from("2"))
            .body("text")
            .name("named")
            .timeout(Duration::from_millis(1500))
            .redirects(0)
            .discard_body()
            .expect_status(200..=299)
            .expect_status(404)
    });
    assert_eq!(sent.url, "https://host.test/x");
    assert_eq!(sent.headers, [("a".into(), "1".into()), ("a".into(), "2".into())]);
    assert_eq!(sent.header("A"), Some("1"));
    assert_eq!(sent.text(), "text");
    assert_eq!(sent.name.as_deref(), Some("named"));
    assert_eq!(sent.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(sent.redirects, Some(0));
    assert_eq!(sent.discard_body, Some(true));
    assert_eq!(sent.expected_statuses, [(200, 299), (404, 404)]);
}

#[test]
fn what_is_not_set_is_left_to_the_host() {
    let sent = sent(|| http::get("/"));
    assert_eq!((sent.name, sent.timeout, sent.redirects, sent.discard_body), (None, None, None, None));
    assert!(sent.headers.is_empty() && sent.body.is_empty() && sent.expected_statuses.is_empty());
}

#[test]
fn query_values_are_encoded() {
    let sent = sent(|| http::get("/s?a=1").query("q", "ein Stück & mehr").query("p", "2"));
    assert_eq!(sent.url, "/s?a=1&q=ein%20St%C3%BCck%20%26%20mehr&p=2");
    assert_eq!(self::sent(|| http::get("/s").query("q", "~a-b_c.")).url, "/s?q=~a-b_c.");
}

#[test]
fn a_form_goes_out_with_its_type() {
    let sent = sent(|| http::post("/login").form(&[("name", "ada & co"), ("größe", "1+1")]));
    assert_eq!(sent.text(), "name=ada+%26+co&gr%C3%B6%C3%9Fe=1%2B1");
    assert_eq!(sent.header("content-type"), Some("application/x-www-form-urlencoded"));
    let sent = self::sent(|| http::post("/").header("Content-Type", "text/x").form(&[]));
    assert_eq!((sent.headers.len(), sent.text()), (1, String::new()));
}

#[test]
fn a_response_tells_what_it_was_asked() {
    let mut host = Host::new()
        .target("https://shop.test/")
        .respond_with("GET", "/x", |_| Ok(Reply::new(201).header("X-Cache", "HIT").body("hello")));
    host.run(|| -> Outcome {
        let response = http::get("/x").send()?;
        assert_eq!(response.status(), 201);
        assert_eq!(response.header("x-cache").as_deref(), Some("HIT"));
        assert_eq!(response.header("age"), None);
        assert_eq!(response.headers(), [("x-cache".into(), "HIT".into())]);
        assert_eq!(response.body(), b"hello");
        assert_eq!(response.text(), "hello");
        assert_eq!(response.url(), "https://shop.test/x");
        assert_eq!(response.timings().duration(), Duration::ZERO);
        assert_eq!(http::get("/x").discard_body().send()?.text(), "");
        Ok(())
    })
    .expect_ok();
}

#[test]
fn a_request_can_be_sent_many_times() {
    let request = http::get("/").header("a", "b");
    let report = Host::new().respond("GET", "/", 200, "").run(|| {
        for _ in 0..3 {
            request.send()?;
        }
        Ok::<_, http::Error>(())
    });
    assert_eq!(report.expect_ok().requests.len(), 3);
}

#[test]
fn several_are_sent_at_once_and_answered_in_order() {
    let mut host = Host::new()
        .respond("GET", "/a", 200, "a")
        .respond_with("GET", "/b", |_| Err(http::Error::Connect("refused".into())));
    let report = host.run(|| {
        let results = http::send_all(&[http::get("/b").name("b"), http::get("/a")]);
        assert_eq!(results[0].as_ref().err(), Some(&http::Error::Connect("refused".into())));
        assert_eq!(results[1].as_ref().ok().map(|a| a.text()).as_deref(), Some("a"));
        assert!(http::send_all(&[]).is_empty());
    });
    assert_eq!(report.requests[0].name.as_deref(), Some("b"));
    assert_eq!(report.requests[1].name, None);
}

#[test]
fn errors_end_the_iteration_with_their_text() {
    let outcome = |error: http::Error| -> Report {
        let mut host = Host::new().respond_with("GET", "/", move |_| Err(error.clone()));
        host.run(|| -> Outcome {
            http::get("/").send()?;
            Ok(())
        })
    };
    let timeout = outcome(http::Error::Timeout);
    assert_eq!(timeout.outcome, Err("request timed out".into()));
    assert_eq!(timeout.requests.len(), 1);
    let lost = outcome(http::Error::Reset("by peer".into()));
    assert_eq!(lost.outcome, Err("connection lost: by peer".into()));
}

#[test]
fn a_request_without_an_answer_says_so() {
    let report = Host::new().run(|| http::get("/nowhere").send().map(drop));
    let error = report.outcome.expect_err("there is no answer");
    assert!(error.contains("GET /nowhere"), "{error}");
}

mod json {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn json_goes_out_and_comes_in() {
        let mut host = Host::new().respond_with("POST", "/", |sent| Ok(Reply::new(200).body(&sent.body)));
        let report = host.run(|| -> Outcome {
            let response = http::post("/").json(&vec![1, 2, 3]).send()?;
            assert_eq!(response.json::<Vec<u32>>()?, [1, 2, 3]);
            let wrong = response.json::<HashMap<String, u32>>();
            assert!(wrong.is_err_and(|error| error.to_string().contains("not the JSON expected")));
            Ok(())
        });
        let sent = &report.expect_ok().requests[0];
        assert_eq!(sent.header("content-type"), Some("application/json"));
    }

    #[test]
    fn what_is_no_json_is_not_sent() {
        let no_json = HashMap::from([((1, 2), 3)]);
        let report = Host::new().run(|| {
            let one = http::post("/").json(&no_json).send();
            assert!(matches!(one, Err(http::Error::InvalidRequest(_))));
            let all = http::send_all(&[http::get("/"), http::post("/").json(&no_json)]);
            assert!(all.iter().all(Result::is_err));
        });
        assert!(report.requests.is_empty());
    }
}
