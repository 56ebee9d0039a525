//! What a launch on Kubernetes needs to know besides the agents.

use std::time::Duration;

use super::in_cluster::InCluster;
use super::objects::objects;
use super::{names, nats, secret, yaml};
use crate::{AgentLaunch, LaunchError, LaunchOptions, RunName, RunToken, StartedNats, Tools};

/// The image of a NATS that is started with the agents. Per-key expiry needs 2.11.
const NATS_IMAGE: &str = "nats:2.12-alpine";

/// How the cluster is reached.
#[derive(Clone, Debug)]
pub enum ClusterAccess {
    /// By `kubectl`, with the user's contexts and login programs.
    Kubectl(Tools),
    /// From a pod, by its service account.
    InCluster(InCluster),
}

impl ClusterAccess {
    /// By `kubectl` if it is installed, else by the service account of this pod.
    ///
    /// # Errors
    /// If there is neither.
    pub fn detect(tools: Tools) -> Result<ClusterAccess, LaunchError> {
        if tools.find("kubectl").is_some() {
            return Ok(ClusterAccess::Kubectl(tools));
        }
        InCluster::detect().map(ClusterAccess::InCluster).ok_or_else(|| {
            LaunchError::setting(
                "kubectl is not installed, and this is not a pod with a service account: install kubectl",
            )
        })
    }
}

/// Settings of a launch on Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesSettings {
    /// The image with `squall` as its entry point.
    pub image: String,
    /// The namespace; without it that of the context, or of the coordinator's pod.
    pub namespace: Option<String>,
    /// kubectl's context; without it the current one.
    pub context: Option<String>,
    /// `Always`, `IfNotPresent` or `Never`; without it as Kubernetes decides.
    pub pull_policy: Option<String>,
    /// The Secret with the registry's login.
    pub pull_secret: Option<String>,
    /// Labels of the nodes that agents may run on.
    pub node_labels: Vec<(String, String)>,
    /// How often an agent that has failed is replaced.
    pub retries: u32,
    /// How long the ended Job is kept, unless it is cleaned up before.
    pub keep: Duration,
    /// Whether agents wait rather than share a node with more of them than other nodes have.
    pub strict_spread: bool,
    /// Processor limits are left out: an agent may use idle processors, and its speed depends on its neighbours.
    pub unlimited_cpu: bool,
    /// The image of a NATS to be started with the agents.
    pub nats_image: Option<String>,
}

impl KubernetesSettings {
    /// The usual settings.
    pub fn new(image: impl Into<String>) -> KubernetesSettings {
        KubernetesSettings {
            image: image.into(),
            namespace: None,
            context: None,
            pull_policy: None,
            pull_secret: None,
            node_labels: Vec::new(),
            retries: 1,
            keep: Duration::from_secs(3600),
            strict_spread: false,
            unlimited_cpu: false,
            nats_image: None,
        }
    }

    /// The names of the launch options, in the order of this type's fields.
    pub const OPTIONS: [&str; 11] = [
        "image",
        "namespace",
        "context",
        "pull-policy",
        "pull-secret",
        "node-labels",
        "retries",
        "keep-seconds",
        "spread",
        "unlimited-cpu",
        "nats",
    ];

    /// The settings in launch options: `image=IMAGE`, `namespace=NAME`, `context=NAME`, `pull-policy=POLICY`,
    /// `pull-secret=NAME`, `node-labels=KEY:VALUE,KEY:VALUE`, `retries=N`, `keep-seconds=N`, `spread=strict`,
    /// `unlimited-cpu=true`, `nats=IMAGE` (`nats=yes` for the usual one).
    ///
    /// # Errors
    /// If one is wrong or unknown, or the image is missing.
    pub fn from_options(mut options: LaunchOptions) -> Result<KubernetesSettings, LaunchError> {
        let image = options.take("image").ok_or_else(|| {
            LaunchError::setting(
                "the image of the agents is missing: give --launch-option image=REGISTRY/squall:VERSION",
            )
        })?;
        let usual = KubernetesSettings::new(image);
        let node_labels = options.take("node-labels").map(|text| parse_labels(&text)).transpose()?;
        let nats = options.take("nats").map(|image| if image == "yes" { NATS_IMAGE.to_owned() } else { image });
        let keep = options.take_parsed("keep-seconds", "a number of seconds")?.map(Duration::from_secs);
        let strict_spread = match options.take("spread").as_deref() {
            None | Some("even") => false,
            Some("strict") => true,
            Some(other) => return Err(LaunchError::setting(format!("spread={other} is unknown: use even or strict"))),
        };
        let settings = KubernetesSettings {
            namespace: options.take("namespace"),
            context: options.take("context"),
            pull_policy: options.take("pull-policy"),
            pull_secret: options.take("pull-secret"),
            node_labels: node_labels.unwrap_or_default(),
            retries: options.take_parsed("retries", "a number")?.unwrap_or(usual.retries),
            keep: keep.unwrap_or(usual.keep),
            strict_spread,
            unlimited_cpu: options.take_parsed("unlimited-cpu", "true or false")?.unwrap_or(false),
            nats_image: nats,
            ..usual
        };
        options.finish("kubernetes", &KubernetesSettings::OPTIONS)?;
        settings.check()?;
        Ok(settings)
    }

    /// Where the NATS of this run will be, if the settings ask for one: what [`AgentLaunch::nats`] is to be.
    pub fn nats_of(&self, run: &RunName, token: &RunToken, namespace: &str) -> Option<StartedNats> {
        self.nats_image.as_ref()?;
        nats::address(run, token, namespace)
    }

    /// The objects of a launch as YAML, without its secrets. Needs no cluster.
    ///
    /// # Errors
    /// If a setting is wrong.
    pub fn preview(&self, launch: &AgentLaunch, namespace: &str) -> Result<String, LaunchError> {
        self.check()?;
        names::check_label("namespace", namespace)?;
        let all = objects(self, launch, namespace)?;
        let documents: Vec<String> = all.iter().map(|object| yaml::print(&secret::hide(&object.value))).collect();
        Ok(documents.join("---\n"))
    }

    /// Looks for names that Kubernetes does not take.
    pub(super) fn check(&self) -> Result<(), LaunchError> {
        names::check_image("image", &self.image)?;
        self.nats_image.iter().try_for_each(|image| names::check_image("image", image))?;
        self.namespace.iter().try_for_each(|name| names::check_label("namespace", name))?;
        self.pull_secret.iter().try_for_each(|name| names::check_name("pull secret", name))?;
        for (key, value) in &self.node_labels {
            names::check_label_key("label", key)?;
            names::check_label_value("label", value)?;
        }
        let is_context =
            |name: &String| !name.is_empty() && !name.starts_with('-') && !name.chars().any(char::is_control);
        if !self.context.iter().all(is_context) {
            return Err(LaunchError::setting("this is not a context: see `kubectl config get-contexts`"));
        }
        match self.pull_policy.as_deref() {
            None | Some("Always" | "IfNotPresent" | "Never") => Ok(()),
            Some(other) => Err(LaunchError::setting(format!(
                "Kubernetes has no pull policy {other:?}: use Always, IfNotPresent or Never"
            ))),
        }
    }
}

/// `KEY:VALUE,KEY:VALUE`
fn parse_labels(text: &str) -> Result<Vec<(String, String)>, LaunchError> {
    let pairs = text.split(',').map(|label| {
        let pair = label.split_once(':').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| LaunchError::setting(format!("the label {label:?} has no value: write KEY:VALUE")))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(texts: &[&str]) -> Result<KubernetesSettings, LaunchError> {
        KubernetesSettings::from_options(LaunchOptions::parse(texts)?)
    }

    #[test]
    fn options_become_settings() {
        let texts =
            ["image=r.example/squall:1", "nats=yes", "node-labels=disk:ssd,a/b:c", "spread=strict", "keep-seconds=60"];
        let settings = settings(&texts).unwrap();
        assert_eq!(settings.nats_image.as_deref(), Some(NATS_IMAGE));
        assert_eq!(settings.node_labels.len(), 2);
        assert!(settings.strict_spread && settings.keep == Duration::from_secs(60));
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, part) in [
            ("namespace=a.b", "takes no namespace"),
            ("pull-policy=always", "use Always"),
            ("node-labels=x", "write KEY:VALUE"),
            ("spread=wide", "use even or strict"),
            ("retries=-1", "give a number"),
            ("context=--token", "get-contexts"),
            ("nats=no image", "takes no image"),
            ("cpu=3", "use one of image, namespace"),
        ] {
            let message = settings(&["image=squall", text]).unwrap_err().message;
            assert!(message.contains(part), "{message}");
        }
        assert!(settings(&[]).unwrap_err().message.contains("image=REGISTRY"));
    }
}
