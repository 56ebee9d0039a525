//! The steps of a stepped load: one after the other until the target gives way or all are taken, and then the step back.
//! Asked by the control thread after each second. Must not know when a target gives way, nor how workers reach a level.

use std::ops::Range;
use std::time::Duration;

use squall_metrics::History;
use squall_plan::{LoadLevel, OfferedRate, Plan, Stage};

use crate::steering::Steering;

/// Decides from what was measured whether the target has given way at one of the steps so far, each from when to when
/// in the load. The last of them may still go on.
pub type HasGivenWay = fn(&History, &[Range<Duration>]) -> bool;

/// A step that lasts less long than this is judged only when it is over; a longer one as it goes on.
const ENOUGH_TO_JUDGE: Duration = Duration::from_secs(10);
/// Steps end with a second: whatever is due within half of one is due now.
const HALF: Duration = Duration::from_millis(500);

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTaken {
    /// How high the load was.
    pub level: LoadLevel,
    /// From when to when, from the beginning of the load.
    pub span: Range<Duration>,
}

/// The steps of a load that were taken, in their order; none of a load that is not stepped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepsTaken {
    /// The steps up.
    pub up: Vec<StepTaken>,
    /// The step back, if it came to that.
    pub back: Option<StepTaken>,
}

impl StepsTaken {
    /// The rate at which iterations were to start, if these were steps of a rate.
    pub fn offered_rate(&self) -> Option<OfferedRate> {
        let rate = |step: &StepTaken| match step.level {
            LoadLevel::Rate(rate) => Some((step.span.clone(), rate)),
            LoadLevel::Vus(_) => None,
        };
        let rates: Vec<_> = self.up.iter().chain(&self.back).filter_map(rate).collect();
        (!rates.is_empty()).then(|| OfferedRate::of_steps(rates))
    }
}

/// Takes the steps of a load.
#[derive(Debug)]
pub(crate) struct Stepper {
    /// The steps up that are still to come, the next one last, each with the time at which it is to end.
    to_come: Vec<(LoadLevel, Duration)>,
    /// When the step that is being taken is to end.
    ends: Duration,
    /// What comes after the steps up.
    step_back: Stage<LoadLevel>,
    /// When the load ends if all steps are taken: workers know that by themselves.
    planned_end: Duration,
    taken: StepsTaken,
    has_given_way: Option<HasGivenWay>,
    steering: Steering,
    is_over: bool,
}

impl Stepper {
    /// For the plan's stepped load, if that is what it is; it begins with the first step.
    pub(crate) fn of(plan: &Plan, has_given_way: Option<HasGivenWay>, steering: Steering) -> Option<Stepper> {
        let mut stages = plan.stepped()?.stages();
        let step_back = stages.pop()?;
        let mut ends = Duration::ZERO;
        let with_end = |stage: Stage<LoadLevel>| {
            ends += stage.duration;
            (stage.target, ends)
        };
        let mut to_come: Vec<_> = stages.into_iter().map(with_end).collect();
        let planned_end = ends + step_back.duration;
        to_come.reverse();
        let (level, ends) = to_come.pop()?;
        let first = StepTaken { level, span: Duration::ZERO..Duration::ZERO };
        let taken = StepsTaken { up: vec![first], back: None };
        Some(Stepper { to_come, ends, step_back, planned_end, taken, has_given_way, steering, is_over: false })
    }

    /// Takes the next step, if it is time for it, by all that was measured up to now.
    pub(crate) fn take_next(&mut self, now: Duration, history: &History) {
        if let Some(current) = self.taken.back.as_mut().or(self.taken.up.last_mut()) {
            current.span.end = now;
        }
        let is_due = now + HALF >= self.ends;
        match &self.taken.back {
            // What ends when it was planned to needs no word.
            Some(_) => self.is_over = is_due && self.ends + HALF < self.planned_end,
            None if self.has_given_way(history) => self.go_back(now),
            None if is_due => self.go_up(now),
            None => {}
        }
    }

    /// Whether the load is to end now, before the time that was planned for it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// When the load ends if the target does not give way, or because it has.
    pub(crate) fn ends(&self) -> Duration {
        if self.taken.back.is_some() { self.ends.min(self.planned_end) } else { self.planned_end }
    }

    /// The steps that were taken.
    pub(crate) fn into_taken(self) -> StepsTaken {
        self.taken
    }

    fn has_given_way(&self, history: &History) -> bool {
        let mut spans: Vec<Range<Duration>> = self.taken.up.iter().map(|step| step.span.clone()).collect();
        let too_young = |span: &mut Range<Duration>| {
            let planned = self.ends.saturating_sub(span.start);
            span.end - span.start + HALF < ENOUGH_TO_JUDGE.min(planned)
        };
        spans.pop_if(too_young);
        self.has_given_way.is_some_and(|has_given_way| has_given_way(history, &spans))
    }

    fn go_up(&mut self, now: Duration) {
        let Some((level, ends)) = self.to_come.pop() else { return self.go_back(now) };
        self.ends = ends;
        self.taken.up.push(StepTaken { level, span: now..now });
        self.steering.set_level(level);
    }

    fn go_back(&mut self, now: Duration) {
        let Stage { duration, target: level } = self.step_back;
        self.ends = now + duration;
        self.taken.back = Some(StepTaken { level, span: now..now });
        self.steering.set_level(level);
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, Options};

    use super::*;

    /// A stepped load that has run for so many seconds.
    fn after(seconds: u64, stages: &str, has_given_way: HasGivenWay) -> (Stepper, Steering) {
        let json = format!(r#"{{"executor": "stepped-vus", "stages": [{stages}]}}"#);
        let options = Options::from_json(&json).unwrap();
        let plan = Plan::resolve(options, &[("main".to_owned(), 1)], Defaults { threads: 1, seed: 1 }).unwrap();
        let steering = Steering::default();
        let mut stepper = Stepper::of(&plan, Some(has_given_way), steering.clone()).unwrap();
        // Seconds end a little late.
        let times = (1..=seconds).map(|second| Duration::from_millis(1_000 * second + 7));
        times.for_each(|now| stepper.take_next(now, &History::new()));
        (stepper, steering)
    }

    /// `2: 0-3 4: 3-5 back 1: 5-7`, in seconds.
    fn told(stepper: &Stepper) -> String {
        let told = |step: &StepTaken| {
            let LoadLevel::Vus(vus) = step.level else { panic!("{:?}", step.level) };
            format!("{vus}: {}-{}", step.span.start.as_secs(), step.span.end.as_secs())
        };
        let up = stepper.taken.up.iter().map(told);
        let back = stepper.taken.back.iter().map(|back| format!("back {}", told(back)));
        up.chain(back).collect::<Vec<_>>().join(" ")
    }

    fn never(_: &History, _: &[Range<Duration>]) -> bool {
        false
    }

    #[test]
    fn steps_end_with_the_second_that_is_nearest_and_take_no_longer_in_all() {
        let (stepper, steering) = after(8, r#""1600ms:2", "1600ms:4", "1600ms:6", "4s:3""#, never);
        assert_eq!(told(&stepper), "2: 0-2 4: 2-3 6: 3-5 back 3: 5-8");
        assert_eq!((steering.vus(), stepper.ends()), (Some(3), Duration::from_millis(8_800)));
        assert!(!stepper.is_over(), "workers know that time by themselves");
    }

    #[test]
    fn where_the_target_gives_way_no_further_step_is_taken() {
        let third = |_: &History, steps: &[Range<Duration>]| steps.len() == 2;
        let (stepper, steering) = after(12, r#""3s:2", "3s:4", "3s:6", "3s:8", "5s:4""#, third);
        // The second step is judged at its end, not before.
        assert_eq!(told(&stepper), "2: 0-3 4: 3-6 back 4: 6-12");
        assert!(stepper.is_over() && stepper.ends() < Duration::from_millis(11_008));
        assert_eq!(steering.vus(), Some(4));
    }

    #[test]
    fn a_long_step_is_judged_after_ten_seconds() {
        let second = |_: &History, steps: &[Range<Duration>]| steps.len() == 2;
        let (stepper, _) = after(45, r#""30s:2", "30s:4", "30s:6", "60s:3""#, second);
        assert_eq!(told(&stepper), "2: 0-30 4: 30-40 back 3: 40-45");
    }

    #[test]
    fn a_run_that_is_stopped_has_taken_no_step_back() {
        let (stepper, steering) = after(4, r#""3s:2", "3s:4", "3s:1""#, never);
        assert_eq!(told(&stepper), "2: 0-3 4: 3-4");
        assert_eq!((stepper.into_taken().back, steering.vus()), (None, Some(4)));
    }
}
