//! The layers of options of a run, laid over each other: what was typed over the environment, that over the plan file, and that
//! over what components suggest.

use squall_guest::Description;
use squall_plan::{Component, Limits, Machine, Options, PlanFile, RequestCeilings, from_environment, permit};

use tracing::debug;

use crate::error::Error;
use crate::policy::check_texts;
use crate::system::{environment_variables, processor_cores};

/// A run's options, layer by layer, and what components they are for.
pub struct Layers {
    /// The command line.
    pub typed: Options,
    /// The environment.
    pub environment: Options,
    /// The plan file, for these components.
    pub of_file: Options,
    /// What components suggest.
    pub suggested: Options,
    /// All of them together.
    pub merged: Options,
    /// The components' flows.
    pub components: Vec<Component>,
    /// The most that a request may ask for: what components suggest does not count.
    pub ceilings: RequestCeilings,
}

impl Layers {
    /// Lays them over each other. The components come with the name by which the plan knows them; the first is the one that is
    /// meant where none is named.
    ///
    /// # Errors
    /// If an environment variable is wrong, or a component suggests what it may not.
    pub fn lay(file: Option<&PlanFile>, typed: Options, described: &[(String, Description)]) -> Result<Layers, Error> {
        let environment =
            from_environment(environment_variables()).map_err(|error| Error::option(error.to_string()))?;
        let upper = typed.clone().over(environment.clone());
        let components: Vec<Component> =
            described.iter().map(|(name, description)| component(name, description)).collect();
        let flows = components.first().map(|first| first.flows.clone()).unwrap_or_default();
        let under = |upper: Options| file.map(|file| file.under(upper, &flows));
        let of_file = under(Options::default()).unwrap_or_default();
        let named = under(upper.clone()).unwrap_or(upper);
        if components.len() > 1 && named.scenarios.is_none() {
            return Err(Error::option(
                "the plan's scenarios run several components, so no other load can take their place: leave out the \
                 duration, iterations, stages, rate or executor that was given"
                    .to_owned(),
            ));
        }
        let suggested = suggestions(described, &named)?;
        let ceilings = RequestCeilings::of_user(&named.http);
        let merged = named.over(suggested.clone());
        for (layer, options) in [
            ("command line", &typed),
            ("environment", &environment),
            ("plan", &of_file),
            ("component", &suggested),
            ("merged", &merged),
        ] {
            // Values may be secret.
            debug!(layer, keys = keys_of(options), "a layer of options");
        }
        Ok(Layers { typed, environment, of_file, suggested, merged, components, ceilings })
    }
}

fn keys_of(options: &Options) -> String {
    options.said().into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" ")
}

fn component(name: &str, description: &Description) -> Component {
    let flows = description.flows.iter().map(|flow| (flow.name.clone(), flow.weight)).collect();
    Component { name: name.to_owned(), flows }
}

/// What the components suggest. Of several, only the data that they need: loads that were meant each for itself do not add up
/// to one.
fn suggestions(described: &[(String, Description)], named: &Options) -> Result<Options, Error> {
    let suggested = |(name, description): &(String, Description)| {
        suggested_plan(&description.plan, named).map_err(|text| Error::SuggestedPlan { name: name.clone(), text })
    };
    match described {
        [only] => suggested(only),
        several => several.iter().try_fold(Options::default(), |all, one| {
            let data = suggested(one)?.data;
            Ok(all.over(Options { data, ..Options::default() }))
        }),
    }
}

/// What a component suggests, as far as it may beneath what the user says.
fn suggested_plan(json: &str, users: &Options) -> Result<Options, String> {
    if json.trim().is_empty() {
        return Ok(Options::default());
    }
    if json.len() > Limits::SUGGESTED_PLAN {
        return Err(format!("it has {} bytes, and at most {} are allowed", json.len(), Limits::SUGGESTED_PLAN));
    }
    let suggested = Options::from_json(json).map_err(|error| error.to_string())?;
    check_texts(&serde_json::from_str(json).map_err(|error| error.to_string())?)?;
    permit(suggested, users, Machine { cores: processor_cores() }).map_err(|breaches| breaches.join("; "))
}
