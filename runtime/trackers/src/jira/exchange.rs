//! Requests to Jira: which edition it is, whether the token is accepted, searches and pages.

use hyper::Method;
use serde_json::{Value, json};

use super::{Edition, Jira, SERVICE};
use crate::error::TrackerError;
use crate::transport::{HttpAnswer, HttpRequest};

const JSON: &str = "application/json";
/// Entries of a page.
const PAGE: usize = 100;
/// More pages are not asked for: a server that always has a next one must not keep us.
const MOST_PAGES: usize = 100;
/// What the header of a login that failed has. Jira goes on as an anonymous user then, and answers 200.
const LOGIN_FAILED: [&str; 2] = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"];

impl Jira {
    pub(super) fn getting(&self, edition: Edition, segments: &[&str], query: &[(&str, &str)]) -> HttpRequest {
        HttpRequest::get(self.site.api(edition, segments, query))
    }

    pub(super) fn sending(&self, edition: Edition, method: Method, segments: &[&str], body: &Value) -> HttpRequest {
        HttpRequest::json(method, self.site.api(edition, segments, &[]), JSON, body)
    }

    /// Reads JSON.
    pub(super) async fn get(
        &self,
        edition: Edition,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, TrackerError> {
        let request = self.getting(edition, segments, query);
        let answer = self.client.read(&request).await?;
        check_login(&request, &answer)?;
        SERVICE.read_json(&request, &answer)
    }

    /// Sends a write whose answer has nothing to tell.
    pub(super) async fn send(
        &self,
        edition: Edition,
        method: Method,
        segments: &[&str],
        body: &Value,
    ) -> Result<(), TrackerError> {
        let request = self.sending(edition, method, segments, body);
        let answer = self.client.write(&request).await?;
        SERVICE.check_done(&request, &answer)
    }

    /// Which edition the site is; with it comes the certainty that the token is accepted.
    pub(super) async fn edition(&self) -> Result<Edition, TrackerError> {
        if let Some(edition) = self.edition.get() {
            return Ok(edition);
        }
        // Version 2 is known to both.
        let info = self.get(Edition::Server, &["serverInfo"], &[]).await?;
        let edition = match info["deploymentType"].as_str() {
            Some("Cloud") => Edition::Cloud,
            _ => Edition::Server,
        };
        self.get(edition, &["myself"], &[]).await?;
        self.edition.set(Some(edition));
        Ok(edition)
    }

    /// All entries of a listing with `startAt`; editions name the list differently.
    pub(super) async fn list_pages(
        &self,
        edition: Edition,
        segments: &[&str],
        names: &[&str],
    ) -> Result<Vec<Value>, TrackerError> {
        let mut entries = Vec::new();
        for _ in 0..MOST_PAGES {
            let (start, most) = (entries.len().to_string(), PAGE.to_string());
            let query = [("startAt", start.as_str()), ("maxResults", most.as_str())];
            let page = self.get(edition, segments, &query).await?;
            let Some(listed) = names.iter().find_map(|name| page[*name].as_array()) else {
                return Err(SERVICE.strange(&self.getting(edition, segments, &query)));
            };
            entries.extend(listed.iter().cloned());
            if is_last_page(&page, listed.len(), entries.len()) {
                return Ok(entries);
            }
        }
        Err(too_many())
    }

    /// A search of the cloud, told to have what this process has created.
    pub(super) async fn search_cloud(&self, jql: &str) -> Result<Vec<Value>, TrackerError> {
        let mut issues = Vec::new();
        let mut next = Value::Null;
        for _ in 0..MOST_PAGES {
            let mut body = json!({ "jql": jql, "maxResults": PAGE, "fields": ["*all"] });
            let created = self.created.borrow().clone();
            if !created.is_empty() {
                body["reconcileIssues"] = json!(created);
            }
            if !next.is_null() {
                body["nextPageToken"] = next;
            }
            let page = self.ask(Edition::Cloud, &["search", "jql"], &body).await?;
            issues.extend(page["issues"].as_array().into_iter().flatten().cloned());
            next = page["nextPageToken"].clone();
            if next.is_null() || page["isLast"] == json!(true) {
                return Ok(issues);
            }
        }
        Err(too_many())
    }

    /// A search on premises.
    pub(super) async fn search_server(&self, jql: &str) -> Result<Vec<Value>, TrackerError> {
        let mut issues: Vec<Value> = Vec::new();
        for _ in 0..MOST_PAGES {
            let body = json!({ "jql": jql, "startAt": issues.len(), "maxResults": PAGE, "fields": ["*all"] });
            let page = self.ask(Edition::Server, &["search"], &body).await?;
            let listed = page["issues"].as_array().map(Vec::as_slice).unwrap_or_default();
            issues.extend(listed.iter().cloned());
            if is_last_page(&page, listed.len(), issues.len()) {
                return Ok(issues);
            }
        }
        Err(too_many())
    }

    /// Reads JSON by a request that has a body but no effect. An answer without issues is not an empty one.
    async fn ask(&self, edition: Edition, segments: &[&str], body: &Value) -> Result<Value, TrackerError> {
        let request = self.sending(edition, Method::POST, segments, body);
        let answer = self.client.read(&request).await?;
        check_login(&request, &answer)?;
        let page = SERVICE.read_json(&request, &answer)?;
        if page["issues"].is_array() { Ok(page) } else { Err(SERVICE.strange(&request)) }
    }
}

fn is_last_page(page: &Value, listed: usize, so_far: usize) -> bool {
    let is_all = page["total"].as_u64().is_some_and(|total| so_far as u64 >= total);
    listed == 0 || is_all || page["isLast"] == json!(true)
}

fn too_many() -> TrackerError {
    TrackerError::refused(format!("{} has more than {} entries", SERVICE.name, PAGE * MOST_PAGES))
}

/// Whether the answer is for the token's owner.
pub(super) fn check_login(request: &HttpRequest, answer: &HttpAnswer) -> Result<(), TrackerError> {
    let reason = answer.headers.get("x-seraph-loginreason").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !LOGIN_FAILED.iter().any(|failed| reason.contains(failed)) {
        return Ok(());
    }
    Err(TrackerError::token_refused(format!(
        "{} refuses the token ({}: {}); {}, and log in once by hand if there is a CAPTCHA",
        SERVICE.name,
        request.place(),
        crate::transport::plain_message(reason),
        SERVICE.new_token
    )))
}
