//! What pushes do, week after week.

use bytes::Bytes;
use squall_fake_trackers::{AzureFake, FakeServer, Process, run_local};
use squall_trackers::{
    Action, Attachment, AzureCredentials, AzureDevOps, ClosedItems, FixedItem, PushSettings, Token, Tracker,
    Validation, Verification, html_to_text, plan_push, push, resolve,
};
use squall_work_items::{Block, Fingerprint, Link, Record};

use crate::support::*;

const STORY_POINTS: &str = "Microsoft.VSTS.Scheduling.StoryPoints";

#[test]
fn each_process_gets_verified_items() {
    run_local(async {
        for process in Process::ALL {
            let server = start(process).await;
            let items = [item("GET /a", "run-1", 850.0), bug("GET /b", "run-1", 900.0)];
            for (pushed, item) in push_to(&server, &items).await.iter().zip(&items) {
                assert_eq!(pushed.verification, Verification::Verified, "{process:?}");
                assert_eq!((pushed.status(), &pushed.action), ("verified", &Action::Created));
                server.with(|fake| {
                    let stored = fake.tagged(item.fingerprint.as_str())[0];
                    assert_eq!(stored.text("System.Title"), item.task.title);
                    assert!(pushed.item.as_ref().unwrap().url.ends_with(&format!("/_workitems/edit/{}", stored.id)));
                    // Whatever the type has fields for: all of it is in the item.
                    let all: String =
                        stored.fields.values().filter_map(|value| value.as_str()).collect::<Vec<_>>().join("\n");
                    let all = html_to_text(&all);
                    for text in ["one statement <per> request", "WHERE a < 1 & b > 2", "p95 to reach: 200ms"] {
                        assert!(all.contains(text), "{process:?}: {text}: {all}");
                    }
                    assert_eq!(Record::find(&all).as_ref(), Some(&item.record));
                });
            }
            assert_eq!(server.with(|fake| fake.breaches.clone()), Vec::<String>::new());
        }
    });
}

#[test]
fn what_a_type_lacks_is_in_the_description_and_is_said() {
    run_local(async {
        let server = start(Process::Agile).await;
        let pushed = push_to(&server, &[item("GET /a", "run-1", 850.0), bug("GET /b", "run-1", 900.0)]).await;
        let lacks =
            |field: &str, name: &str| format!("{name} has no field {field} in this project: it is in the description");
        assert_eq!(pushed[0].notes, [lacks("Acceptance Criteria", "Task"), lacks("Story Points", "Task")]);
        assert_eq!(pushed[1].notes, [lacks("Acceptance Criteria", "Bug")]);
        server.with(|fake| {
            let items: Vec<_> = fake.tagged("squall");
            assert!(items[0].text("System.Description").contains("Story points: 3"));
            assert_eq!(items[1].fields[STORY_POINTS], 3.0);
            assert!(items[1].text("Microsoft.VSTS.TCM.ReproSteps").contains("Squall record"));
            assert_eq!(items[1].text("System.Description"), "");
        });
        let basic = start(Process::Basic).await;
        let pushed = push_one(&basic, &bug("GET /b", "run-1", 900.0)).await;
        assert_eq!(pushed.notes[0], "the project has no type Bug: it is created as Issue");
    });
}

#[test]
fn the_same_run_changes_nothing_and_the_next_one_comments() {
    run_local(async {
        let server = start(Process::Scrum).await;
        push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        let again = push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        assert_eq!((again.action, again.verification), (Action::Unchanged, Verification::Verified));
        let next = push_one(&server, &item("GET /a", "run-2", 952.0)).await;
        assert_eq!((next.action, next.verification), (Action::Updated, Verification::Verified));
        let again = push_one(&server, &item("GET /a", "run-2", 952.0)).await;
        assert_eq!((again.action, again.verification), (Action::Unchanged, Verification::Verified));
        server.with(|fake| {
            let items = fake.tagged("squall");
            assert_eq!((items.len(), items[0].comments.len()), (1, 1));
            let comment = html_to_text(&items[0].comments[0]);
            assert!(comment.contains("Run run-2 still shows it."), "{comment}");
            assert!(comment.contains("trend: 12% slower than when this item was made (850 ms)"), "{comment}");
            // The figures of the first run stay, so that the promise can be judged.
            let record = Record::find(&html_to_text(items[0].text("System.Description"))).unwrap();
            assert_eq!((record.run.as_str(), record.first_p95_ms), ("run-2", Some(850.0)));
        });
    });
}

#[test]
fn edits_of_people_stay() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        server.with(|fake| {
            let item = fake.items.get_mut(&2).unwrap();
            item.edit("System.Title", "Our own title");
            item.edit("System.Tags", &format!("{}; Ours", item.text("System.Tags")));
            item.edit("System.Description", &format!("<b>Our note</b>{}", item.text("System.Description")));
        });
        let next = push_one(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!((next.action, next.verification), (Action::Updated, Verification::Verified));
        server.with(|fake| {
            let item = &fake.items[&2];
            assert_eq!(item.text("System.Title"), "Our own title");
            assert!(item.tags().contains(&"Ours".to_owned()));
            let description = item.text("System.Description");
            assert!(
                description.contains("Our note") && description.contains("run-2") && !description.contains("run-1")
            );
        });
    });
}

#[test]
fn a_closed_item_that_comes_back_is_opened_or_referred_to() {
    run_local(async {
        for process in Process::ALL {
            let server = start(process).await;
            let closed = process.states("Task").iter().find(|(_, category)| *category == "Completed").unwrap().0;
            push_one(&server, &item("GET /a", "run-1", 850.0)).await;
            server.with(|fake| fake.items.get_mut(&2).unwrap().edit("System.State", closed));
            // The run that people have seen when they closed it does not open it.
            assert_eq!(push_one(&server, &item("GET /a", "run-1", 850.0)).await.action, Action::Unchanged);
            let back = push_one(&server, &item("GET /a", "run-2", 850.0)).await;
            assert_eq!((back.action, back.verification), (Action::Reopened, Verification::Verified));
            let first = process.states("Task")[0].0;
            assert_eq!(server.with(|fake| fake.items[&2].text("System.State").to_owned()), first);

            server.with(|fake| fake.items.get_mut(&2).unwrap().edit("System.State", closed));
            let refer = PushSettings { closed: ClosedItems::Refer, ..push_settings() };
            let pushed = push(&client(&server), &[item("GET /a", "run-3", 850.0)], &refer).await.remove(0);
            assert_eq!(pushed.verification, Verification::Verified);
            assert!(matches!(&pushed.action, Action::RefersToClosed(old) if old.id == "2"), "{:?}", pushed.action);
            server.with(|fake| {
                assert_eq!(fake.items[&2].text("System.State"), closed);
                let links = &fake.items[&3].relations;
                assert!(
                    links.iter().any(|link| link["url"].as_str().unwrap().ends_with("/_workitems/edit/2")),
                    "{links:?}"
                );
            });
            let again = push(&client(&server), &[item("GET /a", "run-3", 850.0)], &refer).await.remove(0);
            assert_eq!((again.action, again.verification), (Action::Unchanged, Verification::Verified));
        }
    });
}

#[test]
fn what_the_team_takes_as_done_or_removed_is_closed() {
    run_local(async {
        for (closed, made) in [("Resolved", bug as fn(&str, &str, f64) -> _), ("Removed", item)] {
            let server = start(Process::Agile).await;
            push_one(&server, &made("GET /a", "run-1", 850.0)).await;
            server.with(|fake| fake.items.get_mut(&2).unwrap().edit("System.State", closed));
            let back = push_one(&server, &made("GET /a", "run-2", 850.0)).await;
            assert_eq!((back.action, back.verification), (Action::Reopened, Verification::Verified), "{closed}");
        }
    });
}

#[test]
fn only_on_demand_an_item_is_resolved() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_to(&server, &[item("GET /a", "run-1", 850.0), item("GET /b", "run-1", 850.0)]).await;
        push_one(&server, &item("GET /b", "run-2", 850.0)).await;
        assert_eq!(server.with(|fake| fake.items[&2].text("System.State").to_owned()), "New");
        let fixed = FixedItem {
            fingerprint: Fingerprint::of(&["n-plus-one", "GET /a"]),
            run: "run-2".to_owned(),
            comment: vec![Block::Paragraph("p95 is 190 ms.".to_owned())],
        };
        let resolved = resolve(&client(&server), std::slice::from_ref(&fixed), &push_settings()).await;
        assert_eq!((resolved.len(), &resolved[0].action), (1, &Action::Resolved));
        assert!(resolved[0].is_verified());
        server.with(|fake| {
            assert_eq!(fake.items[&2].text("System.State"), "Closed");
            assert_eq!(html_to_text(&fake.items[&2].comments[0]), "p95 is 190 ms.");
            assert_eq!(fake.items[&3].text("System.State"), "New");
        });
        assert!(resolve(&client(&server), &[fixed], &push_settings()).await.is_empty());
    });
}

#[test]
fn all_links_are_made_and_checked() {
    run_local(async {
        let server = start(Process::Agile).await;
        let mut settings = settings(&server);
        settings.build = Some(812);
        let content = Bytes::from_static(b"<html>report</html>");
        settings.attachment = Some(Attachment { name: "report of run 1.html".to_owned(), content });
        settings.credentials = AzureCredentials::Bearer(Token::new(AzureFake::TOKEN).unwrap());
        let mut item = item("GET /a", "run-1", 850.0);
        item.assignment.parent = Some("1".to_owned());
        item.assignment.owner = Some("ada@example.com".to_owned());
        item.assignment.area = Some("Shop\\Web".to_owned());
        item.assignment.tags = vec!["Performance".to_owned(), "a;b".to_owned()];
        // The service takes a link once, and those of the web only.
        item.links.push(item.links[0].clone());
        item.links.push(Link { title: "Folder".to_owned(), url: "file:///tmp/report.html".to_owned() });
        let items = [item, crate::support::item("GET /b", "run-1", 850.0)];
        let pushed = push(&AzureDevOps::new(settings).unwrap(), &items, &push_settings()).await;
        assert!(pushed.iter().all(|pushed| pushed.is_verified()), "{pushed:?}");
        server.with(|fake| {
            let stored = &fake.items[&2];
            let kinds: Vec<&str> = stored.relations.iter().map(|one| one["rel"].as_str().unwrap()).collect();
            assert_eq!(kinds, ["System.LinkTypes.Hierarchy-Reverse", "ArtifactLink", "Hyperlink", "AttachedFile"]);
            assert_eq!(stored.relations[1]["url"], "vstfs:///Build/Build/812");
            assert_eq!(stored.fields["System.AssignedTo"]["uniqueName"], "ada@example.com");
            assert!(stored.tags().contains(&"a b".to_owned()));
            // One upload for all items.
            assert_eq!(fake.attachments, [("report of run 1.html".to_owned(), b"<html>report</html>".to_vec())]);
            assert_eq!(fake.breaches, Vec::<String>::new());
        });
    });
}

#[test]
fn a_difference_is_named_and_nothing_is_deleted() {
    run_local(async {
        let server = start(Process::Scrum).await;
        server.with(|fake| {
            fake.tamper = Some(|item| {
                item.fields.insert("System.Title".to_owned(), "Another title".into());
                item.fields.insert("Microsoft.VSTS.Scheduling.Effort".to_owned(), 5.0.into());
                item.fields.insert("System.Tags".to_owned(), format!("{}; more", item.text("System.Tags")).into());
                item.relations.clear();
            });
        });
        let pushed = push_one(&server, &bug("GET /a", "run-1", 850.0)).await;
        assert_eq!(pushed.status(), "verified with differences");
        assert_eq!(
            pushed.details(),
            [
                "System.Title is \"Another title\", not \"Perf: Optimize GET /a response time (N+1 queries)\"",
                "System.Tags has \"more\", too",
                "Microsoft.VSTS.Scheduling.Effort is \"5.0\", not \"3.0\"",
                "the link Hyperlink to https://example.com/report?a=1&b=2 is missing",
            ]
        );
        assert!(!pushed.is_verified());
        // It stays different.
        let again = push_one(&server, &bug("GET /a", "run-1", 850.0)).await;
        assert_eq!((again.action.clone(), again.details()), (Action::Unchanged, pushed.details()));
        assert!(server.with(|fake| fake.log.iter().all(|line| !line.starts_with("DELETE"))));
    });
}

#[test]
fn a_tag_that_only_contains_the_fingerprint_is_another() {
    run_local(async {
        let server = start(Process::Agile).await;
        let item = item("GET /a", "run-1", 850.0);
        let tag = format!("not-{}", item.fingerprint);
        server.with(|fake| fake.items.get_mut(&1).unwrap().edit("System.Tags", &tag));
        let pushed = push_one(&server, &item).await;
        assert_eq!((pushed.status(), pushed.action), ("verified", Action::Created));
    });
}

#[test]
fn a_duplicate_of_a_concurrent_pipeline_is_named() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_one(&server, &item("GET /a", "run-1", 850.0)).await;
        server.with(|fake| {
            let mut copy = fake.items[&2].clone();
            copy.id = 3;
            fake.items.insert(3, copy);
        });
        let pushed = push_one(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!(pushed.item.as_ref().unwrap().id, "2");
        assert_eq!(pushed.status(), "verified with differences");
        assert!(pushed.details()[0].starts_with("3 (http") && pushed.details()[0].ends_with("close one of them"));
    });
}

#[test]
fn two_pushes_at_once_make_one_item_or_name_both() {
    run_local(async {
        for _ in 0..20 {
            let server = start(Process::Agile).await;
            let item = item("GET /a", "run-1", 850.0);
            let (one, other) = tokio::join!(push_one(&server, &item), push_one(&server, &item));
            let made = server.with(|fake| fake.tagged("squall").len());
            let named = [&one, &other].iter().any(|pushed| !pushed.details().is_empty());
            assert!(made == 1 || named, "{one:?} {other:?}");
        }
    });
}

#[test]
fn a_dry_run_writes_nothing_and_shows_what_would_be_sent() {
    run_local(async {
        let server = start(Process::Agile).await;
        push_one(&server, &item("GET /old", "run-1", 850.0)).await;
        let before = server.with(|fake| fake.items.clone());
        let items = [item("GET /a", "run-2", 850.0), item("GET /old", "run-2", 850.0)];
        let planned = plan_push(&client(&server), &items, &push_settings()).await;
        assert_eq!((&planned[0].action, &planned[1].action), (&Action::Created, &Action::Updated));
        assert_eq!(planned[0].validation, Ok(Validation::Accepted));
        let request = &planned[0].preview.as_ref().unwrap().request;
        assert!(
            request.starts_with("POST http://127.0.0.1") && request.contains("/acme/Shop/_apis/wit/workitems/$Task?")
        );
        assert!(request.contains("/fields/System.Title") && !request.contains(AzureFake::TOKEN));
        assert!(planned[1].change.is_some());
        assert_eq!(server.with(|fake| fake.items.clone()), before);
        server.with(|fake| fake.required_field = Some("Microsoft.VSTS.Common.Priority"));
        let planned = plan_push(&client(&server), &items[..1], &push_settings()).await;
        assert!(planned[0].validation.as_ref().unwrap_err().contains("Rule Error for field Priority"));
    });
}

#[test]
fn the_list_has_all_of_ours_and_only_ours() {
    run_local(async {
        let server = FakeServer::start(AzureFake::new(Process::Agile)).await;
        let items: Vec<_> = (0..230).map(|place| item(&format!("GET /{place}"), "run-1", 850.0)).collect();
        let pushed = push_to(&server, &items).await;
        assert!(pushed.iter().all(|pushed| pushed.is_verified()));
        server.with(|fake| {
            fake.items.get_mut(&2).unwrap().edit("System.State", "Closed");
            fake.items.get_mut(&1).unwrap().edit("System.Tags", "squall-like; other");
        });
        let listed = client(&server).list().await.unwrap();
        assert_eq!(listed.len(), 230);
        assert_eq!(listed.iter().filter(|item| item.state == squall_trackers::ItemState::Closed).count(), 1);
        assert!(listed.iter().all(|item| item.record.is_some()));
    });
}
