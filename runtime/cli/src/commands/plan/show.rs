//! `squall plan show`: what would be run, and which layer each value comes from.

use squall_data::Openable;
use squall_guest::{CodeCache, Description, Guest, Secrets};
use squall_load::describe;
use squall_plan::{Defaults, Limits, Options, Plan, PlanError, PlanFile, TestType};
use squall_report::{Align, table};
use squall_session::{Layers, UserOptions, plan_heading, scenarios_heading};

use super::named_component;
use crate::args::plan::ShowArgs;
use crate::args::registry::RegistryArgs;
use crate::args::script::ScriptArgs;
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::stdout::print;

/// A plan that has been laid over its components, with the layers that it is made of.
pub struct Resolved {
    plan: Plan,
    merged: Options,
    /// From the top.
    layers: Vec<(&'static str, Options)>,
}

/// Shows it.
pub fn show(arguments: &ShowArgs) -> Result<u8, CliError> {
    let typed = from_arguments(&arguments.load, &arguments.http);
    let file = super::read_as(&arguments.file, &arguments.as_type, &typed)?;
    let resolved = resolve(&file, typed, &arguments.registry, ToString::to_string)?;
    let mut text = plan_heading(&file);
    let components = file.components();
    text.push_str(&format!("    component: {}\n", components.join("\n               ")));
    let search = match file.shape.kind_under(&resolved.layers[0].1) {
        Some(TestType::Breakpoint) => "a search; the heaviest trial that it may come to is ",
        _ => "",
    };
    text.push_str(&format!("         load: {search}{}", resolved.plan.load()));
    text.push_str(&scenarios_heading(&resolved.plan, &components));
    text.push_str("\n\n");
    let mut rows = vec![["option", "value", "from"].map(str::to_owned).to_vec()];
    rows.extend(resolved.merged.said().into_iter().map(|(key, value)| {
        let from = resolved.origin(&key, &value);
        vec![key, value, from.to_owned()]
    }));
    let out: Vec<&str> = file.out().collect();
    if !out.is_empty() {
        rows.push(["out", &out.join(", "), "plan"].map(str::to_owned).to_vec());
    }
    text.push_str(&table(2, &[Align::Left, Align::Left, Align::Left], &rows));
    print(&text)?;
    Ok(exit::PASSED)
}

/// Lays the plan over its components, and what was typed over all of them.
pub fn resolve(
    file: &PlanFile,
    typed: Options,
    registry: &RegistryArgs,
    tell: impl Fn(&PlanError) -> String,
) -> Result<Resolved, CliError> {
    let said = UserOptions::of(Some(file), typed.clone())?;
    let described =
        file.components().into_iter().map(|name| describe_component(&name, registry, &said).map(|found| (name, found)));
    let Layers { typed, environment, of_file, suggested, merged, components, .. } =
        Layers::lay(Some(file), typed, &described.collect::<Result<Vec<_>, _>>()?)?;
    let plan = Plan::resolve_for(merged.clone(), &components, Defaults { threads: 1, seed: 0 })
        .map_err(|errors| CliError::options(errors.iter().map(tell).collect()))?;
    let layers =
        vec![("command line", typed), ("environment", environment), ("plan", of_file), ("component", suggested)];
    Ok(Resolved { plan, merged, layers })
}

fn describe_component(name: &str, registry: &RegistryArgs, said: &UserOptions) -> Result<Description, CliError> {
    let limits = Limits::default();
    let component = named_component(name, ScriptArgs::default(), registry, limits.component)?;
    let places = said.places(&component)?;
    let inspected = Guest::inspect(&component.artifact, &limits, &CodeCache::of_user());
    let inspected = inspected.map(|guest| guest.given(Openable::Searched(places)));
    let description = inspected.and_then(|inspected| describe(&inspected, &said.known(Secrets::default())));
    description.map_err(|source| CliError::guest(name, source))
}

impl Resolved {
    /// The topmost layer that says just this. What no layer says is the plan's shape with another's numbers.
    fn origin(&self, key: &str, value: &str) -> &'static str {
        let says = |options: &Options| options.said().iter().any(|(said, as_value)| said == key && as_value == value);
        let layer = self.layers.iter().find(|(_, options)| says(options));
        layer.map_or("plan, with numbers from above it", |(name, _)| name)
    }
}
