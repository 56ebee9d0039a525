//! The server, and the login there.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::ConnectOptions;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::BusError;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How an end authenticates itself at the server. `Debug` hides secrets.
#[derive(Clone, Default)]
pub enum Login {
    /// Not at all.
    #[default]
    Anonymous,
    /// By the server's token.
    Token(String),
    /// By name and password.
    User {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// By a credentials file, as `nsc` and NGS write it.
    CredentialsFile(PathBuf),
}

/// The access to a NATS server.
#[derive(Clone, Debug)]
pub struct NatsSettings {
    /// The scheme, host and port, without credentials.
    server: Url,
    /// The login.
    pub login: Login,
    /// Certificates (PEM) to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// The time for which the server keeps messages of a new run.
    pub kept_for: Duration,
}

impl NatsSettings {
    /// Reads a URL: `nats://HOST:PORT` or `tls://HOST:PORT`, with `USER:PASSWORD@` or `TOKEN@` before the host if the
    /// server wants that.
    ///
    /// # Errors
    /// If it is not such a URL. The text of the error has no credentials.
    pub fn new(url: &str) -> Result<NatsSettings, BusError> {
        let mut server = Url::parse(url).map_err(|error| wrong_url(error.to_string()))?;
        if !["nats", "tls"].contains(&server.scheme()) {
            return Err(wrong_url(format!("its scheme is {}", server.scheme())));
        }
        if server.host_str().is_none_or(str::is_empty) {
            return Err(wrong_url("it has no host".to_owned()));
        }
        let login = login(&server);
        let _ = server.set_username("");
        let _ = server.set_password(None);
        Ok(NatsSettings { server, login, ca_file: None, kept_for: WEEK })
    }

    /// The server, without credentials.
    pub fn server(&self) -> &str {
        self.server.as_str()
    }

    /// The options of a connection.
    pub(crate) async fn options(&self) -> Result<ConnectOptions, BusError> {
        let options = ConnectOptions::new().require_tls(self.server.scheme() == "tls");
        let options = match &self.ca_file {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        };
        Ok(match &self.login {
            Login::Anonymous => options,
            Login::Token(token) => options.token(token.clone()),
            Login::User { name, password } => options.user_and_password(name.clone(), password.clone()),
            Login::CredentialsFile(file) => {
                options.credentials_file(file).await.map_err(|error| BusError::Settings {
                    problem: format!("cannot use the credentials file {}: {error}", file.display()),
                    remedy: "give a file with a JWT and a seed, as nsc writes it",
                })?
            }
        })
    }
}

fn login(server: &Url) -> Login {
    let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match (server.username(), server.password()) {
        ("", None) => Login::Anonymous,
        (token, None) => Login::Token(decode(token)),
        (name, Some(password)) => Login::User { name: decode(name), password: decode(password) },
    }
}

fn wrong_url(problem: String) -> BusError {
    BusError::Settings {
        problem: format!("this is not the URL of a NATS server ({problem})"),
        remedy: "write nats://HOST:PORT or tls://HOST:PORT",
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Login::Anonymous => formatter.write_str("Anonymous"),
            Login::Token(_) => formatter.write_str("Token(hidden)"),
            Login::User { name, .. } => write!(formatter, "User({name:?}, hidden)"),
            Login::CredentialsFile(file) => formatter.debug_tuple("CredentialsFile").field(file).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_from_the_url_and_hidden() {
        let settings = NatsSettings::new("nats://ada:p%40ss@host:4222").unwrap();
        assert_eq!(settings.server(), "nats://host:4222");
        assert!(matches!(&settings.login, Login::User { name, password } if name == "ada" && password == "p@ss"));
        assert!(!format!("{settings:?}").contains("p@ss"));
        let settings = NatsSettings::new("tls://t0k3n@host").unwrap();
        assert!(matches!(&settings.login, Login::Token(token) if token == "t0k3n"));
        assert!(!format!("{settings:?}").contains("t0k3n"));
        assert!(matches!(NatsSettings::new("nats://host").unwrap().login, Login::Anonymous));
    }

    #[test]
    fn other_urls_are_refused_without_their_credentials() {
        for url in ["host:4222", "http://ada:secret@host", "nats://ada:secret@", "nats:", "", "nats://a:secret@b:x"] {
            let error = NatsSettings::new(url).unwrap_err().to_string();
            assert!(error.contains("nats://HOST:PORT"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
