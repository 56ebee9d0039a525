//! Parts of a load: what each of several agents carries, and what the others take over of an agent that is lost. Pure
//! arithmetic: a part can be split into parts again, and all parts of a load together are the load.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_plan::{Arrivals, Plan, Scenario};

use crate::schedule::Share;

/// One of several equal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32)", into = "(u32, u32)")]
struct Fraction {
    index: u32,
    count: u32,
}

impl TryFrom<(u32, u32)> for Fraction {
    type Error = &'static str;

    fn try_from((index, count): (u32, u32)) -> Result<Fraction, &'static str> {
        if index < count {
            Ok(Fraction { index, count })
        } else {
            Err("a part's number must be below the number of parts")
        }
    }
}

impl From<Fraction> for (u32, u32) {
    fn from(fraction: Fraction) -> (u32, u32) {
        (fraction.index, fraction.count)
    }
}

/// A part of a load: the whole, one of several parts of it, or a part of such a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPart(Vec<Fraction>);

impl LoadPart {
    /// The whole load.
    pub const WHOLE: LoadPart = LoadPart(Vec::new());

    /// Splits it into `count` equal parts.
    pub fn split(&self, count: u32) -> impl Iterator<Item = LoadPart> {
        (0..count).map(move |index| {
            let mut path = self.0.clone();
            path.push(Fraction { index, count });
            LoadPart(path)
        })
    }

    /// The share of a scenario in it; nothing if the scenario has too few virtual users for so many parts.
    pub(crate) fn share_of(&self, scenario: &Scenario) -> Option<Share> {
        self.0.iter().try_fold(Share::WHOLE, |share, fraction| {
            share.part(scenario, fraction.index as usize, fraction.count as usize)
        })
    }

    /// The number of arrivals that the plan has in it within a time from the beginning of the load; `None` if a rate is
    /// decided while the load runs. With Poisson arrivals this walks through all of them.
    pub fn planned_arrivals(&self, plan: &Plan, span: Range<Duration>) -> Option<u64> {
        plan.scenarios
            .iter()
            .filter(|scenario| scenario.executor.is_open())
            .map(|scenario| {
                if scenario.executor.first_level().is_some() {
                    return None;
                }
                let Some(share) = self.share_of(scenario) else { return Some(0) };
                let arrivals = Arrivals::of(&scenario.executor, scenario.arrival, scenario.seed)?;
                let mut arrivals = share.of(&arrivals);
                let from_start = |time: Duration| time.saturating_sub(scenario.start_time);
                arrivals.skip_before(from_start(span.start));
                Some(arrivals.skip_before(from_start(span.end)))
            })
            .sum()
    }
}

/// A part that an agent takes over for a time, counted from the beginning of the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// The part.
    pub part: LoadPart,
    /// Its first arrivals, and the periods of its virtual users, begin here.
    pub from: Duration,
    /// From then on it is another agent's again.
    pub until: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, Options};

    use super::*;

    fn plan(json: &str) -> Plan {
        let options = Options::from_json(json).unwrap();
        Plan::resolve(options, &[("main".to_owned(), 1)], Defaults { threads: 1, seed: 7 }).unwrap()
    }

    const HOUR: Range<Duration> = Duration::ZERO..Duration::from_secs(3_600);

    #[test]
    fn parts_of_parts_are_the_whole() {
        for arrival in ["constant", "poisson"] {
            let plan =
                plan(&format!(r#"{{"rate": "97/s", "duration": "20s", "max_vus": 40, "arrival": "{arrival}"}}"#));
            let planned = |part: &LoadPart, span| part.planned_arrivals(&plan, span).unwrap();
            let whole = planned(&LoadPart::WHOLE, HOUR);
            for agents in [1, 2, 3, 7] {
                let parts: Vec<LoadPart> = LoadPart::WHOLE.split(agents).collect();
                assert_eq!(parts.iter().map(|part| planned(part, HOUR)).sum::<u64>(), whole);
                let lost = &parts[0];
                let pieces: u64 = lost.split(3).map(|piece| planned(&piece, HOUR)).sum();
                assert_eq!(pieces, planned(lost, HOUR), "{agents} agents");
                let middle = Duration::from_millis(7_654);
                let (before, after) = (planned(lost, Duration::ZERO..middle), planned(lost, middle..HOUR.end));
                assert_eq!(before + after, planned(lost, HOUR));
            }
        }
    }

    #[test]
    fn users_are_in_one_part_each() {
        let plan = plan(r#"{"scenarios": {"a": {"vus": 5, "duration": "1s"}, "b": {"vus": 11, "duration": "1s"}}}"#);
        for (scenario, agents) in plan.scenarios.iter().flat_map(|scenario| (1..15).map(move |n| (scenario, n))) {
            let mut users: Vec<u64> = LoadPart::WHOLE
                .split(agents)
                .flat_map(|part| part.split(3).collect::<Vec<_>>())
                .filter_map(|part| part.share_of(scenario))
                .flat_map(|share| share.numbers(scenario.executor.max_vus()).collect::<Vec<_>>())
                .collect();
            users.sort_unstable();
            assert_eq!(users, (0..scenario.executor.max_vus()).collect::<Vec<_>>(), "{agents} agents");
        }
    }

    #[test]
    fn a_part_with_a_wrong_number_is_refused() {
        assert!(serde_json::from_str::<LoadPart>("[[1,4],[0,3]]").is_ok());
        assert!(serde_json::from_str::<LoadPart>("[[4,4]]").is_err());
        assert!(serde_json::from_str::<LoadPart>("[[0,0]]").is_err());
    }
}
