//! Requests: how they are made, where they go, and the one request of `squall run URL`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use squall_session::one_request::RequestSettings;

use crate::values::{parse_count, parse_header, parse_time};

/// How requests are made.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Requests")]
pub struct HttpArgs {
    /// Accept any TLS certificate.
    #[arg(short = 'k', long, alias = "insecure-skip-tls-verify")]
    pub insecure: bool,
    /// Trust the certificates in this PEM file, too.
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// How long a request may take. [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub timeout: Option<Duration>,
    /// How long opening a connection may take. [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub connect_timeout: Option<Duration>,
    /// How many redirects are followed. [default: 10]
    #[arg(long, value_name = "N")]
    pub max_redirects: Option<u32>,
    /// A new connection for every request.
    #[arg(long, alias = "disable-keepalive")]
    pub no_connection_reuse: bool,
    /// All virtual users share N connections to each origin, instead of one each.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connection_pool: Option<u32>,
    /// Read bodies off the connection and throw them away, unless a request says otherwise.
    #[arg(long)]
    pub discard_response_bodies: bool,
    /// The User-Agent of requests that bring none.
    #[arg(long, value_name = "TEXT")]
    pub user_agent: Option<String>,
}

/// Where a scenario's requests go.
#[derive(Clone, Debug, Default, Args)]
pub struct TargetArgs {
    /// The base URL: where the scenario's relative URLs go.
    #[arg(long, value_name = "URL", env = "SQUALL_TARGET", hide_env_values = true, help_heading = "Target")]
    pub target: Option<String>,
}

/// The one request of `squall run URL`, with wrk's flags.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "One request (with a URL)")]
pub struct RequestArgs {
    /// Connections: the same as --vus; with a rate, there are never more. [default: 10]
    #[arg(short, long, value_name = "N", value_parser = parse_count, conflicts_with_all = ["vus", "pre_allocated_vus"])]
    pub connections: Option<u64>,
    /// A header, 'name: value'; give several.
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = parse_header)]
    pub headers: Vec<(String, String)>,
    /// The method. [default: GET, or POST with a body]
    #[arg(short, long, short_alias = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// The body: text, or @FILE.
    #[arg(short, long, value_name = "TEXT|@FILE")]
    pub body: Option<String>,
    /// What wrk wants to hear for percentiles, which are always there.
    #[arg(long, hide = true)]
    pub latency: bool,
}

impl RequestArgs {
    /// The same for the session.
    pub fn settings(&self) -> RequestSettings {
        RequestSettings {
            connections: self.connections,
            headers: self.headers.clone(),
            method: self.method.clone(),
            body: self.body.clone(),
        }
    }
}
