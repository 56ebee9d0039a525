//! Plans: `squall plan`, and what `squall run plan.yaml` takes from it. Knows files; what is in a plan is `squall-plan`'s.

mod rehearse;
mod show;

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use squall_guest::Artifact;
use squall_outputs::Output;
use squall_plan::{Mistake, Options, PlanError, PlanFile, options_reference, schema};
use squall_registry::Reference;
use squall_session::{Component, plan_as};
use squall_toolchain::is_source;

use crate::args::limits::LimitArgs;
use crate::args::plan::{PlanArgs, PlanCommand, TypeArgs};
use crate::args::registry::RegistryArgs;
use crate::args::script::ScriptArgs;
use crate::commands::registry;
use crate::commands::run::component;
use crate::commands::source::{build_source, refuse_foreign};
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// What `squall plan init` writes.
const TEMPLATE: &str = include_str!("plan/template.yaml");

/// `squall plan`.
pub fn plan(arguments: &PlanArgs) -> Result<u8, CliError> {
    match &arguments.command {
        PlanCommand::Init { file } => init(file),
        PlanCommand::Check { file, registry } => check(file, registry),
        PlanCommand::Show(arguments) => show::show(arguments),
        PlanCommand::Rehearse(arguments) => rehearse::rehearse(arguments),
        PlanCommand::Options => {
            print(&options_reference())?;
            Ok(exit::PASSED)
        }
        PlanCommand::Schema => {
            print(&format!("{:#}\n", schema()))?;
            Ok(exit::PASSED)
        }
    }
}

/// Whether what was named is a plan.
pub fn is_plan(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// Reads a plan; the files that it names are meant from its own folder.
pub fn read(path: &Path) -> Result<PlanFile, CliError> {
    let text = fs::read_to_string(path).map_err(|source| CliError::file("the plan", path, source))?;
    let mut plan = PlanFile::read(&text).map_err(|mistakes| told(path, &mistakes))?;
    plan.outputs(str::parse::<Output>).map_err(|mistakes| told(path, &mistakes))?;
    plan.in_folder(path.parent().unwrap_or(Path::new("")));
    Ok(plan)
}

/// The same as another type of test, if one is named.
pub fn read_as(path: &Path, as_type: &TypeArgs, typed: &Options) -> Result<PlanFile, CliError> {
    let file = read(path)?;
    match as_type.kind {
        Some(kind) => Ok(plan_as(file, kind, typed)?),
        None => Ok(file),
    }
}

fn told(path: &Path, mistakes: &[Mistake]) -> CliError {
    CliError::options(mistakes.iter().map(|mistake| format!("{}:{mistake}", path.display())).collect())
}

/// The component of that name, of at most so many bytes: built if it is a source, fetched if it is in a registry.
pub fn named_component(
    name: &str,
    script: ScriptArgs,
    registry: &RegistryArgs,
    most: u64,
) -> Result<Component, CliError> {
    let path = Path::new(name);
    if !Reference::is_meant(name) && is_source(path) {
        registry.signature.allow_source(name)?;
        let (source, built) = build_source(name, script)?;
        return component(name, Artifact::read(&built.component, most), Some(&source));
    }
    refuse_foreign(name, script)?;
    if let Some(flag) = script.options().given() {
        return Err(CliError::options(vec![format!("{flag} goes with a scenario's source, which is built first")]));
    }
    component(name, Ok(registry::artifact(name, registry, most)?), None)
}

/// Refuses a plan that names a source, where none may be built.
pub fn allow_sources(plan: &PlanFile, limits: &LimitArgs) -> Result<(), CliError> {
    let components = plan.components();
    let mut sources = components.iter().filter(|name| !Reference::is_meant(name) && is_source(Path::new(name)));
    sources.try_for_each(|name| limits.allow_source(name))
}

/// The components that a plan names, the first apart from the others.
pub fn components(
    plan: &PlanFile,
    script: ScriptArgs,
    registry: &RegistryArgs,
    most: u64,
) -> Result<(Component, Vec<Component>), CliError> {
    let mut names = plan.components().into_iter();
    let first = names.next().unwrap_or_default();
    let others = names.map(|name| named_component(&name, script, registry, most)).collect::<Result<_, _>>()?;
    Ok((named_component(&first, script, registry, most)?, others))
}

fn init(path: &Path) -> Result<u8, CliError> {
    let wrong = |source| CliError::file("the plan", path, source);
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = format!("{} is there already; name another file", path.display());
            return Err(CliError::options(vec![text]));
        }
        opened => opened.map_err(wrong)?,
    };
    file.write_all(TEMPLATE.as_bytes()).map_err(wrong)?;
    let file = path.display();
    print(&format!("{file} is written. Change it, then: squall plan check {file}, squall run {file}\n"))?;
    Ok(exit::PASSED)
}

fn check(path: &Path, registry: &RegistryArgs) -> Result<u8, CliError> {
    let plan = read(path)?;
    // What the component says can contradict the plan, too. A source is not built just to be looked at.
    if let Some(source) = plan.components().iter().find(|component| is_source(Path::new(component))) {
        registry.signature.allow_source(source)?;
        print(&format!("{}: no mistakes (whether the flows exist is seen once {source} is built)\n", path.display()))?;
        return Ok(exit::PASSED);
    }
    let tell = |error: &PlanError| format!("{}:{}", path.display(), plan.locate(error));
    show::resolve(&plan, Options::default(), registry, tell)?;
    print(&format!("{}: no mistakes\n", path.display()))?;
    Ok(exit::PASSED)
}
