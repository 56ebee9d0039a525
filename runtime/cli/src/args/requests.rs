//! The one request of `squall run URL`.

use std::path::PathBuf;

use clap::Args;
use squall_session::one_call::SchemaSettings;
use squall_session::one_request::RequestSettings;

use crate::args::headings;
use crate::values::{parse_count, parse_header};

/// The one request of `squall run URL`, with wrk's flags.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::REQUESTS)]
pub struct RequestArgs {
    /// Connections to a URL [default: 10]
    ///
    /// The same as --vus; with a rate, there are never more.
    #[arg(short, long, value_name = "N", value_parser = parse_count, conflicts_with_all = ["vus", "pre_allocated_vus"],
          help_heading = headings::LOAD)]
    pub connections: Option<u64>,
    /// Header of requests to a URL, 'name: value'
    ///
    /// Give several.
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = parse_header)]
    pub headers: Vec<(String, String)>,
    /// Method of requests to a URL
    ///
    /// [default: GET, or POST with a body]
    #[arg(short, long, short_alias = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// Body of requests to a URL: text, or @FILE
    ///
    /// A file stays with the host, however large it is.
    #[arg(short, long, value_name = "TEXT|@FILE")]
    pub body: Option<String>,
    /// .proto file of a call to a gRPC server
    ///
    /// Files that it imports are found beside it, or in the folders above. Give several. Without any, the server is asked (by
    /// reflection).
    #[arg(long = "proto", value_name = "FILE")]
    pub protos: Vec<PathBuf>,
    /// File of descriptors of a call to a gRPC server
    ///
    /// As protoc --include_imports --descriptor_set_out writes it.
    #[arg(long, value_name = "FILE", conflicts_with = "protos")]
    pub protoset: Option<PathBuf>,
    /// What wrk wants to hear for percentiles, which are always there.
    #[arg(long, hide = true)]
    pub latency: bool,
}

impl RequestArgs {
    /// Where the types of a call are, for the session.
    pub fn schema(&self) -> SchemaSettings {
        SchemaSettings { protos: self.protos.clone(), protoset: self.protoset.clone() }
    }

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
