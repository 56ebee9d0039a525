//! What a run is asked for besides its load: plain values, however they were said.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use squall_control::DashboardPlace;
use squall_history::Store;
use squall_http::HostRule;
use squall_monitor::Sources;
use squall_outputs::{Header, Output, Statistic};
use squall_plan::{LookInside, Rate};

use crate::reports::ReportFile;
use crate::secrets::SecretArgument;

/// What a scenario may do.
#[derive(Clone, Debug, Default)]
pub struct SandboxSettings {
    /// Hosts that it may reach besides the target.
    pub allow: Vec<HostRule>,
    /// Public hosts that the user says may be loaded.
    pub may_load: Vec<HostRule>,
    /// A file of such hosts.
    pub may_load_file: Option<PathBuf>,
    /// The most iterations that may be started a second.
    pub max_rate: Option<Rate>,
    /// The longest load.
    pub max_duration: Option<Duration>,
    /// Secrets that the scenario can read.
    pub secrets: Vec<SecretArgument>,
}

/// How a run can be read and changed from outside.
#[derive(Clone, Debug, Default)]
pub struct ControlSettings {
    /// Where the control API listens.
    pub api: Option<SocketAddr>,
    /// The file of its token.
    pub token_file: Option<PathBuf>,
    /// Where the dashboard is shown.
    pub dashboard: Option<DashboardPlace>,
}

impl ControlSettings {
    /// Whether the dashboard may change the run: where others may control it, too, or in the pages that have started it.
    pub fn dashboard_may_change(&self) -> bool {
        self.api.is_some() || matches!(self.dashboard, Some(DashboardPlace::Within(_)))
    }
}

/// What is shown and written.
#[derive(Clone, Debug, Default)]
pub struct OutputSettings {
    /// How much the summary shows.
    pub summary: SummaryMode,
    /// A file for the summary in k6's form.
    pub summary_export: Option<PathBuf>,
    /// A file for the response times of each second.
    pub histogram_log: Option<PathBuf>,
    /// Whether the run is kept.
    pub keep: KeepSettings,
    /// Reports.
    pub reports: ReportSettings,
    /// What is asked about the target, besides what the plan names.
    pub monitor: Sources,
    /// How the target is looked into, besides what the plan says.
    pub inside: LookInside,
    /// What is passed on while the run goes on.
    pub streams: StreamSettings,
    /// Whether the user asked for the whole screen.
    pub full_screen: bool,
}

/// How much the summary shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SummaryMode {
    /// What fits a screen.
    #[default]
    Compact,
    /// Every phase and every name.
    Full,
    /// Nothing.
    Disabled,
}

/// Whether and as what a run is kept.
#[derive(Clone, Debug)]
pub struct KeepSettings {
    /// Whether it is.
    pub enabled: bool,
    /// Tags for it.
    pub tags: Vec<String>,
    /// Where.
    pub store: Store,
}

impl Default for KeepSettings {
    /// Not kept.
    fn default() -> KeepSettings {
        KeepSettings { enabled: false, tags: Vec::new(), store: Store::at(".squall/runs") }
    }
}

/// Which reports are written.
#[derive(Clone, Debug, Default)]
pub struct ReportSettings {
    /// Files.
    pub files: Vec<ReportFile>,
    /// A file for everything, as JSON.
    pub summary_json: Option<PathBuf>,
    /// How often they are written while the run goes on; zero for only at the end.
    pub every: Option<Duration>,
    /// An earlier run's summary, to compare with.
    pub baseline: Option<PathBuf>,
    /// The CI system that is told.
    pub ci: CiChoice,
}

/// A CI system, as it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CiChoice {
    /// The one that the environment names, if it names one.
    Auto,
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Azure Pipelines.
    Azure,
    /// None.
    #[default]
    None,
}

/// What is passed on while the run goes on.
#[derive(Clone, Debug, Default)]
pub struct StreamSettings {
    /// Outputs; where there are none, the plan's.
    pub outputs: Vec<Output>,
    /// Statistics to send for trends where the backend has no histograms; where there are none, the usual ones.
    pub statistics: Vec<Statistic>,
    /// Headers for requests to outputs.
    pub headers: Vec<Header>,
    /// Whether Prometheus gets native histograms.
    pub native_histograms: bool,
}
