//! `--out`: outputs that are told of the run while it goes on. The run is never worse for them: what goes wrong is said, and
//! the exit code stays.

use clap::Args;
use squall_load::{Event, Observer};
use squall_plan::{Plan, PlanFile};
use squall_stream::{Header, Output, Settings, Statistic, StreamError, Streams};

use crate::system::time_of_day;
use crate::terminal::Voice;

/// Where what is measured goes while the run goes on.
#[derive(Debug, Default, Args)]
pub struct StreamArgs {
    /// Pass on what is measured, each second: json=FILE, csv=FILE, openmetrics=[ADDRESS:]PORT, prometheus=URL (remote
    /// write), statsd=HOST:PORT, influxdb=URL, otlp=URL; give several.
    #[arg(short, long, value_name = "KIND=WHERE")]
    pub out: Vec<Output>,
    /// What is told of distributions, where they cannot be told whole. [default: avg,min,med,max,p(90),p(95),p(99)]
    #[arg(long, value_name = "LIST", value_delimiter = ',', env = "K6_PROMETHEUS_RW_TREND_STATS", hide_env = true)]
    pub out_trend_stats: Vec<Statistic>,
    /// A header for requests to outputs of a kind, 'otlp=Authorization: Bearer ...'; give several.
    #[arg(long, value_name = "KIND=HEADER")]
    pub out_header: Vec<Header>,
    /// Give Prometheus native histograms in place of statistics.
    #[arg(long)]
    pub out_native_histograms: bool,
}

impl StreamArgs {
    /// Opens all outputs, so that nothing runs if one cannot be had. What was typed takes the place of what the file says.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn open(&self, plan: &Plan, file: Option<&PlanFile>) -> Result<Streams, StreamError> {
        let told = if self.out_trend_stats.is_empty() { Statistic::usual() } else { self.out_trend_stats.clone() };
        let settings = Settings {
            tags: plan.tags.clone(),
            statistics: told,
            native_histograms: self.out_native_histograms,
            headers: self.out_header.clone(),
            target: plan.target.as_ref().map(|target| target.as_str().to_owned()),
        };
        // What is no output was refused when the plan was read.
        let planned = file.and_then(|file| file.outputs(str::parse).ok()).unwrap_or_default();
        let outputs = if self.out.is_empty() { &planned } else { &self.out };
        Streams::open(outputs, &settings, time_of_day())
    }
}

/// Passes on what it hears.
pub struct Streaming {
    streams: Streams,
    voice: Voice,
}

impl Streaming {
    /// Says where figures can be fetched, even where it is to be quiet: with port 0, nobody could know.
    pub fn new(streams: Streams, voice: Voice) -> Streaming {
        for heading in streams.headings() {
            voice.say(heading);
        }
        Streaming { streams, voice }
    }

    /// The run is over: what is left has a few seconds.
    pub fn end(self) {
        for missing in self.streams.close() {
            self.voice.say(&format!("warning: {missing}"));
        }
    }
}

impl Observer for Streaming {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::Recorded { interval, length, ended: Some(ended), totals } = event {
            self.streams.recorded(interval, *length, *ended, totals);
            for problem in self.streams.problems() {
                self.voice.say(&format!("warning: {problem}"));
            }
        }
    }
}
