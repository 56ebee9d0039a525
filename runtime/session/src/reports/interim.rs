//! `--report-every`: reports while a long run goes on. Every so often the summary is printed as far as the run has come, and
//! the files of `--report` and `--summary-json` are written anew, so that a passer-by, or a run that dies, has them.

use std::time::Duration;

use squall_load::{Event, Observer};
use squall_metrics::{GeneratorVerdict, Nanos, Totals};
use squall_plan::{PlanFile, TestType};

/// In a soak test, unless something else is asked for.
const OF_A_SOAK: Duration = Duration::from_secs(30 * 60);

/// How often; none for only at the end.
pub fn every(asked: Option<Duration>, plan: Option<&PlanFile>) -> Option<Duration> {
    let is_soak = plan.is_some_and(|plan| plan.shape.kind == Some(TestType::Soak));
    asked.or(is_soak.then_some(OF_A_SOAK)).filter(|time| !time.is_zero())
}

/// Hears of the run, and has a report made when it is time.
pub struct Interim<Make> {
    every: Option<Duration>,
    next: Nanos,
    elapsed: Nanos,
    generator: GeneratorVerdict,
    make: Make,
}

impl<Make: FnMut(Nanos, &Totals, &GeneratorVerdict)> Interim<Make> {
    pub fn new(every: Option<Duration>, make: Make) -> Interim<Make> {
        let next = every.map_or(Nanos::MAX, Nanos::from);
        Interim { every, next, elapsed: Nanos::ZERO, generator: GeneratorVerdict::default(), make }
    }
}

impl<Make: FnMut(Nanos, &Totals, &GeneratorVerdict)> Observer for Interim<Make> {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Progress(progress) => {
                self.elapsed = progress.elapsed;
                self.generator = progress.generator.clone();
            }
            Event::Measured(totals) if self.elapsed >= self.next => {
                while let Some(every) = self.every.filter(|_| self.next <= self.elapsed) {
                    self.next += every.into();
                }
                (self.make)(self.elapsed, totals, &self.generator);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_reports_by_itself_and_others_when_asked() {
        let plan = |kind: &str| PlanFile::read(&format!("component: a.wasm\ntype: {kind}\nusers: 1\n")).unwrap();
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        assert_eq!(every(None, Some(&plan("soak"))), minutes(30));
        assert_eq!(every(minutes(5), Some(&plan("soak"))), minutes(5));
        assert_eq!(every(Some(Duration::ZERO), Some(&plan("soak"))), None);
        assert_eq!((every(None, Some(&plan("load"))), every(minutes(1), None)), (None, minutes(1)));
    }
}
