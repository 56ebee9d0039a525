//! A run with its observers: the view, the control API, the dashboard, the keeper, reports on the way, and outputs.

use std::sync::Arc;
use std::time::SystemTime;

use squall_control::{Controls, Dashboard, ReservedApi, ReservedDashboard, RunState, ShownRun};
use squall_load::{Observer, Run, RunOutcome};
use squall_outputs::Streams;
use squall_plan::{MAX_RATE, Plan};

use crate::console::{Console, RunView};
use crate::error::Error;
use crate::facts::{ending, facts};
use crate::heading::heading;
use crate::keep::{Keep, run_info};
use crate::observers::Observers;
use crate::reports::Reports;
use crate::streaming::{Streaming, open_streams};
use crate::stress::phases::{Conclusion, course};
use crate::summary::Summarizer;
use crate::test_run::TestRun;

/// The addresses at which a run can be reached, and its outputs, taken before it is prepared.
pub(crate) struct Endpoints {
    control: Option<ReservedApi>,
    dashboard: Option<ReservedDashboard>,
    streams: Streams,
}

impl Endpoints {
    /// Takes those that are asked for.
    pub(crate) fn reserve(test: &TestRun, plan: &Plan) -> Result<Endpoints, Error> {
        let token_file = test.control.token_file.as_deref();
        let control = test.control.api.map(|address| ReservedApi::take(address, token_file)).transpose()?;
        let dashboard = test.control.dashboard.clone().map(ReservedDashboard::take).transpose()?;
        Ok(Endpoints {
            control,
            dashboard,
            streams: open_streams(&test.output.streams, plan, test.plan_file.as_ref())?,
        })
    }
}

/// A run that is over, and the observers that outlive it.
pub(crate) struct Followed {
    pub(crate) outcome: RunOutcome,
    /// What its course says, where the type of test asks for it.
    pub(crate) course: Vec<Conclusion>,
    pub(crate) keep: Keep,
    pub(crate) view: Box<dyn RunView>,
}

impl TestRun {
    /// Carries out the run, with its observers.
    pub(crate) fn follow(
        &self,
        run: Run,
        endpoints: Endpoints,
        reports: &mut Reports,
        began: SystemTime,
        console: &dyn Console,
    ) -> Result<Followed, Error> {
        let plan = run.plan.clone();
        let demands = self.demands(&plan);
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let mut view = console.view_run(flows);
        view.line(&heading(self, &plan, &plan.load()));
        console.stop_on_signals(run.steering.clone());
        let most = self.sandbox.max_rate.unwrap_or(MAX_RATE);
        let controls = Controls::new(plan.clone(), most, run.steering.clone());
        view.fill_screen(self.name(), &controls);
        let notifier = view.notifier();
        let mut state = RunState::new(&plan.thresholds);
        let mut server = None;
        if let Some(reserved) = endpoints.control {
            // Shown even where it is to be quiet: without it nothing could use what was asked for.
            notifier.notify(&reserved.heading());
            server = Some(reserved.serve(controls.clone(), &state)?);
        }
        let mut streaming = Streaming::new(endpoints.streams, Arc::clone(&notifier));
        view.take_typed_commands(controls.clone());
        let mut dashboard = Dashboard::default();
        let mut open_dashboard = None;
        if let Some(reserved) = endpoints.dashboard {
            reserved.heading().iter().for_each(|line| notifier.notify(line));
            let facts = facts(self, began);
            let may_change = self.control.dashboard_may_change();
            let run = ShownRun { controls, demands: demands.clone(), facts, may_change };
            open_dashboard = Some(reserved.open(&dashboard, &state, run)?);
        }
        let mut keep =
            Keep::new(&self.output.keep, began, run_info(self, &plan, &demands, began), Arc::clone(&notifier));
        let mut interim = Summarizer::of(self, began, console).interim(&plan, reports, &*notifier);
        let kind = self.kind()?;
        let observers: Vec<&mut dyn Observer> =
            vec![&mut *view, &mut state, &mut dashboard, &mut keep, &mut interim, &mut streaming];
        let outcome = run.run(&mut Observers(observers))?;
        let course = course(&outcome, kind);
        drop(server);
        if let Some(open) = open_dashboard {
            open.close(dashboard, &outcome, ending(&outcome));
        }
        view.finish();
        streaming.end();
        Ok(Followed { outcome, course, keep, view })
    }
}
