//! A fake of GitLab: the project `acme/shop`, with the requests that Squall sends.
//!
//! What it assumes of the real service, from docs.gitlab.com/api (excerpt in `gitlab/specification.json`, which each
//! request and answer is checked against) and GitLab's source of quick actions:
//! - a listing with `labels` has an issue at once (the fake is worse: after a slow commit it is late);
//! - labels, assignees, milestone and weight of guests are dropped silently; creating a label is refused to them;
//! - an unknown label of a new issue is created; creating an existing one is 409;
//! - a line that begins with `/` and a known word is a command: it is carried out, and left out of the text, whose end
//!   is trimmed;
//! - `weight` is kept and shown by licensed instances only;
//! - a wrong token is 401, a hidden project 404, limits are 429 with `retry-after`;
//! - messages may be texts or objects; nothing is idempotent, and issues have no revision.

use serde_json::{Value, json};

use crate::issue_store::{FakeIssue, IssueFake, IssueStore, message, page_of};
use crate::server::{FakeAnswer, FakeRequest, FakeService};
use crate::specification::Specification;

/// The token that the fake accepts.
const TOKEN: &str = "glpat-s3cret";
/// Known commands, some of them.
const COMMANDS: [&str; 4] = ["close", "assign", "label", "confidential"];

/// The project.
#[derive(Debug)]
pub struct GitLabFake {
    store: IssueStore,
    /// Whether it keeps weights.
    pub is_licensed: bool,
    specification: Specification,
}

impl GitLabFake {
    /// The project in addresses.
    pub const PROJECT: &'static str = "acme/shop";
    /// The token that it accepts.
    pub const TOKEN: &'static str = TOKEN;

    /// A project with the milestone `Sprint 7`, the member `ada`, and an issue (number 1).
    pub fn new() -> GitLabFake {
        let mut store = IssueStore::default();
        store.create("Epic", json!(""), Vec::new(), "opened");
        let specification = Specification::new(include_str!("gitlab/specification.json"));
        GitLabFake { store, is_licensed: false, specification }
    }

    fn route(&mut self, request: &FakeRequest, path: &[&str]) -> FakeAnswer {
        match (request.method.as_str(), path) {
            ("GET", ["users"]) => {
                let is_ada = [request.query("username"), request.query("search")]
                    .iter()
                    .any(|one| matches!(one, Some("ada" | "ada@example.com")));
                page_of(request, is_ada.then(user_json).into_iter().collect())
            }
            (_, ["projects", "acme/shop", rest @ ..]) => self.route_project(request, rest),
            _ => message(404, "404 Project Not Found"),
        }
    }

    fn route_project(&mut self, request: &FakeRequest, path: &[&str]) -> FakeAnswer {
        match (request.method.as_str(), path) {
            ("GET", ["issues"]) => {
                let found = self.store.found(request.query("labels").unwrap_or_default());
                page_of(request, found.into_iter().map(|issue| self.issue_json(issue)).collect())
            }
            ("POST", ["issues"]) => self.create(&request.json()),
            ("GET", ["issues", iid]) => self.show(200, iid),
            ("PUT", ["issues", iid]) => self.update(iid, &request.json()),
            ("GET", ["issues", iid, "notes"]) => match self.store.get(iid) {
                Some(issue) => page_of(request, issue.comments.iter().enumerate().map(note_json).collect()),
                None => message(404, "404 Issue Not Found"),
            },
            ("POST", ["issues", iid, "notes"]) => self.add_note(iid, &request.json()),
            ("POST", ["labels"]) => self.create_label(&request.json()),
            ("GET", ["labels", name]) if self.store.labels.iter().any(|label| label == name) => {
                FakeAnswer::json(200, &label_json(name))
            }
            ("GET", ["milestones"]) => {
                let is_known = request.query("title") == Some("Sprint 7");
                page_of(request, is_known.then(milestone_json).into_iter().collect())
            }
            _ => message(404, "404 Not Found"),
        }
    }

    fn create(&mut self, body: &Value) -> FakeAnswer {
        let title = body["title"].as_str().unwrap_or_default();
        if title.is_empty() || title.chars().count() > 255 {
            return FakeAnswer::json(
                400,
                &json!({ "message": { "title": ["is too long (maximum is 255 characters)"] } }),
            );
        }
        let labels = body["labels"].as_str().unwrap_or_default().split(',').filter(|label| !label.is_empty());
        let labels = labels.map(str::to_owned).collect();
        let (text, commands) = carry_out(body["description"].as_str().unwrap_or_default());
        let is_dropped = self.store.forbids_labels;
        let state = if commands.contains(&"close") { "closed" } else { "opened" };
        let issue = self.store.create(title, json!(text), labels, state);
        for key in ["weight", "milestone_id", "assignee_ids"] {
            if !is_dropped && !body[key].is_null() {
                issue.others.insert(key.to_owned(), body[key].clone());
            }
        }
        let number = issue.number;
        self.store.tamper(number);
        self.show(201, &number.to_string())
    }

    fn show(&self, status: u16, iid: &str) -> FakeAnswer {
        let found = self.store.get(iid);
        found.map_or_else(
            || message(404, "404 Issue Not Found"),
            |issue| FakeAnswer::json(status, &self.issue_json(issue)),
        )
    }

    fn update(&mut self, iid: &str, body: &Value) -> FakeAnswer {
        let Some(issue) = self.store.get_mut(iid) else { return message(404, "404 Issue Not Found") };
        if let Some(text) = body["description"].as_str() {
            issue.body = json!(carry_out(text).0);
        }
        match body["state_event"].as_str() {
            Some("close") => issue.state = "closed".to_owned(),
            Some("reopen") => issue.state = "opened".to_owned(),
            _ => {}
        }
        self.show(200, iid)
    }

    fn add_note(&mut self, iid: &str, body: &Value) -> FakeAnswer {
        let Some(issue) = self.store.get_mut(iid) else { return message(404, "404 Issue Not Found") };
        let (text, commands) = carry_out(body["body"].as_str().unwrap_or_default());
        if commands.contains(&"close") {
            issue.state = "closed".to_owned();
        }
        issue.comments.push(json!(text));
        FakeAnswer::json(201, &note_json((issue.comments.len(), &json!(text))))
    }

    fn create_label(&mut self, body: &Value) -> FakeAnswer {
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        if self.store.forbids_labels {
            return message(403, "403 Forbidden");
        }
        if self.store.labels.contains(&name) {
            return message(409, "Label already exists");
        }
        self.store.labels.push(name.clone());
        FakeAnswer::json(201, &label_json(&name))
    }

    fn issue_json(&self, issue: &FakeIssue) -> Value {
        let others = &issue.others;
        let assignees: Vec<_> = others.get("assignee_ids").map(|_| user_json()).into_iter().collect();
        let mut json = json!({
            "id": issue.number + 1_000, "iid": issue.number, "project_id": 4, "title": issue.title,
            "description": issue.body, "state": issue.state, "labels": issue.labels, "assignees": assignees,
            "milestone": others.get("milestone_id").map(|_| milestone_json()), "author": { "username": "squall" },
            "confidential": false, "created_at": "2026-11-30T06:00:00Z", "updated_at": "2026-11-30T06:00:00Z",
            "closed_at": null, "web_url": format!("https://fake/acme/shop/-/issues/{}", issue.number),
        });
        if self.is_licensed {
            json["weight"] = others.get("weight").cloned().unwrap_or_default();
        }
        json
    }
}

impl Default for GitLabFake {
    fn default() -> GitLabFake {
        GitLabFake::new()
    }
}

impl IssueFake for GitLabFake {
    fn store(&mut self) -> &mut IssueStore {
        &mut self.store
    }
}

impl FakeService for GitLabFake {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        self.store.requests += 1;
        let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let answer = match path.as_slice() {
            _ if request.header("private-token") != TOKEN => self.refuse(request, 401),
            ["api", "v4", rest @ ..] => self.route(request, rest),
            _ => message(404, "404 Not Found"),
        };
        self.store.delay = None;
        answer
    }

    fn refuse(&mut self, _: &FakeRequest, status: u16) -> FakeAnswer {
        match status {
            401 => message(401, "401 Unauthorized"),
            403 => message(403, "403 Forbidden"),
            404 => message(404, "404 Project Not Found"),
            429 => message(429, "This endpoint has been requested too many times. Try again later."),
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

/// The text without commands, its end trimmed, and the commands.
fn carry_out(text: &str) -> (String, Vec<&'static str>) {
    let command = |line: &str| {
        let word = line.strip_prefix('/')?.split(' ').next()?.trim_end();
        COMMANDS.into_iter().find(|command| command.eq_ignore_ascii_case(word))
    };
    let text = text.replace('\r', "");
    let commands = text.lines().filter_map(command).collect();
    let kept: Vec<&str> = text.lines().filter(|line| command(line).is_none()).collect();
    (kept.join("\n").trim_end().to_owned(), commands)
}

fn note_json((number, body): (usize, &Value)) -> Value {
    json!({
        "id": number, "body": body, "system": false, "author": { "username": "squall" },
        "created_at": "2026-11-30T06:00:00Z",
    })
}

fn label_json(name: &str) -> Value {
    json!({ "id": 1, "name": name, "color": "#ededed", "description": null })
}

fn milestone_json() -> Value {
    json!({ "id": 70, "iid": 7, "title": "Sprint 7", "state": "active" })
}

fn user_json() -> Value {
    json!({ "id": 5, "username": "ada", "name": "Ada Lovelace", "state": "active" })
}
