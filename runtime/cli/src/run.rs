//! `squall run`: from arguments to a run, and from its outcome to a summary and an exit code.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{Write, stdout};
use std::path::Path;
use std::time::SystemTime;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Artifact, Capacity, CodeCache, Guest, GuestError, GuestLimits};
use squall_load::{Outcome, Run, RunEnd, Steering, StoppedBy, TeardownProblem, describe, raise_open_files};
use squall_metrics::{Health, check_threshold};
use squall_plan::{Defaults, Options, Plan, PlanFile, from_environment};
use squall_report::{DataLine, Detail, Summary, histogram_log, summary_export};

use crate::args::{OutputArgs, RunArgs, SummaryMode};
use crate::command::Controls;
use crate::control::args::ControlArgs;
use crate::control::{Board, Reserved};
use crate::error::CliError;
use crate::files::Files;
use crate::listeners::Listeners;
use crate::options::from_arguments;
use crate::project::{Source, Watch, build_for_run, is_source};
use crate::terminal::{Terminal, complain, say, summary_style};
use crate::{console, exit, one_request, plan, signals};

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
    /// The plan that was named, if one was.
    pub plan_file: Option<PlanFile>,
    /// Who may control it while it goes on.
    pub control: &'a ControlArgs,
    /// What is shown and written.
    pub output: &'a OutputArgs,
}

/// Runs what the arguments say.
pub fn run(arguments: &RunArgs) -> Result<u8, CliError> {
    let mut typed = from_arguments(&arguments.load, &arguments.http);
    typed.target = arguments.target.clone();
    let scenario = Path::new(&arguments.scenario);
    if one_request::is_url(&arguments.scenario) {
        typed = one_request::options(&arguments.scenario, &arguments.request, typed)?;
        return order(arguments, typed, Artifact::from_bytes(one_request::COMPONENT.to_vec()));
    }
    if let Some(error) = one_request::misplaced(&arguments.request) {
        return Err(error);
    }
    if plan::is_plan(scenario) {
        return run_plan(arguments, typed);
    }
    if !is_source(scenario) {
        let flag = if arguments.watch { "--watch" } else { "--compat" };
        if arguments.watch || arguments.compat.is_some() {
            return Err(CliError::Options(vec![format!("{flag} goes with a scenario's source, which is built first")]));
        }
        return order(arguments, typed, Artifact::read(scenario));
    }
    let source = Source::at(scenario)?;
    if arguments.watch {
        return run_at_each_change(arguments, &source, &typed);
    }
    order(arguments, typed, Artifact::read(&build_for_run(&source, arguments.compat)?))
}

/// What a plan says, with what was typed over it.
fn run_plan(arguments: &RunArgs, typed: Options) -> Result<u8, CliError> {
    if arguments.watch {
        return Err(CliError::Options(vec!["--watch goes with a scenario's source, not with a plan".to_owned()]));
    }
    let file = plan::read(Path::new(&arguments.scenario))?;
    let name = file.component.clone().unwrap_or_default();
    let artifact = plan::artifact(&name, arguments.compat)?;
    let limits = GuestLimits { memory: arguments.load.memory };
    let (control, output) = (&arguments.control, &arguments.output);
    Order { name: &name, artifact, limits, typed, plan_file: Some(file), control, output }.carry_out()
}

/// A loop for writing a scenario: one iteration of it, and another each time that it is saved.
fn run_at_each_change(arguments: &RunArgs, source: &Source, typed: &Options) -> Result<u8, CliError> {
    let once = Options { vus: Some(1), iterations: typed.iterations.or(Some(1)), ..typed.clone() };
    let mut watch = Watch::start(&source.folder);
    loop {
        let component = build_for_run(source, arguments.compat);
        let result = component.and_then(|component| order(arguments, once.clone(), Artifact::read(&component)));
        match result {
            Ok(_) => {}
            Err(error) => complain(&error.to_string()),
        }
        say("waiting for a file to change (Ctrl-C ends this)");
        // The first run has begun to listen to Ctrl-C.
        if !watch.wait_for_change(signals::came) {
            return Ok(exit::INTERRUPTED);
        }
    }
}

fn order(arguments: &RunArgs, typed: Options, artifact: Result<Artifact, GuestError>) -> Result<u8, CliError> {
    let name = arguments.scenario.as_str();
    let artifact = artifact.map_err(|source| CliError::Guest { name: name.to_owned(), source })?;
    let plan_file = None;
    let limits = GuestLimits { memory: arguments.load.memory };
    Order { name, artifact, limits, typed, plan_file, control: &arguments.control, output: &arguments.output }
        .carry_out()
}

impl Order<'_> {
    /// Prepares, runs, reports. Returns the exit code.
    pub fn carry_out(self) -> Result<u8, CliError> {
        let cache = CodeCache::of_user();
        let plan = self.plan(&cache)?;
        let files = Files::open(self.output)?;
        let reserved = Reserved::take(self.control)?;
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
        let controls = Controls::new(plan.executor.clone(), steering.clone());
        let mut board = Board::new(&plan.thresholds);
        let mut server = None;
        if let Some(reserved) = reserved {
            // Said even where it is to be quiet: without it nobody could use what was asked for.
            terminal.voice().say(&reserved.heading());
            server = Some(reserved.serve(controls.clone(), &board)?);
        }
        console::listen(controls, terminal.voice());
        let began = time_of_day();
        let run = Run { plan, guest, data, steering };
        let outcome = run.run(&mut Listeners(vec![&mut terminal, &mut board]))?;
        drop(server);
        terminal.finish();
        self.report(&outcome, files, began)
    }

    fn guest(&self, source: GuestError) -> CliError {
        CliError::Guest { name: self.name.to_owned(), source }
    }

    /// All layers of options, merged: command line over environment over what the component suggests.
    fn plan(&self, cache: &CodeCache) -> Result<Plan, CliError> {
        let survey = Guest::survey(&self.artifact, &self.limits, cache).map_err(|error| self.guest(error))?;
        let description = describe(&survey).map_err(|error| self.guest(error))?;
        let suggested = suggested_plan(&description.plan)
            .map_err(|text| CliError::SuggestedPlan { name: self.name.to_owned(), text })?;
        let environment = from_environment(variables()).map_err(|error| CliError::Options(vec![error.to_string()]))?;
        let flows: Vec<(String, u32)> = description.flows.into_iter().map(|flow| (flow.name, flow.weight)).collect();
        let upper = self.typed.clone().over(environment);
        let options = match &self.plan_file {
            Some(file) => file.under(upper, &flows),
            None => upper,
        };
        let options = options.over(suggested);
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
        // A thread without a virtual user would only be in the way.
        plan.threads = plan.threads.min(usize::try_from(plan.executor.max_vus()).unwrap_or(usize::MAX)).max(1);
        Ok(plan)
    }

    fn heading(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("-", |target| target.as_str());
        let threads = if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) };
        let digest: String = self.artifact.digest().chars().take("sha256:".len() + 12).collect();
        let mut text = self.plan_file.as_ref().map(plan::heading).unwrap_or_default();
        text.push_str(&format!(
            "     scenario: {} ({}, {digest})\n       target: {target}\n         load: {} on {threads}, seed {}",
            self.name,
            squall_report::bytes(self.artifact.size() as f64),
            plan.executor,
            plan.seed,
        ));
        let active: Vec<_> = plan.flows.iter().zip(plan.mix.shares()).filter(|(_, share)| *share > 0.0).collect();
        if plan.flows.len() > 1 {
            let shares = active.iter().map(|(flow, share)| format!("{} {:.0}%", flow.name, share * 100.0));
            text.push_str(&format!("\n        flows: {}", shares.collect::<Vec<_>>().join(", ")));
        }
        text.push('\n');
        text
    }

    fn report(&self, outcome: &Outcome, files: Files, began: SystemTime) -> Result<u8, CliError> {
        if let Some(file) = files.summary_export {
            let export = summary_export(&outcome.totals, &outcome.thresholds);
            file.write(&format!("{export:#}\n"))?;
        }
        if let Some(file) = files.histogram_log {
            file.write(&histogram_log(&outcome.totals.history, began))?;
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
            if let Some(file) = &self.plan_file {
                print(&plan::verdict(file, outcome, summary_style(self.output)))?;
            }
        }
        Ok(self.verdict(outcome))
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
            (RunEnd::Stopped(StoppedBy::Api), _) => exit::STOPPED_BY_API,
            (RunEnd::Stopped(_), _) => exit::INTERRUPTED,
            (RunEnd::Completed | RunEnd::DataEnded(_), _) if failed > 0 => exit::THRESHOLDS_FAILED,
            (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::TimedOut)) => exit::TEARDOWN_TIMED_OUT,
            (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::Failed(_))) => exit::GUEST_FAILED,
            (RunEnd::Completed | RunEnd::DataEnded(_), None) => exit::PASSED,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of day, once, for those who compare a run with their own logs")]
fn time_of_day() -> SystemTime {
    SystemTime::now()
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

pub fn suggested_plan(json: &str) -> Result<Options, String> {
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
pub fn variables() -> impl Iterator<Item = (String, String)> {
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
