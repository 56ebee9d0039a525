//! A stateful fake of the API of Kubernetes, as far as launches use it, over TLS.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use squall_fake_trackers::{Background, FakeAnswer, FakeRequest, FakeService};
use squall_launchers::{ClusterAccess, InCluster, Kubernetes, KubernetesSettings};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

pub const ACCOUNT_TOKEN: &str = "account-t0ken";

/// What happens to the next requests of this kind: `POST secrets`.
pub struct Failure {
    pub request: &'static str,
    pub status: u16,
    pub message: &'static str,
    /// How often.
    pub times: usize,
    /// The request is carried out, and its answer is lost.
    pub is_late: bool,
}

/// Objects by `PLURAL/NAME`, and what was asked for.
#[derive(Default)]
pub struct FakeCluster {
    pub objects: BTreeMap<String, Value>,
    /// Requests that changed something: `POST secrets/squall-r1`.
    pub changes: Vec<String>,
    pub pods: Vec<Value>,
    pub events: Vec<Value>,
    pub failures: Vec<Failure>,
    version: u64,
}

fn status(code: u16, reason: &str, message: &str) -> FakeAnswer {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message});
    FakeAnswer::json(code, &body)
}

/// The collection and the name in a path, if it is one of the API's.
fn parse(segments: &[String]) -> Option<(String, Option<String>)> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (group, rest) = match segments.as_slice() {
        ["api", "v1", rest @ ..] => ("v1", rest),
        ["apis", "batch", "v1", rest @ ..] => ("batch/v1", rest),
        ["apis", "apps", "v1", rest @ ..] => ("apps/v1", rest),
        _ => return None,
    };
    let (plural, name) = match rest {
        ["namespaces", "load", plural] => (*plural, None),
        ["namespaces", "load", plural, name] => (*plural, Some((*name).to_owned())),
        _ => return None,
    };
    let home = match plural {
        "secrets" | "services" | "pods" | "events" => "v1",
        "jobs" => "batch/v1",
        "deployments" => "apps/v1",
        _ => return None,
    };
    (home == group).then(|| (plural.to_owned(), name))
}

fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.remove(key);
                } else {
                    merge(target.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

/// What kubectl asks first: groups, and the kinds in them.
fn discover(segments: &[String]) -> Option<FakeAnswer> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let resources = |group: &str, kinds: &[(&str, &str)]| {
        let verbs = json!(["create", "delete", "get", "list", "patch"]);
        let resource = |(plural, kind): &(&str, &str)| json!({"name": plural, "singularName": kind.to_lowercase(), "kind": kind, "namespaced": true, "verbs": verbs});
        let resources: Vec<Value> = kinds.iter().map(resource).collect();
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": resources})
    };
    let answer = match segments.as_slice() {
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"]}),
        ["apis"] => {
            let groups = ["apps", "batch"].map(|name| {
                let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
                json!({"name": name, "versions": [version], "preferredVersion": version})
            });
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["api", "v1"] => {
            resources("v1", &[("secrets", "Secret"), ("services", "Service"), ("pods", "Pod"), ("events", "Event")])
        }
        ["apis", "apps", "v1"] => resources("apps/v1", &[("deployments", "Deployment")]),
        ["apis", "batch", "v1"] => resources("batch/v1", &[("jobs", "Job")]),
        ["openapi", "v3"] => {
            let group = |path: &str| (path.to_owned(), json!({"serverRelativeURL": format!("/openapi/v3/{path}")}));
            let paths: serde_json::Map<String, Value> =
                ["api/v1", "apis/apps/v1", "apis/batch/v1"].map(group).into_iter().collect();
            json!({"paths": paths})
        }
        ["openapi", "v3", "api", "v1"] => validated("", &["Secret", "Service"]),
        ["openapi", "v3", "apis", group @ ("apps" | "batch"), "v1"] => validated(group, &["Deployment", "Job"]),
        _ => return None,
    };
    Some(FakeAnswer::json(200, &answer))
}

/// What kubectl reads to find out whether the server validates fields by itself.
fn validated(group: &str, kinds: &[&str]) -> Value {
    let path = |kind: &&str| {
        let parameter = json!({"name": "fieldValidation", "in": "query", "schema": {"type": "string"}});
        let kind_of = json!({"group": group, "version": "v1", "kind": kind});
        let patch = json!({"responses": {}, "parameters": [parameter], "x-kubernetes-group-version-kind": kind_of});
        (format!("/{kind}/{{name}}"), json!({"patch": patch}))
    };
    let paths: serde_json::Map<String, Value> = kinds.iter().map(path).collect();
    json!({"openapi": "3.0.0", "info": {"title": "fake", "version": "v1"}, "paths": paths})
}

impl FakeCluster {
    fn create(&mut self, plural: &str, mut object: Value) -> FakeAnswer {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let key = format!("{plural}/{name}");
        if object["metadata"]["namespace"] != "load" {
            return status(400, "BadRequest", "the namespace of the provided object does not match");
        }
        if self.objects.contains_key(&key) {
            return status(409, "AlreadyExists", &format!("{plural} \"{name}\" already exists"));
        }
        self.version += 1;
        object["metadata"]["uid"] = json!(format!("uid-{}", self.version));
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if plural == "jobs" {
            object["spec"]["suspend"] = json!(false);
            object["status"] = json!({});
        }
        self.changes.push(format!("POST {key}"));
        self.objects.insert(key, object.clone());
        FakeAnswer::json(201, &object)
    }

    fn change(&mut self, key: &str, patch: &Value) -> FakeAnswer {
        let Some(object) = self.objects.get_mut(key) else {
            return status(404, "NotFound", &format!("{key} not found"));
        };
        let before = object.clone();
        merge(object, patch);
        if *object != before {
            self.version += 1;
            object["metadata"]["resourceVersion"] = json!(self.version.to_string());
            self.changes.push(format!("PATCH {key}"));
        }
        FakeAnswer::json(200, object)
    }

    fn delete(&mut self, key: &str, options: &Value) -> FakeAnswer {
        // Without it, Jobs leave their pods behind.
        assert_eq!(options["propagationPolicy"], "Background");
        match self.objects.remove(key) {
            Some(_) => {
                self.changes.push(format!("DELETE {key}"));
                FakeAnswer::json(200, &json!({"kind": "Status", "status": "Success"}))
            }
            None => status(404, "NotFound", &format!("{key} not found")),
        }
    }

    fn list(&self, plural: &str, request: &FakeRequest) -> FakeAnswer {
        let items = match (plural, request.query("labelSelector"), request.query("fieldSelector")) {
            ("pods", Some("app.kubernetes.io/instance=squall-r1,app.kubernetes.io/component=agent"), None) => {
                &self.pods
            }
            ("events", None, Some("involvedObject.kind=Job,involvedObject.name=squall-r1")) => &self.events,
            _ => return status(400, "BadRequest", "unknown selector"),
        };
        FakeAnswer::json(200, &json!({"kind": "List", "items": items}))
    }

    fn carry_out(&mut self, request: &FakeRequest, plural: &str, name: Option<&str>) -> FakeAnswer {
        let key = format!("{plural}/{}", name.unwrap_or_default());
        match (&request.method, name) {
            (&Method::POST, None) => self.create(plural, request.json()),
            (&Method::GET, None) => self.list(plural, request),
            (&Method::GET, Some(_)) => match self.objects.get(&key) {
                Some(object) => FakeAnswer::json(200, object),
                None => status(404, "NotFound", &format!("{key} not found")),
            },
            (&Method::PATCH, Some(_)) if request.header("content-type") == "application/apply-patch+yaml" => {
                assert_eq!(request.query("fieldManager"), Some("squall"));
                if self.objects.contains_key(&key) {
                    self.change(&key, &request.json())
                } else {
                    self.create(plural, request.json())
                }
            }
            (&Method::PATCH, Some(_)) if request.header("content-type") == "application/merge-patch+json" => {
                self.change(&key, &request.json())
            }
            (&Method::DELETE, Some(_)) => self.delete(&key, &request.json()),
            _ => status(405, "MethodNotAllowed", "not supported"),
        }
    }
}

impl FakeService for FakeCluster {
    fn answer(&mut self, request: &FakeRequest) -> FakeAnswer {
        if request.header("authorization") != format!("Bearer {ACCOUNT_TOKEN}") {
            return status(401, "Unauthorized", "Unauthorized");
        }
        if let Some(answer) = discover(&request.segments) {
            return answer;
        }
        let Some((plural, name)) = parse(&request.segments) else {
            return status(404, "NotFound", "namespaces not found");
        };
        let kind = format!("{} {plural}", request.method);
        let failure = self.failures.iter_mut().find(|failure| failure.request == kind && failure.times > 0);
        let failure = failure.map(|failure| {
            failure.times -= 1;
            (failure.is_late, status(failure.status, "Refused", failure.message))
        });
        match failure {
            Some((false, refusal)) => refusal,
            Some((true, refusal)) => {
                self.carry_out(request, &plural, name.as_deref());
                refusal
            }
            None => self.carry_out(request, &plural, name.as_deref()),
        }
    }

    fn refuse(&mut self, _: &FakeRequest, code: u16) -> FakeAnswer {
        status(code, "Refused", "refused")
    }

    fn delay(&mut self, _: u64) {}

    fn inspect(&mut self, _: &FakeRequest, _: Option<&FakeAnswer>) {}
}

/// A running cluster, and the service account of a pod in it.
pub struct Cluster {
    pub fake: Background<FakeCluster>,
    pub access: InCluster,
    account: TempDir,
}

impl Cluster {
    pub fn start() -> Cluster {
        let fake = Background::start(FakeCluster::default);
        let account = tempfile::tempdir().unwrap();
        let (address, authority) = terminate_tls(fake.url.trim_start_matches("http://").parse().unwrap());
        for (file, text) in [("ca.crt", authority.as_str()), ("token", ACCOUNT_TOKEN), ("namespace", "load\n")] {
            std::fs::write(account.path().join(file), text).unwrap();
        }
        let access = InCluster {
            url: format!("https://{address}").parse().unwrap(),
            account: account.path().to_owned(),
            first_pause: Duration::from_millis(1),
        };
        Cluster { fake, access, account }
    }

    pub fn launcher(&self, settings: KubernetesSettings) -> Kubernetes {
        Kubernetes::new(settings, ClusterAccess::InCluster(self.access.clone())).unwrap()
    }

    /// Replaces a file of the service account.
    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.account.path().join(file), text).unwrap();
    }

    pub fn fail(&self, request: &'static str, status: u16, message: &'static str, times: usize) {
        self.fake.with(move |fake| fake.failures.push(Failure { request, status, message, times, is_late: false }));
    }

    pub fn changes(&self) -> Vec<String> {
        self.fake.with(|fake| fake.changes.clone())
    }

    pub fn objects(&self) -> BTreeMap<String, Value> {
        self.fake.with(|fake| fake.objects.clone())
    }
}

/// A TLS server at a free port that passes all on to that address; and its certificate, which is its own authority.
pub fn terminate_tls(target: SocketAddr) -> (SocketAddr, String) {
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let pem = certified.cert.pem();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let builder =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let config = builder.unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certified.cert.der().clone()], key.into()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        squall_fake_trackers::run_local(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::task::spawn_local(async move {
                    // A client that does not trust us goes away.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut target = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
                });
            }
        });
    });
    (told.recv().unwrap(), pem)
}
