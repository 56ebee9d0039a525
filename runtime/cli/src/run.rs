//! `squall run`: from arguments to a run, and from its outcome to a summary and an exit code.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{Write, stdout};
use std::path::Path;
use std::time::SystemTime;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Artifact, Capacity, CodeCache, Description, Guest, GuestError, GuestLimits};
use squall_load::{Outcome, Run, RunEnd, Steering, StoppedBy, TeardownProblem, describe, raise_open_files};
use squall_metrics::{Health, check_threshold};
use squall_plan::{Defaults, MAX_RATE, Options, Plan, PlanFile};
use squall_registry::Reference;
use squall_report::{DataLine, Detail, RunFacts, Summary, histogram_log, summary_export};

use crate::args::{OutputArgs, RunArgs, SummaryMode};
use crate::command::Controls;
use crate::control::args::ControlArgs;
use crate::control::dashboard::{Dashboard, ReservedDashboard};
use crate::control::{Board, Reserved};
use crate::error::CliError;
use crate::files::Files;
use crate::layers::Layers;
use crate::listeners::Listeners;
use crate::memory::{Keep, run_info};
use crate::options::from_arguments;
use crate::patience::compiling;
use crate::project::{Source, Watch, build_for_run, is_source};
use crate::reporting::{ending, facts};
use crate::sandbox::Ceilings;
use crate::sandbox::args::SandboxArgs;
use crate::terminal::{Terminal, complain, say, summary_style};
use crate::{console, exit, one_request, plan, registry, sandbox, scenarios, signals};

/// A scenario to run, and how.
pub struct Order<'a> {
    /// What the user calls it.
    pub name: &'a str,
    /// The component; where scenarios run several, the first.
    pub artifact: Artifact,
    /// The others, by the name that the plan has for them.
    pub others: Vec<(String, Artifact)>,
    /// What one virtual user may take.
    pub limits: GuestLimits,
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
        let artifact = registry::artifact(&arguments.scenario, &arguments.registry)?;
        return order(arguments, typed, Ok(artifact));
    }
    let source = Source::at(scenario)?;
    if arguments.watch {
        return run_at_each_change(arguments, &source, &typed);
    }
    order(arguments, typed, Artifact::read(&build_for_run(&source, arguments.script)?))
}

/// What a plan says, with what was typed over it.
fn run_plan(arguments: &RunArgs, typed: Options) -> Result<u8, CliError> {
    if arguments.watch {
        return Err(CliError::Options(vec!["--watch goes with a scenario's source, not with a plan".to_owned()]));
    }
    let file = plan::read(Path::new(&arguments.scenario))?;
    let (name, artifact, others) = plan::artifacts(&file, arguments.script, &arguments.registry)?;
    let limits = GuestLimits { memory: arguments.load.memory };
    let (sandbox, control, output) = (&arguments.sandbox, &arguments.control, &arguments.output);
    Order { name: &name, artifact, others, limits, typed, plan_file: Some(file), sandbox, url: None, control, output }
        .carry_out()
}

/// A loop for writing a scenario: one iteration of it, and another each time that it is saved.
fn run_at_each_change(arguments: &RunArgs, source: &Source, typed: &Options) -> Result<u8, CliError> {
    let once = Options { vus: Some(1), iterations: typed.iterations.or(Some(1)), ..typed.clone() };
    let mut watch = Watch::start(&source.folder);
    loop {
        let component = build_for_run(source, arguments.script);
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
    let url = one_request::is_url(name).then_some(name);
    let (sandbox, control, output) = (&arguments.sandbox, &arguments.control, &arguments.output);
    let others = Vec::new();
    Order { name, artifact, others, limits, typed, plan_file, sandbox, url, control, output }.carry_out()
}

/// An order of which all is known, and all is there.
pub struct Prepared {
    /// What is to be done.
    pub plan: Plan,
    /// The compiled components.
    pub guests: Vec<Guest>,
    /// The data.
    pub data: DataSet,
}

impl Order<'_> {
    /// Prepares, runs, reports. Returns the exit code.
    pub fn carry_out(self) -> Result<u8, CliError> {
        let cache = CodeCache::of_user();
        let plan = self.plan(&cache)?;
        let named = self.url.into_iter().chain(plan.target.as_ref().map(|target| target.as_str()));
        let egress = sandbox::policy(self.sandbox, &named.collect::<Vec<_>>())?;
        let files = Files::open(self.output)?;
        let reserved = Reserved::take(self.control)?;
        let reserved_dashboard = ReservedDashboard::take(&self.control.dashboard)?;
        raise_open_files(plan.max_vus())?;
        let Prepared { plan, guests, data } = self.prepare(plan, &cache)?;
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let mut terminal = Terminal::new(self.output, flows);
        terminal.line(&self.heading(&plan));
        let steering = Steering::default();
        signals::stop_on_signals(steering.clone());
        let controls = Controls::new(plan.clone(), self.sandbox.max_rate.unwrap_or(MAX_RATE), steering.clone());
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
        let run = Run { plan, guests, data, egress, steering };
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

    /// Loads the data and compiles the components, with room for the plan's virtual users.
    pub fn prepare(&self, plan: Plan, cache: &CodeCache) -> Result<Prepared, CliError> {
        let data = DataSet::load(&plan.data, plan.last_vu(), plan.seed)?;
        // Each component has room for its own; together they must fit, too.
        Capacity { vus: plan.max_vus() }.check().map_err(|error| self.guest(error))?;
        let guests = self.artifacts().enumerate().map(|(index, (name, artifact))| {
            let capacity = Capacity { vus: plan.max_vus_of(index) };
            self.compiling((name, artifact), cache, || Guest::for_run(artifact, &self.limits, capacity, cache))
        });
        let guests = guests.collect::<Result<Vec<Guest>, CliError>>()?;
        Ok(Prepared { plan, guests, data })
    }

    /// The components, each with its name.
    fn artifacts(&self) -> impl Iterator<Item = (&str, &Artifact)> {
        let others = self.others.iter().map(|(name, artifact)| (name.as_str(), artifact));
        std::iter::once((self.name, &self.artifact)).chain(others)
    }

    /// Makes a guest, and says so if that takes long.
    fn compiling(
        &self,
        (name, artifact): (&str, &Artifact),
        cache: &CodeCache,
        make: impl FnOnce() -> Result<Guest, GuestError>,
    ) -> Result<Guest, CliError> {
        let made = if self.output.quiet { make() } else { compiling(name, artifact, cache, make) };
        made.map_err(|source| CliError::Guest { name: name.to_owned(), source })
    }

    fn guest(&self, source: GuestError) -> CliError {
        CliError::Guest { name: self.name.to_owned(), source }
    }

    /// What each component says of itself.
    fn describe(&self, cache: &CodeCache) -> Result<Vec<(String, Description)>, CliError> {
        let described = self.artifacts().map(|(name, artifact)| {
            let survey = self.compiling((name, artifact), cache, || Guest::survey(artifact, &self.limits, cache))?;
            let description = describe(&survey);
            let description = description.map_err(|source| CliError::Guest { name: name.to_owned(), source })?;
            Ok((name.to_owned(), description))
        });
        described.collect()
    }

    /// All layers of options, merged: command line over environment over plan file over what the components suggest.
    pub fn plan(&self, cache: &CodeCache) -> Result<Plan, CliError> {
        let layers = Layers::lay(self.plan_file.as_ref(), self.typed.clone(), self.describe(cache)?)?;
        let mut options = layers.merged;
        let (rate, duration) = (self.sandbox.max_rate, self.sandbox.max_duration);
        let mut ceilings = Ceilings { rate, duration, ..Ceilings::default() };
        ceilings.take_vus(layers.typed.max_vus.or(layers.environment.max_vus), &mut options);
        let defaults = Defaults { threads: cores(), seed: RandomState::new().build_hasher().finish() };
        let mut plan = Plan::resolve_for(options, &layers.components, defaults)
            .map_err(|errors| CliError::Options(errors.iter().map(ToString::to_string).collect()))?;
        let tags = plan.scenarios.iter().flat_map(|scenario| scenario.tags.keys().cloned()).collect();
        let misfits: Vec<String> = plan
            .thresholds
            .iter()
            .filter_map(|threshold| check_threshold(threshold, &tags).err())
            .map(|error| error.to_string())
            .collect();
        if !misfits.is_empty() {
            return Err(CliError::Options(misfits));
        }
        let exceeded = ceilings.exceeded_by(&plan);
        if !exceeded.is_empty() {
            return Err(CliError::Options(exceeded));
        }
        // A thread without a virtual user would only be in the way.
        plan.threads = plan.threads.min(usize::try_from(plan.max_vus()).unwrap_or(usize::MAX)).max(1);
        Ok(plan)
    }

    /// What is shown before it runs.
    pub fn heading(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("-", |target| target.as_str());
        let threads = if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) };
        let mut text = self.plan_file.as_ref().map(plan::heading).unwrap_or_default();
        let mut title = "scenario:";
        for (name, artifact) in self.artifacts() {
            let digest: String = artifact.digest().chars().take("sha256:".len() + 12).collect();
            let size = squall_report::bytes(artifact.size() as f64);
            text.push_str(&format!("    {title:>10} {name} ({size}, {digest})\n"));
            title = "";
        }
        text.push_str(&format!(
            "       target: {target}\n         load: {} on {threads}, seed {}",
            plan.load(),
            plan.seed
        ));
        let names: Vec<String> = self.artifacts().map(|(name, _)| name.to_owned()).collect();
        text.push_str(&scenarios::heading(plan, &names));
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
                planned_shares: &outcome.plan.shares(),
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
    pub fn verdict(&self, outcome: &Outcome) -> u8 {
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
