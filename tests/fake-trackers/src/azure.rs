//! A fake of Azure DevOps: one project, with the requests that Squall sends. What it assumes of the real service is in
//! `azure_devops.md` beside this crate's sources.

mod items;
mod processes;

pub use items::AzureItem;
pub use processes::Process;

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use crate::contract::Contract;
use crate::server::{FakeAnswer, FakeRequest, FakeService};
use items::Refusal;

/// The token that the fake accepts.
const TOKEN: &str = "s3cret-token";
const SIGN_IN: &str = "<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>";

/// A project `acme/Shop`.
#[derive(Debug)]
pub struct AzureFake {
    /// Its process.
    pub process: Process,
    /// Its items by their ids.
    pub items: BTreeMap<u64, AzureItem>,
    /// Names and contents of uploaded files.
    pub attachments: Vec<(String, Vec<u8>)>,
    /// Requests that were answered.
    pub requests: u64,
    /// Breaches of the published specification.
    pub breaches: Vec<String>,
    /// A field that a rule of the project demands.
    pub required_field: Option<&'static str>,
    /// Changes what is stored behind the back of the client.
    pub tamper: Option<fn(&mut AzureItem)>,
    /// Methods and paths of all requests.
    pub log: Vec<String>,
    contract: Contract,
    /// For the next item that is created: requests until searches find it.
    delay: Option<u64>,
}

impl AzureFake {
    /// The organization and the project in addresses.
    pub const PROJECT: &'static str = "acme/Shop";
    /// The token that it accepts.
    pub const TOKEN: &'static str = TOKEN;

    /// A project with this process, and an epic (number 1) in it.
    pub fn new(process: Process) -> AzureFake {
        let mut fake = AzureFake {
            process,
            items: BTreeMap::new(),
            attachments: Vec::new(),
            requests: 0,
            breaches: Vec::new(),
            required_field: None,
            tamper: None,
            log: Vec::new(),
            contract: Contract::azure(),
            delay: None,
        };
        fake.items.insert(1, AzureItem::new(1, "Epic", process));
        fake
    }

    /// The items with this tag.
    pub fn tagged(&self, tag: &str) -> Vec<&AzureItem> {
        self.items.values().filter(|item| item.tags().iter().any(|have| have == tag)).collect()
    }

    fn route(&mut self, request: &FakeRequest) -> Result<Value, Refusal> {
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let [organization, project, "_apis", "wit", rest @ ..] = segments.as_slice() else {
            return Err(Refusal::not_found("the page was not found"));
        };
        if *organization != "acme" || *project != "Shop" {
            let message = format!("TF200016: The following project does not exist: {project}.");
            return Err(Refusal::new(404, "ProjectDoesNotExistWithNameException", &message));
        }
        match (request.method.as_str(), rest) {
            ("GET", ["workitemtypes"]) => Ok(list(self.process.types().iter().map(|name| json!({ "name": name })))),
            ("GET", ["workitemtypes", name, "fields"]) => self.fields(name),
            ("GET", ["workitemtypes", name, "states"]) => self.states(name),
            ("POST", ["wiql"]) => self.search(&request.json()),
            ("POST", ["workitemsbatch"]) => self.batch(&request.json()),
            ("POST", ["workitems", name]) => self.create(name, request),
            ("GET", ["workitems", id]) => self.read(id),
            ("PATCH", ["workitems", id]) => self.update(id, &request.json()),
            ("POST", ["attachments"]) => Ok(self.attach(request)),
            _ => Err(Refusal::not_found("the page was not found")),
        }
    }

    fn check_type(&self, name: &str) -> Result<(), Refusal> {
        if self.process.types().contains(&name) {
            return Ok(());
        }
        let message =
            format!("VS402323: Work item type {name} does not exist in project Shop or you do not have permission.");
        Err(Refusal::new(404, "WorkItemTypeNotFoundException", &message))
    }

    fn fields(&self, name: &str) -> Result<Value, Refusal> {
        self.check_type(name)?;
        let field = |field: &'static str| {
            let short = field.rsplit('.').next().unwrap_or_default();
            json!({ "name": short, "referenceName": field, "alwaysRequired": field == "System.Title" })
        };
        Ok(list(self.process.fields(name).into_iter().map(field)))
    }

    fn states(&self, name: &str) -> Result<Value, Refusal> {
        self.check_type(name)?;
        let state = |(name, category): &(&str, &str)| json!({ "name": name, "color": "b2b2b2", "category": category });
        Ok(list(self.process.states(name).iter().map(state)))
    }

    /// Understands the one condition on tags that clients send.
    fn search(&self, body: &Value) -> Result<Value, Refusal> {
        let query = body["query"].as_str().unwrap_or_default();
        let tag = query.split_once("[System.Tags] CONTAINS '").and_then(|(_, rest)| rest.split_once('\''));
        let (Some((tag, _)), true) = (tag, query.starts_with("SELECT [System.Id] FROM WorkItems WHERE ")) else {
            return Err(Refusal::new(400, "SyntaxErrorException", "TF51006: The query statement is not understood."));
        };
        // Worse than the real service: parts of tags match, too.
        let is_found =
            |item: &&AzureItem| item.visible_from <= self.requests && item.tags().iter().any(|have| have.contains(tag));
        let found = self.items.values().filter(is_found);
        let found: Vec<Value> = found.map(|item| json!({ "id": item.id, "url": item.url() })).collect();
        Ok(
            json!({ "queryType": "flat", "queryResultType": "workItem", "asOf": "2026-11-30T06:00:00Z", "workItems": found }),
        )
    }

    fn batch(&self, body: &Value) -> Result<Value, Refusal> {
        let ids: Vec<u64> = body["ids"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        if ids.len() > 200 || (body["fields"].is_array() && body["$expand"].is_string()) {
            return Err(Refusal::new(400, "VssPropertyValidationException", "ids or fields are out of range."));
        }
        Ok(list(ids.iter().map(|id| self.items.get(id).map_or(Value::Null, AzureItem::json))))
    }

    fn create(&mut self, name: &str, request: &FakeRequest) -> Result<Value, Refusal> {
        let name = name.strip_prefix('$').ok_or_else(|| Refusal::not_found("the page was not found"))?;
        self.check_type(name)?;
        let id = self.items.keys().last().copied().unwrap_or_default() + 1;
        let mut item = AzureItem::new(id, name, self.process);
        self.apply(&mut item, &request.json())?;
        if request.query("validateOnly") == Some("true") {
            return Ok(item.json());
        }
        item.visible_from = self.requests + self.delay.take().unwrap_or_default();
        if let Some(tamper) = self.tamper {
            tamper(&mut item);
        }
        let json = item.json();
        self.items.insert(id, item);
        Ok(json)
    }

    fn read(&self, id: &str) -> Result<Value, Refusal> {
        self.known(id).map(AzureItem::json)
    }

    fn update(&mut self, id: &str, patch: &Value) -> Result<Value, Refusal> {
        let mut item = self.known(id)?.clone();
        self.apply(&mut item, patch)?;
        item.rev += 1;
        let json = item.json();
        self.items.insert(item.id, item);
        Ok(json)
    }

    /// Applies a patch and the rules. All or nothing, since it works on a copy.
    fn apply(&self, item: &mut AzureItem, patch: &Value) -> Result<(), Refusal> {
        let names: Vec<String> = self.attachments.iter().map(|(name, _)| name.clone()).collect();
        for operation in patch.as_array().into_iter().flatten() {
            item.apply(operation, self.process, &names)?;
        }
        item.check_rules(self.required_field)
    }

    fn known(&self, id: &str) -> Result<&AzureItem, Refusal> {
        let item = id.parse().ok().and_then(|id: u64| self.items.get(&id));
        let message = format!("TF401232: Work item {id} does not exist, or you do not have permissions to read it.");
        item.ok_or_else(|| Refusal::new(404, "WorkItemUnauthorizedAccessException", &message))
    }

    fn attach(&mut self, request: &FakeRequest) -> Value {
        let name = request.query("fileName").unwrap_or("attachment").to_owned();
        self.attachments.push((name, request.body.to_vec()));
        let id = self.attachments.len() - 1;
        json!({ "id": format!("{id:08}"), "url": format!("https://fake/_apis/wit/attachments/{id}") })
    }

    fn is_allowed(request: &FakeRequest) -> bool {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!(":{TOKEN}")));
        let header = request.header("authorization");
        header == basic || header == format!("Bearer {TOKEN}")
    }
}

impl FakeService for AzureFake {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        self.requests += 1;
        if !AzureFake::is_allowed(request) {
            // GET and POST get the page to sign in, other methods get 401.
            let status = if request.method == Method::PATCH { 401 } else { 203 };
            return self.refuse(request, status);
        }
        let answer = match self.route(request) {
            Ok(json) => FakeAnswer::json(200, &json),
            Err(refusal) => FakeAnswer::json(refusal.status, &refusal.json()),
        };
        // A delay that met no creation is over.
        self.delay = None;
        answer
    }

    fn refuse(&mut self, _: &FakeRequest, status: u16) -> FakeAnswer {
        match status {
            203 => FakeAnswer::page(203, SIGN_IN),
            302 => {
                let mut answer = FakeAnswer::page(302, "<html><body>Object moved</body></html>");
                answer.headers.push(("location", "https://app.vssps.visualstudio.com/_signin".to_owned()));
                answer
            }
            401 => FakeAnswer::json(401, &Refusal::new(401, "UnauthorizedRequestException", "TF400813: The user is not authorized to access this resource.").json()),
            403 => FakeAnswer::json(403, &Refusal::new(403, "AccessDeniedException", "TF237111: The current user does not have permissions to save work items under the specified area path.").json()),
            429 => FakeAnswer::json(429, &Refusal::new(429, "RequestBlockedException", "TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource.").json()),
            status => FakeAnswer::json(status, &Refusal::new(status, "ServiceException", "The service is unavailable.").json()),
        }
    }

    fn delay(&mut self, requests: u64) {
        self.delay = Some(requests);
    }

    fn inspect(&mut self, request: &FakeRequest, answer: Option<&FakeAnswer>) {
        self.log.push(format!("{} {}", request.method, request.segments.join("/")));
        let breaches = self.contract.check(request, answer);
        self.breaches.extend(breaches);
    }
}

fn list(values: impl Iterator<Item = Value>) -> Value {
    let values: Vec<Value> = values.collect();
    json!({ "count": values.len(), "value": values })
}
