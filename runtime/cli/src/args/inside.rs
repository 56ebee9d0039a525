//! How the target is looked into: its traces, and its databases.

use clap::Args;
use squall_plan::LookInside;

use crate::args::headings;
use crate::values::parse_share;

/// What is seen of the target's inside.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::INSIDE)]
pub struct InsideArgs {
    /// Trace some requests, receive the target's OpenTelemetry traces of them, and name the causes of slow responses.
    #[arg(long)]
    pub look_inside: bool,
    /// The share of requests that are traced [default: 1%, and 10 a second at least].
    #[arg(long, value_name = "PERCENT", value_parser = parse_share)]
    pub trace_share: Option<f64>,
    /// Receive traces (OTLP) at this address [default: 127.0.0.1:4317 and 127.0.0.1:4318]; give several.
    #[arg(long, value_name = "ADDRESS")]
    pub otlp_listen: Vec<String>,
    /// Pass received traces on to this collector: http://127.0.0.1:5318.
    #[arg(long, value_name = "URL")]
    pub otlp_forward: Option<String>,
    /// Read the statistics of this database, with a login that may only read: postgresql://reader@host/shop; give several.
    #[arg(long, value_name = "URL")]
    pub database: Vec<String>,
    /// Let a short stretch of low load come before the load.
    #[arg(skip)]
    pub diagnose: bool,
}

impl InsideArgs {
    /// The same for the session.
    pub fn settings(&self) -> LookInside {
        LookInside {
            traces: self.look_inside.then_some(true),
            trace_share: self.trace_share,
            otlp_listen: self.otlp_listen.clone(),
            otlp_forward: self.otlp_forward.clone(),
            databases: self.database.clone(),
            diagnose: self.diagnose.then_some(true),
        }
    }
}
