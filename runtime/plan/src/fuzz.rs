//! The targets of `fuzz/` for all that this crate reads: plans, what components suggest, thresholds, and the values of options.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use squall_address::{ConnectTo, HostMap, NoProxy, Proxy, SourceAddresses};
use squall_fuzzing::{Outcome, assert_harmless, text};

use crate::{
    Defaults, DnsOptions, ExecutorKind, HumanDuration, Level, Options, Pacing, PasswordSource, Plan, PlanFile, Rate,
    StageSpec, Target, TestType, ThinkTime, Threshold, ThresholdError, ThresholdSpec, Warmup, from_environment,
    parse_cli_data, parse_cli_threshold, text_without_credentials, without_credentials,
};

fn resolve(options: Options) {
    let flows = [("browse".to_owned(), 60), ("checkout".to_owned(), 40)];
    match Plan::resolve(options, &flows, Defaults { threads: 1, seed: 1 }) {
        Ok(plan) => assert_harmless(&plan.load()),
        Err(errors) => errors.iter().for_each(|error| assert_harmless(&error.to_string().replace('\n', " "))),
    }
}

/// A plan gives a plan, or mistakes that each name a line of it.
pub fn plan(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let read = PlanFile::read(&text);
    match &read {
        Ok(plan) => resolve(plan.clone().under(Options::default(), &[])),
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            // The end of the text may count as a line of its own.
            let lines = 2 + text.matches(['\n', '\r']).count();
            for mistake in mistakes {
                // A threshold is shown with a mark below the place.
                assert_harmless(&mistake.message.replace('\n', " "));
                assert!((1..=lines).contains(&mistake.line), "{mistake} of {lines}");
            }
        }
    }
    Outcome::of(&read)
}

/// The JSON that a component suggests.
pub fn suggestion(bytes: &[u8]) -> Outcome {
    let read = Options::from_json(&text(bytes));
    match &read {
        Ok(options) => resolve(options.clone()),
        Err(error) => assert_harmless(&error.to_string().replace('\n', " ")),
    }
    Outcome::of(&read)
}

/// A threshold that was read is written so that it reads the same; an error shows the place.
pub fn threshold(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let parse = |text: &str| -> Result<Threshold, ThresholdError> {
        let (selector, spec): (String, ThresholdSpec) = parse_cli_threshold(text)?;
        Threshold::parse(&selector, &spec)
    };
    let read = parse(&text);
    match &read {
        Ok(threshold) => {
            let again =
                parse(&threshold.to_string()).map(|again| Threshold { source: threshold.source.clone(), ..again });
            assert_eq!(again.as_ref(), Ok(threshold), "{threshold}");
        }
        Err(error) => {
            assert_harmless(error.message());
            assert!(error.offset() <= error.text().len(), "{error:?}");
            assert_eq!(error.to_string().lines().count(), 3, "a sentence, the text and the place");
        }
    }
    Outcome::of(&read)
}

/// Values of options: what is read is written so that it reads the same.
pub fn values(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let taken = [
        reads_the_same::<HumanDuration>(&text),
        reads_the_same::<Rate>(&text),
        reads_the_same::<Level>(&text),
        reads_the_same::<StageSpec>(&text),
        reads_the_same::<ThinkTime>(&text),
        reads_the_same::<ExecutorKind>(&text),
        reads_the_same::<Target>(without_credentials(&text).as_ref()),
        reads::<Target>(&text),
        reads::<Warmup>(&text),
        reads::<Pacing>(&text),
        reads::<TestType>(&text),
        reads_the_same::<ConnectTo>(&text),
        reads_the_same::<SourceAddresses>(&text),
        reads_the_same::<NoProxy>(&text),
        reads_the_same::<DnsOptions>(&text),
        reads_the_same::<PasswordSource>(&text),
        reads::<Proxy>(&text),
        HostMap::split_flag(&text).map_err(|error| assert_harmless(&error.to_string())).is_ok(),
        parse_cli_data(&text).map_err(|error| assert_harmless(&error.to_string())).is_ok(),
        variables(&text),
    ];
    if taken.contains(&true) { Outcome::Taken } else { Outcome::Refused }
}

fn reads<T: FromStr<Err: Display>>(text: &str) -> bool {
    text.parse::<T>().map_err(|error| assert_harmless(&error.to_string())).is_ok()
}

fn reads_the_same<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> bool {
    match text.parse::<T>() {
        Ok(value) => {
            let written = value.to_string();
            let again = written.parse::<T>().map_err(|error| error.to_string());
            assert_eq!(again, Ok(value), "{text:?} is written {written:?}");
            true
        }
        Err(error) => {
            assert_harmless(&error.to_string());
            false
        }
    }
}

fn variables(text: &str) -> bool {
    let names = ["VUS", "STAGES", "RATE", "WEIGHTS", "TAGS", "THRESHOLDS", "THINK_TIME", "ENV", "INSECURE", "THREADS"];
    let read = |name| from_environment(std::iter::once((format!("SQUALL_{name}"), text.to_owned())));
    let results = names.map(read);
    results
        .iter()
        .filter_map(|read| read.as_ref().err())
        .for_each(|error| assert_harmless(&error.to_string().replace('\n', " ")));
    results.iter().any(Result::is_ok)
}

/// A text with URLs in it has no more of them, and nothing of it is left out twice.
pub fn credentials(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    assert!(without_credentials(&text).len() <= text.len());
    assert!(text_without_credentials(&text).len() <= text.len());
    Outcome::Taken
}

#[cfg(test)]
mod tests;
