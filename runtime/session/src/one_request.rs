//! `squall run URL`: wrk's flags, turned into options of the embedded one-request scenario.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use squall_plan::{DataFormat, DataOptions, Options};

use crate::error::Error;

/// The scenario behind it, built from `guest-examples/request/rust`.
pub const COMPONENT: &[u8] = include_bytes!("../../cli/assets/request.wasm");

/// The one request, with wrk's flags.
#[derive(Clone, Debug, Default)]
pub struct RequestSettings {
    /// Connections; with a rate, there are never more.
    pub connections: Option<u64>,
    /// Headers, name and value.
    pub headers: Vec<(String, String)>,
    /// The method; else GET, or POST with a body.
    pub method: Option<String>,
    /// The body: text, or `@FILE`.
    pub body: Option<String>,
}

/// What the scenario calls the file of `--body @FILE`.
const BODY_FILE: &str = "body";
const DEFAULT_CONNECTIONS: u64 = 10;
const DEFAULT_DURATION: Duration = Duration::from_secs(10);

/// What the flags mean for the plan, over `typed`, the other options of the command line.
///
/// # Errors
/// If the body's file cannot be read, or the request cannot be sent.
pub fn options(url: &str, request: &RequestSettings, mut typed: Options) -> Result<Options, Error> {
    let body = request.body.as_deref().map(Body::read).transpose()?;
    let default_method = if body.is_some() { "POST" } else { "GET" };
    let method = request.method.as_deref().unwrap_or(default_method).to_ascii_uppercase();
    check(&method, url, request, body.as_ref())?;
    let headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    typed.env.insert("SQUALL_URL".to_owned(), url.to_owned());
    typed.env.insert("SQUALL_METHOD".to_owned(), method);
    typed.env.insert("SQUALL_HEADERS".to_owned(), headers.join("\n"));
    match body {
        Some(Body::Text(text)) => {
            typed.env.insert("SQUALL_BODY".to_owned(), text);
        }
        // It stays with the host: however large it is, no virtual user holds a copy.
        Some(Body::File(file, _)) => {
            let held = DataOptions { file: Some(file), format: Some(DataFormat::File), ..DataOptions::default() };
            typed.data.insert(BODY_FILE.to_owned(), held);
            typed.env.insert("SQUALL_BODY_FILE".to_owned(), BODY_FILE.to_owned());
        }
        None => {}
    }
    Ok(with_load(request, typed))
}

/// The load: as many connections as were asked for, or as wrk has.
pub(crate) fn with_load(request: &RequestSettings, mut typed: Options) -> Options {
    typed.vus = typed.vus.or(request.connections);
    if typed.is_open() {
        keep_connections(&mut typed);
    }
    let defaults = Options { vus: Some(DEFAULT_CONNECTIONS), duration: Some(DEFAULT_DURATION), ..Options::default() };
    typed.over(defaults)
}

/// The same for a search with the `typed` options: as many connections as its rates take, unless a number is asked for, and no time of its own.
pub fn for_a_search(options: Options, typed: &Options, request: &RequestSettings) -> Options {
    let connections = typed.vus.or(request.connections);
    Options { vus: connections, max_vus: typed.max_vus.or(connections), duration: typed.duration, ..options }
}

/// As with wrk2: a rate is spread over as many connections as were asked for, and what they cannot take waits.
fn keep_connections(typed: &mut Options) {
    let connections = typed.pre_allocated_vus.or(typed.vus).or(typed.max_vus).unwrap_or(DEFAULT_CONNECTIONS);
    if typed.pre_allocated_vus.is_none() {
        typed.vus = Some(connections);
    }
    typed.max_vus = typed.max_vus.or(Some(connections));
}

/// The options that only make sense with a URL, where there is none.
pub fn misplaced(request: &RequestSettings) -> Option<Error> {
    let given = [
        ("--connections", request.connections.is_some()),
        ("--header", !request.headers.is_empty()),
        ("--method", request.method.is_some()),
        ("--body", request.body.is_some()),
    ];
    let (flag, _) = given.into_iter().find(|(_, given)| *given)?;
    let hint = if flag == "--connections" { "for a scenario it is --vus" } else { "a scenario makes its own requests" };
    Some(Error::option(format!("{flag} goes with a URL in place of the scenario; {hint}")))
}

/// Better to say it once, before the run, than with every request.
fn check(method: &str, url: &str, request: &RequestSettings, body: Option<&Body>) -> Result<(), Error> {
    let fields = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    squall_http::check_request(method, url, fields, body.map(Body::length))
        .map_err(|error| Error::option(format!("this request cannot be sent: {error}")))
}

/// What `--body` means.
enum Body {
    Text(String),
    File(PathBuf, u64),
}

impl Body {
    fn read(text: &str) -> Result<Body, Error> {
        let Some(file) = text.strip_prefix('@') else {
            // Options are text: each byte travels as the character of its number.
            return Ok(Body::Text(text.bytes().map(char::from).collect()));
        };
        let path = PathBuf::from(file);
        match fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(metadata) => Ok(Body::File(path, metadata.len())),
            Err(source) => Err(Error::File { option: "--body", path, source }),
        }
    }

    /// How many bytes it has.
    fn length(&self) -> u64 {
        match self {
            // A character for each byte.
            Body::Text(text) => text.chars().count() as u64,
            Body::File(_, length) => *length,
        }
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, Plan};

    use super::*;

    fn executor(load: &str, connections: Option<u64>) -> String {
        let request = RequestSettings { connections, ..RequestSettings::default() };
        let typed = Options::from_json(load).unwrap();
        let options = options("http://127.0.0.1/", &request, typed).unwrap();
        let flows = [("request".to_owned(), 1)];
        Plan::resolve(options, &flows, Defaults { threads: 1, seed: 1 }).unwrap().load()
    }

    #[test]
    fn connections_are_virtual_users() {
        assert_eq!(executor("{}", None), "10 VUs for 10s");
        assert_eq!(executor("{}", Some(50)), "50 VUs for 10s");
        // With a rate there are never more of them.
        assert_eq!(executor(r#"{"rate": 5000}"#, None), "5000/s for 10s, up to 10 VUs");
        assert_eq!(executor(r#"{"rate": 5000, "duration": "1m"}"#, Some(50)), "5000/s for 1m, up to 50 VUs");
        assert_eq!(executor(r#"{"rate": 5000, "max_vus": 90}"#, Some(50)), "5000/s for 10s, up to 90 VUs");
        assert_eq!(executor(r#"{"rate": 5000, "pre_allocated_vus": 20}"#, None), "5000/s for 10s, up to 20 VUs");
        assert_eq!(executor(r#"{"stages": ["1m:900/s"]}"#, Some(50)), "up to 900/s for 1m over 1 stage, up to 50 VUs");
    }
}
