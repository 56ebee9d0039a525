//! What can be typed about how much a scenario may take. What each limit means is `squall_plan::Limits`'s business.

use std::time::Duration;

use clap::Args;
use squall_plan::{LimitPreset, Limits, parse_typed_duration};

use crate::args::headings;
use crate::error::CliError;
use crate::values::parse_size;

/// How much a scenario may take.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::SANDBOX)]
pub struct LimitArgs {
    /// Where the limits of a scenario begin: default, or ci, which is strict, for machines that others send scenarios to.
    #[arg(long = "limits", value_name = "PRESET", env = "SQUALL_LIMITS", value_parser = parse_preset)]
    pub preset: Option<LimitPreset>,
    /// How much may be held for a virtual user outside of its memory: requests, responses, lists. [default: 512MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub host_memory: Option<u64>,
    /// The most memory that all virtual users may have together, with what is held for them: 2GiB. [default: as much as --memory gives to each]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory_total: Option<u64>,
    /// How long one iteration, or one start of a virtual user, may take; what takes longer has failed. [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub iteration_timeout: Option<Duration>,
    /// The largest body of a response that is read, as it comes and decoded. [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_body_size: Option<u64>,
    /// How much the scenario may log in the whole run. [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_log_size: Option<u64>,
    /// How many requests the scenario may send at once. [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_batch: Option<u32>,
    #[command(flatten)]
    pub component: ComponentLimitArgs,
}

/// How much a component may be, before anything of it runs.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::SANDBOX)]
pub struct ComponentLimitArgs {
    /// The largest file that is taken for a component. [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_component_size: Option<u64>,
    /// How long compiling it may take. [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub compile_timeout: Option<Duration>,
    /// How much memory compiling it may take (on Linux). [default: 4GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub compile_memory: Option<u64>,
}

impl LimitArgs {
    /// The preset, with what was typed over it; `memory` is `--memory`.
    pub fn limits(&self, memory: Option<u64>) -> Limits {
        let preset = self.component.over(self.preset.unwrap_or_default().limits());
        Limits {
            memory: memory.unwrap_or(preset.memory),
            memory_total: self.memory_total.or(preset.memory_total),
            host_memory: self.host_memory.unwrap_or(preset.host_memory),
            iteration: self.iteration_timeout.or(preset.iteration),
            body: self.max_body_size.unwrap_or(preset.body),
            log: self.max_log_size.unwrap_or(preset.log),
            batch: self.max_batch.map_or(preset.batch, |batch| batch as usize),
            ..preset
        }
    }
}

impl LimitArgs {
    /// Refuses to build a source where strangers' scenarios are run: its compiler, its build scripts and its dependencies run
    /// as programs, outside of any sandbox.
    pub fn allow_source(&self, name: &str) -> Result<(), CliError> {
        if self.preset != Some(LimitPreset::Ci) {
            return Ok(());
        }
        let text = format!(
            "{name}: building a source runs its toolchain outside of the sandbox, which --limits ci does not allow: build it \
             where you trust it (squall build), and run the component"
        );
        Err(CliError::options(vec![text]))
    }
}

impl ComponentLimitArgs {
    /// What was typed, over these limits.
    pub fn over(&self, limits: Limits) -> Limits {
        Limits {
            component: self.max_component_size.unwrap_or(limits.component),
            compile: self.compile_timeout.unwrap_or(limits.compile),
            compile_memory: self.compile_memory.unwrap_or(limits.compile_memory),
            ..limits
        }
    }
}

fn parse_preset(text: &str) -> Result<LimitPreset, String> {
    text.parse().map_err(|error: squall_plan::UnknownChoice| error.to_string())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let time = parse_typed_duration(text).map_err(|error| error.to_string())?;
    if time.is_zero() { Err("some time is needed".to_owned()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_goes_before_the_preset() {
        let typed = LimitArgs {
            preset: Some(LimitPreset::Ci),
            iteration_timeout: Some(Duration::from_secs(5)),
            component: ComponentLimitArgs { max_component_size: Some(7), ..ComponentLimitArgs::default() },
            ..LimitArgs::default()
        };
        let limits = typed.limits(Some(1 << 20));
        assert_eq!((limits.component, limits.memory), (7, 1 << 20));
        assert_eq!(limits.iteration, Some(Duration::from_secs(5)));
        assert_eq!((limits.body, limits.memory_total), (Limits::CI.body, Limits::CI.memory_total));
        assert_eq!(LimitArgs::default().limits(None), Limits::default());
    }
    #[test]
    fn a_time_without_a_unit_is_in_seconds_and_not_zero() {
        assert_eq!(parse_time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("5m"), Ok(Duration::from_secs(300)));
        assert!(parse_time("0").is_err() && parse_time("soon").is_err());
    }
}
