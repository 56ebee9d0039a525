//! What the tests have in common.

use std::time::Duration;

use squall_launchers::{AgentLaunch, AgentResources, KubernetesSettings, Secret};

pub const TOKEN: &str = "t0ken-t0ken-t0ken";
pub const PASSWORD: &str = "s3cret";

pub fn launch(run: &str, agents: u32) -> AgentLaunch {
    AgentLaunch {
        run: run.parse().unwrap(),
        agents,
        nats: format!("nats://squall:{PASSWORD}@nats.example.com:4222").parse().unwrap(),
        nats_creds: None,
        token: squall_launchers::RunToken::new(TOKEN).unwrap(),
        resources: AgentResources { millicpus: 1500, memory_mib: 512 },
        longest: Duration::from_secs(1800),
        arguments: Vec::new(),
    }
}

pub fn settings() -> KubernetesSettings {
    KubernetesSettings {
        namespace: Some("load".to_owned()),
        ..KubernetesSettings::new("registry.example.com/squall:0.1.0")
    }
}

pub fn with_nats() -> KubernetesSettings {
    KubernetesSettings { nats_image: Some("nats:2.12-alpine".to_owned()), ..settings() }
}

/// A launch whose agents use the NATS that is started with them.
pub fn launch_with_nats(run: &str, agents: u32) -> AgentLaunch {
    let launch = launch(run, agents);
    let nats = with_nats().nats_of(&launch.run, &launch.token, "load").unwrap();
    AgentLaunch { nats: nats.url, ..launch }
}

/// With everything that changes the objects.
pub fn full() -> (AgentLaunch, KubernetesSettings) {
    let mut launch = launch_with_nats("full-1", 20);
    launch.nats_creds = Some(Secret::new("-----BEGIN NATS USER JWT-----\neyJ\n"));
    launch.arguments = ["--log", "a: {b} \"c\" # d $(HOME)"].map(str::to_owned).to_vec();
    let settings = KubernetesSettings {
        pull_policy: Some("Always".to_owned()),
        pull_secret: Some("registry.login".to_owned()),
        node_labels: vec![("kubernetes.io/arch".to_owned(), "amd64".to_owned()), ("on".to_owned(), "true".to_owned())],
        strict_spread: true,
        unlimited_cpu: true,
        ..with_nats()
    };
    (launch, settings)
}
