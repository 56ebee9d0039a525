//! A fake of Jira: the project `SHOP`, in the cloud or on premises, with the requests that Squall sends.
//!
//! What it assumes of the real service, from developer.atlassian.com (excerpt in `jira/specification.json`, which each
//! request and answer is checked against):
//! - the cloud has REST v3 with documents (ADF), and `search/jql` without a total; on premises there are v2, wiki
//!   markup and `search` with one; `serverInfo` tells which, and needs no token;
//! - an index is behind for new issues (after a slow commit), but has those that `reconcileIssues` names, at most 50;
//! - a wrong token is 401 where a user is needed, and elsewhere nobody: 200 with nothing found, 404 for issues, and a
//!   header that says so;
//! - a field that is not on the screen of creation is refused by 400 with `errors`; so are a label with a space, and a
//!   document with an empty text;
//! - pages may be smaller than asked for;
//! - documents come back with further attributes, wiki markup with `\r\n`;
//! - states change by transitions only; nothing is idempotent, and issues have no revision.

mod screens;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::issue_store::{FakeIssue, IssueFake, IssueStore, strings};
use crate::server::{FakeAnswer, FakeRequest, FakeService};
use crate::specification::Specification;

/// The token that the fake accepts.
const TOKEN: &str = "ATATT-s3cret";
/// The user of the token in the cloud.
const USER: &str = "squall@example.com";
/// States and their categories, in the order of the workflow. A transition's id is its place.
const STATES: [(&str, &str); 4] =
    [("To Do", "new"), ("In Progress", "indeterminate"), ("Won't Do", "done"), ("Done", "done")];
/// Entries of a page, whatever was asked for.
const PAGE: usize = 3;

/// The project.
#[derive(Debug)]
pub struct JiraFake {
    store: IssueStore,
    is_cloud: bool,
    /// Whether tasks have story points (bugs have none).
    pub has_points: bool,
    /// Names of the types that can be created.
    pub types: Vec<&'static str>,
    /// A field that must be set.
    pub demanded: Option<&'static str>,
    /// A field that is not on the screens.
    pub removed: Option<&'static str>,
    /// Whether closed issues stay closed.
    pub is_final: bool,
    /// Whether nobody is told that the login failed, as by a proxy that drops the header.
    pub hides_logins: bool,
    specification: Specification,
}

impl JiraFake {
    /// The project's key.
    pub const PROJECT: &'static str = "SHOP";
    /// The token that it accepts.
    pub const TOKEN: &'static str = TOKEN;
    /// The user of the token in the cloud.
    pub const USER: &'static str = USER;

    /// A project with the component `Web`, the member `ada`, and an epic (`SHOP-1`).
    pub fn new(is_cloud: bool) -> JiraFake {
        let mut store = IssueStore::default();
        store.create("Epic", Value::Null, Vec::new(), STATES[0].0);
        let specification = Specification::new(include_str!("jira/specification.json"));
        let types = vec!["Sub-task", "Task", "Bug", "Story"];
        let (demanded, removed) = (None, None);
        JiraFake {
            store,
            is_cloud,
            has_points: true,
            types,
            demanded,
            removed,
            is_final: false,
            hides_logins: false,
            specification,
        }
    }

    fn route(&mut self, request: &FakeRequest, path: &[&str]) -> FakeAnswer {
        match (request.method.as_str(), path) {
            ("GET", ["myself"]) => FakeAnswer::json(200, &json!({ "displayName": "Squall", "accountId": "5b10" })),
            ("POST", ["search", "jql"]) if self.is_cloud => self.search(&request.json()),
            ("POST", ["search"]) if !self.is_cloud => self.search(&request.json()),
            ("GET", ["issue", "createmeta", "SHOP", "issuetypes"]) => {
                self.page(request, if self.is_cloud { "issueTypes" } else { "values" }, self.types_json())
            }
            ("GET", ["issue", "createmeta", "SHOP", "issuetypes", id]) => {
                self.page(request, if self.is_cloud { "fields" } else { "values" }, self.fields_json(id))
            }
            ("POST", ["issue"]) => self.create(&request.json()["fields"]),
            ("GET", ["issue", key]) => self.show(key),
            ("PUT", ["issue", key]) => self.update(key, &request.json()["fields"]),
            ("GET", ["issue", key, "comment"]) => match self.store.get(number(key)) {
                Some(issue) => {
                    let comments = issue.comments.iter().map(|body| json!({ "id": "1", "body": body }));
                    self.page(request, "comments", comments.collect())
                }
                None => missing(),
            },
            ("POST", ["issue", key, "comment"]) => self.comment(key, &request.json()["body"]),
            ("GET", ["issue", key, "transitions"]) => self.transitions(key),
            ("POST", ["issue", key, "transitions"]) => self.transit(key, &request.json()["transition"]["id"]),
            ("GET", ["user", "assignable", "search"]) => FakeAnswer::json(200, &self.users(request)),
            ("GET", ["project", "SHOP", "components"]) => {
                FakeAnswer::json(200, &json!([{ "id": "20", "name": "Web" }]))
            }
            _ => refusal(404, "null for uri"),
        }
    }

    /// Understands the one query that clients send.
    fn search(&self, body: &Value) -> FakeAnswer {
        let jql = body["jql"].as_str().unwrap_or_default();
        let label = jql.strip_prefix("project = \"SHOP\" AND labels = \"").and_then(|rest| rest.split_once('"'));
        let Some((label, " ORDER BY created ASC")) = label else {
            return refusal(400, "Error in the JQL Query: it is not understood.");
        };
        let named: Vec<u64> =
            body["reconcileIssues"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        if named.len() > 50 {
            return refusal(400, "reconcileIssues has more than 50 issues.");
        }
        let is_found =
            |issue: &&&FakeIssue| issue.visible_from <= self.store.requests || named.contains(&(issue.number + 10_000));
        let labelled = self.store.labelled(label);
        let found: Vec<Value> = labelled.iter().filter(is_found).map(|issue| self.issue_json(issue)).collect();
        let start = match self.is_cloud {
            true => body["nextPageToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0),
            false => body["startAt"].as_u64().unwrap_or(0) as usize,
        };
        let total = found.len();
        let page: Vec<_> = found.into_iter().skip(start).take(PAGE).collect();
        let end = start + page.len();
        let answer = match self.is_cloud {
            true if end < total => json!({ "issues": page, "isLast": false, "nextPageToken": end.to_string() }),
            true => json!({ "issues": page, "isLast": true }),
            false => json!({ "issues": page, "startAt": start, "maxResults": PAGE, "total": total }),
        };
        FakeAnswer::json(200, &answer)
    }

    fn page(&self, request: &FakeRequest, name: &str, entries: Vec<Value>) -> FakeAnswer {
        let start = request.query("startAt").and_then(|start| start.parse().ok()).unwrap_or(0);
        let total = entries.len();
        let page: Vec<_> = entries.into_iter().skip(start).take(PAGE).collect();
        FakeAnswer::json(200, &json!({ name: page, "startAt": start, "maxResults": PAGE, "total": total }))
    }

    fn create(&mut self, fields: &Value) -> FakeAnswer {
        if let Some(answer) = self.check_fields(fields) {
            return answer;
        }
        let description = self.stored(&fields["description"]);
        let title = fields["summary"].as_str().unwrap_or_default();
        let issue = self.store.create(title, description, strings(&fields["labels"]), STATES[0].0);
        for (key, value) in fields.as_object().into_iter().flatten() {
            issue.others.insert(key.clone(), value.clone());
        }
        let number = issue.number;
        self.store.tamper(number);
        let (id, key) = ((number + 10_000).to_string(), format!("SHOP-{number}"));
        FakeAnswer::json(201, &json!({ "id": id, "key": key, "self": format!("https://fake/rest/api/3/issue/{id}") }))
    }

    fn show(&self, key: &str) -> FakeAnswer {
        self.store.get(number(key)).map_or_else(missing, |issue| FakeAnswer::json(200, &self.issue_json(issue)))
    }

    fn update(&mut self, key: &str, fields: &Value) -> FakeAnswer {
        if !self.is_body(&fields["description"]) {
            return field_refusal(
                "description",
                "Operation value must be an Atlassian Document (see the documentation)",
            );
        }
        let description = self.stored(&fields["description"]);
        let Some(issue) = self.store.get_mut(number(key)) else { return missing() };
        issue.body = description;
        done()
    }

    fn comment(&mut self, key: &str, body: &Value) -> FakeAnswer {
        if !self.is_body(body) {
            return field_refusal("comment", "Comment body is not valid!");
        }
        let body = self.stored(body);
        let Some(issue) = self.store.get_mut(number(key)) else { return missing() };
        issue.comments.push(body.clone());
        FakeAnswer::json(201, &json!({ "id": "1", "body": body }))
    }

    fn transitions(&self, key: &str) -> FakeAnswer {
        let Some(issue) = self.store.get(number(key)) else { return missing() };
        let is_stuck = self.is_final && issue.state == "Done";
        let others = STATES.iter().enumerate().filter(|(_, (name, _))| *name != issue.state && !is_stuck);
        let others: Vec<_> = others
            .map(|(place, (name, category))| {
                let to = json!({ "name": name, "statusCategory": { "key": category } });
                json!({ "id": place.to_string(), "name": name, "to": to })
            })
            .collect();
        FakeAnswer::json(200, &json!({ "transitions": others }))
    }

    fn transit(&mut self, key: &str, id: &Value) -> FakeAnswer {
        let state = id.as_str().and_then(|id| id.parse::<usize>().ok()).and_then(|place| STATES.get(place));
        let Some(issue) = self.store.get_mut(number(key)) else { return missing() };
        let Some((name, _)) = state.filter(|(name, _)| *name != issue.state) else {
            return refusal(400, "It seems that you have tried to perform a workflow operation that is not valid.");
        };
        issue.state = (*name).to_owned();
        done()
    }

    fn users(&self, request: &FakeRequest) -> Value {
        let asked = request.query(if self.is_cloud { "query" } else { "username" }).unwrap_or_default();
        match asked {
            "ada" | "ada@example.com" if self.is_cloud => {
                json!([{ "accountId": "ada-1", "displayName": "Ada Lovelace" }])
            }
            "ada" | "ada@example.com" => json!([{ "name": "ada", "displayName": "Ada Lovelace" }]),
            _ => json!([]),
        }
    }

    fn issue_json(&self, issue: &FakeIssue) -> Value {
        let category =
            STATES.iter().find(|(name, _)| *name == issue.state).map_or("undefined", |(_, category)| category);
        let type_id = issue.others.get("issuetype").map_or(Value::Null, |one| one["id"].clone());
        let mut fields = json!(issue.others);
        fields["summary"] = json!(issue.title);
        fields["description"] = issue.body.clone();
        fields["labels"] = json!(issue.labels);
        fields["status"] = json!({ "name": issue.state, "statusCategory": { "key": category } });
        fields["issuetype"] = json!({ "id": type_id, "name": self.type_name(type_id.as_str().unwrap_or_default()) });
        if issue.others.contains_key("components") {
            fields["components"] = json!([{ "id": "20", "name": "Web" }]);
        }
        let id = (issue.number + 10_000).to_string();
        json!({ "id": id, "key": format!("SHOP-{}", issue.number), "self": "https://fake", "fields": fields })
    }

    fn is_user(&self, request: &FakeRequest) -> bool {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{TOKEN}")));
        let wanted = if self.is_cloud { basic } else { format!("Bearer {TOKEN}") };
        request.header("authorization") == wanted
    }

    /// What nobody gets.
    fn answer_nobody(&mut self, request: &FakeRequest, path: &[&str]) -> FakeAnswer {
        let mut answer = match path {
            ["myself"] => self.refuse(request, 401),
            ["search", ..] => FakeAnswer::json(200, &json!({ "issues": [], "isLast": true, "total": 0 })),
            _ => missing(),
        };
        if !self.hides_logins {
            answer.headers.push(("x-seraph-loginreason", "AUTHENTICATED_FAILED".to_owned()));
        }
        answer
    }
}

impl IssueFake for JiraFake {
    fn store(&mut self) -> &mut IssueStore {
        &mut self.store
    }
}

impl FakeService for JiraFake {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        self.store.requests += 1;
        let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let version = if self.is_cloud { "3" } else { "2" };
        let answer = match path.as_slice() {
            ["rest", "api", "2", "serverInfo"] => {
                let kind = if self.is_cloud { "Cloud" } else { "Server" };
                FakeAnswer::json(
                    200,
                    &json!({ "baseUrl": "https://fake", "version": "10.3.0", "deploymentType": kind }),
                )
            }
            ["rest", "api", have, rest @ ..] if *have == version => match self.is_user(request) {
                true => self.route(request, rest),
                false => self.answer_nobody(request, rest),
            },
            _ => refusal(404, "null for uri"),
        };
        self.store.delay = None;
        answer
    }

    fn refuse(&mut self, _: &FakeRequest, status: u16) -> FakeAnswer {
        match status {
            401 => refusal(401, "Client must be authenticated to access this resource."),
            403 => refusal(403, "You do not have permission to create issues in this project."),
            404 => missing(),
            429 => refusal(429, "Rate limit exceeded."),
            status => refusal(status, "The service is unavailable."),
        }
    }

    fn delay(&mut self, requests: u64) {
        self.store.delay = Some(requests);
    }

    fn inspect(&mut self, request: &FakeRequest, answer: Option<&FakeAnswer>) {
        self.store.log(request);
        let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        // Nobody is answered less than the specification has.
        let answer = answer.filter(|_| self.is_user(request));
        self.store.breaches.extend(self.specification.check(&path, request, answer));
    }
}

fn number(key: &str) -> &str {
    key.strip_prefix("SHOP-").unwrap_or_default()
}

fn refusal(status: u16, text: &str) -> FakeAnswer {
    FakeAnswer::json(status, &json!({ "errorMessages": [text], "errors": {} }))
}

fn field_refusal(field: &str, text: &str) -> FakeAnswer {
    FakeAnswer::json(400, &json!({ "errorMessages": [], "errors": { field: text } }))
}

fn missing() -> FakeAnswer {
    refusal(404, "Issue does not exist or you do not have permission to see it.")
}

fn done() -> FakeAnswer {
    FakeAnswer { status: 204, headers: Vec::new(), body: Default::default() }
}
