//! Messages to webhooks: sent once, and their address is in no sentence.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic, too")]

use std::time::Duration;

use serde_json::{Value, json};
use squall_fake_trackers::{FakeAnswer, FakeRequest, FakeServer, FakeService, Fault, run_local};
use squall_trackers::{ErrorKind, Message, MessageForm, Patience, Webhook};

/// A server that takes messages, and answers with what it was told to.
#[derive(Default)]
struct Inbox {
    taken: Vec<Value>,
    answer: Option<(u16, &'static str)>,
}

impl FakeService for Inbox {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        assert_eq!(request.header("authorization"), "");
        let (status, body) = self.answer.unwrap_or((200, "ok"));
        if status == 200 {
            self.taken.push(request.json());
        }
        FakeAnswer { status, headers: Vec::new(), body: body.into() }
    }

    fn refuse(&mut self, _: &FakeRequest, status: u16) -> FakeAnswer {
        FakeAnswer { status, headers: Vec::new(), body: "refused".into() }
    }

    fn delay(&mut self, _: u64) {}

    fn inspect(&mut self, _: &FakeRequest, _: Option<&FakeAnswer>) {}
}

fn patience() -> Patience {
    let pause = Duration::from_micros(50);
    Patience { tries: 3, first_pause: pause, longest_pause: pause, ..Patience::default() }
}

fn webhook(server: &FakeServer<Inbox>, form: MessageForm) -> Webhook {
    Webhook::new(&format!("{}/services/T0/s3cret?sig=s1gned", server.url), Some(form), patience()).unwrap()
}

fn message() -> Message {
    Message { run: "run-1".to_owned(), title: "Shop".to_owned(), verdict: "Passed.".to_owned(), ..Message::default() }
}

#[test]
fn each_form_arrives_as_it_was_previewed() {
    run_local(async {
        let server = FakeServer::start(Inbox::default()).await;
        for form in [MessageForm::Generic, MessageForm::Slack, MessageForm::Teams] {
            let webhook = webhook(&server, form);
            webhook.send(&message()).await.unwrap();
            assert_eq!(server.with(|inbox| inbox.taken.pop()), Some(webhook.preview(&message())));
        }
    });
}

#[test]
fn a_message_is_sent_again_only_if_it_surely_was_not_taken() {
    run_local(async {
        for (fault, is_unclear) in [
            (Fault::Status(429, Some(0)), false),
            (Fault::DropAfter, true),
            (Fault::HalfAnswer, true),
            (Fault::StatusAfter(500), true),
        ] {
            let server = FakeServer::start(Inbox::default()).await;
            let (mut times, injected) = (1, fault.clone());
            server.set_faults(move |_| {
                times -= 1;
                if times == 0 { injected.clone() } else { Fault::None }
            });
            let sent = webhook(&server, MessageForm::Slack).send(&message()).await;
            assert_eq!(sent.as_ref().is_err_and(|error| error.kind == ErrorKind::Unclear), is_unclear, "{fault:?}");
            assert_eq!(server.with(|inbox| inbox.taken.len()), 1, "{fault:?}");
        }
    });
}

#[test]
fn each_refusal_has_its_sentence_without_the_secret() {
    run_local(async {
        for (status, body, expected) in [
            (
                400,
                "invalid_payload",
                "SERVER answered 400 (invalid_payload): it takes messages of another form: choose one with \
                 --webhook-format",
            ),
            (
                404,
                "no_service",
                "SERVER answered 404 (no_service): its address is wrong or was withdrawn: create a new webhook",
            ),
            (
                410,
                "/services/T0/s3cret",
                "SERVER answered 410: its address is wrong or was withdrawn: create a new webhook",
            ),
            (401, "sig s1gned", "SERVER answered 401: its address is wrong or was withdrawn: create a new webhook"),
            (413, "", "SERVER answered 413: the message is too large for it: push fewer items"),
            (302, "", "SERVER answered 302: it redirects, which is not followed: use the final address"),
            (418, "", "SERVER answered 418: the message was not taken"),
            (500, "", "the webhook answered 500 to POST SERVER"),
            (429, "", "the webhook limits requests (429); POST SERVER was not done in 3 tries: push again later"),
        ] {
            let server = FakeServer::start(Inbox { answer: Some((status, body)), ..Inbox::default() }).await;
            let error = webhook(&server, MessageForm::Slack).send(&message()).await.unwrap_err();
            assert_eq!(error.message.replace(&server.url, "SERVER"), expected, "{status}");
        }
    });
}

#[test]
fn lost_answers_do_not_name_the_secret_either() {
    run_local(async {
        let server = FakeServer::start(Inbox::default()).await;
        server.set_faults(|_| Fault::DropAfter);
        let error = webhook(&server, MessageForm::Generic).send(&message()).await.unwrap_err();
        let told = error.message.replace(&server.url, "SERVER");
        assert!(told.starts_with("the answer of the webhook to POST SERVER was lost: "), "{told}");
        assert_eq!(
            server.with(|inbox| inbox.taken[0]["run"].clone()),
            json!({
                "id": "run-1", "title": "Shop", "verdict": "Passed.", "report": null
            })
        );
        // Nothing listens at the port of discard.
        let nowhere = Webhook::new("http://127.0.0.1:9/s3cret", None, patience()).unwrap();
        let error = nowhere.send(&message()).await.unwrap_err();
        assert!(error.kind == ErrorKind::Refused && !error.message.contains("s3cret"), "{error}");
    });
}
