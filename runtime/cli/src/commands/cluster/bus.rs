//! Settings of the bus, from arguments and environment.

use std::fs;

use squall_bus::{BusError, Login, NatsSettings, RunId, RunKey};

use crate::args::agents::BusArgs;
use crate::error::CliError;

/// The variable of the run's token.
const TOKEN: &str = "SQUALL_TOKEN";

/// The server.
pub fn nats_settings(url: &str, arguments: &BusArgs) -> Result<NatsSettings, CliError> {
    let mut settings = NatsSettings::new(url).map_err(|error| CliError::options(vec![error.to_string()]))?;
    if let Some(file) = &arguments.nats_creds {
        settings.login = Login::CredentialsFile(file.clone());
    }
    settings.ca_file.clone_from(&arguments.nats_ca);
    Ok(settings)
}

/// The run.
pub fn run_id(text: &str) -> Result<RunId, CliError> {
    RunId::new(text).map_err(|error| CliError::options(vec![error.to_string()]))
}

/// The run's token, from its file or the environment.
pub fn token(arguments: &BusArgs) -> Result<Option<RunKey>, CliError> {
    let text = match &arguments.token_file {
        Some(path) => Some(fs::read_to_string(path).map_err(|source| CliError::file("--token-file", path, source))?),
        None => std::env::var(TOKEN).ok().filter(|token| !token.is_empty()),
    };
    let key = text.map(|text| text.trim().parse::<RunKey>());
    key.transpose().map_err(|error| CliError::options(vec![error.to_string()]))
}

/// Waits for the bus.
pub fn block_on<T>(future: impl Future<Output = Result<T, BusError>>) -> Result<T, CliError> {
    runtime()?.block_on(future).map_err(bus_error)
}

/// An event loop for this thread.
pub fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::Cluster(format!("the system gives no event loop: {error}")))
}

/// What the bus says.
pub fn bus_error(error: BusError) -> CliError {
    CliError::Cluster(error.to_string())
}

/// Eight letters and digits that no other run or agent has.
pub fn new_id() -> Result<String, CliError> {
    let random = RunKey::generate().map_err(bus_error)?.to_token();
    Ok(random.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_ascii_lowercase())
}
