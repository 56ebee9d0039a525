//! A fake of GitHub: the repository `acme/shop` as Enterprise Server has it, with the requests that Squall sends.
//!
//! What it assumes of the real service, from the OpenAPI description in `@octokit/openapi` (excerpt in
//! `github/specification.json`, which each request and answer is checked against) and docs.github.com:
//! - a listing with `labels` has an issue at once, while the search has it later (the fake is worse: after a slow
//!   commit the listing is late, too);
//! - labels, assignees, milestone and type are dropped silently if the token may not set them; creating a label is
//!   refused then;
//! - an unknown label of a new issue is created; creating an existing one is 422 with `already_exists`;
//! - a wrong token is 401, a hidden repository 404, disabled issues 410;
//! - limits are 403 or 429, with `retry-after`, or with `x-ratelimit-remaining: 0`;
//! - nothing is idempotent, and issues have no revision.

use serde_json::{Value, json};

use crate::issue_store::{FakeIssue, IssueFake, IssueStore, message, page_of, strings};
use crate::server::{FakeAnswer, FakeRequest, FakeService};
use crate::specification::Specification;

/// The token that the fake accepts.
const TOKEN: &str = "ghp_s3cret";

/// The repository.
#[derive(Debug)]
pub struct GitHubFake {
    store: IssueStore,
    /// Types of issues of the organization; none for a person.
    pub types: Vec<&'static str>,
    /// Whether issues are disabled.
    pub is_disabled: bool,
    specification: Specification,
}

impl GitHubFake {
    /// The repository in addresses.
    pub const REPOSITORY: &'static str = "acme/shop";
    /// The token that it accepts.
    pub const TOKEN: &'static str = TOKEN;

    /// A repository with the milestone `Sprint 7`, the member `ada`, and an issue (number 1).
    pub fn new() -> GitHubFake {
        let mut store = IssueStore::default();
        store.create("Epic", json!(""), Vec::new(), "open");
        let specification = Specification::new(include_str!("github/specification.json"));
        GitHubFake { store, types: Vec::new(), is_disabled: false, specification }
    }

    fn route(&mut self, request: &FakeRequest, path: &[&str]) -> FakeAnswer {
        match (request.method.as_str(), path) {
            ("GET", ["orgs", "acme", "issue-types"]) if !self.types.is_empty() => {
                let types =
                    self.types.iter().map(|name| json!({ "id": 1, "node_id": "x", "name": name, "description": null }));
                page_of(request, types.collect())
            }
            (_, ["repos", "acme", "shop", rest @ ..]) => self.route_repository(request, rest),
            _ => message(404, "Not Found"),
        }
    }

    fn route_repository(&mut self, request: &FakeRequest, path: &[&str]) -> FakeAnswer {
        match (request.method.as_str(), path) {
            (_, ["issues", ..]) if self.is_disabled => message(410, "Issues has been disabled in this repository."),
            ("GET", ["issues"]) => {
                let found = self.store.found(request.query("labels").unwrap_or_default());
                let mut issues: Vec<_> = found.into_iter().map(issue_json).collect();
                // A pull request with the same label is not an item.
                issues.extend(issues.first().cloned().map(pull_request));
                page_of(request, issues)
            }
            ("POST", ["issues"]) => self.create(&request.json()),
            ("GET", ["issues", number]) => self.show(number),
            ("PATCH", ["issues", number]) => self.update(number, &request.json()),
            ("GET", ["issues", number, "comments"]) => match self.store.get(number) {
                Some(issue) => page_of(request, issue.comments.iter().enumerate().map(comment_json).collect()),
                None => message(404, "Not Found"),
            },
            ("POST", ["issues", number, "comments"]) => self.comment(number, &request.json()),
            ("POST", ["issues", parent, "sub_issues"]) => self.add_sub_issue(parent, &request.json()),
            ("POST", ["labels"]) => self.create_label(&request.json()),
            ("GET", ["labels", name]) if self.store.labels.iter().any(|label| label == name) => {
                FakeAnswer::json(200, &label_json(name))
            }
            ("GET", ["milestones"]) => page_of(request, vec![milestone_json()]),
            ("GET", ["assignees", "ada"]) => FakeAnswer { status: 204, headers: Vec::new(), body: Default::default() },
            _ => message(404, "Not Found"),
        }
    }

    fn create(&mut self, body: &Value) -> FakeAnswer {
        let title = body["title"].as_str().unwrap_or_default();
        if title.is_empty() || title.chars().count() > 256 {
            let errors = json!([{ "resource": "Issue", "field": "title", "code": "invalid" }]);
            return FakeAnswer::json(422, &json!({ "message": "Validation Failed", "errors": errors }));
        }
        let is_dropped = self.store.forbids_labels;
        let issue = self.store.create(title, body["body"].clone(), strings(&body["labels"]), "open");
        for key in ["type", "milestone", "assignees"] {
            if !is_dropped && !body[key].is_null() {
                issue.others.insert(key.to_owned(), body[key].clone());
            }
        }
        let number = issue.number;
        self.store.tamper(number);
        match self.store.issues.get(&number) {
            Some(issue) => FakeAnswer::json(201, &issue_json(issue)),
            None => message(500, "lost"),
        }
    }

    fn show(&self, number: &str) -> FakeAnswer {
        self.store
            .get(number)
            .map_or_else(|| message(404, "Not Found"), |issue| FakeAnswer::json(200, &issue_json(issue)))
    }

    fn update(&mut self, number: &str, body: &Value) -> FakeAnswer {
        let Some(issue) = self.store.get_mut(number) else { return message(404, "Not Found") };
        if let Some(text) = body["body"].as_str() {
            issue.body = json!(text);
        }
        if let Some(state) = body["state"].as_str() {
            issue.state = state.to_owned();
        }
        self.show(number)
    }

    fn comment(&mut self, number: &str, body: &Value) -> FakeAnswer {
        let Some(issue) = self.store.get_mut(number) else { return message(404, "Not Found") };
        issue.comments.push(body["body"].clone());
        FakeAnswer::json(201, &comment_json((issue.comments.len(), &body["body"])))
    }

    fn create_label(&mut self, body: &Value) -> FakeAnswer {
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        if self.store.forbids_labels {
            return message(403, "Resource not accessible by personal access token");
        }
        if self.store.labels.contains(&name) {
            let errors = json!([{ "resource": "Label", "field": "name", "code": "already_exists" }]);
            return FakeAnswer::json(422, &json!({ "message": "Validation Failed", "errors": errors }));
        }
        self.store.labels.push(name.clone());
        FakeAnswer::json(201, &label_json(&name))
    }

    /// Ids are other numbers than those that people see.
    fn add_sub_issue(&mut self, parent: &str, body: &Value) -> FakeAnswer {
        let number = body["sub_issue_id"].as_u64().unwrap_or_default().saturating_sub(1_000).to_string();
        let Some(shown) = self.store.get(parent).map(issue_json) else { return message(404, "Not Found") };
        let Some(issue) = self.store.get_mut(&number) else { return message(404, "Not Found") };
        issue.others.insert("parent".to_owned(), json!(parent));
        FakeAnswer::json(201, &shown)
    }
}

impl Default for GitHubFake {
    fn default() -> GitHubFake {
        GitHubFake::new()
    }
}

impl IssueFake for GitHubFake {
    fn store(&mut self) -> &mut IssueStore {
        &mut self.store
    }
}

impl FakeService for GitHubFake {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        self.store.requests += 1;
        let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let answer = match path.as_slice() {
            _ if request.header("authorization") != format!("Bearer {TOKEN}") => self.refuse(request, 401),
            ["api", "v3", rest @ ..] => self.route(request, rest),
            _ => message(404, "Not Found"),
        };
        self.store.delay = None;
        answer
    }

    fn refuse(&mut self, _: &FakeRequest, status: u16) -> FakeAnswer {
        match status {
            401 => message(401, "Bad credentials"),
            403 => message(403, "Resource not accessible by personal access token"),
            404 => message(404, "Not Found"),
            429 => message(429, "You have exceeded a secondary rate limit."),
            status => message(status, "The service is unavailable."),
        }
    }

    fn delay(&mut self, requests: u64) {
        self.store.delay = Some(requests);
    }

    fn inspect(&mut self, request: &FakeRequest, answer: Option<&FakeAnswer>) {
        self.store.log(request);
        let path: Vec<&str> = request.segments.iter().skip(2).map(String::as_str).collect();
        self.store.breaches.extend(self.specification.check(&path, request, answer));
    }
}

fn issue_json(issue: &FakeIssue) -> Value {
    let url = format!("https://fake/api/v3/repos/acme/shop/issues/{}", issue.number);
    let others = &issue.others;
    let logins: Vec<_> = strings(&others.get("assignees").cloned().unwrap_or_default())
        .into_iter()
        .map(|login| json!({ "login": login }))
        .collect();
    let parent = others.get("parent").and_then(Value::as_str);
    let labels: Vec<_> = issue.labels.iter().map(|label| label_json(label)).collect();
    json!({
        "id": issue.number + 1_000, "node_id": "x", "number": issue.number, "title": issue.title, "body": issue.body,
        "state": issue.state, "labels": labels, "locked": false, "user": { "login": "squall" },
        "assignee": logins.first(), "assignees": logins, "comments": issue.comments.len(),
        "milestone": others.get("milestone").map(|_| milestone_json()),
        "type": others.get("type").map(|name| json!({ "name": name })),
        "parent_issue_url": parent.map(|parent| format!("https://fake/api/v3/repos/acme/shop/issues/{parent}")),
        "html_url": format!("https://fake/acme/shop/issues/{}", issue.number),
        "url": url, "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
        "labels_url": format!("{url}/labels{{/name}}"), "repository_url": "https://fake/api/v3/repos/acme/shop",
        "created_at": "2026-11-30T06:00:00Z", "updated_at": "2026-11-30T06:00:00Z", "closed_at": null,
    })
}

fn pull_request(mut issue: Value) -> Value {
    issue["pull_request"] = json!({ "url": "https://fake/api/v3/repos/acme/shop/pulls/900" });
    issue["number"] = json!(900);
    issue
}

fn comment_json((number, body): (usize, &Value)) -> Value {
    json!({
        "id": number, "node_id": "x", "url": "https://fake", "html_url": "https://fake", "issue_url": "https://fake",
        "body": body, "user": { "login": "squall" },
        "created_at": "2026-11-30T06:00:00Z", "updated_at": "2026-11-30T06:00:00Z",
    })
}

fn label_json(name: &str) -> Value {
    json!({
        "id": 1, "node_id": "x", "url": "https://fake", "name": name, "description": null, "color": "ededed",
        "default": false,
    })
}

fn milestone_json() -> Value {
    json!({
        "url": "https://fake", "html_url": "https://fake", "labels_url": "https://fake", "id": 70, "node_id": "x",
        "number": 7, "state": "open", "title": "Sprint 7", "description": null, "creator": null, "open_issues": 0,
        "closed_issues": 0, "created_at": "2026-11-30T06:00:00Z", "updated_at": "2026-11-30T06:00:00Z",
        "closed_at": null, "due_on": null,
    })
}
