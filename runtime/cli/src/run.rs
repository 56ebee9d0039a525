//! `squall run`: from arguments to a run, and from its outcome to a summary and an exit code.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{Write, stdout};
use std::path::Path;
use std::time::SystemTime;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Artifact, Capacity, CodeCache, Guest, GuestError};
use squall_load::{Outcome, Run, RunEnd, Steering, StoppedBy, TeardownProblem, describe, raise_open_files};
use squall_metrics::{Health, check_threshold};
use squall_plan::{Defaults, Limits, MAX_RATE, Options, Plan, PlanFile, from_environment};
use squall_registry::Reference;
use squall_report::{DataLine, Detail, RunFacts, Summary, histogram_log, summary_export};

use crate::args::{OutputArgs, RunArgs, SummaryMode};
use crate::command::Controls;
use crate::control::args::ControlArgs;
use crate::control::dashboard::{Dashboard, ReservedDashboard};
use crate::control::{Board, Reserved};
use crate::error::CliError;
use crate::files::Files;
use crate::listeners::Listeners;
use crate::memory::{Keep, run_info};
use crate::options::from_arguments;
use crate::patience::compiling;
use crate::project::{Source, Watch, build_for_run, is_source};
use crate::reporting::{ending, facts};
use crate::sandbox::Ceilings;
use crate::sandbox::args::SandboxArgs;
use crate::terminal::{Terminal, complain, say, summary_style};
use crate::{console, exit, one_request, plan, registry, sandbox, signals};

/// A scenario to run, and how.
pub struct Order<'a> {
    /// What the user calls it.
    pub name: &'a str,
    /// The component.
    pub artifact: Artifact,
    /// What it may take.
    pub limits: Limits,
    /// The command line's options.
    pub typed: Options,
    /// What it may do.
    pub sandbox: &'a SandboxArgs,
    /// The one URL that is requested, if it is that.
    pub url: Option<&'a str>,
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
    if Reference::is_meant(&arguments.scenario) || !is_source(scenario) {
        if let Some(flag) = if arguments.watch { Some("--watch") } else { arguments.script.given() } {
            return Err(CliError::Options(vec![format!("{flag} goes with a scenario's source, which is built first")]));
        }
        let artifact = registry::artifact(&arguments.scenario, &arguments.registry, limits(arguments).component)?;
        return order(arguments, typed, Ok(artifact));
    }
    let source = Source::at(scenario)?;
    if arguments.watch {
        return run_at_each_change(arguments, &source, &typed);
    }
    let component = build_for_run(&source, arguments.script)?;
    order(arguments, typed, Artifact::read(&component, limits(arguments).component))
}

fn limits(arguments: &RunArgs) -> Limits {
    arguments.sandbox.limits.limits(arguments.load.memory)
}

/// What a plan says, with what was typed over it.
fn run_plan(arguments: &RunArgs, typed: Options) -> Result<u8, CliError> {
    if arguments.watch {
        return Err(CliError::Options(vec!["--watch goes with a scenario's source, not with a plan".to_owned()]));
    }
    let file = plan::read(Path::new(&arguments.scenario))?;
    let name = file.component.clone().unwrap_or_default();
    let limits = limits(arguments);
    let artifact = plan::artifact(&name, arguments.script, &arguments.registry, limits.component)?;
    let (sandbox, control, output) = (&arguments.sandbox, &arguments.control, &arguments.output);
    Order { name: &name, artifact, limits, typed, plan_file: Some(file), sandbox, url: None, control, output }
        .carry_out()
}

/// A loop for writing a scenario: one iteration of it, and another each time that it is saved.
fn run_at_each_change(arguments: &RunArgs, source: &Source, typed: &Options) -> Result<u8, CliError> {
    let once = Options { vus: Some(1), iterations: typed.iterations.or(Some(1)), ..typed.clone() };
    let mut watch = Watch::start(&source.folder);
    loop {
        let component = build_for_run(source, arguments.script);
        let result = component.and_then(|component| {
            order(arguments, once.clone(), Artifact::read(&component, limits(arguments).component))
        });
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
    let limits = limits(arguments);
    let url = one_request::is_url(name).then_some(name);
    let (sandbox, control, output) = (&arguments.sandbox, &arguments.control, &arguments.output);
    Order { name, artifact, limits, typed, plan_file, sandbox, url, control, output }.carry_out()
}

impl Order<'_> {
    /// Prepares, runs, reports. Returns the exit code.
    pub fn carry_out(self) -> Result<u8, CliError> {
        let cache = CodeCache::of_user();
        let secrets = sandbox::secrets::read(&self.sandbox.secrets, &self.typed)?;
        let plan = self.plan(&cache)?;
        let named = self.url.into_iter().chain(plan.target.as_ref().map(|target| target.as_str()));
        let egress = sandbox::policy(self.sandbox, &named.collect::<Vec<_>>())?;
        let files = Files::open(self.output)?;
        let reserved = Reserved::take(self.control)?;
        let reserved_dashboard = ReservedDashboard::take(&self.control.dashboard)?;
        let data = DataSet::load(&plan.data, plan.executor.max_vus(), plan.seed)?;
        raise_open_files(plan.executor.max_vus())?;
        let capacity = Capacity { vus: plan.executor.max_vus() };
        let guest = self.compiling(&cache, || Guest::for_run(&self.artifact, &self.limits, capacity, &cache))?;
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let mut terminal = Terminal::new(self.output, flows);
        terminal.line(&self.heading(&plan));
        let steering = Steering::default();
        signals::stop_on_signals(steering.clone());
        let controls =
            Controls::new(plan.executor.clone(), self.sandbox.max_rate.unwrap_or(MAX_RATE), steering.clone());
        let mut board = Board::new(&plan.thresholds);
        let mut server = None;
        if let Some(reserved) = reserved {
            // Said even where it is to be quiet: without it nobody could use what was asked for.
            terminal.voice().say(&reserved.heading());
            server = Some(reserved.serve(controls.clone(), &board)?);
        }
        console::listen(controls, terminal.voice());
        let began = time_of_day();
        let mut dashboard = Dashboard::new();
        let mut open_dashboard = None;
        if let Some(reserved) = reserved_dashboard {
            terminal.voice().say(&reserved.heading());
            open_dashboard = Some(reserved.open(&dashboard, plan.clone(), facts(self.name, &self.artifact, began))?);
        }
        let info = run_info(self.name, &self.artifact, &plan, began);
        let mut keep = Keep::new(&self.output.keep, began, info, terminal.voice());
        let run = Run { plan, guest, data, secrets, egress, steering };
        let outcome = run.run(&mut Listeners(vec![&mut terminal, &mut board, &mut dashboard, &mut keep]))?;
        drop(server);
        if let Some(open) = open_dashboard {
            open.close(dashboard, &outcome);
        }
        terminal.finish();
        let code = self.report(&outcome, files, began)?;
        if let Some(id) = keep.end(&outcome, code) {
            terminal.line(&format!("kept as {id}"));
        }
        Ok(code)
    }

    /// Makes a guest, and says so if that takes long.
    fn compiling(
        &self,
        cache: &CodeCache,
        make: impl FnOnce() -> Result<Guest, GuestError>,
    ) -> Result<Guest, CliError> {
        let made = if self.output.quiet { make() } else { compiling(self.name, &self.artifact, cache, make) };
        made.map_err(|error| self.guest(error))
    }

    fn guest(&self, source: GuestError) -> CliError {
        CliError::Guest { name: self.name.to_owned(), source }
    }

    /// All layers of options, merged: command line over environment over what the component suggests.
    fn plan(&self, cache: &CodeCache) -> Result<Plan, CliError> {
        let survey = self.compiling(cache, || Guest::survey(&self.artifact, &self.limits, cache))?;
        let description = describe(&survey).map_err(|error| self.guest(error))?;
        let environment = from_environment(variables()).map_err(|error| CliError::Options(vec![error.to_string()]))?;
        let flows: Vec<(String, u32)> = description.flows.into_iter().map(|flow| (flow.name, flow.weight)).collect();
        let upper = self.typed.clone().over(environment);
        let most_vus = upper.max_vus;
        let named = match &self.plan_file {
            Some(file) => file.under(upper, &flows),
            None => upper,
        };
        let suggested = suggested_plan(&description.plan, &named)
            .map_err(|text| CliError::SuggestedPlan { name: self.name.to_owned(), text })?;
        let mut options = named.over(suggested);
        let (rate, duration) = (self.sandbox.max_rate, self.sandbox.max_duration);
        let mut ceilings = Ceilings { rate, duration, ..Ceilings::default() };
        ceilings.take_vus(most_vus, &mut options);
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
        let exceeded = ceilings.exceeded_by(&plan.executor);
        if !exceeded.is_empty() {
            return Err(CliError::Options(exceeded));
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
        let facts = RunFacts { end: ending(outcome), ..facts(self.name, &self.artifact, began) };
        files.reports.write(outcome, &data_lines(outcome), &facts)?;
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

/// What the clock on the wall says.
#[expect(clippy::disallowed_methods, reason = "the time of day, once, for those who compare a run with their own logs")]
pub fn time_of_day() -> SystemTime {
    SystemTime::now()
}

/// How much of the data was used, and whether its end was the end of the run.
pub fn data_lines<'a>(outcome: &'a Outcome) -> Vec<DataLine<'a>> {
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

pub fn suggested_plan(json: &str, typed: &Options) -> Result<Options, String> {
    if json.trim().is_empty() {
        return Ok(Options::default());
    }
    let mut options = Options::from_json(json).map_err(|error| error.to_string())?;
    sandbox::check_texts(&serde_json::from_str(json).map_err(|error| error.to_string())?)?;
    sandbox::check_suggestion(&mut options, typed)?;
    Ok(options)
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
