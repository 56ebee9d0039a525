//! The most load that a run may make, whatever its plan says: for machines that others send scenarios to.

use std::time::Duration;

use squall_plan::{ExecutorKind, HumanDuration, Options, Plan, Rate};

/// The most load that a run may make; each with the option that says so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Ceilings {
    /// `--max-vus`.
    pub vus: Option<u64>,
    /// `--max-rate`.
    pub rate: Option<Rate>,
    /// `--max-duration`.
    pub duration: Option<Duration>,
}

impl Ceilings {
    /// Takes `--max-vus` out of the options of a load that has no use for it as a setting.
    pub fn take_vus(&mut self, asked: Option<u64>, options: &mut Options) {
        self.vus = asked;
        let is_setting = options.is_open() || options.executor == Some(ExecutorKind::ExternallyControlled);
        if asked.is_some() && !is_setting {
            options.max_vus = None;
        }
    }

    /// Every way in which a load goes past them, each as a sentence.
    pub fn exceeded_by(&self, plan: &Plan) -> Vec<String> {
        let load = plan.load();
        let vus = self
            .vus
            .filter(|most| plan.max_vus() > *most)
            .map(|most| format!("the load is {load}: --max-vus allows {most} virtual users; ask for fewer with --vus"));
        let rate = self.rate.and_then(|most| match plan.peak_rate() {
            Some(rate) if rate > most.per_second() => {
                Some(format!("the load is {load}: --max-rate allows {most}; ask for less with --rate"))
            }
            Some(_) => None,
            None => Some(format!(
                "the load is {load}, which starts iterations as fast as the target answers: --max-rate allows {most}; \
                 ask for a rate with --rate"
            )),
        });
        let duration = self.duration.filter(|most| plan.time_limit() > *most).map(|most| {
            let (most, least) = (HumanDuration(most), HumanDuration(plan.time_limit()));
            format!(
                "the load is {load} and may last {least}: --max-duration allows {most}; ask for less with --duration"
            )
        });
        [vus, rate, duration].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::Defaults;

    use super::*;

    fn exceeded(ceilings: Ceilings, json: &str) -> Vec<String> {
        let options = Options::from_json(json).unwrap();
        let plan = Plan::resolve(options, &[("main".to_owned(), 1)], Defaults { threads: 1, seed: 1 }).unwrap();
        ceilings.exceeded_by(&plan)
    }

    #[test]
    fn what_goes_past_a_ceiling_is_named_with_it() {
        let vus = Ceilings { vus: Some(10), ..Ceilings::default() };
        assert!(exceeded(vus, r#"{"vus": 10, "duration": "1m"}"#).is_empty());
        assert!(exceeded(vus, r#"{"vus": 11, "duration": "1m"}"#)[0].contains("--max-vus allows 10 virtual users"));
        assert_eq!(exceeded(vus, r#"{"stages": ["1s:50", "1s:0"]}"#).len(), 1);
        let rate = Ceilings { rate: Some(Rate::every_second(100)), ..Ceilings::default() };
        assert!(exceeded(rate, r#"{"rate": 100, "duration": "1m"}"#).is_empty());
        assert!(exceeded(rate, r#"{"stages": ["1m:101/s"]}"#)[0].contains("--max-rate allows 100/s"));
        assert!(exceeded(rate, r#"{"vus": 1, "duration": "1m"}"#)[0].contains("as fast as the target answers"));
        let duration = Ceilings { duration: Some(Duration::from_secs(60)), ..Ceilings::default() };
        assert!(exceeded(duration, r#"{"vus": 1, "duration": "1m"}"#).is_empty());
        assert!(exceeded(duration, r#"{"vus": 1, "duration": "61s"}"#)[0].contains("--max-duration allows 1m"));
        assert_eq!(exceeded(duration, r#"{"executor": "externally-controlled", "vus": 1}"#).len(), 1);
    }
}
