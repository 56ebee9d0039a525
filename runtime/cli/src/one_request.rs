//! `squall run URL`: wrk's flags, turned into options of the embedded one-request scenario.

use std::fs;
use std::path::Path;
use std::time::Duration;

use squall_plan::{Options, Target};

use crate::args::RequestArgs;
use crate::error::CliError;

/// The scenario behind it, built from `guest-examples/request/rust`.
pub const COMPONENT: &[u8] = include_bytes!("../assets/request.wasm");

const DEFAULT_CONNECTIONS: u64 = 10;
const DEFAULT_DURATION: Duration = Duration::from_secs(10);

/// Whether what was named is a URL, not a file.
pub fn is_url(scenario: &str) -> bool {
    scenario.starts_with("http://") || scenario.starts_with("https://")
}

/// What the flags mean for the plan, over `typed`, the other options of the command line.
pub fn options(url: &str, request: &RequestArgs, mut typed: Options) -> Result<Options, CliError> {
    check_origin(url)?;
    let body = request.body.as_deref().map(read_body).transpose()?;
    let default_method = if body.is_some() { "POST" } else { "GET" };
    let method = request.method.clone().unwrap_or_else(|| default_method.to_owned());
    let headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    typed.env.insert("SQUALL_URL".to_owned(), url.to_owned());
    typed.env.insert("SQUALL_METHOD".to_owned(), method.to_ascii_uppercase());
    typed.env.insert("SQUALL_HEADERS".to_owned(), headers.join("\n"));
    if let Some(body) = body {
        // Options are text: each byte travels as the character of its number.
        typed.env.insert("SQUALL_BODY".to_owned(), body.into_iter().map(char::from).collect());
    }
    typed.vus = typed.vus.or(request.connections);
    let defaults = Options { vus: Some(DEFAULT_CONNECTIONS), duration: Some(DEFAULT_DURATION), ..Options::default() };
    Ok(typed.over(defaults))
}

/// The options that only make sense with a URL, where there is none.
pub fn misplaced(request: &RequestArgs) -> Option<CliError> {
    let given = [
        ("--connections", request.connections.is_some()),
        ("--header", !request.headers.is_empty()),
        ("--method", request.method.is_some()),
        ("--body", request.body.is_some()),
    ];
    let (flag, _) = given.into_iter().find(|(_, given)| *given)?;
    let hint = if flag == "--connections" { "for a scenario it is --vus" } else { "a scenario makes its own requests" };
    Some(CliError::Options(vec![format!("{flag} goes with a URL in place of the scenario; {hint}")]))
}

/// Better to say it once, before the run, than with every request. The rest of the URL is the client's business.
fn check_origin(url: &str) -> Result<(), CliError> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let origin: Result<Target, _> = format!("{scheme}://{authority}").parse();
    origin.map(drop).map_err(|error| CliError::Options(vec![format!("{url}: {error}")]))
}

fn read_body(text: &str) -> Result<Vec<u8>, CliError> {
    match text.strip_prefix('@') {
        None => Ok(text.as_bytes().to_owned()),
        Some(file) => fs::read(file).map_err(|source| CliError::File {
            option: "--body",
            path: Path::new(file).to_owned(),
            source,
        }),
    }
}
