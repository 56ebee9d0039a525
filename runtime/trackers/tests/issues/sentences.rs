//! Each failure has its sentence: what happened, where, and what to do.

use squall_fake_trackers::{FakeServer, Fault, GitLabFake, IssueFake, JiraFake, run_local};
use squall_trackers::{ErrorKind, GitHub, GitLab, Jira, Patience, Token, Tracker, push};

use crate::benches::*;
use crate::items::{bug, item};

/// The sentence of a push whose creation is answered with this status.
async fn told_by<B: Bench>(status: u16) -> String {
    let server = start::<B>().await;
    fail::<B>(&server, &Fault::Status(status, None), 1_000, is_creation);
    let pushed = push_one::<B>(&server, &item("GET /a", "run-1", 850.0)).await;
    assert!(!pushed.is_verified() && numbers::<B>(&server, &item("GET /a", "run-1", 850.0)).is_empty());
    sentence::<B>(&server, &pushed)
}

#[test]
fn github() {
    run_local(async {
        let place = "POST SERVER/api/v3/repos/acme/shop/issues";
        for (status, expected) in [
            (
                401,
                "GitHub refuses the token (PLACE: 401: Bad credentials); create a fine-grained token with the \
                 repository permission Issues (read and write), and set it in GITHUB_TOKEN or with --token-file",
            ),
            (
                403,
                "the token is not allowed to do this (PLACE: 403: Resource not accessible by personal access token); \
                 give it the repository permission Issues (read and write); in GitHub Actions: permissions: issues: \
                 write",
            ),
            (
                404,
                "GitHub has no such project or item (PLACE: 404: Not Found); check --github OWNER/REPO, and whether \
                 the token may see the repository",
            ),
            (
                410,
                "the item was deleted, or issues are disabled (PLACE: 410: The service is unavailable.); enable them \
                 in the project's settings",
            ),
            (
                422,
                "GitHub does not accept the request (PLACE: 422: The service is unavailable.); a rule of the project \
                 may forbid it",
            ),
            (
                429,
                "GitHub limits requests (429): You have exceeded a secondary rate limit.; PLACE was not done in 4 \
                 tries: push again later",
            ),
            (
                301,
                "GitHub answers PLACE elsewhere (301), which is not followed; check --github OWNER/REPO, and whether \
                 the token may see the repository",
            ),
            (
                503,
                "GitHub answered 503 to PLACE: The service is unavailable.; it may exist: not found within 0.00115 s; \
                 push again, which finds it or creates it",
            ),
        ] {
            assert_eq!(told_by::<OnGitHub>(status).await, expected.replace("PLACE", place), "{status}");
        }
    });
}

#[test]
fn gitlab() {
    run_local(async {
        let place = "POST SERVER/api/v4/projects/acme%2Fshop/issues";
        for (status, expected) in [
            (
                401,
                "GitLab refuses the token (PLACE: 401: 401 Unauthorized); create a project access token with the role \
                 Reporter and the scope api, and set it in GITLAB_TOKEN or with --token-file",
            ),
            (
                403,
                "the token is not allowed to do this (PLACE: 403: 403 Forbidden); give it at least the role Reporter \
                 (or Planner) and the scope api",
            ),
            (
                404,
                "GitLab has no such project or item (PLACE: 404: 404 Project Not Found); check --gitlab GROUP/PROJECT, \
                 and whether the token may see the project",
            ),
        ] {
            assert_eq!(told_by::<OnGitLab>(status).await, expected.replace("PLACE", place), "{status}");
        }
        // Messages may be objects.
        let server = start::<OnGitLab>().await;
        let client = OnGitLab::client(&server.url);
        let mut long = item("GET /a", "run-1", 850.0);
        long.task.title = "ü".repeat(255);
        assert!(push(&client, &[long], &push_settings()).await[0].is_verified());
    });
}

#[test]
fn jira() {
    run_local(async {
        let place = "POST SERVER/rest/api/3/issue";
        for (status, expected) in [
            (
                401,
                "Jira refuses the token (PLACE: 401: Client must be authenticated to access this resource.); create an \
                 API token (cloud, with its e-mail in JIRA_USER) or a personal access token (on premises), and set it \
                 in JIRA_TOKEN or with --token-file",
            ),
            (
                403,
                "the token is not allowed to do this (PLACE: 403: You do not have permission to create issues in this \
                 project.); give its owner the permissions Browse Projects, Create Issues and Edit Issues in \
                 the project",
            ),
            (
                404,
                "Jira has no such project or item (PLACE: 404: Issue does not exist or you do not have permission to \
                 see it.); check --jira URL/PROJECTKEY, and whether the token's owner may see the project",
            ),
        ] {
            assert_eq!(told_by::<OnCloud>(status).await, expected.replace("PLACE", place), "{status}");
        }
    });
}

#[test]
fn a_token_that_may_not_set_labels_creates_nothing() {
    run_local(async {
        async fn told<B: Bench>() -> String {
            let server = start::<B>().await;
            server.with(|fake| fake.store().forbids_labels = true);
            let item = item("GET /a", "run-1", 850.0);
            let pushed = push_one::<B>(&server, &item).await;
            assert_eq!((pushed.status(), server.with(|fake| fake.store().issues.len())), ("not created", 1));
            sentence::<B>(&server, &pushed).replace(item.fingerprint.as_str(), "LABEL")
        }
        assert_eq!(
            told::<OnGitHub>().await,
            "without its label LABEL the item would not be found again: the token is not allowed to do this (POST \
             SERVER/api/v3/repos/acme/shop/labels: 403: Resource not accessible by personal access token); give it the \
             repository permission Issues (read and write); in GitHub Actions: permissions: issues: write"
        );
        assert_eq!(
            told::<OnGitLab>().await,
            "without its label LABEL the item would not be found again: the token is not allowed to do this (POST \
             SERVER/api/v4/projects/acme%2Fshop/labels: 403: 403 Forbidden); give it at least the role Reporter (or \
             Planner) and the scope api"
        );
    });
}

#[test]
fn disabled_issues_are_named() {
    run_local(async {
        let server = start::<OnGitHub>().await;
        server.with(|fake| fake.is_disabled = true);
        let pushed = push_one::<OnGitHub>(&server, &item("GET /a", "run-1", 850.0)).await;
        assert_eq!(
            sentence::<OnGitHub>(&server, &pushed),
            "the item was deleted, or issues are disabled (GET SERVER/api/v3/repos/acme/shop/issues: 410: Issues has \
             been disabled in this repository.); enable them in the project's settings"
        );
    });
}

#[test]
fn what_a_project_of_jira_demands_or_lacks_is_named_before_anything_is_sent() {
    async fn told(change: fn(&mut JiraFake)) -> String {
        let server = start::<OnCloud>().await;
        server.with(change);
        let pushed = push_one::<OnCloud>(&server, &item("GET /a", "run-1", 850.0)).await;
        assert_eq!((pushed.status(), server.with(|fake| fake.store().issues.len())), ("not created", 1));
        sentence::<OnCloud>(&server, &pushed)
    }
    run_local(async {
        assert_eq!(
            told(|fake| fake.demanded = Some("Cost Center")).await,
            "a Task of this project must have Cost Center, which is not known: make it optional, or set a default"
        );
        assert_eq!(
            told(|fake| fake.removed = Some("labels")).await,
            "the screen that creates a Task has no field labels: add it in the project's settings, since an item \
             without it would not be found again"
        );
        assert_eq!(
            told(|fake| fake.types.clear()).await,
            "no issues can be created in the project SHOP; give its owner the permissions Browse Projects, Create \
             Issues and Edit Issues in the project"
        );
        let server = start::<OnCloud>().await;
        server.with(|fake| fake.types = vec!["Sub-task", "Story"]);
        let pushed = push_one::<OnCloud>(&server, &bug("GET /a", "run-1", 850.0)).await;
        assert_eq!(pushed.notes[0], "the project has no type Bug: it is created as Story");
        assert!(pushed.is_verified());
    });
}

#[test]
fn a_workflow_without_a_way_back_is_named() {
    run_local(async {
        let server = start::<OnCloud>().await;
        push_one::<OnCloud>(&server, &item("GET /a", "run-1", 850.0)).await;
        server.with(|fake| {
            fake.is_final = true;
            fake.store().issues.get_mut(&2).unwrap().state = "Done".to_owned();
        });
        let pushed = push_one::<OnCloud>(&server, &item("GET /a", "run-2", 850.0)).await;
        assert_eq!(pushed.status(), "not updated");
        assert_eq!(
            sentence::<OnCloud>(&server, &pushed),
            "the workflow of Jira has no way from the state of SHOP-2 to one that is open (ways: none): move it by hand"
        );
    });
}

#[test]
fn nobody_is_not_taken_for_somebody_who_finds_nothing() {
    run_local(async {
        for hides_logins in [false, true] {
            let server = start::<OnCloud>().await;
            server.with(|fake| fake.hides_logins = hides_logins);
            let client = OnCloud::client_with(&server.url, "wrong-s3cret", patience());
            let error = client.find(&item("GET /a", "run-1", 850.0).fingerprint).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::TokenRefused, "{error}");
        }
    });
}

#[test]
fn a_token_of_a_job_is_refused_at_once() {
    let token = Token::new("glcbt-64_s3cret").unwrap();
    let error = GitLab::new("acme/shop", &token, Patience::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TokenRefused);
    assert!(
        error.message.starts_with("a job's token (CI_JOB_TOKEN) may not create issues: create a project"),
        "{error}"
    );
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    let token = Token::new("s3cret").unwrap();
    let patience = Patience::default;
    let errors = [
        GitHub::new("http://git.acme.com/acme/shop", &token, patience()).unwrap_err(),
        GitLab::new("http://git.acme.com/acme/shop", &token, patience()).unwrap_err(),
        Jira::new("http://jira.acme.com/SHOP", None, &token, patience()).unwrap_err(),
    ];
    for error in errors {
        assert!(error.message.ends_with("has no TLS, and the token is not sent without: use https"), "{error}");
    }
}

#[test]
fn a_server_that_is_another_is_named() {
    run_local(async {
        // A GitLab where a Jira was meant to be.
        let server = FakeServer::start(GitLabFake::new()).await;
        let client = OnServer::client(&server.url);
        let pushed = push(&client, &[item("GET /a", "run-1", 850.0)], &push_settings()).await.remove(0);
        let told = pushed.details()[0].replace(&server.url, "SERVER");
        assert!(told.starts_with("Jira refuses the token (GET SERVER/rest/api/2/serverInfo: 401"), "{told}");
    });
}
