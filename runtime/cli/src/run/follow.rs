//! Those who follow a run while it goes on: the terminal, the control API, the dashboard, the one who keeps it, and
//! those to whom it is passed on.

use std::sync::Arc;
use std::time::SystemTime;

use squall_control::{Controls, Dashboard, JudgeObjectives, ReservedApi, ReservedDashboard, RunState};
use squall_load::{Observer, Outcome, Run};
use squall_plan::{MAX_RATE, Plan, TestType};
use squall_stream::Streams;

use super::Order;
use super::heading::heading;
use crate::error::CliError;
use crate::listeners::Listeners;
use crate::memory::{Keep, run_info};
use crate::plan::{Conductor, Remark};
use crate::reporting::{Reports, ending, facts};
use crate::streaming::Streaming;
use crate::terminal::Terminal;
use crate::{console, signals};

/// The addresses at which a run can be reached, and the ways out of it, taken before it is prepared.
pub struct Doors {
    control: Option<ReservedApi>,
    dashboard: Option<ReservedDashboard>,
    streams: Streams,
}

impl Doors {
    /// Takes those that are asked for.
    pub fn reserve(order: &Order<'_>, plan: &Plan) -> Result<Doors, CliError> {
        let token_file = order.control.control_token_file.as_deref();
        let control = order.control.control.map(|address| ReservedApi::take(address, token_file)).transpose()?;
        let dashboard = order.control.dashboard.dashboard.map(ReservedDashboard::take).transpose()?;
        Ok(Doors { control, dashboard, streams: order.output.streams.open(plan, order.plan_file.as_ref())? })
    }
}

/// A run that is over, and those who have more to say about it.
pub struct Followed {
    /// What became of it.
    pub outcome: Outcome,
    /// What its course says, where the type of test asks for it.
    pub course: Vec<Remark>,
    /// Who keeps it.
    pub keep: Keep,
    /// Who shows it.
    pub terminal: Terminal,
}

impl Order<'_> {
    /// Carries out the run, with all who follow it.
    pub fn follow(
        &self,
        run: Run,
        doors: Doors,
        reports: &mut Reports,
        began: SystemTime,
    ) -> Result<Followed, CliError> {
        let plan = run.plan.clone();
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let mut terminal = Terminal::new(self.output, flows);
        terminal.line(&heading(self, &plan, &plan.load()));
        signals::stop_on_signals(run.steering.clone());
        let most = self.sandbox.max_rate.unwrap_or(MAX_RATE);
        let controls = Controls::new(plan.clone(), most, run.steering.clone());
        let on_screen = self.output.screen.tui && terminal.fill_screen(&self.name, &controls);
        let mut state = RunState::new(&plan.thresholds);
        let mut server = None;
        if let Some(reserved) = doors.control {
            // Said even where it is to be quiet: without it nobody could use what was asked for.
            terminal.voice().say(&reserved.heading());
            server = Some(reserved.serve(controls.clone(), &state)?);
        }
        let mut streaming = Streaming::new(doors.streams, terminal.voice());
        if !on_screen {
            console::listen(controls, terminal.voice());
        }
        let mut dashboard = Dashboard::new();
        let mut open_dashboard = None;
        if let Some(reserved) = doors.dashboard {
            terminal.voice().say(&reserved.heading());
            let facts = facts(&self.name, &self.artifact, began);
            open_dashboard = Some(reserved.open(&dashboard, plan.clone(), self.judge_objectives(&plan), facts)?);
        }
        let info = run_info(&self.name, &self.artifact, &plan, self.plan_file.as_ref(), began);
        let mut keep = Keep::new(&self.output.keep, began, info, terminal.voice());
        let teller = self.teller(began);
        let mut interim = teller.interim(&plan, reports, terminal.voice());
        let planned = plan.scenarios.clone();
        let kind = self.kind()?;
        let mut conductor = (kind == Some(TestType::Stress)).then(|| Conductor::of(&planned)).flatten();
        let run = conductor.iter_mut().fold(run, |run, conductor| conductor.conduct(run));
        let mut listeners: Vec<&mut dyn Observer> =
            vec![&mut terminal, &mut state, &mut dashboard, &mut keep, &mut interim, &mut streaming];
        listeners.extend(conductor.iter_mut().map(|conductor| conductor as &mut dyn Observer));
        let mut outcome = run.run(&mut Listeners(listeners))?;
        let course = match (&conductor, kind) {
            (Some(conductor), _) => {
                // Reports say what was planned, not by which means.
                Arc::make_mut(&mut outcome.plan).scenarios = planned;
                crate::plan::course_of_stress(&outcome, conductor)
            }
            (None, Some(TestType::Spike)) => crate::plan::course_of_spike(&outcome),
            _ => Vec::new(),
        };
        drop(server);
        if let Some(open) = open_dashboard {
            open.close(dashboard, &outcome, ending(&outcome));
        }
        terminal.finish();
        streaming.end();
        Ok(Followed { outcome, course, keep, terminal })
    }

    /// Judges the plan's objectives while the run goes on.
    fn judge_objectives(&self, plan: &Plan) -> JudgeObjectives {
        let Some(file) = self.plan_file.clone() else {
            return Box::new(|_| Vec::new());
        };
        let objectives = crate::plan::in_force(&file.objectives, &plan.thresholds);
        Box::new(move |totals| crate::plan::judged(&objectives, &file.watching, totals))
    }
}
