//! The cluster by way of `kubectl`: it knows the user's contexts and login programs. Secrets go to its standard input.

use serde_json::Value;

use super::cluster::{Cluster, Created, agents_selector, events_selector, items, remedy};
use super::objects::{Kind, Object};
use crate::tool::{self, Tools};
use crate::{LaunchError, shell};

/// `kubectl` of a user.
#[derive(Debug)]
pub struct Kubectl {
    tools: Tools,
    context: Option<String>,
}

impl Kubectl {
    pub fn new(tools: Tools, context: Option<String>) -> Result<Kubectl, LaunchError> {
        match tools.find("kubectl") {
            Some(_) => Ok(Kubectl { tools, context }),
            None => Err(LaunchError::setting("kubectl is not installed: install it, or use another launcher")),
        }
    }

    /// Runs kubectl, and returns what it prints.
    fn run(&self, arguments: &[&str], input: &str) -> Result<String, LaunchError> {
        let Some(mut command) = self.tools.command("kubectl") else {
            return Err(LaunchError::setting("kubectl is gone: install it again"));
        };
        if let Some(context) = &self.context {
            command.arg(format!("--context={context}"));
        }
        command.arg("--request-timeout=30s").args(arguments);
        let output = tool::run(command, input)?;
        if output.code == Some(0) {
            return Ok(output.out);
        }
        let status = status_in(&output.errors);
        let shown = shell::join(arguments);
        let message = format!("`kubectl {shown}` failed ({}): {}", output.errors, remedy(status));
        Err(if status == 0 { LaunchError::unclear(message) } else { LaunchError::refused(message) })
    }

    fn run_in(&self, namespace: &str, arguments: &[&str], input: &str) -> Result<String, LaunchError> {
        let namespace = format!("--namespace={namespace}");
        let all: Vec<&str> = [namespace.as_str()].into_iter().chain(arguments.iter().copied()).collect();
        self.run(&all, input)
    }

    fn list(&self, namespace: &str, arguments: &[&str]) -> Result<Vec<Value>, LaunchError> {
        let printed = self.run_in(namespace, arguments, "")?;
        parse(&printed).map(items)
    }
}

impl Cluster for Kubectl {
    fn describe(&self) -> String {
        match &self.context {
            Some(context) => format!("kubectl with context {context}"),
            None => "kubectl".to_owned(),
        }
    }

    fn default_namespace(&self) -> Result<String, LaunchError> {
        let printed = self.run(&["config", "view", "--minify", "--output=jsonpath={..namespace}"], "")?;
        let namespace = printed.trim();
        Ok(if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() })
    }

    fn get(&self, namespace: &str, kind: Kind, name: &str) -> Result<Option<Value>, LaunchError> {
        let kind = kind.plural();
        let printed = self.run_in(namespace, &["get", &kind, name, "--ignore-not-found", "--output=json"], "")?;
        if printed.trim().is_empty() { Ok(None) } else { parse(&printed).map(Some) }
    }

    /// Applies it. The server does it, so that no annotation repeats the Secret.
    fn create(&self, namespace: &str, object: &Object) -> Result<Created, LaunchError> {
        let arguments = ["apply", "--server-side", "--field-manager=squall", "--filename=-"];
        self.run_in(namespace, &arguments, &object.value.to_string())?;
        Ok(Created::New)
    }

    fn patch(&self, namespace: &str, kind: Kind, name: &str, patch: &Value) -> Result<(), LaunchError> {
        let (kind, patch) = (kind.plural(), format!("--patch={patch}"));
        self.run_in(namespace, &["patch", &kind, name, "--type=merge", &patch], "")?;
        Ok(())
    }

    fn delete(&self, namespace: &str, kind: Kind, name: &str) -> Result<(), LaunchError> {
        let kind = kind.plural();
        let arguments = ["delete", &kind, name, "--ignore-not-found", "--cascade=background", "--wait=false"];
        self.run_in(namespace, &arguments, "")?;
        Ok(())
    }

    fn pods(&self, namespace: &str, instance: &str) -> Result<Vec<Value>, LaunchError> {
        let selector = format!("--selector={}", agents_selector(instance));
        self.list(namespace, &["get", "pods", &selector, "--output=json"])
    }

    fn job_events(&self, namespace: &str, name: &str) -> Result<Vec<Value>, LaunchError> {
        let selector = format!("--field-selector={}", events_selector(name));
        self.list(namespace, &["get", "events", &selector, "--output=json"])
    }
}

fn parse(printed: &str) -> Result<Value, LaunchError> {
    serde_json::from_str(printed).map_err(|error| {
        LaunchError::unclear(format!("kubectl printed something else than JSON ({error}): update kubectl"))
    })
}

/// The HTTP status behind kubectl's words, or 0.
fn status_in(errors: &str) -> u16 {
    let reasons = [
        ("(Forbidden)", 403),
        ("forbidden:", 403),
        ("(NotFound)", 404),
        ("(Conflict)", 409),
        ("(AlreadyExists)", 409),
        ("(BadRequest)", 400),
        ("is invalid:", 422),
        ("field not declared in schema", 422),
        ("(Unauthorized)", 401),
        ("must be logged in", 401),
    ];
    reasons.iter().find(|(reason, _)| errors.contains(reason)).map_or(0, |(_, status)| *status)
}
