//! What pushes do, run after run.

use serde_json::json;
use squall_fake_trackers::{IssueFake, run_local};
use squall_trackers::{
    Action, ClosedItems, FixedItem, ItemState, PushSettings, Tracker, Verification, plan_push, push, resolve,
};
use squall_work_items::Block;

use crate::benches::*;
use crate::items::{bug, hostile, item};

on_each! {
    items_are_created_and_verified
    the_same_run_changes_nothing_and_the_next_one_comments
    edits_of_people_stay
    a_closed_item_that_comes_back_is_opened_or_referred_to
    only_on_demand_an_item_is_resolved
    texts_are_neither_markup_nor_commands
    all_items_are_listed_page_by_page
    a_plan_writes_nothing
    a_long_statement_gives_way
}

mod each {
    use super::*;

    pub async fn items_are_created_and_verified<B: Bench>() {
        let server = start::<B>().await;
        let items = [item("GET /a", "run-1", 850.0), bug("GET /b", "run-1", 900.0)];
        for (pushed, item) in push_to::<B>(&server, &items).await.iter().zip(&items) {
            assert_eq!((pushed.status(), &pushed.action), ("verified", &Action::Created), "{}: {pushed:?}", B::NAME);
            server.with(|fake| {
                let stored = fake.store().labelled(item.fingerprint.as_str())[0].clone();
                assert_eq!(stored.title, item.task.title);
                assert!(stored.labels.contains(&"squall".to_owned()));
                let text = stored.body.to_string();
                assert!(text.contains(&format!("Squall record: {}, run run-1", item.fingerprint)), "{text}");
                assert!(text.contains("p95 to reach: 200ms"), "{text}");
            });
        }
        assert_no_breaches::<B>(&server);
        let client = B::client(&server.url);
        let read = client.read(B::FIRST).await.unwrap();
        assert_eq!(read.record.as_ref(), Some(&items[0].record));
        assert_eq!(client.find(&items[0].fingerprint).await.unwrap(), [read]);
    }

    pub async fn the_same_run_changes_nothing_and_the_next_one_comments<B: Bench>() {
        let server = start::<B>().await;
        push_one::<B>(&server, &item("GET /a", "run-1", 850.0)).await;
        for (run, p95, action) in [
            ("run-1", 850.0, Action::Unchanged),
            ("run-2", 952.0, Action::Updated),
            ("run-2", 952.0, Action::Unchanged),
        ] {
            let pushed = push_one::<B>(&server, &item("GET /a", run, p95)).await;
            assert_eq!((pushed.verification, pushed.action), (Verification::Verified, action), "{} {run}", B::NAME);
        }
        let item = item("GET /a", "run-2", 952.0);
        assert_eq!(numbers::<B>(&server, &item).len(), 1);
        let comments = server.with(|fake| fake.store().issues[&2].comments.clone());
        assert_eq!(comments.len(), 1);
        let comment = comments[0].to_string();
        assert!(comment.contains("12% slower than when this item was made"), "{comment}");
        // The figures of the first run stay, so that the promise can be judged.
        let record = B::client(&server.url).read(B::FIRST).await.unwrap().record.unwrap();
        assert_eq!((record.run.as_str(), record.first_p95_ms), ("run-2", Some(850.0)));
        assert_no_breaches::<B>(&server);
    }

    pub async fn edits_of_people_stay<B: Bench>() {
        let server = start::<B>().await;
        push_one::<B>(&server, &item("GET /a", "run-1", 850.0)).await;
        server.with(|fake| {
            let issue = fake.store().issues.get_mut(&2).unwrap();
            issue.title = "Our own title".to_owned();
            issue.labels.push("ours".to_owned());
            let note = json!({ "type": "paragraph", "content": [{ "type": "text", "text": "Our note" }] });
            match issue.body.as_str().map(|text| json!(format!("{text}\n\nOur note"))) {
                Some(edited) => issue.body = edited,
                None => issue.body["content"].as_array_mut().unwrap().push(note),
            }
        });
        let next = push_one::<B>(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!((next.action, next.verification), (Action::Updated, Verification::Verified));
        server.with(|fake| {
            let issue = &fake.store().issues[&2];
            assert_eq!(issue.title, "Our own title");
            assert!(issue.labels.contains(&"ours".to_owned()));
            let text = issue.body.to_string();
            assert!(text.contains("Our note") && text.contains("run-2") && !text.contains("run-1"), "{text}");
        });
    }

    pub async fn a_closed_item_that_comes_back_is_opened_or_referred_to<B: Bench>() {
        let (open, closed) = B::STATES;
        let server = start::<B>().await;
        let close = || server.with(|fake| fake.store().issues.get_mut(&2).unwrap().state = closed.to_owned());
        let state = || server.with(|fake| fake.store().issues[&2].state.clone());
        push_one::<B>(&server, &item("GET /a", "run-1", 850.0)).await;
        close();
        // The run that people have seen when they closed it does not open it.
        assert_eq!(push_one::<B>(&server, &item("GET /a", "run-1", 850.0)).await.action, Action::Unchanged);
        let back = push_one::<B>(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!((back.verification, back.action), (Verification::Verified, Action::Reopened), "{}", B::NAME);
        assert_eq!(state(), open);
        close();
        let refer = PushSettings { closed: ClosedItems::Refer, ..push_settings() };
        for action in [None, Some(Action::Unchanged)] {
            let items = [item("GET /a", "run-3", 850.0)];
            let pushed = push(&B::client(&server.url), &items, &refer).await.remove(0);
            match action {
                Some(action) => assert_eq!(pushed.action, action),
                None => assert!(matches!(&pushed.action, Action::RefersToClosed(old) if old.id == B::FIRST)),
            }
        }
        assert_eq!(state(), closed);
        let text = server.with(|fake| fake.store().issues[&3].body.to_string());
        assert!(text.contains("Came back"), "{text}");
        assert_no_breaches::<B>(&server);
    }

    pub async fn only_on_demand_an_item_is_resolved<B: Bench>() {
        let server = start::<B>().await;
        let items = [item("GET /a", "run-1", 850.0), item("GET /b", "run-1", 850.0)];
        push_to::<B>(&server, &items).await;
        push_one::<B>(&server, &item("GET /b", "run-2", 850.0)).await;
        let state = |number: u64| server.with(|fake| fake.store().issues[&number].state.clone());
        assert_eq!(state(2), B::STATES.0);
        let comment = vec![Block::Paragraph("p95 is 190 ms.".to_owned())];
        let fixed = [FixedItem { fingerprint: items[0].fingerprint.clone(), run: "run-2".to_owned(), comment }];
        let resolved = resolve(&B::client(&server.url), &fixed, &push_settings()).await;
        assert_eq!((resolved.len(), &resolved[0].action), (1, &Action::Resolved));
        assert!(resolved[0].is_verified(), "{resolved:?}");
        assert_eq!((state(2).as_str(), state(3).as_str()), (B::STATES.1, B::STATES.0));
        assert!(server.with(|fake| fake.store().issues[&2].comments[0].to_string()).contains("p95 is 190 ms."));
        assert!(resolve(&B::client(&server.url), &fixed, &push_settings()).await.is_empty());
        assert_no_breaches::<B>(&server);
    }

    pub async fn texts_are_neither_markup_nor_commands<B: Bench>() {
        let server = start::<B>().await;
        let pushed = push_one::<B>(&server, &hostile("run-1")).await;
        assert_eq!(pushed.verification, Verification::Verified, "{}", B::NAME);
        let pushed = push_one::<B>(&server, &hostile("run-2")).await;
        assert_eq!((pushed.verification, pushed.action), (Verification::Verified, Action::Updated), "{}", B::NAME);
        let issue = server.with(|fake| fake.store().issues[&2].clone());
        assert_eq!(issue.state, B::STATES.0);
        // A name after an at sign is nobody's in Markdown, and none of a user's in Jira.
        let text = issue.body.to_string();
        assert!(!text.contains("\"mention\"") && !text.contains("[~ada]\\n"), "{text}");
        assert_eq!(issue.labels.iter().filter(|label| label.eq_ignore_ascii_case("squall")).count(), 1);
        assert_no_breaches::<B>(&server);
    }

    pub async fn all_items_are_listed_page_by_page<B: Bench>() {
        let server = start::<B>().await;
        let items: Vec<_> = (0..205).map(|number| item(&format!("GET /{number}"), "run-1", 850.0)).collect();
        assert!(push_to::<B>(&server, &items).await.iter().all(|pushed| pushed.is_verified()));
        let listed = B::client(&server.url).list().await.unwrap();
        assert_eq!(listed.len(), 205);
        assert!(listed.iter().all(|item| item.state == ItemState::Open && item.record.is_some()));
    }

    pub async fn a_plan_writes_nothing<B: Bench>() {
        let server = start::<B>().await;
        let planned = plan_push(&B::client(&server.url), &[item("GET /a", "run-1", 850.0)], &push_settings()).await;
        assert_eq!(planned[0].action, Action::Created);
        let request = &planned[0].preview.as_ref().unwrap().request;
        assert!(request.starts_with(&format!("POST {}", server.url)) && !request.contains(B::token()), "{request}");
        assert_eq!(server.with(|fake| fake.store().issues.len()), 1);
        let writes = server.with(|fake| fake.store().log.iter().filter(|line| !line.starts_with("GET")).count());
        let searches = server.with(|fake| fake.store().log.iter().filter(|line| line.contains("/search")).count());
        assert_eq!(writes, searches);
    }

    pub async fn a_long_statement_gives_way<B: Bench>() {
        let server = start::<B>().await;
        let mut long = item("GET /a", "run-1", 850.0);
        long.analysis.push(Block::Code("SELECT 1;\n".repeat(200_000)));
        let pushed = push_one::<B>(&server, &long).await;
        assert_eq!(pushed.verification, Verification::Verified, "{}", B::NAME);
        let note = "1 long statements or plans are left out of the description".to_owned();
        assert!(pushed.notes.contains(&note), "{:?}", pushed.notes);
        long.analysis.push(Block::Paragraph("x".repeat(2_000_000)));
        long.fingerprint = squall_work_items::Fingerprint::of(&["other"]);
        long.record.fingerprint = long.fingerprint.clone();
        let pushed = push_one::<B>(&server, &long).await;
        assert_eq!(pushed.status(), "not created");
        assert!(sentence::<B>(&server, &pushed).contains("its text has"), "{pushed:?}");
    }
}

#[test]
fn github_has_owners_milestones_types_and_parents() {
    run_local(async {
        let server = start::<OnGitHub>().await;
        server.with(|fake| fake.types = vec!["Task", "Bug"]);
        let mut item = bug("GET /a", "run-1", 850.0);
        item.assignment.owner = Some("ada".to_owned());
        item.assignment.iteration = Some("Sprint 7".to_owned());
        item.assignment.parent = Some("#1".to_owned());
        item.assignment.area = Some("Web".to_owned());
        let pushed = push_one::<OnGitHub>(&server, &item).await;
        assert_eq!(pushed.verification, Verification::Verified);
        server.with(|fake| {
            let issue = &fake.store().issues[&2];
            assert!(issue.labels.contains(&"bug".to_owned()));
            let others = json!({ "type": "Bug", "milestone": 7, "assignees": ["ada"], "parent": "1" });
            assert_eq!(json!(issue.others), others);
            assert!(issue.body.as_str().unwrap().contains("Area: Web"));
        });
        item = crate::items::item("GET /b", "run-1", 850.0);
        item.assignment.owner = Some("eve".to_owned());
        item.assignment.iteration = Some("Sprint 8".to_owned());
        let pushed = push_one::<OnGitHub>(&server, &item).await;
        let notes = [
            "GitHub has no story points: they are in the description",
            "the repository has no milestone \"Sprint 8\": it is not set",
            "issues cannot be assigned to \"eve\": assign it by hand",
            "it was sent without a rehearsal, which is not offered",
        ];
        assert_eq!(pushed.notes, notes);
        assert!(pushed.is_verified());
        assert_no_breaches::<OnGitHub>(&server);
    });
}

#[test]
fn gitlab_has_owners_milestones_and_licensed_weights() {
    run_local(async {
        for is_licensed in [false, true] {
            let server = start::<OnGitLab>().await;
            server.with(|fake| fake.is_licensed = is_licensed);
            let mut item = bug("GET /a", "run-1", 850.0);
            item.assignment.owner = Some("ada".to_owned());
            item.assignment.iteration = Some("Sprint 7".to_owned());
            item.assignment.parent = Some("1".to_owned());
            let pushed = push_one::<OnGitLab>(&server, &item).await;
            assert_eq!(pushed.verification, Verification::Verified);
            let note = "GitLab's issues have no parent: it is in the description".to_owned();
            assert!(pushed.notes.contains(&note), "{:?}", pushed.notes);
            server.with(|fake| {
                let issue = &fake.store().issues[&2];
                assert_eq!(json!(issue.others), json!({ "weight": 3, "milestone_id": 70, "assignee_ids": [5] }));
                assert!(issue.body.as_str().unwrap().contains("Story points: 3"));
            });
            assert_no_breaches::<OnGitLab>(&server);
        }
    });
}

#[test]
fn jira_has_owners_components_story_points_and_parents() {
    run_local(async {
        let mut item = item("GET /a", "run-1", 850.0);
        item.assignment.owner = Some("ada@example.com".to_owned());
        item.assignment.area = Some("Web".to_owned());
        item.assignment.parent = Some("SHOP-1".to_owned());
        let cloud = start::<OnCloud>().await;
        assert_eq!(push_one::<OnCloud>(&cloud, &item).await.verification, Verification::Verified);
        let others = |issue: &squall_fake_trackers::FakeIssue| {
            ["assignee", "components", "parent", "customfield_10014", "customfield_10016"]
                .map(|key| issue.others.get(key).cloned().unwrap_or_default())
        };
        let ids = json!([{ "id": "20" }]);
        let set = cloud.with(|fake| others(&fake.store().issues[&2]));
        assert_eq!(
            set,
            [json!({ "accountId": "ada-1" }), ids.clone(), json!({ "key": "SHOP-1" }), json!(null), json!(3.0)]
        );
        let server = start::<OnServer>().await;
        assert_eq!(push_one::<OnServer>(&server, &item).await.verification, Verification::Verified);
        let set = server.with(|fake| others(&fake.store().issues[&2]));
        assert_eq!(set, [json!({ "name": "ada" }), ids, json!(null), json!("SHOP-1"), json!(3.0)]);
        // Bugs have no story points on this project's screen.
        let pushed = push_one::<OnServer>(&server, &bug("GET /b", "run-1", 850.0)).await;
        assert!(pushed.is_verified());
        assert_eq!(pushed.notes[0], "Bug has no field Story Points in this project: they are in the description");
        assert!(server.with(|fake| fake.store().issues[&3].body.to_string()).contains("Story points: 3"));
        assert_no_breaches::<OnCloud>(&cloud);
        assert_no_breaches::<OnServer>(&server);
    });
}
