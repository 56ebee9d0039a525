//! `squall run`: from arguments to a run, and from its outcome to a summary and an exit code.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{Write, stdout};
use std::path::Path;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Artifact, Capacity, CodeCache, Guest, GuestLimits};
use squall_load::{Outcome, Run, RunEnd, Steering, TeardownProblem, describe, raise_open_files};
use squall_metrics::{Health, check_threshold};
use squall_plan::{Defaults, Options, Plan, Warmup, from_environment};
use squall_report::{DataLine, Detail, Summary, summary_export};

use crate::args::{OutputArgs, RunArgs, SummaryMode};
use crate::error::CliError;
use crate::options::from_arguments;
use crate::terminal::{Terminal, complain, summary_style};
use crate::{console, exit, one_request, signals};

/// A scenario to run, and how.
pub struct Order<'a> {
    /// What the user calls it.
    pub name: &'a str,
    /// The component.
    pub artifact: Artifact,
    /// What one virtual user may take.
    pub limits: GuestLimits,
    /// The command line's options.
    pub typed: Options,
    /// What is shown and written.
    pub output: &'a OutputArgs,
}

/// Runs what the arguments say.
pub fn run(arguments: &RunArgs) -> Result<u8, CliError> {
    let mut typed = from_arguments(&arguments.load, &arguments.http);
    typed.target = arguments.target.clone();
    let artifact = if one_request::is_url(&arguments.scenario) {
        typed = one_request::options(&arguments.scenario, &arguments.request, typed)?;
        Artifact::from_bytes(one_request::COMPONENT.to_vec())
    } else if let Some(error) = one_request::misplaced(&arguments.request) {
        return Err(error);
    } else {
        Artifact::read(Path::new(&arguments.scenario))
    };
    let name = arguments.scenario.as_str();
    let artifact = artifact.map_err(|source| CliError::Guest { name: name.to_owned(), source })?;
    let limits = GuestLimits { memory: arguments.load.memory };
    Order { name, artifact, limits, typed, output: &arguments.output }.carry_out()
}

impl Order<'_> {
    /// Prepares, runs, reports. Returns the exit code.
    pub fn carry_out(self) -> Result<u8, CliError> {
        let cache = CodeCache::of_user();
        let plan = self.plan(&cache)?;
        let export = self.open_export()?;
        let data = DataSet::load(&plan.data, plan.executor.max_vus(), plan.seed)?;
        raise_open_files(plan.executor.max_vus())?;
        let capacity = Capacity { vus: plan.executor.max_vus() };
        let guest =
            Guest::for_run(&self.artifact, &self.limits, capacity, &cache).map_err(|error| self.guest(error))?;
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let mut terminal = Terminal::new(self.output, flows);
        terminal.line(&self.heading(&plan));
        let steering = Steering::default();
        signals::stop_on_signals(steering.clone());
        console::listen(&plan.executor, steering.clone());
        let outcome = Run { plan, guest, data, steering }.run(&mut terminal)?;
        terminal.finish();
        self.report(&outcome, export)
    }

    fn guest(&self, source: squall_guest::GuestError) -> CliError {
        CliError::Guest { name: self.name.to_owned(), source }
    }

    /// All layers of options, merged: command line over environment over what the component suggests.
    fn plan(&self, cache: &CodeCache) -> Result<Plan, CliError> {
        let survey = Guest::survey(&self.artifact, &self.limits, cache).map_err(|error| self.guest(error))?;
        let description = describe(&survey).map_err(|error| self.guest(error))?;
        let suggested = suggested_plan(&description.plan)
            .map_err(|text| CliError::SuggestedPlan { name: self.name.to_owned(), text })?;
        let environment = from_environment(variables()).map_err(|error| CliError::Options(vec![error.to_string()]))?;
        let options = self.typed.clone().over(environment).over(suggested);
        let flows: Vec<(String, u32)> = description.flows.into_iter().map(|flow| (flow.name, flow.weight)).collect();
        let defaults = Defaults { threads: cores(), seed: RandomState::new().build_hasher().finish() };
        let mut plan = Plan::resolve(options, &flows, defaults)
            .map_err(|errors| CliError::Options(errors.iter().map(ToString::to_string).collect()))?;
        let misfits: Vec<String> = plan
            .thresholds
            .iter()
            .filter_map(|threshold| check_threshold(threshold).err())
            .map(|error| error.to_string())
            .collect();
        if !misfits.is_empty() {
            return Err(CliError::Options(misfits));
        }
        if plan.warmup == Warmup::Auto {
            let sentence = "this version cannot find the end of the warm-up by itself: give a time, like --warmup 30s";
            return Err(CliError::Options(vec![sentence.to_owned()]));
        }
        // A thread without a virtual user would only be in the way.
        plan.threads = plan.threads.min(usize::try_from(plan.executor.max_vus()).unwrap_or(usize::MAX)).max(1);
        Ok(plan)
    }

    /// Opened before the run, so that hours of measuring cannot end in "permission denied".
    fn open_export(&self) -> Result<Option<File>, CliError> {
        let Some(path) = &self.output.summary_export else {
            return Ok(None);
        };
        let opened = File::create(path);
        opened.map(Some).map_err(|source| CliError::File { option: "--summary-export", path: path.clone(), source })
    }

    fn heading(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("-", |target| target.as_str());
        let threads = if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) };
        let digest: String = self.artifact.digest().chars().take("sha256:".len() + 12).collect();
        let mut text = format!(
            "     scenario: {} ({}, {digest})\n       target: {target}\n         load: {} on {threads}, seed {}",
            self.name,
            squall_report::bytes(self.artifact.size() as f64),
            plan.executor,
            plan.seed,
        );
        let active: Vec<_> = plan.flows.iter().zip(plan.mix.shares()).filter(|(_, share)| *share > 0.0).collect();
        if plan.flows.len() > 1 {
            let shares = active.iter().map(|(flow, share)| format!("{} {:.0}%", flow.name, share * 100.0));
            text.push_str(&format!("\n        flows: {}", shares.collect::<Vec<_>>().join(", ")));
        }
        text.push('\n');
        text
    }

    fn report(&self, outcome: &Outcome, export: Option<File>) -> Result<u8, CliError> {
        if let Some(file) = export {
            self.write_export(outcome, file)?;
        }
        if self.output.summary_mode != SummaryMode::Disabled {
            let summary = Summary {
                totals: &outcome.totals,
                thresholds: &outcome.thresholds,
                generator: &outcome.generator,
                data: &data_lines(outcome),
                planned_shares: &outcome.plan.mix.shares(),
                detail: if self.output.summary_mode == SummaryMode::Full { Detail::Full } else { Detail::Compact },
                style: summary_style(self.output),
            };
            print(&summary.render())?;
        }
        Ok(self.verdict(outcome))
    }

    fn write_export(&self, outcome: &Outcome, mut file: File) -> Result<(), CliError> {
        let export = summary_export(&outcome.totals, &outcome.thresholds);
        let path = self.output.summary_export.clone().unwrap_or_default();
        writeln!(file, "{export:#}").map_err(|source| CliError::File { option: "--summary-export", path, source })
    }

    /// Says what is not as it should be, and gives the exit code.
    fn verdict(&self, outcome: &Outcome) -> u8 {
        let name = self.name;
        match &outcome.teardown {
            None => {}
            Some(TeardownProblem::Failed(text)) => complain(&format!("{name}: teardown {text}")),
            Some(TeardownProblem::TimedOut) => complain(&format!("{name}: teardown took longer than allowed")),
        }
        let invalid = outcome.generator.health == Health::Bottleneck;
        // What was not measured can neither pass nor fail.
        let failed = outcome.thresholds.iter().filter(|result| !invalid && !result.passed).count();
        if failed > 0 {
            complain(&format!("{failed} of {} thresholds not met", outcome.thresholds.len()));
        }
        match (&outcome.end, &outcome.teardown) {
            (RunEnd::SetupFailed(text), _) => {
                complain(&format!("{name}: setup failed: {text}"));
                exit::GUEST_FAILED
            }
            (RunEnd::SetupTimedOut, _) => {
                complain(&format!("{name}: setup took longer than {:?}", outcome.plan.setup_timeout));
                exit::SETUP_TIMED_OUT
            }
            (RunEnd::Hopeless(text), _) => {
                complain(&format!("{name}: stopped early: {text}"));
                exit::GUEST_FAILED
            }
            (RunEnd::Aborted(reason), _) => {
                complain(&format!("{name}: the scenario asked to stop: {reason}"));
                exit::GUEST_ABORTED
            }
            _ if invalid => {
                complain("the measurement is invalid: the generator was the bottleneck, not the target");
                exit::MEASUREMENT_INVALID
            }
            (RunEnd::ThresholdFailed(text), _) => {
                complain(&format!("{name}: stopped early: {text}"));
                exit::THRESHOLDS_FAILED
            }
            (RunEnd::Stopped, _) => exit::INTERRUPTED,
            (RunEnd::Completed | RunEnd::DataEnded(_), _) if failed > 0 => exit::THRESHOLDS_FAILED,
            (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::TimedOut)) => exit::TEARDOWN_TIMED_OUT,
            (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::Failed(_))) => exit::GUEST_FAILED,
            (RunEnd::Completed | RunEnd::DataEnded(_), None) => exit::PASSED,
        }
    }
}

/// How much of the data was used, and whether its end was the end of the run.
fn data_lines<'a>(outcome: &'a Outcome) -> Vec<DataLine<'a>> {
    let ended = |name: &str| matches!(&outcome.end, RunEnd::DataEnded(ended) if ended == name);
    let line = |used: &'a FeedUse| DataLine {
        name: &used.name,
        rows: used.rows,
        policy: used.policy,
        taken: used.taken,
        ended_the_run: ended(&used.name),
    };
    outcome.data.iter().map(line).collect()
}

fn suggested_plan(json: &str) -> Result<Options, String> {
    if json.trim().is_empty() {
        return Ok(Options::default());
    }
    let options = Options::from_json(json).map_err(|error| error.to_string())?;
    match options.data.iter().find(|(_, data)| data.file.is_some()) {
        // What it could read it could send to its target.
        Some((name, _)) => Err(format!("data {name:?} names a file: only who runs a scenario may, with --data")),
        None => Ok(options),
    }
}

/// The environment, as far as it is text.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Writes to standard output. A reader that has gone away wanted no more.
pub fn print(text: &str) -> Result<(), CliError> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Output(error)),
        _ => Ok(()),
    }
}
