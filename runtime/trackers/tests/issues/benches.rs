//! Each tracker with its fake, so that a test is written once.

use std::time::Duration;

use squall_fake_trackers::{FakeRequest, FakeServer, Fault, GitHubFake, GitLabFake, IssueFake, JiraFake};
use squall_trackers::{GitHub, GitLab, Jira, Patience, PushSettings, Pushed, Token, Tracker, push};
use squall_work_items::WorkItem;

pub type Server<B> = FakeServer<<B as Bench>::Fake>;

/// A tracker and its fake.
pub trait Bench {
    type Fake: IssueFake;
    type Client: Tracker;
    /// Its name in sentences.
    const NAME: &str;
    /// The first id that a new item gets.
    const FIRST: &str;
    /// Its words for open and closed.
    const STATES: (&str, &str);

    fn fake() -> Self::Fake;
    fn client_with(url: &str, token: &str, patience: Patience) -> Self::Client;
    fn token() -> &'static str;

    fn client(url: &str) -> Self::Client {
        Self::client_with(url, Self::token(), patience())
    }
}

pub struct OnGitHub;
pub struct OnGitLab;
pub struct OnCloud;
pub struct OnServer;

impl Bench for OnGitHub {
    type Fake = GitHubFake;
    type Client = GitHub;
    const NAME: &str = "GitHub";
    const FIRST: &str = "2";
    const STATES: (&str, &str) = ("open", "closed");

    fn fake() -> GitHubFake {
        GitHubFake::new()
    }

    fn client_with(url: &str, token: &str, patience: Patience) -> GitHub {
        GitHub::new(&format!("{url}/{}", GitHubFake::REPOSITORY), &Token::new(token).unwrap(), patience).unwrap()
    }

    fn token() -> &'static str {
        GitHubFake::TOKEN
    }
}

impl Bench for OnGitLab {
    type Fake = GitLabFake;
    type Client = GitLab;
    const NAME: &str = "GitLab";
    const FIRST: &str = "2";
    const STATES: (&str, &str) = ("opened", "closed");

    fn fake() -> GitLabFake {
        GitLabFake::new()
    }

    fn client_with(url: &str, token: &str, patience: Patience) -> GitLab {
        GitLab::new(&format!("{url}/{}", GitLabFake::PROJECT), &Token::new(token).unwrap(), patience).unwrap()
    }

    fn token() -> &'static str {
        GitLabFake::TOKEN
    }
}

impl Bench for OnCloud {
    type Fake = JiraFake;
    type Client = Jira;
    const NAME: &str = "Jira";
    const FIRST: &str = "SHOP-2";
    const STATES: (&str, &str) = ("To Do", "Done");

    fn fake() -> JiraFake {
        JiraFake::new(true)
    }

    fn client_with(url: &str, token: &str, patience: Patience) -> Jira {
        let place = format!("{url}/{}", JiraFake::PROJECT);
        Jira::new(&place, Some(JiraFake::USER), &Token::new(token).unwrap(), patience).unwrap()
    }

    fn token() -> &'static str {
        JiraFake::TOKEN
    }
}

impl Bench for OnServer {
    type Fake = JiraFake;
    type Client = Jira;
    const NAME: &str = "Jira";
    const FIRST: &str = "SHOP-2";
    const STATES: (&str, &str) = ("To Do", "Done");

    fn fake() -> JiraFake {
        JiraFake::new(false)
    }

    fn client_with(url: &str, token: &str, patience: Patience) -> Jira {
        let place = format!("{url}/{}", JiraFake::PROJECT);
        Jira::new(&place, None, &Token::new(token).unwrap(), patience).unwrap()
    }

    fn token() -> &'static str {
        JiraFake::TOKEN
    }
}

/// Runs a test with each tracker.
macro_rules! on_each {
    ($($test:ident)*) => {
        $(#[test]
        fn $test() {
            squall_fake_trackers::run_local(async {
                each::$test::<crate::benches::OnGitHub>().await;
                each::$test::<crate::benches::OnGitLab>().await;
                each::$test::<crate::benches::OnCloud>().await;
                each::$test::<crate::benches::OnServer>().await;
            });
        })*
    };
}
pub(crate) use on_each;

/// Patience that does not slow tests down.
pub fn patience() -> Patience {
    Patience {
        exchange: Duration::from_secs(5),
        tries: 4,
        first_pause: Duration::from_micros(50),
        longest_pause: Duration::from_micros(400),
        searches: 5,
        read_backs: 3,
        largest_answer: 1 << 20,
    }
}

pub fn push_settings() -> PushSettings {
    PushSettings { patience: patience(), ..PushSettings::default() }
}

pub async fn start<B: Bench>() -> Server<B> {
    FakeServer::start(B::fake()).await
}

/// Pushes with a new client, as a new process would.
pub async fn push_to<B: Bench>(server: &Server<B>, items: &[WorkItem]) -> Vec<Pushed> {
    push(&B::client(&server.url), items, &push_settings()).await
}

/// Pushes one item, and returns its result.
pub async fn push_one<B: Bench>(server: &Server<B>, item: &WorkItem) -> Pushed {
    push_to::<B>(server, std::slice::from_ref(item)).await.remove(0)
}

/// So many requests of this kind fail.
pub fn fail<B: Bench>(server: &Server<B>, fault: &Fault, mut times: u32, is_meant: fn(&FakeRequest) -> bool) {
    let fault = fault.clone();
    server.set_faults(move |request| {
        if times == 0 || !is_meant(request) {
            return Fault::None;
        }
        times -= 1;
        fault.clone()
    });
}

/// The request that creates an item.
pub fn is_creation(request: &FakeRequest) -> bool {
    let last = request.segments.last().map(String::as_str);
    request.method == "POST" && matches!(last, Some("issues" | "issue"))
}

/// The requests that change an item: comment, state and text.
pub fn is_change(request: &FakeRequest) -> bool {
    let last = request.segments.last().map(String::as_str).unwrap_or_default();
    let is_added = request.method == "POST" && matches!(last, "comments" | "comment" | "notes" | "transitions");
    is_added || request.method == "PATCH" || request.method == "PUT"
}

/// The numbers of the items with an item's fingerprint.
pub fn numbers<B: Bench>(server: &Server<B>, item: &WorkItem) -> Vec<u64> {
    let label = item.fingerprint.as_str();
    server.with(|fake| fake.store().labelled(label).iter().map(|issue| issue.number).collect())
}

/// No request and no answer was beyond the published specification.
pub fn assert_no_breaches<B: Bench>(server: &Server<B>) {
    assert_eq!(server.with(|fake| fake.store().breaches.clone()), Vec::<String>::new(), "{}", B::NAME);
}

/// The only reason in a result, without the port.
pub fn sentence<B: Bench>(server: &Server<B>, pushed: &Pushed) -> String {
    let details = pushed.details();
    assert_eq!(details.len(), 1, "{details:?}");
    assert!(!details[0].contains(B::token()), "{details:?}");
    details[0].replace(&server.url, "SERVER")
}
