//! What the tests have in common.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use squall_launchers::{AgentLaunch, AgentResources, RunToken};

pub const TOKEN: &str = "t0ken-t0ken-t0ken";
pub const PASSWORD: &str = "s3cret";

pub fn launch(run: &str, agents: u32) -> AgentLaunch {
    AgentLaunch {
        run: run.parse().unwrap(),
        agents,
        nats: format!("nats://squall:{PASSWORD}@nats.example.com:4222").parse().unwrap(),
        nats_creds: None,
        token: RunToken::new(TOKEN).unwrap(),
        resources: AgentResources { millicpus: 1500, memory_mib: 500 },
        longest: Duration::from_secs(90),
        arguments: vec!["it's".to_owned()],
    }
}

pub fn write_script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
