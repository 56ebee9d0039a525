//! `squall run`: from arguments to a test, and from its result to an exit code.

use std::path::Path;

use clap::Args;
use squall_guest::{Artifact, GuestError};
use squall_plan::{Limits, Options, PlanFile, SearchOptions, TestType, without_credentials};
use squall_registry::Reference;
use squall_session::one_call::{self, NamedCall};
use squall_session::search::search;
use squall_session::{Component, SecretArgument, TestRun, one_request};
use squall_toolchain::{Source, Watch, is_source};

use crate::args::agents::AgentsArgs;
use crate::args::control::ControlArgs;
use crate::args::headings;
use crate::args::load::LoadArgs;
use crate::args::options::RequestOptions;
use crate::args::output::OutputArgs;
use crate::args::plan::TypeArgs;
use crate::args::registry::RegistryArgs;
use crate::args::requests::RequestArgs;
use crate::args::sandbox::SandboxArgs;
use crate::args::script::ScriptArgs;
use crate::commands::cluster::{cluster_test, preview};
use crate::commands::source::{build_source, refuse_foreign};
use crate::commands::{plan, registry};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::options::from_arguments;
use crate::stderr::{print_error, print_status};
use crate::{exit, named, signals, stdout};

/// `squall run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario, its source, plan (.yaml), or URL
    ///
    /// The scenario is a component, or a core module with component metadata. Its source, a file or a project's folder, is
    /// built first. A component may also lie in a registry: oci://REGISTRY/NAME:TAG. A URL is requested over and over;
    /// so is a call by gRPC: grpc://HOST:PORT/package.Service/Method, grpcs:// with TLS.
    #[arg(value_name = "FILE.wasm|SOURCE|PLAN|URL")]
    pub scenario: String,
    #[command(flatten)]
    pub script: ScriptArgs,
    /// Run one iteration; then build and run again each time that the source is saved.
    #[arg(long, help_heading = headings::SCENARIO)]
    pub watch: bool,
    #[command(flatten)]
    pub as_type: TypeArgs,
    #[command(flatten)]
    pub load: LoadArgs,
    #[command(flatten)]
    pub http: RequestOptions,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    pub registry: RegistryArgs,
    #[command(flatten)]
    pub request: RequestArgs,
    #[command(flatten)]
    pub control: ControlArgs,
    #[command(flatten)]
    pub agents: AgentsArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Runs what the arguments say.
pub fn run(arguments: &RunArgs) -> Result<u8, CliError> {
    if arguments.watch {
        return run_at_each_change(arguments);
    }
    if arguments.agents.launch_dry_run {
        stdout::print(&preview(&arguments.agents)?)?;
        return Ok(exit::PASSED);
    }
    let mut test = prepare(arguments)?;
    test.cluster = {
        let secrets = test.sandbox.secrets.iter().filter_map(SecretArgument::variable).collect();
        cluster_test(&arguments.agents, test.typed.threads, secrets)?
    };
    let console = TerminalConsole::of(&arguments.output, &test)?;
    match test.kind()? {
        Some(TestType::Breakpoint) if test.cluster.is_some() => Err(CliError::options(vec![
            "a breakpoint test runs on one machine: leave out --agents and --launch".to_owned(),
        ])),
        Some(TestType::Breakpoint) => Ok(exit::code_of_result(search(test, SearchOptions::default(), &console)?)),
        _ => execute(&test, &console),
    }
}

/// Runs what the arguments say after a stretch of low load, looks into the target meanwhile, and prints the causes.
pub fn diagnose(mut arguments: RunArgs) -> Result<u8, CliError> {
    let inside = &mut arguments.output.inside;
    (inside.look_inside, inside.diagnose) = (true, true);
    run(&arguments)
}

/// Runs the test. Returns the exit code.
pub fn execute(test: &TestRun, console: &TerminalConsole) -> Result<u8, CliError> {
    let finished = test.execute(console)?;
    finished.unwritten.iter().for_each(|error| print_error(&error.to_string()));
    let code = exit::code_of_result(finished.result);
    // A file that could not be written hides nothing that was measured.
    Ok(if code == exit::PASSED && !finished.unwritten.is_empty() { exit::OUTPUT_FAILED } else { code })
}

/// Makes of the arguments what can be run: reads the component, fetches it, or builds it first.
pub fn prepare(arguments: &RunArgs) -> Result<TestRun, CliError> {
    let mut typed = from_arguments(&arguments.load, &arguments.http);
    let scenario = Path::new(&arguments.scenario);
    if arguments.as_type.kind.is_some() && !plan::is_plan(scenario) {
        return Err(CliError::options(vec!["--type goes with a plan (.yaml), which it runs as that type".to_owned()]));
    }
    if let Some(call) = NamedCall::parse(&arguments.scenario)? {
        typed = one_call::options(&call, &arguments.request.settings(), &arguments.request.schema(), typed)?;
        let artifact = Artifact::from_bytes(one_call::COMPONENT.to_vec());
        let component = component(&arguments.scenario, artifact, None)?;
        return Ok(TestRun { url: Some(call.url()), ..test(arguments, typed, component) });
    }
    if let Some(error) = one_call::misplaced(&arguments.request.schema()) {
        return Err(error.into());
    }
    if let Some(url) = named_url(&arguments.scenario)? {
        typed = one_request::options(&url, &arguments.request.settings(), typed)?;
        let shown = without_credentials(&url).into_owned();
        let artifact = Artifact::from_bytes(one_request::COMPONENT.to_vec());
        let component = component(&shown, artifact, None)?;
        return Ok(TestRun { url: Some(shown), ..test(arguments, typed, component) });
    }
    if let Some(error) = one_request::misplaced(&arguments.request.settings()) {
        return Err(error.into());
    }
    if plan::is_plan(scenario) {
        return test_of_plan(arguments, plan::read_as(scenario, &arguments.as_type, &typed)?);
    }
    if !is_scenario_source(&arguments.scenario) {
        refuse_foreign(&arguments.scenario, arguments.script)?;
        if let Some(flag) = arguments.script.options().given() {
            return Err(needs_a_source(flag));
        }
        let artifact = registry::artifact(&arguments.scenario, &arguments.registry, limits(arguments).component)?;
        return Ok(test(arguments, typed, component(&arguments.scenario, Ok(artifact), None)?));
    }
    arguments.registry.signature.allow_source(&arguments.scenario)?;
    arguments.sandbox.limits.allow_source(&arguments.scenario)?;
    let (source, built) = build_source(&arguments.scenario, arguments.script)?;
    typed.data = built.data.into_iter().chain(typed.data).collect();
    let artifact = Artifact::read(&built.component, limits(arguments).component);
    Ok(test(arguments, typed, component(&arguments.scenario, artifact, Some(&source))?))
}

fn limits(arguments: &RunArgs) -> Limits {
    arguments.sandbox.limits.limits(arguments.load.memory)
}

/// What a plan says, with what was typed over it.
pub fn test_of_plan(arguments: &RunArgs, file: PlanFile) -> Result<TestRun, CliError> {
    let typed = from_arguments(&arguments.load, &arguments.http);
    plan::allow_sources(&file, &arguments.sandbox.limits)?;
    let most = limits(arguments).component;
    let (component, others) = plan::components(&file, arguments.script, &arguments.registry, most)?;
    Ok(TestRun { others, plan_file: Some(file), ..test(arguments, typed, component) })
}

fn test(arguments: &RunArgs, typed: Options, component: Component) -> TestRun {
    TestRun {
        sandbox: arguments.sandbox.settings(),
        control: arguments.control.settings(),
        output: arguments.output.settings(),
        ..TestRun::of(component, typed, limits(arguments))
    }
}

/// The component, with the script that it was built from, if it was.
pub fn component(
    name: &str,
    artifact: Result<Artifact, GuestError>,
    source: Option<&Source>,
) -> Result<Component, CliError> {
    let artifact = artifact.map_err(|source| CliError::guest(name, source))?;
    Ok(Component { name: name.to_owned(), artifact, script: source.map(Source::script) })
}

/// A loop for writing a scenario: one iteration of it, and another each time that it is saved.
fn run_at_each_change(arguments: &RunArgs) -> Result<u8, CliError> {
    if let Some(error) = one_request::misplaced(&arguments.request.settings()) {
        return Err(error.into());
    }
    if named_url(&arguments.scenario)?.is_some() || !is_scenario_source(&arguments.scenario) {
        return Err(needs_a_source("--watch"));
    }
    let source = Source::at(Path::new(&arguments.scenario))?;
    let mut watch = Watch::start(&source.folder);
    loop {
        match prepare(arguments).and_then(|test| run_once(arguments, test)) {
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

fn run_once(arguments: &RunArgs, test: TestRun) -> Result<u8, CliError> {
    let console = TerminalConsole::of(&arguments.output, &test)?;
    execute(&test.once(), &console)
}

/// The URL that was named, if one was.
fn named_url(named: &str) -> Result<Option<String>, CliError> {
    let shown = without_credentials(named);
    named::url(named).map_err(|mistake| CliError::options(vec![format!("{shown}: {mistake}")]))
}

/// Whether what was named is a scenario's source, and not a component or a plan.
fn is_scenario_source(named: &str) -> bool {
    let path = Path::new(named);
    !Reference::is_meant(named) && !plan::is_plan(path) && is_source(path)
}

fn needs_a_source(flag: &str) -> CliError {
    CliError::options(vec![format!("{flag} goes with a scenario's source, which is built first")])
}
