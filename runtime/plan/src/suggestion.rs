//! What a component may say in the plan that it suggests.
//!
//! A component can be a stranger's, so its suggestion makes a run stricter, never looser: past a default only the person who
//! runs it goes, on the command line, in the environment or in a plan file. How far a component goes with each option stands
//! in the option's entry of the table; docs/security.md has the whole list. Must not know a component.

use crate::options::allowance::{Breach, Machine};
use crate::options::scenario::COMPONENT;
use crate::options::{Key, Options, ScenarioOptions};

/// What is left of a suggestion beneath what the user says: where both say something, the user's counts, and the scenarios
/// that are suggested keep to it.
///
/// # Errors
/// Every key with which the suggestion goes too far, each as a sentence with what to add if it is meant.
pub fn permit(mut suggested: Options, users: &Options, machine: Machine) -> Result<Options, Vec<String>> {
    let mut breaches: Vec<String> = suggested.tighten(users, machine).iter().map(describe).collect();
    for ScenarioOptions { name, own, component, .. } in suggested.scenarios.iter_mut().flatten() {
        let component = component.clone().map(|file| (&COMPONENT, Breach::NotAtAll(file)));
        let of_scenario = component.into_iter().chain(own.tighten(users, machine));
        breaches.extend(of_scenario.map(|breach| format!("scenario {name:?}: {}", describe(&breach))));
    }
    if breaches.is_empty() { Ok(suggested) } else { Err(breaches) }
}

fn describe((key, breach): &(&Key, Breach)) -> String {
    let name = key.name;
    match breach {
        Breach::NotAtAll(value) => {
            let shown = if key.kind.value.is_some() { format!("{value:?}") } else { value.clone() };
            format!("{name} is {shown}: only the user may say that; {}", advise(key, value))
        }
        Breach::TooMuch { value, most } => {
            format!("{name} is {value}, and a component may suggest at most {most}; {}", advise(key, value))
        }
        Breach::TooLarge { finding, most } => format!("{name} {finding}, and a component may suggest at most {most}"),
    }
}

/// How the user says what a component may not.
fn advise(key: &Key, value: &str) -> String {
    match (key.flag, key.flag_value(), key.variable()) {
        (Some(flag), Some(_), _) => format!("if it is meant, add --{} {value}", flag.long),
        (Some(flag), None, _) => format!("if it is meant, add --{}", flag.long),
        (None, _, Some(variable)) => format!("if it is meant, add {variable}={value}"),
        (None, _, None) => "write a plan file if it is meant".to_owned(),
    }
}

#[cfg(test)]
mod tests;
