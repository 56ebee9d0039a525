//! Answers that make no sense: no panic, no false success.

use squall_fake_trackers::{FakeAnswer, FakeRequest, FakeServer, FakeService, Random, run_local};
use squall_trackers::{AzureCredentials, AzureDevOps, AzureSettings, Token, Tracker, Verification, push};

use crate::support::*;

/// A server that answers with what looks like JSON of the service.
struct Garbage(Random);

impl FakeService for Garbage {
    fn answer(&mut self, _: &FakeRequest) -> FakeAnswer {
        let mut answer = FakeAnswer::json(200, &serde_json::Value::Null);
        answer.body = garbage(&mut self.0).into();
        answer
    }

    fn refuse(&mut self, request: &FakeRequest, _: u16) -> FakeAnswer {
        self.answer(request)
    }

    fn delay(&mut self, _: u64) {}

    fn inspect(&mut self, _: &FakeRequest, _: Option<&FakeAnswer>) {}
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
    const NAMES: [&str; 12] = [
        "id",
        "rev",
        "fields",
        "value",
        "workItems",
        "relations",
        "name",
        "category",
        "referenceName",
        "System.Tags",
        "System.WorkItemType",
        "System.Description",
    ];
    const TEXTS: [&str; 8] = [
        "Task",
        "squall",
        "Bug",
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
                let name = NAMES[random.below(12) as usize];
                format!("\"{name}\":{}", value(random, depth - 1))
            };
            let pairs: Vec<String> = (0..random.below(6)).map(|_| pair(random)).collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

#[test]
fn garbage_is_never_believed() {
    run_local(async {
        let server = FakeServer::start(Garbage(Random::new(7))).await;
        let mut patience = patience();
        patience.tries = 2;
        patience.searches = 1;
        for _ in 0..300 {
            let tracker = AzureDevOps::new(AzureSettings {
                project: format!("{}/acme/Shop", server.url).parse().unwrap(),
                credentials: AzureCredentials::Bearer(Token::new("s3cret").unwrap()),
                build: None,
                attachment: None,
                patience: patience.clone(),
            });
            let tracker = tracker.unwrap();
            let pushed = push(&tracker, &[item("GET /a", "run-1", 850.0)], &push_settings()).await.remove(0);
            assert_ne!(pushed.verification, Verification::Verified);
            let told = format!("{:?}", pushed.details().concat());
            assert!(!told.contains('\u{1b}') && !told.contains("s3cret"), "{told}");
            for _ in 0..4 {
                let _ = tracker.list().await;
                let _ = tracker.read("1").await;
            }
        }
    });
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    run_local(async {
        let server = FakeServer::start(Huge).await;
        let tracker = AzureDevOps::new(AzureSettings {
            project: format!("{}/acme/Shop", server.url).parse().unwrap(),
            credentials: AzureCredentials::Bearer(Token::new("s3cret").unwrap()),
            build: None,
            attachment: None,
            patience: patience(),
        });
        let error = tracker.unwrap().read("1").await.unwrap_err();
        assert!(error.message.contains("the answer is larger than 1048576 bytes"), "{error}");
    });
}

struct Huge;

impl FakeService for Huge {
    fn answer(&mut self, _: &FakeRequest) -> FakeAnswer {
        let mut answer = FakeAnswer::json(200, &serde_json::Value::Null);
        answer.body = vec![b' '; 3 << 20].into();
        answer
    }

    fn refuse(&mut self, request: &FakeRequest, _: u16) -> FakeAnswer {
        self.answer(request)
    }

    fn delay(&mut self, _: u64) {}

    fn inspect(&mut self, _: &FakeRequest, _: Option<&FakeAnswer>) {}
}
