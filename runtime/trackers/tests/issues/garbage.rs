//! Answers that make no sense: no panic, no false success.

use squall_fake_trackers::{FakeAnswer, FakeRequest, FakeServer, FakeService, Random};
use squall_trackers::{Tracker, Verification, push};

use crate::benches::*;
use crate::items::item;

on_each! { garbage_is_never_believed }

/// A server that answers with what looks like JSON of the services.
struct Garbage(Random);

impl FakeService for Garbage {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        let statuses = [200, 200, 200, 201, 204];
        let status = statuses[self.0.below(5) as usize];
        // Otherwise most stories would end with the first request.
        let is_list = request.method == "GET" && self.0.chance(30);
        let body = if is_list { "[]".into() } else { garbage(&mut self.0) };
        FakeAnswer { status, headers: Vec::new(), body: body.into() }
    }

    fn refuse(&mut self, request: &FakeRequest, _: u16) -> FakeAnswer {
        self.answer(request)
    }

    fn delay(&mut self, _: u64) {}

    fn inspect(&mut self, _: &FakeRequest, _: Option<&FakeAnswer>) {}
}

mod each {
    use super::*;

    pub async fn garbage_is_never_believed<B: Bench>() {
        let server = FakeServer::start(Garbage(Random::new(7))).await;
        let mut patience = patience();
        patience.tries = 2;
        patience.searches = 1;
        for _ in 0..200 {
            let client = B::client_with(&server.url, B::token(), patience.clone());
            let mut item = item("GET /a", "run-1", 850.0);
            item.assignment.owner = Some("ada".to_owned());
            item.assignment.iteration = Some("Sprint 7".to_owned());
            let pushed = push(&client, &[item], &push_settings()).await.remove(0);
            assert_ne!(pushed.verification, Verification::Verified);
            let told = pushed.details().concat();
            assert!(!told.contains('\u{1b}') && !told.contains(B::token()), "{told}");
            for _ in 0..4 {
                let _ = client.list().await;
                let _ = client.read(B::FIRST).await;
            }
        }
    }
}

fn garbage(random: &mut Random) -> Vec<u8> {
    if random.chance(15) {
        return (0..random.below(60)).map(|_| random.number() as u8).collect();
    }
    if random.chance(5) {
        return "[".repeat(100_000).into_bytes();
    }
    value(random, 4).into_bytes()
}

/// JSON with the names that the client looks for, and values of any type.
fn value(random: &mut Random, depth: u64) -> String {
    const NAMES: [&str; 16] = [
        "id",
        "number",
        "iid",
        "key",
        "state",
        "labels",
        "fields",
        "issues",
        "name",
        "body",
        "description",
        "status",
        "values",
        "content",
        "type",
        "text",
    ];
    const TEXTS: [&str; 8] = [
        "Task",
        "squall",
        "open",
        "\\u0000\\u001b[2J",
        "Squall record: squall-fp-",
        "<p",
        "&#x",
        "squall-fp-0123456789ab",
    ];
    match if depth == 0 { random.below(5) } else { random.below(9) } {
        0 => "null".to_owned(),
        1 => random.below(3).to_string(),
        2 => "-1e400".replace("400", &random.below(400).to_string()),
        3 => "18446744073709551615".to_owned(),
        4 => format!("\"{}\"", TEXTS[random.below(8) as usize]),
        5 | 6 => {
            let items: Vec<String> = (0..random.below(4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let pair = |random: &mut Random| {
                let name = NAMES[random.below(16) as usize];
                format!("\"{name}\":{}", value(random, depth - 1))
            };
            let pairs: Vec<String> = (0..random.below(6)).map(|_| pair(random)).collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}
