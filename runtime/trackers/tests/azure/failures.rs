//! Each failure has its sentence, and none makes a duplicate.

use std::time::Duration;

use hyper::Method;
use squall_fake_trackers::{FakeRequest, Fault, Process, run_local};
use squall_trackers::{Action, Attachment, AzureCredentials, AzureDevOps, Patience, PushSettings, Pushed, Token, push};

use crate::support::*;

const NEW_TOKEN: &str = "create one with the scope Work Items (read & write), and set it in the environment";

/// The request that creates.
fn is_creation(request: &FakeRequest) -> bool {
    let segment = request.segments.last().is_some_and(|segment| segment.starts_with('$'));
    request.method == Method::POST && segment && request.query("validateOnly").is_none()
}

fn is_reading_back(request: &FakeRequest) -> bool {
    request.method == Method::GET && request.segments.contains(&"workitems".to_owned())
}

/// This fault for the first requests of a kind.
fn fail(server: &Server, fault: &Fault, mut times: u32, of: fn(&FakeRequest) -> bool) {
    let fault = fault.clone();
    server.set_faults(move |request| {
        if times > 0 && of(request) {
            times -= 1;
            return fault.clone();
        }
        Fault::None
    });
}

/// The one sentence of a result, with the server's name instead of its port.
fn sentence(server: &Server, pushed: &Pushed) -> String {
    let details = pushed.details();
    assert_eq!(details.len(), 1, "{pushed:?}");
    assert!(!format!("{pushed:?}").contains("s3cret"), "{pushed:?}");
    details[0].replace(&server.url, "SERVER")
}

fn tagged(server: &Server) -> usize {
    server.with(|fake| fake.tagged("squall").len())
}

/// Pushes with this fault for each request, and returns the sentence.
async fn sentence_with(fault: Fault, of: fn(&FakeRequest) -> bool) -> String {
    let server = start(Process::Agile).await;
    fail(&server, &fault, 1000, of);
    let pushed = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
    assert_eq!((pushed.status(), tagged(&server)), ("not created", 0));
    sentence(&server, &pushed)
}

#[test]
fn refusals_say_what_where_and_what_to_do() {
    run_local(async {
        let wiql = "POST SERVER/acme/Shop/_apis/wit/wiql";
        let creation = "POST SERVER/acme/Shop/_apis/wit/workitems/$Task";
        let any = |_: &FakeRequest| true;
        for status in [203, 302] {
            let expected = format!(
                "Azure DevOps answered {wiql} with its sign-in page ({status}): the token is wrong or has expired; {NEW_TOKEN}"
            );
            assert_eq!(sentence_with(Fault::Status(status, None), any).await, expected);
        }
        assert_eq!(
            sentence_with(Fault::Status(401, None), any).await,
            format!(
                "Azure DevOps refuses the token ({wiql}: 401: TF400813: The user is not authorized to access this \
                 resource.); {NEW_TOKEN}"
            )
        );
        assert_eq!(
            sentence_with(Fault::Status(403, None), is_creation).await,
            format!(
                "the token is not allowed to do this ({creation}: 403: TF237111: The current user does not have permissions \
                 to save work items under the specified area path.); give its owner, or the project's Build Service, the \
                 permission to edit work items in this area"
            )
        );
        assert_eq!(
            sentence_with(Fault::Status(429, Some(0)), is_creation).await,
            format!(
                "Azure DevOps limits requests (429): TF400733: The request has been canceled: Request was blocked due to \
                 exceeding usage of resource.; {creation} was not done in 4 tries: push again later"
            )
        );
        assert_eq!(
            sentence_with(Fault::Status(503, None), any).await,
            format!(
                "Azure DevOps did not answer {wiql} in 4 tries (503: The service is unavailable.): push again later"
            )
        );
    });
}

#[test]
fn a_limit_is_waited_for_as_long_as_it_asks_within_reason() {
    run_local(async {
        let server = start(Process::Agile).await;
        for of in [is_creation, is_reading_back] {
            // A second, of which patience grants a part.
            fail(&server, &Fault::Status(429, Some(1)), 1, of);
            let mut settings = settings(&server);
            settings.patience.longest_pause = Duration::from_millis(150);
            let tracker = AzureDevOps::new(settings).unwrap();
            let begun = tokio::time::Instant::now();
            let endpoint = format!("GET /{}", server.with(|fake| fake.requests));
            let pushed = push(&tracker, &[item(&endpoint, "run-1", 850.0)], &push_settings()).await.remove(0);
            assert!(pushed.is_verified() && begun.elapsed() >= Duration::from_millis(150), "{pushed:?}");
        }
    });
}

#[test]
fn a_project_that_is_not_there_is_named() {
    run_local(async {
        let server = start(Process::Agile).await;
        let mut settings = settings(&server);
        settings.project = format!("{}/acme/Shopp", server.url).parse().unwrap();
        let items = [item("GET /a", "run-1", 850.0)];
        let pushed = push(&AzureDevOps::new(settings).unwrap(), &items, &push_settings()).await.remove(0);
        assert_eq!(
            sentence(&server, &pushed),
            "Azure DevOps has no such project, type or item (POST SERVER/acme/Shopp/_apis/wit/wiql: 404: TF200016: The \
             following project does not exist: Shopp.); check the address, and whether the token's owner may see it"
        );
    });
}

#[test]
fn a_rule_of_the_project_refuses_before_anything_is_saved() {
    run_local(async {
        let server = start(Process::Agile).await;
        server.with(|fake| fake.required_field = Some("Microsoft.VSTS.Common.Priority"));
        let pushed = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        assert_eq!(
            sentence(&server, &pushed),
            "a rule of the project refuses the item (POST SERVER/acme/Shop/_apis/wit/workitems/$Task: 400: TF401320: Rule \
             Error for field Priority. Error code: Required, HasValues, InvalidEmpty.); give the field a value, or change \
             the rule"
        );
        assert!(server.with(|fake| fake.log.iter().filter(|line| line.ends_with("$Task")).count()) == 1);
        let mut elsewhere = item("GET /a", "run-1", 850.0);
        elsewhere.assignment.area = Some("Shop\\Nowhere".to_owned());
        let pushed = push_one(&server, &elsewhere).await;
        assert!(sentence(&server, &pushed).contains("(400: TF401347: Invalid tree name"), "{pushed:?}");
        let mut orphan = item("GET /a", "run-1", 850.0);
        orphan.assignment.parent = Some("SHOP-1".to_owned());
        let pushed = push_one(&server, &orphan).await;
        let expected = "the parent \"SHOP-1\" is not an id of Azure DevOps: write a number";
        assert_eq!(sentence(&server, &pushed), expected);
    });
}

#[test]
fn a_refused_token_ends_the_push_and_other_refusals_do_not() {
    run_local(async {
        let server = start(Process::Agile).await;
        let mut settings = settings(&server);
        settings.credentials = AzureCredentials::PersonalAccessToken(Token::new("s3cret-but-wrong").unwrap());
        let items = [item("GET /a", "run-1", 850.0), item("GET /b", "run-1", 850.0)];
        let pushed = push(&AzureDevOps::new(settings).unwrap(), &items, &push_settings()).await;
        assert!(
            sentence(&server, &pushed[1]).starts_with("not tried, since the token was refused: Azure DevOps answered")
        );
        assert_eq!(server.with(|fake| fake.requests), 1);

        fail(&server, &Fault::Status(403, None), 1, is_creation);
        let pushed = push_to(&server, &items).await;
        assert_eq!((pushed[0].status(), pushed[1].status()), ("not created", "verified"));
    });
}

#[test]
fn a_lost_answer_makes_no_duplicate() {
    run_local(async {
        let faults = [
            Fault::DropAfter,
            Fault::HalfAnswer,
            Fault::HalfJson,
            Fault::StatusAfter(500),
            Fault::StatusAfter(503),
            Fault::SlowCommit(3),
            Fault::LateCommit(2),
        ];
        for fault in faults {
            let server = start(Process::Agile).await;
            fail(&server, &fault, 1, is_creation);
            let pushed = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
            assert_eq!((pushed.status(), &pushed.action), ("verified", &Action::Created), "{fault:?}");
            assert_eq!(tagged(&server), 1, "{fault:?}");
        }
    });
}

#[test]
fn a_time_out_after_the_item_was_created_makes_no_duplicate() {
    run_local(async {
        let server = start(Process::Agile).await;
        fail(&server, &Fault::Silence, 1, is_creation);
        let mut settings = settings(&server);
        settings.patience.exchange = Duration::from_millis(200);
        let items = [item("GET /a", "run-1", 850.0)];
        let pushed = push(&AzureDevOps::new(settings).unwrap(), &items, &push_settings()).await.remove(0);
        assert_eq!((pushed.status(), tagged(&server)), ("verified", 1));
    });
}

#[test]
fn an_item_that_may_exist_is_named_and_found_by_the_next_push() {
    run_local(async {
        // Created, but found too late; and not created at all.
        for fault in [Fault::SlowCommit(50), Fault::DropBefore] {
            let server = start(Process::Agile).await;
            fail(&server, &fault, 1, is_creation);
            let pushed = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
            assert_eq!((pushed.status(), &pushed.action), ("may exist, not verified", &Action::MayExist));
            let told = sentence(&server, &pushed);
            let begin = "the answer of Azure DevOps to POST SERVER/acme/Shop/_apis/wit/workitems/$Task was lost: ";
            let end = "; it may exist: not found within 0.00115 s; push again, which finds it or creates it";
            assert!(told.starts_with(begin) && told.ends_with(end), "{told}");
            assert!(!pushed.is_verified());
            server.with(|fake| fake.requests += 50);
            let pushed = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
            assert_eq!((pushed.status(), tagged(&server)), ("verified", 1), "{fault:?}");
        }
    });
}

#[test]
fn an_item_that_cannot_be_read_back_is_kept_with_its_address() {
    run_local(async {
        let server = start(Process::Agile).await;
        fail(&server, &Fault::Status(500, None), 1000, is_reading_back);
        let pushed = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        assert_eq!((pushed.status(), tagged(&server)), ("created, not verified", 1));
        assert_eq!(
            sentence(&server, &pushed),
            "Azure DevOps did not answer GET SERVER/acme/Shop/_apis/wit/workitems/2 in 4 tries (500: The service is \
             unavailable.): push again later"
        );
        assert_eq!(pushed.item.unwrap().url, format!("{}/acme/Shop/_workitems/edit/2", server.url));
        // Fewer failures than tries are not worth a word, and a whole round of them neither.
        for (endpoint, fault, times) in [
            ("GET /b", Fault::Status(500, None), 3),
            ("GET /c", Fault::Status(500, None), 4),
            ("GET /d", Fault::HalfJson, 3),
            ("GET /e", Fault::Status(404, None), 2),
        ] {
            fail(&server, &fault, times, is_reading_back);
            assert_eq!(push_one(&server, &item(endpoint, "run-1", 850.0)).await.status(), "verified", "{fault:?}");
        }
        fail(&server, &Fault::HalfJson, 3, |request| request.method == Method::GET);
        let pushed = push_one(&server, &item("GET /f", "run-1", 850.0)).await;
        assert_eq!(pushed.status(), "verified", "{pushed:?}");
    });
}

#[test]
fn an_update_whose_answer_is_lost_comments_once() {
    run_local(async {
        let faults = [
            Fault::DropAfter,
            Fault::DropBefore,
            Fault::LateCommit(0),
            Fault::LateCommit(1),
            Fault::LateCommit(2),
            Fault::HalfAnswer,
            Fault::HalfJson,
            Fault::StatusAfter(500),
            Fault::Status(500, None),
            Fault::Status(429, Some(0)),
        ];
        for fault in faults {
            let server = start(Process::Agile).await;
            push_one(&server, &item("GET /a", "run-1", 850.0)).await;
            fail(&server, &fault, 1, |request| request.method == Method::PATCH);
            let pushed = push_one(&server, &item("GET /a", "run-2", 850.0)).await;
            assert_eq!((pushed.status(), pushed.action), ("verified", Action::Updated), "{fault:?}");
            server.settle().await;
            assert_eq!(server.with(|fake| fake.items[&2].comments.len()), 1, "{fault:?}");
        }
    });
}

#[test]
fn an_update_that_may_come_late_is_not_called_undone() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        fail(&server, &Fault::DropBefore, 1000, |request| request.method == Method::PATCH);
        let pushed = push_one(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!(pushed.status(), "updated, not verified");
        let told = sentence(&server, &pushed);
        let begin = "the answer of Azure DevOps to PATCH SERVER/acme/Shop/_apis/wit/workitems/2 was lost: ";
        assert!(told.starts_with(begin) && told.ends_with("; it may be updated: push again"), "{told}");
        fail(&server, &Fault::Status(403, None), 1, |request| request.method == Method::PATCH);
        assert_eq!(push_one(&server, &item("GET /a", "run-2", 850.0)).await.status(), "not updated");
    });
}

#[test]
fn an_item_that_appears_after_the_first_search_is_not_created_again() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        server.with(|fake| {
            let second_request = fake.requests + 2;
            fake.items.get_mut(&2).unwrap().visible_from = second_request;
        });
        let pushed = push_one(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!((pushed.status(), pushed.action, tagged(&server)), ("verified", Action::Updated, 1));
    });
}

#[test]
fn a_person_who_edits_meanwhile_loses_nothing() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        server.with(|fake| {
            // Between the search and the update the revision grows.
            let edit = fake.items.get_mut(&2).unwrap();
            edit.edit("System.Title", "Edited");
        });
        let stale = squall_trackers::TrackedItem {
            revision: Some("1".to_owned()),
            ..squall_trackers::Tracker::read(&client(&server), "2").await.unwrap()
        };
        let change =
            squall_trackers::Change { record: item("GET /a", "run-2", 850.0).record, comment: Vec::new(), state: None };
        let error = squall_trackers::Tracker::update(&client(&server), &stale, &change).await.unwrap_err();
        assert_eq!(error.kind, squall_trackers::ErrorKind::Changed);
        assert!(error.message.starts_with("the item was changed by another (PATCH http://127.0.0.1"), "{error}");
        assert!(error.message.ends_with("412: VS403351: Test Operation for path /rev failed value 2 not equal to 1.)"));
    });
}

#[test]
fn a_report_that_cannot_be_attached_is_a_difference() {
    run_local(async {
        let server = start(Process::Agile).await;
        fail(&server, &Fault::Status(500, None), 1, |request| request.segments.contains(&"attachments".to_owned()));
        let mut settings = settings(&server);
        settings.attachment = Some(Attachment { name: "report.html".to_owned(), content: "<html>".into() });
        let items = [item("GET /a", "run-1", 850.0)];
        let pushed = push(&AzureDevOps::new(settings).unwrap(), &items, &push_settings()).await.remove(0);
        assert_eq!(pushed.status(), "verified with differences");
        assert_eq!(pushed.details(), ["the report report.html is not attached"]);
    });
}

#[test]
fn a_server_that_is_not_there_is_named() {
    run_local(async {
        let mut settings = settings(&start(Process::Agile).await);
        // Nothing listens at the port of discard.
        settings.project = "http://127.0.0.1:9/acme/Shop".parse().unwrap();
        let items = [item("GET /a", "run-1", 850.0)];
        let pushed = push(&AzureDevOps::new(settings).unwrap(), &items, &push_settings()).await.remove(0);
        let told = &pushed.details()[0];
        let begin =
            "Azure DevOps did not answer POST http://127.0.0.1:9/acme/Shop/_apis/wit/wiql in 4 tries (cannot connect: ";
        let end = "; check the address and the network): push again later";
        assert!(told.starts_with(begin) && told.ends_with(end), "{told}");
    });
}

#[test]
fn our_own_mistakes_are_found_before_anything_is_sent() {
    run_local(async {
        let server = start(Process::Agile).await;
        let mut long = item("GET /a", "run-1", 850.0);
        long.task.title = "x".repeat(256);
        let mut endless = item("GET /b", "run-1", 850.0);
        endless.task.story_points = f64::NAN;
        let twice = item("GET /c", "run-1", 850.0);
        let pushed = push_to(&server, &[long, endless, twice.clone(), twice]).await;
        assert_eq!(
            sentence(&server, &pushed[0]),
            "nothing was sent: its title has 256 characters, and at most 255 are taken"
        );
        assert!(sentence(&server, &pushed[1]).contains("story points (NaN)"));
        assert!(pushed[2].is_verified());
        assert!(sentence(&server, &pushed[3]).contains("only the first was pushed"));
    });
}

#[test]
fn the_default_patience_says_thirty_seconds() {
    let settings = PushSettings::default();
    assert_eq!(settings.patience, Patience::default());
    assert_eq!(settings.patience.search_time().as_secs(), 31);
}
