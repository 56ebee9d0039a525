//! `squall plan rehearse`: plays a plan from beginning to end in virtual time, against a target that is not there. What it asks
//! for, how many virtual users it takes and how much it sends is the plan's and the scenario's; how fast answers come is made up.

use std::fs;
use std::path::Path;
use std::time::Duration;

use squall_guest::CodeCache;
use squall_http::StubAnswer;
use squall_insight::Judgement;
use squall_load::{Event, Observer};
use squall_metrics::{Clock, GeneratorVerdict, Nanos};
use squall_plan::{HumanDuration, Plan};
use squall_report::{Detail, Document, Rehearsal, RunFacts, Summary, bytes};
use squall_session::{
    Console, RunView, TestRun, complaints, data_use, ending, facts, heading, policy_by_name, ready_run, result_of,
    time_of_day,
};

use crate::args::plan::{AnswerArgs, RehearseArgs};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::stdout::print;

/// How often it is said how far it is, in real time.
const SAID_EVERY: Nanos = Nanos(5_000_000_000);

/// Plays a plan.
pub fn rehearse(arguments: &RehearseArgs) -> Result<u8, CliError> {
    let typed = from_arguments(&arguments.load, &arguments.http);
    let file = super::read_as(&arguments.file, &arguments.as_type, &typed)?;
    super::allow_sources(&file, &arguments.sandbox.limits)?;
    let limits = arguments.sandbox.limits.limits(arguments.load.memory);
    let (component, others) = super::components(&file, arguments.script, &arguments.registry, limits.component)?;
    let test = TestRun {
        others,
        plan_file: Some(file),
        sandbox: arguments.sandbox.settings(),
        ..TestRun::of(component, typed, limits)
    };
    let console = TerminalConsole::default();
    let cache = CodeCache::of_user();
    let described = test.describe(&cache, &console)?;
    let mut plan = test.plan(&described)?;
    check(&plan, &arguments.answer)?;
    // What must hold of the real target says nothing about this one.
    plan.thresholds.clear();
    let named: Vec<&str> = plan.target.iter().map(|target| target.as_str()).collect();
    let egress = policy_by_name(&test.sandbox, &named)?;
    let answer = answer(&arguments.answer)?;
    let description = format!(
        "every request is answered with {} and {} after {}",
        answer.status,
        bytes(answer.body.len() as f64),
        HumanDuration(answer.latency)
    );
    let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
    let view = console.view_run(flows);
    view.line(&heading(&test, &plan, &plan.load()));
    let guests = test.guests(&plan, &described, &cache, &console)?;
    let run = ready_run(plan, guests, egress, test.secrets()?)?;
    console.stop_on_signals(run.steering.clone());
    let clock = Clock::start();
    let mut listener = Listener { view, clock: clock.clone(), last_said: Nanos::ZERO };
    let mut outcome = run.rehearse(answer, &mut listener).map_err(squall_session::Error::from)?;
    // This machine was not asked to keep up with any time.
    outcome.generator = GeneratorVerdict::default();
    listener.view.finish();
    // Nothing is demanded of a target that is not there.
    let judgement = Judgement::default();
    let facts = RunFacts { end: ending(&outcome), ..facts(&test, time_of_day()) };
    let planned = (&*outcome.plan).into();
    let document = Document::new(&outcome.totals, &judgement, data_use(&outcome), &planned, &facts);
    let summary = Summary { document: &document, detail: Detail::Compact, style: console.style() };
    let history = &outcome.totals.history;
    print(&Rehearsal { summary, history, answers: &description, took: clock.now() }.render())?;
    complaints(test.name(), &outcome, &judgement, &document).iter().for_each(|text| console.print_error(text));
    Ok(exit::code_of_result(result_of(&outcome, &judgement)))
}

/// What could not be played to an end, or would mean something else than it does with a real target.
fn check(plan: &Plan, answer: &AnswerArgs) -> Result<(), CliError> {
    let wrong = |text: String| Err(CliError::options(vec![text]));
    if plan.controlled().is_some_and(|scenario| scenario.executor.planned_duration().is_none()) {
        return wrong(
            "the load goes on until it is stopped, so a rehearsal would not end: give it a duration".to_owned(),
        );
    }
    if answer.latency >= plan.http.request_timeout {
        let (latency, limit) = (HumanDuration(answer.latency), HumanDuration(plan.http.request_timeout));
        return wrong(format!(
            "--latency is {latency}, and requests are given up after {limit}: every request would be a timeout; make it \
             shorter, or raise --timeout"
        ));
    }
    Ok(())
}

fn answer(arguments: &AnswerArgs) -> Result<StubAnswer, CliError> {
    let body = match &arguments.body {
        Some(text) => body_of(text)?,
        None => vec![b'.'; usize::try_from(arguments.size).unwrap_or_default()],
    };
    Ok(StubAnswer { status: arguments.status, body: body.into(), latency: arguments.latency })
}

/// `text`, or what is in `@FILE`.
fn body_of(text: &str) -> Result<Vec<u8>, CliError> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(text.as_bytes().to_vec());
    };
    fs::read(path).map_err(|source| CliError::file("--body", Path::new(path), source))
}

/// Shows what the scenario has to say, and how far it is.
struct Listener {
    view: Box<dyn RunView>,
    clock: Clock,
    last_said: Nanos,
}

impl Observer for Listener {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Progress(progress) if self.clock.now().since(self.last_said) >= SAID_EVERY => {
                self.last_said = self.clock.now();
                let seconds = |time: Duration| HumanDuration(Duration::from_secs(time.as_secs()));
                let left = progress.left.map(|left| format!(", {} to go", seconds(left))).unwrap_or_default();
                self.view.line(&format!("{} rehearsed{left}", seconds(progress.elapsed.into())));
            }
            Event::Log(_) | Event::LogRepeated(..) | Event::LogDropped(_) | Event::Stopping { .. } => {
                self.view.on(event)
            }
            // The rest is about a target or a machine that has nothing to do here.
            _ => {}
        }
    }
}
