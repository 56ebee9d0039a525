//! A test that can be run: its components, its options and its settings; and the steps of running it. Each component
//! describes itself, all layers of options become a plan, the components are compiled with room for its virtual users, and
//! the run is carried out, judged, reported and kept. A search takes the steps one by one.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use squall_bus::CoordinatorEnd;
use squall_cluster::{LossPolicy, Stored};
use squall_data::{DataSet, Openable};
use squall_guest::{Artifact, Capacity, CodeCache, Description, Guest, GuestError, Level, Secrets};
use squall_history::RunResult;
use squall_http::EgressPolicy;
use squall_insight::{Demands, has_given_way};
use squall_load::{HasGivenWay, Run, RunOutcome, describe, raise_open_files};
use squall_metrics::{ExpectedSamples, LeftOut, MetricInfo, Nanos, check_threshold};
use squall_monitor::Monitor;
use squall_plan::{Defaults, Limits, LookInside, Options, Plan, PlanFile, TestType};
use tracing::info;
use url::Url;

use crate::baseline::put_baseline_before;
use crate::ceilings::Ceilings;
use crate::cluster::{Cluster, ClusterTest, began_of};
use crate::compiling::notify_if_compiling_takes_long;
use crate::console::Console;
use crate::error::Error;
use crate::files::Files;
use crate::follow::{Endpoints, Followed};
use crate::implemented::implemented_by;
use crate::known::{UserOptions, options_above_plan};
use crate::layers::Layers;
use crate::settings::{ControlSettings, OutputSettings, SandboxSettings};
use crate::summary::{Reported, Summarizer};
use crate::system::{processor_cores, time_of_day};
use crate::trend::trend_to;
use crate::{connections, look_inside, monitoring, policy, secrets};

/// A component, and what the user calls it; of a URL, all but user and password.
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub artifact: Artifact,
    /// The script that it was built from for this run, if it was.
    pub script: Option<PathBuf>,
}

/// A test that can be run.
pub struct TestRun {
    /// The component; where scenarios run several, the first.
    pub component: Component,
    /// The others, by the name that the plan has for them.
    pub others: Vec<Component>,
    /// What each of them may take.
    pub limits: Limits,
    /// The command line's options.
    pub typed: Options,
    /// The plan that was named, if one was.
    pub plan_file: Option<PlanFile>,
    /// The one URL that is requested, if it is that.
    pub url: Option<String>,
    /// What it may do.
    pub sandbox: SandboxSettings,
    /// Who may control it while it goes on.
    pub control: ControlSettings,
    /// What is shown and written.
    pub output: OutputSettings,
    /// The agents that carry its load; none where this process does.
    pub cluster: Option<ClusterTest>,
    /// The command that runs it, without the program: what was typed, if nothing else is said.
    pub command: Vec<String>,
}

/// All that a run needs, before it begins.
struct Prepared {
    run: Run,
    files: Files,
    endpoints: Endpoints,
    monitor: Option<Monitor>,
    inside: look_inside::Prepared,
    cluster: Option<Cluster>,
    began: SystemTime,
}

/// How long the load took, its warm-up included.
fn load_took(outcome: &RunOutcome) -> Duration {
    let warm_up = match outcome.totals.warm_up {
        LeftOut::Planned(time) => time,
        _ => Nanos::ZERO,
    };
    (outcome.totals.elapsed + warm_up).into()
}

/// A run that is over.
pub struct Finished {
    /// What it came to.
    pub result: RunResult,
    /// What could not be written, and why.
    pub unwritten: Vec<Error>,
}

/// A run that can begin: its data read, and the system asked for what it needs.
///
/// # Errors
/// If the data cannot be read, or the system does not allow as many open files.
pub fn ready_run(plan: Plan, guests: Vec<Arc<Guest>>, egress: EgressPolicy, secrets: Secrets) -> Result<Run, Error> {
    let data = DataSet::load(&plan.data, plan.last_vu(), plan.seed)?;
    raise_open_files(plan.max_vus())?;
    let has_given_way = Some(has_given_way as HasGivenWay);
    Ok(Run { has_given_way, ..Run::new(plan, guests, data, secrets, egress) })
}

impl TestRun {
    /// Of one component.
    pub fn of(component: Component, typed: Options, limits: Limits) -> TestRun {
        TestRun {
            component,
            others: Vec::new(),
            limits,
            typed,
            plan_file: None,
            url: None,
            sandbox: SandboxSettings::default(),
            control: ControlSettings::default(),
            output: OutputSettings::default(),
            cluster: None,
            command: std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect(),
        }
    }

    /// What the user calls it.
    pub fn name(&self) -> &str {
        &self.component.name
    }

    /// The type of test that its plan makes of it, unless what is typed makes it another load.
    ///
    /// # Errors
    /// If an environment variable is wrong.
    pub fn kind(&self) -> Result<Option<TestType>, Error> {
        let upper = options_above_plan(self.typed.clone())?;
        Ok(self.plan_file.as_ref().and_then(|file| file.shape.kind_under(&upper)))
    }

    /// The same with one virtual user and, unless more were asked for, one iteration.
    #[must_use]
    pub fn once(self) -> Self {
        let iterations = self.typed.iterations.or(Some(1));
        TestRun { typed: Options { vus: Some(1), iterations, ..self.typed }, ..self }
    }

    /// Prepares, runs, judges, reports and keeps.
    ///
    /// # Errors
    /// If there is no run. What goes wrong after it is part of what it returns.
    pub fn execute(&self, console: &dyn Console) -> Result<Finished, Error> {
        let cache = CodeCache::of_user();
        let secrets = self.secrets()?;
        let described = self.describe(&cache, console)?;
        let plan = self.plan(&described)?;
        let egress = self.egress(&plan)?;
        let notice = connections::unused_proxy_notice(&plan, self.url.as_deref()).filter(|_| !console.is_quiet());
        notice.iter().for_each(|text| console.print_status(&format!("note: {text}")));
        // Whatever may be refused is asked for before anything takes long.
        let inside = look_inside::settings(&self.output.inside, self.plan_file.as_ref());
        let looked_into = if inside.traces == Some(true) { self.loaded_url(&plan) } else { None };
        let monitor = monitoring::monitor(&self.output.monitor, self.plan_file.as_ref(), looked_into.as_ref())?;
        let inside = look_inside::Prepared::of(&inside, console)?;
        let files = Files::open(&self.output)?;
        let endpoints = Endpoints::reserve(self, &plan)?;
        let guests = self.guests(&plan, &described, &cache, console)?;
        let run = ready_run(plan, guests, egress, secrets)?;
        let trace_sampling = inside.sampling();
        let mut run = Run { trace_sampling, declared: declared_metrics(&described), ..run };
        let gather = |cluster: &ClusterTest| self.gather_agents(cluster, &mut run, &described, console);
        let cluster = self.cluster.as_ref().map(gather).transpose()?;
        let began = time_of_day();
        self.carry_out(Prepared { run, files, endpoints, monitor, inside, cluster, began }, console)
    }

    /// Goes on with a run that another coordinator began, at a new end of the bus.
    ///
    /// # Errors
    /// If it cannot be taken up.
    pub fn attach(
        &self,
        stored: Stored,
        end: CoordinatorEnd,
        policy: LossPolicy,
        console: &dyn Console,
    ) -> Result<Finished, Error> {
        let plan = stored.manifest.plan.clone();
        let secrets: Secrets = stored.manifest.secrets.clone().into_iter().collect();
        console.hide_secrets(secrets.redactor());
        let egress = self.egress(&plan)?;
        let monitor = monitoring::monitor(&self.output.monitor, self.plan_file.as_ref(), None)?;
        let inside = look_inside::Prepared::of(&LookInside::default(), console)?;
        let files = Files::open(&self.output)?;
        let endpoints = Endpoints::reserve(self, &plan)?;
        let cache = CodeCache::of_user();
        let described: Vec<_> = self.describe(&cache, console)?;
        let guests = self.guests_for_setup(&described, &cache, console)?;
        let began = began_of(&stored);
        let mut run = ready_run(plan, guests, egress, secrets)?;
        let gathered = stored.resume(end, policy).map_err(|source| Error::Cluster { source, reason: None })?;
        run.plan.threads = gathered.agents.threads.max(1);
        run.agents = Some(gathered.agents);
        let cluster = Some(Cluster::attached(gathered.handle));
        self.carry_out(Prepared { run, files, endpoints, monitor, inside, cluster, began }, console)
    }

    fn carry_out(&self, prepared: Prepared, console: &dyn Console) -> Result<Finished, Error> {
        let Prepared { run, mut files, endpoints, monitor, inside, cluster, began } = prepared;
        let (monitoring, target) = monitoring::begin(monitor)?;
        let looking = inside.begin()?;
        let run = Run { target, ..run };
        let Followed { outcome, course, keep, view } =
            self.follow(run, endpoints, &mut files.reports, began, console)?;
        drop(monitoring);
        let agents = cluster.map(|cluster| cluster.finish(load_took(&outcome)));
        let findings = looking.map(|looking| looking.finish(&outcome, console));
        let summarizer = Summarizer::of(self, began, console);
        let Reported { end, mut document, export, mut unwritten } =
            summarizer.report(&outcome, course, findings, agents, &mut files);
        let store = keep.store();
        if let Some(id) = keep.end(&outcome.totals, &document, &end) {
            view.line(&format!("kept as {id}"));
            let warn = |text: &str| console.print_status(text);
            document.implemented = implemented_by(&store, &id, &document, &warn);
            for line in &document.implemented {
                view.line(&format!("recommendation implemented: {}", line.sentence()));
            }
            document.trend = files.reports.are_wanted().then(|| trend_to(&store, &id, &warn)).flatten();
        }
        unwritten.extend(files.reports.write(&document, &export, console).err());
        Ok(Finished { result: end.result, unwritten })
    }

    /// Where requests go, as far as it is known before the load.
    fn loaded_url(&self, plan: &Plan) -> Option<Url> {
        let named = plan.target.as_ref().map(|target| target.as_str()).or(self.url.as_deref());
        named.and_then(|url| Url::parse(url).ok())
    }

    /// What a run by that plan is held to.
    pub fn demands(&self, plan: &Plan) -> Demands {
        match &self.plan_file {
            Some(file) => Demands::new(&plan.thresholds, &file.objectives, &file.watching),
            None => Demands::of_thresholds(&plan.thresholds),
        }
    }

    /// What it may read, and nothing may show.
    ///
    /// # Errors
    /// If a secret cannot be read.
    pub fn secrets(&self) -> Result<Secrets, Error> {
        secrets::read(&self.sandbox.secrets, &self.typed)
    }

    /// Where it may go.
    ///
    /// # Errors
    /// If one of the URLs may not be loaded.
    pub fn egress(&self, plan: &Plan) -> Result<EgressPolicy, Error> {
        let named = self.url.as_deref().into_iter().chain(plan.target.as_ref().map(|target| target.as_str()));
        policy::policy(&self.sandbox, &named.collect::<Vec<_>>(), &plan.http.connections)
    }

    /// The compiled components, with room for setup and teardown alone.
    fn guests_for_setup(
        &self,
        described: &[(String, Description)],
        cache: &CodeCache,
        console: &dyn Console,
    ) -> Result<Vec<Arc<Guest>>, Error> {
        let described = described.iter().map(|(_, description)| description);
        let guests = self.components().zip(described).map(|(component, description)| {
            let make = || Guest::for_run(&component.artifact, &self.limits, Capacity { vus: 1 }, cache);
            let guest = compile(component, cache, console, make)?;
            Ok(Arc::new(guest.given(Openable::Found(description.opened.clone()))))
        });
        guests.collect()
    }

    /// The compiled components, as they have described themselves, with room for the plan's virtual users.
    ///
    /// # Errors
    /// If one cannot be compiled, or there is no room.
    pub fn guests(
        &self,
        plan: &Plan,
        described: &[(String, Description)],
        cache: &CodeCache,
        console: &dyn Console,
    ) -> Result<Vec<Arc<Guest>>, Error> {
        if self.cluster.is_some() {
            return self.guests_for_setup(described, cache, console);
        }
        let wrong = |source| Error::Guest { name: self.name().to_owned(), source };
        // Each component has room for its own; together they must fit, too.
        Capacity { vus: plan.max_vus() }.check().map_err(wrong)?;
        let described = described.iter().map(|(_, description)| description);
        let guests = self.components().zip(described).enumerate().map(|(index, (component, description))| {
            let capacity = Capacity { vus: plan.max_vus_of(index) };
            let make = || Guest::for_run(&component.artifact, &self.limits, capacity, cache);
            let guest = compile(component, cache, console, make)?;
            Ok(Arc::new(guest.given(Openable::Found(description.opened.clone()))))
        });
        guests.collect()
    }

    /// The components, the first one first.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        std::iter::once(&self.component).chain(&self.others)
    }

    /// What each component says of itself.
    ///
    /// # Errors
    /// If one cannot be compiled, or does not describe itself.
    pub fn describe(&self, cache: &CodeCache, console: &dyn Console) -> Result<Vec<(String, Description)>, Error> {
        let said = UserOptions::of(self.plan_file.as_ref(), self.typed.clone())?;
        let secrets = self.secrets()?;
        console.hide_secrets(secrets.redactor());
        let known = said.known(secrets);
        let described = self.components().map(|component| {
            let inspected =
                compile(component, cache, console, || Guest::inspect(&component.artifact, &self.limits, cache))?;
            let inspected = inspected.given(Openable::Searched(said.places(component)?));
            let described = describe(&inspected, &known);
            let described = described.map_err(|source| Error::Guest { name: component.name.clone(), source })?;
            show_log(&described, console);
            Ok((component.name.clone(), described))
        });
        described.collect()
    }

    /// All layers of options, merged: command line over environment over what the component suggests.
    pub fn plan(&self, described: &[(String, Description)]) -> Result<Plan, Error> {
        self.plan_with(self.typed.clone(), described)
    }

    /// The same with other options on the command line.
    pub fn plan_with(&self, typed: Options, described: &[(String, Description)]) -> Result<Plan, Error> {
        let layers = Layers::lay(self.plan_file.as_ref(), typed, described)?;
        let mut options = layers.merged;
        let (rate, duration) = (self.sandbox.max_rate, self.sandbox.max_duration);
        let mut ceilings = Ceilings { rate, duration, ..Ceilings::default() };
        ceilings.take_vus(layers.typed.max_vus.or(layers.environment.max_vus), &mut options);
        let defaults = Defaults { threads: processor_cores(), seed: RandomState::new().build_hasher().finish() };
        let mut plan = Plan::resolve_for(options, &layers.components, defaults)
            .map_err(|errors| Error::Options(errors.iter().map(ToString::to_string).collect()))?;
        plan.http.ceilings = layers.ceilings;
        connections::complete(&mut plan.http)?;
        if look_inside::settings(&self.output.inside, self.plan_file.as_ref()).diagnose == Some(true) {
            put_baseline_before(&mut plan)?;
        }
        let expected = expected_samples(&plan, described);
        let misfits: Vec<String> = plan
            .thresholds
            .iter()
            .filter_map(|threshold| check_threshold(threshold, &expected).err())
            .map(|error| error.to_string())
            .collect();
        if !misfits.is_empty() {
            return Err(Error::Options(misfits));
        }
        let exceeded = ceilings.exceeded_by(&plan);
        if !exceeded.is_empty() {
            return Err(Error::Options(exceeded));
        }
        // A thread without a virtual user would only be in the way.
        plan.threads = plan.threads.min(usize::try_from(plan.max_vus()).unwrap_or(usize::MAX)).max(1);
        info!(load = plan.load(), threads = plan.threads, "the plan is made");
        Ok(plan)
    }
}

/// Makes a guest, and says so if that takes long.
fn compile(
    component: &Component,
    cache: &CodeCache,
    console: &dyn Console,
    make: impl FnOnce() -> Result<Guest, GuestError>,
) -> Result<Guest, Error> {
    let Component { name, artifact, .. } = component;
    let made = if console.is_quiet() {
        make()
    } else {
        notify_if_compiling_takes_long(name, artifact, cache, |text| console.print_status(text), make)
    };
    made.map_err(|source| Error::Guest { name: name.clone(), source })
}

/// Shows what a component logs while it describes itself: what of its plan will not happen, for one.
fn show_log(described: &Description, console: &dyn Console) {
    for line in described.log.iter().filter(|_| !console.is_quiet()) {
        match line.level {
            Level::Debug if !console.is_verbose() => {}
            Level::Debug | Level::Info => console.print_status(&line.text),
            Level::Warn | Level::Error => console.print_status(&format!("warning: {}", line.text)),
        }
    }
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
