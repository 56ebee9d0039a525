//! `squall plan show`: what would be run, and which layer each value comes from.

use squall_guest::{CodeCache, Guest};
use squall_load::describe;
use squall_plan::{Defaults, Limits, Options, Plan, PlanError, PlanFile, from_environment};
use squall_report::{Align, table};

use super::args::ShowArgs;
use crate::args::ScriptArgs;
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::registry::RegistryArgs;
use crate::run::{print, suggested_plan, variables};

/// A plan that has been laid over its component, with the layers that it is made of.
pub struct Resolved {
    plan: Plan,
    merged: Options,
    /// From the top.
    layers: Vec<(&'static str, Options)>,
}

/// Shows it.
pub fn show(arguments: &ShowArgs) -> Result<u8, CliError> {
    let file = super::read(&arguments.file)?;
    let component = file.component.clone().unwrap_or_default();
    let mut typed = from_arguments(&arguments.load, &arguments.http);
    typed.target = arguments.target.clone();
    let resolved = resolve(&file, &component, typed, ToString::to_string)?;
    let mut text = super::heading(&file);
    text.push_str(&format!("    component: {component}\n         load: {}\n\n", resolved.plan.executor));
    let mut rows = vec![["option", "value", "from"].map(str::to_owned).to_vec()];
    rows.extend(resolved.merged.said().into_iter().map(|(key, value)| {
        let from = resolved.origin(&key, &value);
        vec![key, value, from.to_owned()]
    }));
    text.push_str(&table(2, &[Align::Left, Align::Left, Align::Left], &rows));
    print(&text)?;
    Ok(exit::PASSED)
}

/// Lays the plan over its component, and what was typed over both.
pub fn resolve(
    file: &PlanFile,
    component: &str,
    typed: Options,
    tell: impl Fn(&PlanError) -> String,
) -> Result<Resolved, CliError> {
    let name = || component.to_owned();
    let limits = Limits::default();
    let artifact = super::artifact(component, ScriptArgs::default(), &RegistryArgs::default(), limits.component)?;
    let survey = Guest::survey(&artifact, &limits, &CodeCache::of_user());
    let description = survey.and_then(|survey| describe(&survey));
    let description = description.map_err(|source| CliError::Guest { name: name(), source })?;
    let environment = from_environment(variables()).map_err(|error| CliError::Options(vec![error.to_string()]))?;
    let flows: Vec<(String, u32)> = description.flows.into_iter().map(|flow| (flow.name, flow.weight)).collect();
    let named = file.under(typed.clone().over(environment.clone()), &flows);
    let suggested =
        suggested_plan(&description.plan, &named).map_err(|text| CliError::SuggestedPlan { name: name(), text })?;
    let merged = named.over(suggested.clone());
    let plan = Plan::resolve(merged.clone(), &flows, Defaults { threads: 1, seed: 0 })
        .map_err(|errors| CliError::Options(errors.iter().map(tell).collect()))?;
    let of_file = file.under(Options::default(), &flows);
    let layers =
        vec![("command line", typed), ("environment", environment), ("plan", of_file), ("component", suggested)];
    Ok(Resolved { plan, merged, layers })
}

impl Resolved {
    /// The topmost layer that says just this. What no layer says is the plan's shape with another's numbers.
    fn origin(&self, key: &str, value: &str) -> &'static str {
        let says = |options: &Options| options.said().iter().any(|(said, as_value)| said == key && as_value == value);
        let layer = self.layers.iter().find(|(_, options)| says(options));
        layer.map_or("plan, with numbers from above it", |(name, _)| name)
    }
}
