//! Checks before the run whether a threshold can be evaluated: one that never can be must not look as if it had been
//! met, or missed. Must not know where a threshold was written.

use std::collections::{BTreeMap, BTreeSet};

use squall_plan::{Aggregation, Threshold, nearest};
use thiserror::Error;

use crate::builtin::{BUILT_IN, Builtin, Kind, Subject};
use crate::keys::{Method, Protocol};
use crate::registry::MetricInfo;
use crate::sample::FailureClass;
use crate::tags::{AskedTags, Tag};

/// The possible samples of a run, as far as they are known before it begins.
#[derive(Clone, Debug, Default)]
pub struct ExpectedSamples {
    /// The plan's tags, with their values.
    pub plan_tags: BTreeMap<String, BTreeSet<String>>,
    /// The custom metrics that components declare.
    pub declared: Vec<MetricInfo>,
    /// Whether components may make further metrics while they run.
    pub may_make_metrics: bool,
    /// Whether components may give samples their own tags.
    pub may_tag: bool,
}

/// k6's system tags that this host does not record. Scripts do not set them, so no sample would ever have one.
const TAGS_OF_K6_ALONE: [&str; 8] =
    ["subproto", "error_code", "tls_version", "ip", "vu", "iter", "ocsp_status", "rpc_type"];
/// The groups of k6 that every run has.
const GROUPS_OF_HOST: [&str; 2] = ["::setup", "::teardown"];

/// A threshold that can never be evaluated.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("threshold '{expression}' on {selector}: {reason}")]
pub struct ThresholdMisfit {
    selector: String,
    expression: String,
    reason: String,
}

/// Checks, before the run, that a threshold fits the metric and the tags that it names.
///
/// # Errors
/// If no sample of the run could ever be judged by it.
pub fn check_threshold(threshold: &Threshold, expected: &ExpectedSamples) -> Result<(), ThresholdMisfit> {
    let checked = check_metric(threshold, expected).and_then(|subject| {
        threshold.tags.iter().try_for_each(|tag| check_tag(&threshold.metric, subject, tag, expected))
    });
    checked.map_err(|reason| ThresholdMisfit {
        selector: threshold.selector(),
        expression: threshold.source.clone(),
        reason,
    })
}

/// The tags of thresholds that only guests can give.
pub fn asked_tags(thresholds: &[Threshold], plan_tags: &BTreeMap<String, BTreeSet<String>>) -> AskedTags {
    let of_threshold = |threshold: &Threshold| {
        let subject = subject_of(&threshold.metric);
        let is_asked = |tag: &&Tag| subject.takes_tags_of_guests() && is_of_guest(subject, tag, plan_tags);
        threshold.tags.iter().filter(is_asked).cloned().collect::<Vec<_>>()
    };
    AskedTags::new(thresholds.iter().flat_map(of_threshold))
}

fn subject_of(metric: &str) -> Subject {
    Builtin::named(metric).map_or(Subject::Custom, |built_in| built_in.subject)
}

/// Whether only a guest can give samples this tag with this value.
fn is_of_guest(subject: Subject, (name, value): &Tag, plan_tags: &BTreeMap<String, BTreeSet<String>>) -> bool {
    match name.as_str() {
        "group" => !GROUPS_OF_HOST.contains(&value.as_str()),
        name => !subject.tags().contains(&name) && !plan_tags.contains_key(name),
    }
}

fn check_metric(threshold: &Threshold, expected: &ExpectedSamples) -> Result<Subject, String> {
    let Threshold { metric, aggregation, .. } = threshold;
    let declared = || expected.declared.iter().find(|declared| declared.name == *metric).map(|info| info.kind);
    let kind = match Builtin::named(metric) {
        Some(built_in) => Some(built_in.kind),
        None => declared(),
    };
    match kind {
        Some(kind) if fits(kind, *aggregation) => Ok(subject_of(metric)),
        Some(kind) => Err(format!("a {kind} has no {aggregation}; it has {}", choices(kind))),
        None => {
            let known = BUILT_IN.iter().map(|built_in| built_in.name);
            let known = known.chain(expected.declared.iter().map(|declared| declared.name.as_str()));
            match nearest(metric, known) {
                Some(meant) => Err(format!("there is no metric {metric:?}: did you mean {meant:?}?")),
                None if expected.may_make_metrics => Ok(Subject::Custom),
                None => Err(format!("there is no metric {metric:?}, and the scenario declares none of that name")),
            }
        }
    }
}

fn check_tag(metric: &str, subject: Subject, tag: &Tag, expected: &ExpectedSamples) -> Result<(), String> {
    let (name, value) = tag;
    if is_of_guest(subject, tag, &expected.plan_tags) {
        let may_come = expected.may_tag && subject.takes_tags_of_guests() && !TAGS_OF_K6_ALONE.contains(&name.as_str());
        return if may_come { Ok(()) } else { Err(no_such_tag(metric, subject, tag, expected)) };
    }
    let known: Vec<String> = match (name.as_str(), expected.plan_tags.get(name)) {
        ("method" | "service", _) if subject == Subject::Call => return Ok(()),
        ("method", _) => Method::ALL.iter().map(|method| method.name().to_owned()).collect(),
        ("error", _) => FailureClass::ALL.iter().map(|class| class.name().to_owned()).collect(),
        ("expected_response", _) => ["true", "false"].map(str::to_owned).to_vec(),
        ("proto", _) => Protocol::SPOKEN.map(|protocol| protocol.name().to_owned()).to_vec(),
        ("status", _) if value.parse::<u16>().is_ok_and(|status| status < 1_000) => return Ok(()),
        ("status", _) => {
            return Err(format!("{value:?} is not a status: write a number such as 200, or 0 for no response"));
        }
        // The plan knows the flows and scenarios.
        ("scenario" | "flow" | "name" | "url" | "check" | "transaction" | "group", _) | (_, None) => return Ok(()),
        (_, Some(values)) => values.iter().cloned().collect(),
    };
    if known.contains(value) {
        return Ok(());
    }
    Err(match nearest(value, known.iter().map(String::as_str)) {
        Some(meant) => format!("no sample has {name}:{value}: did you mean {name}:{meant}?"),
        None => format!("no sample has {name}:{value}; {name} is one of {}", known.join(", ")),
    })
}

fn no_such_tag(metric: &str, subject: Subject, (name, value): &Tag, expected: &ExpectedSamples) -> String {
    if name == "group" && subject.tags().contains(&"group") {
        return format!("no sample of {metric} has the group {value:?}; it has {}", GROUPS_OF_HOST.join(" and "));
    }
    let known: Vec<&str> =
        subject.tags().iter().copied().chain(expected.plan_tags.keys().map(String::as_str)).collect();
    match nearest(name, known.iter().copied()) {
        _ if subject == Subject::Run => format!("samples of {metric} have no tags"),
        Some(meant) => format!("samples of {metric} have no tag {name:?}: did you mean {meant:?}?"),
        None => format!("samples of {metric} have no tag {name:?}; they have {}", known.join(", ")),
    }
}

fn fits(kind: Kind, aggregation: Aggregation) -> bool {
    match kind {
        Kind::Counter => matches!(aggregation, Aggregation::Count | Aggregation::Rate),
        Kind::Gauge => matches!(aggregation, Aggregation::Value | Aggregation::Min | Aggregation::Max),
        Kind::Rate => matches!(aggregation, Aggregation::Rate),
        Kind::Trend => !matches!(aggregation, Aggregation::Rate | Aggregation::Value),
    }
}

fn choices(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "count and rate",
        Kind::Gauge => "value, min and max",
        Kind::Rate => "rate",
        Kind::Trend => "avg, min, med, max, p(N) and count",
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::parse_cli_threshold;

    use super::*;
    use crate::builtin::Unit;

    fn threshold(text: &str) -> Threshold {
        let (selector, spec) = parse_cli_threshold(text).expect("readable");
        Threshold::parse(&selector, &spec).expect("readable")
    }

    fn expected() -> ExpectedSamples {
        let orders = MetricInfo { name: "orders".to_owned(), kind: Kind::Counter, unit: Unit::Number };
        let plan_tags = BTreeMap::from([("team".to_owned(), BTreeSet::from(["web".to_owned()]))]);
        ExpectedSamples { plan_tags, declared: vec![orders], may_make_metrics: true, may_tag: false }
    }

    fn reason(text: &str, expected: &ExpectedSamples) -> String {
        check_threshold(&threshold(text), expected).map_or_else(|misfit| misfit.reason, |()| "fits".to_owned())
    }

    #[test]
    fn a_threshold_that_can_be_evaluated_passes() {
        for text in [
            "http_req_duration{status:200,method:GET,expected_response:true}=p(95)<5",
            "http_req_duration{url:http://a/}=p(95)<5",
            "http_reqs{team:web}=count>1",
            "checks{check:is ok}=rate>0.9",
            "iterations{flow:browse}=count>1",
            "http_req_duration{proto:HTTP/2.0}=p(95)<5",
            "data_received{proto:HTTP/1.1}=count>1",
            "http_reqs{group:::setup}=count<9",
            "http_req_failed{error:timeout}=rate<1",
            "grpc_req_duration{service:shop.v1.Shop,method:Find,status:14}=p(95)<5",
            "orders=count<10",
            "orders{scenario:a}=count<10",
            "something_of_its_own=avg<3",
            "vus=max<3",
        ] {
            assert_eq!(reason(text, &expected()), "fits", "{text}");
        }
    }

    #[test]
    fn a_threshold_that_never_can_be_is_refused_with_a_hint() {
        for (text, part) in [
            ("http_req_duraton=avg<5", "no metric \"http_req_duraton\": did you mean \"http_req_duration\"?"),
            ("order=count<5", "did you mean \"orders\"?"),
            ("orders=avg<5", "a counter has no avg; it has count and rate"),
            ("checks=avg<5", "a rate has no avg"),
            ("vus{flow:a}=max<5", "samples of vus have no tags"),
            ("http_reconnects{scenario:a}=count<5", "have no tags"),
            ("iterations{status:200}=count<5", "have no tag \"status\"; they have scenario, flow, group, team"),
            ("http_reqs{stauts:200}=count<5", "no tag \"stauts\": did you mean \"status\"?"),
            ("http_reqs{status:abc}=count<5", "\"abc\" is not a status"),
            ("http_reqs{method:GTE}=count<5", "no sample has method:GTE; method is one of GET, "),
            ("http_reqs{team:wbe}=count<5", "no sample has team:wbe; team is one of web"),
            ("http_reqs{expected_response:yes}=count<5", "expected_response is one of true, false"),
            ("http_reqs{proto:HTTP/2}=count<5", "no sample has proto:HTTP/2: did you mean proto:HTTP/2.0?"),
            ("http_reqs{proto:h2c}=count<5", "no sample has proto:h2c; proto is one of HTTP/1.1, HTTP/2.0"),
            ("iterations{proto:HTTP/2.0}=count<5", "have no tag \"proto\""),
            ("http_reqs{group:::main}=count<5", "no sample of http_reqs has the group \"::main\""),
            ("checks{kind:x}=rate>0", "samples of checks have no tag \"kind\""),
        ] {
            assert!(reason(text, &expected()).contains(part), "{text}: {}", reason(text, &expected()));
        }
    }

    #[test]
    fn a_component_that_tags_may_give_any_tag_to_its_own_samples() {
        let expected = ExpectedSamples { may_tag: true, ..expected() };
        for text in ["checks{kind:x}=rate>0", "http_reqs{group:::main}=count<5", "orders{part:p}=count<5"] {
            assert_eq!(reason(text, &expected), "fits", "{text}");
        }
        for text in ["iterations{kind:x}=count<5", "data_sent{kind:x}=count<5", "http_reqs{subproto:h2}=count>1"] {
            assert!(reason(text, &expected).contains("no tag"), "{text}: {}", reason(text, &expected));
        }
        let texts = ["checks{kind:x,check:c}=rate>0", "http_reqs{group:::a,team:web}=count>1", "vus=max<3"];
        let asked = asked_tags(&texts.map(threshold), &expected.plan_tags);
        let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(asked, AskedTags::new([tag("kind", "x"), tag("group", "::a")]));
    }

    #[test]
    fn a_component_that_declares_all_its_metrics_has_no_others() {
        let closed = ExpectedSamples { may_make_metrics: false, ..expected() };
        assert!(reason("something_of_its_own=avg<3", &closed).contains("declares none of that name"));
        assert_eq!(reason("orders=count<10", &closed), "fits");
    }
}
