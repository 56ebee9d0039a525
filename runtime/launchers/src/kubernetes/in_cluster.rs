//! The cluster by its API, from a pod: with the service account's token and the cluster's own authority.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use squall_files::read_bounded;
use squall_plain_http::Trust;
use url::Url;

use super::api::{Answer, Exchange, Method, send};
use super::cluster::{Cluster, Created, agents_selector, events_selector, items, remedy};
use super::objects::{Kind, Object};
use crate::LaunchError;
use crate::text::plain_message;

/// Where Kubernetes puts what belongs to the service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The largest file there.
const LARGEST: u64 = 1 << 20;

/// The API, and a folder with `token`, `ca.crt` and `namespace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InCluster {
    /// `https://HOST:PORT`
    pub url: Url,
    /// The folder. The token in it changes from time to time.
    pub account: PathBuf,
    /// The pause after a request that was not answered; each further one is twice as long.
    pub first_pause: Duration,
}

impl InCluster {
    /// What this pod was given, if this is a pod with a service account.
    pub fn detect() -> Option<InCluster> {
        let account = PathBuf::from(ACCOUNT);
        let host = std::env::var("KUBERNETES_SERVICE_HOST").ok()?;
        let port = std::env::var("KUBERNETES_SERVICE_PORT").ok()?;
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let url = Url::parse(&format!("https://{host}:{port}")).ok()?;
        account.join("token").is_file().then_some(InCluster { url, account, first_pause: Duration::from_secs(1) })
    }

    /// Reads a file of the service account.
    fn read(&self, file: &str) -> Result<Vec<u8>, LaunchError> {
        let path = self.account.join(file);
        read_bounded(&path, LARGEST).map_err(|error| missing(&path, &error.to_string()))
    }

    fn read_text(&self, file: &str) -> Result<String, LaunchError> {
        let text = String::from_utf8(self.read(file)?);
        let text = text.map_err(|_| missing(&self.account.join(file), "it is not text"))?;
        Ok(text.trim().to_owned())
    }
}

fn missing(path: &Path, problem: &str) -> LaunchError {
    LaunchError::setting(format!(
        "{} cannot be read ({problem}): give the pod a service account with automountServiceAccountToken: true",
        path.display()
    ))
}

/// A client of the API.
#[derive(Debug)]
pub struct Api {
    access: InCluster,
    trust: Trust,
}

impl Api {
    pub fn new(access: InCluster) -> Result<Api, LaunchError> {
        let trust = Trust::in_pem(&access.read("ca.crt")?);
        let trust = trust.map_err(|problem| missing(&access.account.join("ca.crt"), &problem))?;
        Ok(Api { access, trust })
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, LaunchError> {
        let mut url = self.access.url.clone();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        url.set_path(path);
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let token = self.access.read_text("token")?;
        let exchange = Exchange { method, url, body: body.map(Value::to_string), token };
        send(&self.trust, &exchange, self.access.first_pause)
    }
}

/// `/apis/batch/v1/namespaces/load/jobs`
fn collection(namespace: &str, kind: Kind) -> String {
    let (_, version) = kind.names();
    let root = if version.contains('/') { "apis" } else { "api" };
    format!("/{root}/{version}/namespaces/{namespace}/{}", kind.plural())
}

/// The sentence about an answer that is none of the expected ones.
fn refused(answer: &Answer, what: &str) -> LaunchError {
    let message = answer.body["message"].as_str().unwrap_or("without a reason");
    let (status, message) = (answer.status, plain_message(message));
    LaunchError::refused(format!("Kubernetes does not {what} ({status}, {message}): {}", remedy(status)))
}

/// A selector in a query.
fn query(name: &str, selector: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, selector).finish()
}

impl Cluster for Api {
    fn describe(&self) -> String {
        "the service account of this pod".to_owned()
    }

    fn default_namespace(&self) -> Result<String, LaunchError> {
        self.access.read_text("namespace")
    }

    fn get(&self, namespace: &str, kind: Kind, name: &str) -> Result<Option<Value>, LaunchError> {
        let answer = self.exchange(Method::Get, &format!("{}/{name}", collection(namespace, kind)), None)?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            404 => Ok(None),
            _ => Err(refused(&answer, &format!("show {} {name}", kind.names().0))),
        }
    }

    fn create(&self, namespace: &str, object: &Object) -> Result<Created, LaunchError> {
        let path = format!("{}?fieldManager=squall", collection(namespace, object.kind));
        let answer = self.exchange(Method::Post, &path, Some(&object.value))?;
        match answer.status {
            200..=202 => Ok(Created::New),
            409 if answer.body["reason"] == "AlreadyExists" => Ok(Created::Exists),
            _ => Err(refused(&answer, &format!("create {} {}", object.kind.names().0, object.name))),
        }
    }

    fn patch(&self, namespace: &str, kind: Kind, name: &str, patch: &Value) -> Result<(), LaunchError> {
        let path = format!("{}/{name}?fieldManager=squall", collection(namespace, kind));
        let answer = self.exchange(Method::Patch, &path, Some(patch))?;
        match answer.status {
            200 => Ok(()),
            _ => Err(refused(&answer, &format!("change {} {name}", kind.names().0))),
        }
    }

    fn delete(&self, namespace: &str, kind: Kind, name: &str) -> Result<(), LaunchError> {
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
        let path = format!("{}/{name}", collection(namespace, kind));
        let answer = self.exchange(Method::Delete, &path, Some(&options))?;
        match answer.status {
            200 | 202 | 404 => Ok(()),
            _ => Err(refused(&answer, &format!("delete {} {name}", kind.names().0))),
        }
    }

    fn pods(&self, namespace: &str, instance: &str) -> Result<Vec<Value>, LaunchError> {
        let selector = query("labelSelector", &agents_selector(instance));
        let answer = self.exchange(Method::Get, &format!("/api/v1/namespaces/{namespace}/pods?{selector}"), None)?;
        match answer.status {
            200 => Ok(items(answer.body)),
            _ => Err(refused(&answer, "list pods")),
        }
    }

    fn job_events(&self, namespace: &str, name: &str) -> Result<Vec<Value>, LaunchError> {
        let selector = query("fieldSelector", &events_selector(name));
        let answer = self.exchange(Method::Get, &format!("/api/v1/namespaces/{namespace}/events?{selector}"), None)?;
        match answer.status {
            200 => Ok(items(answer.body)),
            _ => Err(refused(&answer, "list events")),
        }
    }
}
