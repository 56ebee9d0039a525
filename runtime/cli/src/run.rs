//! `squall run`: from arguments to a run, and from its outcome to a summary and an exit code.

mod follow;
mod heading;
mod known;
mod verdict;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use squall_data::{DataSet, FeedUse, Openable};
use squall_guest::{Artifact, Capacity, CodeCache, Description, Guest, GuestError, Level, Secrets};
use squall_http::EgressPolicy;
use squall_load::{Outcome, Run, RunEnd, Steering, describe, raise_open_files};
use squall_metrics::{ExpectedSamples, MetricInfo, check_threshold};
use squall_plan::{
    Defaults, Limits, Machine, Options, Plan, PlanFile, SearchOptions, TestType, from_environment, permit,
    without_credentials,
};
use squall_registry::Reference;
use squall_report::{DataLine, Document, histogram_log, summary_export};
use squall_toolchain::{Source, Watch, build_for_run, is_source};

use crate::args::{OutputArgs, RunArgs};
use crate::control::args::ControlArgs;
use crate::error::CliError;
use crate::files::Files;
use crate::layers::Layers;
use crate::memory::Told;
use crate::options::from_arguments;
use crate::patience::compiling;
use crate::plan::Remark;
use crate::reporting::{document, ending};
use crate::sandbox::Ceilings;
use crate::sandbox::args::SandboxArgs;
use crate::stderr::{print_error, print_status};
use crate::system::{cores, time_of_day, variables};
use crate::telling::{SoFar, Teller};
use crate::{breakpoint, exit, memory, monitoring, named, one_request, plan, registry, sandbox, signals};
use follow::{Doors, Followed};

pub use heading::heading;
pub use known::Said;
pub use verdict::verdict;

/// A scenario to run, and how.
pub struct Order<'a> {
    /// What the user calls it; of a URL, all but user and password.
    pub name: String,
    /// The component; where scenarios run several, the first.
    pub artifact: Artifact,
    /// The others, by the name that the plan has for them.
    pub others: Vec<(String, Artifact)>,
    /// What it may take.
    pub limits: Limits,
    /// The command line's options.
    pub typed: Options,
    /// What it may do.
    pub sandbox: &'a SandboxArgs,
    /// The one URL that is requested, if it is that.
    pub url: Option<String>,
    /// The plan that was named, if one was.
    pub plan_file: Option<PlanFile>,
    /// Who may control it while it goes on.
    pub control: &'a ControlArgs,
    /// What is shown and written.
    pub output: &'a OutputArgs,
}

/// Runs what the arguments say.
pub fn run(arguments: &RunArgs) -> Result<u8, CliError> {
    if arguments.watch {
        return run_at_each_change(arguments);
    }
    let order = prepare(arguments)?;
    match order.kind()? {
        Some(TestType::Breakpoint) => breakpoint::search(order, SearchOptions::default()),
        _ => order.carry_out(),
    }
}

/// Makes of the arguments what can be run: reads the component, fetches it, or builds it first.
pub fn prepare(arguments: &RunArgs) -> Result<Order<'_>, CliError> {
    let mut typed = from_arguments(&arguments.load, &arguments.http);
    typed.target = arguments.target.target.clone();
    let scenario = Path::new(&arguments.scenario);
    if let Some(url) = named_url(&arguments.scenario)? {
        typed = one_request::options(&url, &arguments.request, typed)?;
        let order = order(arguments, typed, Artifact::from_bytes(one_request::COMPONENT.to_vec()))?;
        let shown = without_credentials(&url).into_owned();
        return Ok(Order { name: shown.clone(), url: Some(shown), ..order });
    }
    if let Some(error) = one_request::misplaced(&arguments.request) {
        return Err(error);
    }
    if plan::is_plan(scenario) {
        return order_of_plan(arguments, typed);
    }
    if !is_scenario_source(&arguments.scenario) {
        if let Some(flag) = arguments.script.options().given() {
            return Err(needs_a_source(flag));
        }
        let artifact = registry::artifact(&arguments.scenario, &arguments.registry, limits(arguments).component)?;
        return order(arguments, typed, Ok(artifact));
    }
    arguments.registry.signature.allow_source(&arguments.scenario)?;
    arguments.sandbox.limits.allow_source(&arguments.scenario)?;
    let built = build_for_run(&Source::at(scenario)?, arguments.script.options(), &print_status)?;
    typed.data = built.data.into_iter().chain(typed.data).collect();
    order(arguments, typed, Artifact::read(&built.component, limits(arguments).component))
}

fn limits(arguments: &RunArgs) -> Limits {
    arguments.sandbox.limits.limits(arguments.load.memory)
}

/// What a plan says, with what was typed over it.
fn order_of_plan(arguments: &RunArgs, typed: Options) -> Result<Order<'_>, CliError> {
    let file = plan::read(Path::new(&arguments.scenario))?;
    plan::allow_sources(&file, &arguments.sandbox.limits)?;
    let most = limits(arguments).component;
    let (name, artifact, others) = plan::artifacts(&file, arguments.script, &arguments.registry, most)?;
    let order = order(arguments, typed, Ok(artifact))?;
    Ok(Order { name, others, plan_file: Some(file), ..order })
}

fn order(arguments: &RunArgs, typed: Options, artifact: Result<Artifact, GuestError>) -> Result<Order<'_>, CliError> {
    let name = arguments.scenario.clone();
    let artifact = artifact.map_err(|source| CliError::Guest { name: name.clone(), source })?;
    let limits = limits(arguments);
    let (sandbox, control, output) = (&arguments.sandbox, &arguments.control, &arguments.output);
    let (others, url, plan_file) = (Vec::new(), None, None);
    Ok(Order { name, artifact, others, limits, typed, plan_file, sandbox, url, control, output })
}

/// A loop for writing a scenario: one iteration of it, and another each time that it is saved.
fn run_at_each_change(arguments: &RunArgs) -> Result<u8, CliError> {
    if let Some(error) = one_request::misplaced(&arguments.request) {
        return Err(error);
    }
    if named_url(&arguments.scenario)?.is_some() || !is_scenario_source(&arguments.scenario) {
        return Err(needs_a_source("--watch"));
    }
    let source = Source::at(Path::new(&arguments.scenario))?;
    let mut watch = Watch::start(&source.folder);
    loop {
        match prepare(arguments).and_then(|order| order.once().carry_out()) {
            Ok(_) => {}
            Err(error) => print_error(&error.to_string()),
        }
        print_status("waiting for a file to change (Ctrl-C ends this)");
        // The first run has begun to listen to Ctrl-C.
        if !watch.wait_for_change(signals::came) {
            return Ok(exit::INTERRUPTED);
        }
    }
}

/// What is typed over what the environment says.
fn upper(typed: Options) -> Result<Options, CliError> {
    let environment = from_environment(variables()).map_err(|error| CliError::Options(vec![error.to_string()]))?;
    Ok(typed.over(environment))
}

/// The URL that was named, if one was.
fn named_url(named: &str) -> Result<Option<String>, CliError> {
    let shown = without_credentials(named);
    named::url(named).map_err(|mistake| CliError::Options(vec![format!("{shown}: {mistake}")]))
}

/// Whether what was named is a scenario's source, and not a component or a plan.
fn is_scenario_source(named: &str) -> bool {
    let path = Path::new(named);
    !Reference::is_meant(named) && !plan::is_plan(path) && is_source(path)
}

fn needs_a_source(flag: &str) -> CliError {
    CliError::Options(vec![format!("{flag} goes with a scenario's source, which is built first")])
}

/// A run that can begin: its data read, and the system asked for what it needs.
pub fn ready(plan: Plan, guests: Vec<Arc<Guest>>, egress: EgressPolicy, secrets: Secrets) -> Result<Run, CliError> {
    let data = DataSet::load(&plan.data, plan.last_vu(), plan.seed)?;
    raise_open_files(plan.max_vus())?;
    let (declared, steering) = (Vec::new(), Steering::default());
    Ok(Run { plan, guests, declared, data, secrets, egress, steering, target: None })
}

impl Order<'_> {
    /// The type of test that its plan makes of it, unless what is typed makes it another load.
    fn kind(&self) -> Result<Option<TestType>, CliError> {
        let upper = upper(self.typed.clone())?;
        Ok(self.plan_file.as_ref().and_then(|file| file.shape.kind_under(&upper)))
    }

    /// The same with one virtual user and, unless more were asked for, one iteration.
    fn once(self) -> Self {
        let iterations = self.typed.iterations.or(Some(1));
        Order { typed: Options { vus: Some(1), iterations, ..self.typed }, ..self }
    }

    /// Prepares, runs, reports. Returns the exit code.
    pub fn carry_out(self) -> Result<u8, CliError> {
        let cache = CodeCache::of_user();
        let secrets = self.secrets()?;
        let described = self.describe(&cache)?;
        let plan = self.plan(&described)?;
        let egress = self.egress(&plan)?;
        let monitor = monitoring::monitor(&self.output.monitor, self.plan_file.as_ref())?;
        // Whatever may be refused is asked for before anything takes long.
        let mut files = Files::open(self.output)?;
        let doors = Doors::reserve(&self, &plan)?;
        let guests = self.guests(&plan, &described, &cache)?;
        let run = ready(plan, guests, egress, secrets)?;
        let began = time_of_day();
        let (asking, target) = monitoring::begin(monitor)?;
        let run = Run { target, declared: declared_metrics(&described), ..run };
        let Followed { outcome, course, keep, terminal } = self.follow(run, doors, &mut files.reports, began)?;
        drop(asking);
        let Reported { code, mut document, told, mut unwritten } = self.report(&outcome, course, &mut files, began);
        let store = keep.store();
        if let Some(id) = keep.end(&outcome, code, &document, told) {
            terminal.line(&format!("kept as {id}"));
            document.trend = files.reports.are_wanted().then(|| memory::trend_to(&store, &id)).flatten();
        }
        unwritten.extend(files.reports.write(&outcome, &document).err());
        Ok(verdict::with_outputs(code, &unwritten))
    }

    /// What it may read and nobody may see.
    pub fn secrets(&self) -> Result<Secrets, CliError> {
        sandbox::secrets::read(&self.sandbox.secrets, &self.typed)
    }

    /// Where it may go.
    pub fn egress(&self, plan: &Plan) -> Result<EgressPolicy, CliError> {
        let named = self.url.as_deref().into_iter().chain(plan.target.as_ref().map(|target| target.as_str()));
        sandbox::policy(self.sandbox, &named.collect::<Vec<_>>())
    }

    /// The compiled components, as they have described themselves, with room for the plan's virtual users.
    pub fn guests(
        &self,
        plan: &Plan,
        described: &[(String, Description)],
        cache: &CodeCache,
    ) -> Result<Vec<Arc<Guest>>, CliError> {
        let wrong = |source| CliError::Guest { name: self.name.clone(), source };
        // Each component has room for its own; together they must fit, too.
        Capacity { vus: plan.max_vus() }.check().map_err(wrong)?;
        let described = described.iter().map(|(_, description)| description);
        let guests = self.artifacts().zip(described).enumerate().map(|(index, ((name, artifact), description))| {
            let capacity = Capacity { vus: plan.max_vus_of(index) };
            let make = || Guest::for_run(artifact, &self.limits, capacity, cache);
            let guest = self.compiling(name, artifact, cache, make)?;
            Ok(Arc::new(guest.given(Openable::Found(description.opened.clone()))))
        });
        guests.collect()
    }

    /// The components, each with its name.
    fn artifacts(&self) -> impl Iterator<Item = (&str, &Artifact)> {
        let others = self.others.iter().map(|(name, artifact)| (name.as_str(), artifact));
        std::iter::once((self.name.as_str(), &self.artifact)).chain(others)
    }

    /// Makes a guest, and says so if that takes long.
    fn compiling(
        &self,
        name: &str,
        artifact: &Artifact,
        cache: &CodeCache,
        make: impl FnOnce() -> Result<Guest, GuestError>,
    ) -> Result<Guest, CliError> {
        let made = if self.output.quiet { make() } else { compiling(name, artifact, cache, make) };
        made.map_err(|source| CliError::Guest { name: name.to_owned(), source })
    }

    /// What each component says of itself.
    pub fn describe(&self, cache: &CodeCache) -> Result<Vec<(String, Description)>, CliError> {
        let said = Said::by_user(self.plan_file.as_ref(), self.typed.clone())?;
        let known = said.known(self.secrets()?);
        let described = self.artifacts().map(|(name, artifact)| {
            let survey = self.compiling(name, artifact, cache, || Guest::survey(artifact, &self.limits, cache))?;
            let survey = survey.given(Openable::Searched(said.places(name, artifact)?));
            let described = describe(&survey, &known);
            let described = described.map_err(|source| CliError::Guest { name: name.to_owned(), source })?;
            self.tell_log(&described);
            Ok((name.to_owned(), described))
        });
        described.collect()
    }

    /// Shows what a component logs while it describes itself: what of its plan will not happen, for one.
    fn tell_log(&self, described: &Description) {
        for line in described.log.iter().filter(|_| !self.output.quiet) {
            match line.level {
                Level::Debug if !self.output.verbose => {}
                Level::Debug | Level::Info => print_status(&line.text),
                Level::Warn | Level::Error => print_status(&format!("warning: {}", line.text)),
            }
        }
    }

    /// All layers of options, merged: command line over environment over what the component suggests.
    pub fn plan(&self, described: &[(String, Description)]) -> Result<Plan, CliError> {
        self.plan_with(self.typed.clone(), described)
    }

    /// The same with other options on the command line.
    pub fn plan_with(&self, typed: Options, described: &[(String, Description)]) -> Result<Plan, CliError> {
        let layers = Layers::lay(self.plan_file.as_ref(), typed, described)?;
        let mut options = layers.merged;
        let (rate, duration) = (self.sandbox.max_rate, self.sandbox.max_duration);
        let mut ceilings = Ceilings { rate, duration, ..Ceilings::default() };
        ceilings.take_vus(layers.typed.max_vus.or(layers.environment.max_vus), &mut options);
        let defaults = Defaults { threads: cores(), seed: RandomState::new().build_hasher().finish() };
        let mut plan = Plan::resolve_for(options, &layers.components, defaults)
            .map_err(|errors| CliError::Options(errors.iter().map(ToString::to_string).collect()))?;
        plan.http.ceilings = layers.ceilings;
        let expected = expected_samples(&plan, described);
        let misfits: Vec<String> = plan
            .thresholds
            .iter()
            .filter_map(|threshold| check_threshold(threshold, &expected).err())
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

    /// Says what is thought of the run, and puts together what is reported and kept of it. What cannot be written is told
    /// when all else is done.
    fn report(&self, outcome: &Outcome, course: Vec<Remark>, files: &mut Files, began: SystemTime) -> Reported {
        let mut unwritten = Vec::new();
        if let Some(file) = files.summary_export.take() {
            let export = summary_export(&outcome.totals, &outcome.thresholds);
            unwritten.extend(file.write(&format!("{export:#}\n")).err());
        }
        if let Some(file) = files.histogram_log.take() {
            unwritten.extend(file.write(&histogram_log(&outcome.totals.history, began)).err());
        }
        let teller = self.teller(began);
        let data = data_lines(outcome);
        let so_far = SoFar {
            totals: &outcome.totals,
            thresholds: &outcome.thresholds,
            generator: &outcome.generator,
            data: &data,
            plan: &outcome.plan,
        };
        let concluded = teller.conclude(&so_far);
        let facts = teller.facts(ending(outcome), concluded.clone());
        let document = document(outcome, &data, &facts, course.clone());
        unwritten.extend(teller.print_summary(&so_far, &concluded, document.verdict.status, &course).err());
        let code = verdict(&self.name, outcome, plan::missed_limits(&concluded.objectives));
        let told = Told {
            course: course.iter().map(|(about, text)| ((*about).to_owned(), text.clone())).collect(),
            soak: concluded.others,
        };
        Reported { code, document, told, unwritten }
    }

    /// Who says what is thought of the run.
    fn teller(&self, began: SystemTime) -> Teller<'_> {
        let (name, artifact, output) = (self.name.as_str(), &self.artifact, self.output);
        Teller { name, artifact, output, plan_file: self.plan_file.as_ref(), began }
    }
}

/// What is reported of a run.
struct Reported {
    code: u8,
    document: Document,
    told: Told,
    /// What could not be written, and why.
    unwritten: Vec<CliError>,
}

/// The samples that a run can have, as far as its plan and its components say.
fn expected_samples(plan: &Plan, described: &[(String, Description)]) -> ExpectedSamples {
    let any = |is: fn(&Description) -> bool| described.iter().any(|(_, description)| is(description));
    ExpectedSamples {
        plan_tags: plan.sample_tags(),
        declared: declared_metrics(described),
        may_make_metrics: any(|description| description.may_make_metrics),
        may_tag: any(|description| description.may_tag),
    }
}

/// The custom metrics that components have declared.
pub fn declared_metrics(described: &[(String, Description)]) -> Vec<MetricInfo> {
    described.iter().flat_map(|(_, description)| description.metrics.clone()).collect()
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

/// What a component suggests, as far as it may beneath what the user says.
pub fn suggested_plan(json: &str, users: &Options) -> Result<Options, String> {
    if json.trim().is_empty() {
        return Ok(Options::default());
    }
    if json.len() > Limits::SUGGESTED_PLAN {
        return Err(format!("it has {} bytes, and at most {} are allowed", json.len(), Limits::SUGGESTED_PLAN));
    }
    let suggested = Options::from_json(json).map_err(|error| error.to_string())?;
    sandbox::check_texts(&serde_json::from_str(json).map_err(|error| error.to_string())?)?;
    permit(suggested, users, Machine { cores: cores() }).map_err(|breaches| breaches.join("; "))
}
