//! Credentials for registries, as stored by `docker login` (and podman, and cloud tools): `config.json` and credential
//! helpers.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::RegistryError;

/// The source of credentials.
#[derive(Clone, Debug)]
pub struct Credentials {
    file: Option<PathBuf>,
}

/// Credentials for a registry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// No credentials.
    Anonymous,
    /// A name and a password, or a token instead of a password.
    Password { user: String, password: String },
    /// A token with which other tokens are requested.
    RefreshToken(String),
}

/// The reason for missing credentials: a part of a sentence.
#[derive(Debug)]
pub(crate) enum Problem {
    /// About the file, whose name is to be added.
    OfFile(String),
    /// About a helper, with its name.
    OfHelper(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: HashMap<String, Login>,
    creds_store: Option<String>,
    cred_helpers: HashMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Login {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

/// The answer of a credential helper.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Credentials {
    /// Docker's file: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
    pub fn of_docker() -> Credentials {
        let folder = std::env::var_os("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker")));
        Credentials { file: folder.map(|folder| folder.join("config.json")) }
    }

    /// The credentials in that file.
    pub fn in_file(file: &Path) -> Credentials {
        Credentials { file: Some(file.to_owned()) }
    }

    /// The credentials for a registry.
    pub(crate) fn for_host(&self, host: &str) -> Result<Identity, RegistryError> {
        let wrong = |problem: String| RegistryError::Credentials { host: host.to_owned(), problem };
        let Some(file) = self.file.as_ref().filter(|file| file.exists()) else {
            return Ok(Identity::Anonymous);
        };
        let in_file = |problem: String| wrong(format!("{}: {problem}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| in_file(error.to_string()))?;
        Credentials::identity_in(&text, host, ask_helper).map_err(|problem| match problem {
            Problem::OfHelper(problem) => wrong(problem),
            Problem::OfFile(problem) => in_file(problem),
        })
    }

    /// The credentials for a registry in Docker's `config.json`; `ask` runs the helper with that name.
    pub(crate) fn identity_in(
        text: &str,
        host: &str,
        ask: impl Fn(&str, &str) -> Result<Identity, String>,
    ) -> Result<Identity, Problem> {
        let config: Config = serde_json::from_str(text).map_err(|error| Problem::OfFile(error.to_string()))?;
        let key = key(host);
        if let Some(helper) = config.cred_helpers.get(key).or(config.creds_store.as_ref()) {
            let asked = ask(helper, key).map_err(Problem::OfHelper)?;
            if asked != Identity::Anonymous {
                return Ok(asked);
            }
        }
        let spellings = [key.to_owned(), format!("https://{key}"), format!("https://{key}/"), format!("http://{key}")];
        match spellings.iter().find_map(|spelling| config.auths.get(spelling)) {
            Some(login) => login.identity().map_err(Problem::OfFile),
            None => Ok(Identity::Anonymous),
        }
    }
}

impl Login {
    fn identity(&self) -> Result<Identity, String> {
        if !self.identitytoken.is_empty() {
            return Ok(Identity::RefreshToken(self.identitytoken.clone()));
        }
        if !self.username.is_empty() {
            return Ok(Identity::Password { user: self.username.clone(), password: self.password.clone() });
        }
        if self.auth.is_empty() {
            return Ok(Identity::Anonymous);
        }
        let wrong = || "\"auth\" is not the base64 of NAME:PASSWORD".to_owned();
        let bytes = STANDARD.decode(self.auth.trim()).map_err(|_| wrong())?;
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        let (user, password) = text.trim_end_matches('\0').split_once(':').ok_or_else(wrong)?;
        Ok(Identity::Password { user: user.to_owned(), password: password.to_owned() })
    }
}

/// A registry's key in Docker's file.
fn key(host: &str) -> &str {
    if host == "docker.io" { "https://index.docker.io/v1/" } else { host }
}

/// Runs `docker-credential-NAME get`.
fn ask_helper(name: &str, key: &str) -> Result<Identity, String> {
    let program = format!("docker-credential-{name}");
    let failed =
        |error: std::io::Error| format!("{program}, which Docker's configuration names, does not run: {error}");
    let mut helper = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = helper.stdin.take() {
        // A helper that does not read its input explains that in its answer.
        let _ = input.write_all(key.as_bytes());
    }
    let output = helper.wait_with_output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        // The protocol has no code for missing credentials: every helper prints this sentence.
        if said.contains("credentials not found") {
            return Ok(Identity::Anonymous);
        }
        return Err(format!("{program} failed: {}{}", said.trim(), String::from_utf8_lossy(&output.stderr).trim()));
    }
    let answer: Answer = serde_json::from_str(&said).map_err(|_| format!("{program} gives an invalid answer"))?;
    Ok(match answer.username.as_str() {
        "<token>" => Identity::RefreshToken(answer.secret),
        _ => Identity::Password { user: answer.username, password: answer.secret },
    })
}

/// The value of `Authorization` for a name and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(config: &str, host: &str) -> Result<Identity, RegistryError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        fs::write(&file, config).unwrap();
        Credentials::in_file(&file).for_host(host)
    }

    fn password() -> Identity {
        Identity::Password { user: "me".to_owned(), password: "a:b".to_owned() }
    }

    #[test]
    fn a_login_counts_for_its_registry_only() {
        let config = r#"{"auths": {"ghcr.io": {"auth": "bWU6YTpi"}}}"#;
        assert!(known(config, "ghcr.io").unwrap() == password());
        assert!(known(config, "ghcr.io:444").unwrap() == Identity::Anonymous);
    }

    #[test]
    fn docker_hub_has_its_own_name() {
        let config = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6YTpi"}}}"#;
        assert!(known(config, "docker.io").unwrap() == password());
    }

    #[test]
    fn broken_credentials_are_reported() {
        let broken = known(r#"{"auths": {"ghcr.io": {"auth": "%"}}}"#, "ghcr.io").err().unwrap().to_string();
        assert!(broken.contains("base64 of NAME:PASSWORD"), "{broken}");
        let missing = known(r#"{"credsStore": "squall-has-none"}"#, "ghcr.io").err().unwrap().to_string();
        assert!(missing.contains("docker-credential-squall-has-none"), "{missing}");
    }
}
