//! The terminal: what the run tells goes to standard error as it happens; the summary alone goes to standard output.

use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use squall_control::Controls;
use squall_guest::{Level, LogLine};
use squall_load::{Capacity, Event, Observer, Progress};
use squall_metrics::{Certainty, FlowId, Nanos};
use squall_report::{ProgressFigures, Style, duration, elapsed_and_left, per_second, progress_line};
use squall_tui::{Screen, ScreenTeller, Setting, scenario_progress_lines};

use crate::args::OutputArgs;
use crate::stderr::print_status;
use crate::style::style_of;

/// Where there is no terminal, a line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The share of what the machine can do from which on a plan asks for too much of it, as in docs/measurement.md.
const NEAR_ITS_LIMIT: f64 = 0.8;

/// Says something while a run is shown, from any thread.
#[derive(Clone)]
pub struct Voice(Speaking);

#[derive(Clone)]
enum Speaking {
    /// Nothing is in the way.
    Freely,
    /// A bar is.
    Above(ProgressBar),
    /// The screen is taken.
    On(ScreenTeller),
}

impl Voice {
    /// Does something that writes to the terminal, with the bar out of the way.
    pub fn beside(&self, write: impl FnOnce()) {
        match &self.0 {
            Speaking::Above(bar) => bar.suspend(write),
            Speaking::Freely | Speaking::On(_) => write(),
        }
    }

    /// A line, above the bar if there is one, or on the screen.
    pub fn say(&self, text: &str) {
        match &self.0 {
            Speaking::Freely => print_status(text),
            Speaking::Above(bar) => bar.suspend(|| print_status(text)),
            Speaking::On(screen) => screen.say(text),
        }
    }

    /// Whether standard output may be written to: not while a screen is shown there.
    pub fn leaves_output_free(&self) -> bool {
        !matches!(self.0, Speaking::On(_)) || !stdout().is_terminal()
    }
}

/// Where progress is shown.
enum View {
    /// In lines, now and then.
    Lines,
    /// In a line that changes.
    Bar(ProgressBar),
    /// On the whole screen.
    Screen(Screen),
}

/// Shows a run while it goes on.
pub struct Terminal {
    quiet: bool,
    least_level: Level,
    style: Style,
    flows: Vec<String>,
    view: View,
    last_line: Nanos,
    /// What stands before its progress, if it is one of many runs whose results are told elsewhere.
    trial: Option<String>,
}

impl Terminal {
    /// What `output` asks for; `flows` by index.
    pub fn new(output: &OutputArgs, flows: Vec<String>) -> Terminal {
        let is_terminal = stderr().is_terminal();
        Terminal {
            quiet: output.quiet,
            least_level: if output.verbose { Level::Debug } else { Level::Info },
            style: style_of(is_terminal, output.no_color),
            flows,
            view: if is_terminal && !output.quiet { View::Bar(bar()) } else { View::Lines },
            last_line: Nanos::ZERO,
            trial: None,
        }
    }

    /// For one of many runs: its progress, with this before it, only where it can be taken away again.
    pub fn of_trial(output: &OutputArgs, flows: Vec<String>, label: String) -> Terminal {
        Terminal { trial: Some(label), ..Terminal::new(output, flows) }
    }

    /// A line about the run, unless it is to be quiet.
    pub fn line(&self, text: &str) {
        if !self.quiet {
            self.voice().say(text);
        }
    }

    /// For others who have something to say.
    pub fn voice(&self) -> Voice {
        Voice(match &self.view {
            View::Lines => Speaking::Freely,
            View::Bar(bar) => Speaking::Above(bar.clone()),
            View::Screen(screen) => Speaking::On(screen.teller()),
        })
    }

    /// Shows the run on the whole screen, if there is one; whether it does.
    pub fn fill_screen(&mut self, name: &str, controls: &Controls) -> bool {
        let colours = self.style == Style::Coloured;
        let opened =
            Screen::open(Setting { name: name.to_owned(), controls: controls.clone(), colours, print: print_status });
        let is_open = opened.is_ok();
        match opened {
            Ok(screen) => self.view = View::Screen(screen),
            Err(why) => self.line(&format!("{} --tui: {why}", self.style.warn("warning:"))),
        }
        is_open
    }

    /// Takes the bar away, or gives the screen back.
    pub fn finish(&mut self) {
        if let View::Bar(bar) = std::mem::replace(&mut self.view, View::Lines) {
            bar.finish_and_clear();
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let text = progress_line(&figures(progress), self.style);
        match &self.view {
            View::Screen(_) => {}
            View::Bar(bar) => {
                bar.set_position((progress.done.unwrap_or(0.0) * 1000.0) as u64);
                let label = self.trial.as_ref().map(|label| format!("{label} ")).unwrap_or_default();
                bar.set_prefix(label + &elapsed_and_left(progress.elapsed, progress.left));
                let lines = scenario_progress_lines(progress).into_iter();
                bar.set_message([text].into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
            }
            View::Lines if self.trial.is_none() && progress.elapsed.since(self.last_line) >= LINE_EVERY.into() => {
                self.last_line = progress.elapsed;
                self.line(&format!("{}  {text}", elapsed_and_left(progress.elapsed, progress.left)));
                scenario_progress_lines(progress).iter().for_each(|line| self.line(line));
            }
            View::Lines => {}
        }
    }

    fn capacity(&self, capacity: &Capacity) {
        let threads =
            if capacity.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", capacity.threads) };
        let most = per_second(capacity.iterations);
        let near_its_limit = capacity.planned.filter(|planned| *planned > capacity.iterations * NEAR_ITS_LIMIT);
        match (capacity.certainty, near_its_limit) {
            (Certainty::About, Some(planned)) => self.line(&format!(
                "{} the plan asks for {} iterations, and this machine tops out at about {most} on {threads}",
                self.style.warn("warning:"),
                per_second(planned)
            )),
            (Certainty::AtLeast, _) => self.line(
                &self.style.faint(&format!("(this machine is good for at least {most} iterations on {threads})")),
            ),
            (Certainty::About, None) => self
                .line(&self.style.faint(&format!("(this machine tops out at about {most} iterations on {threads})"))),
        }
    }

    fn log(&self, line: &LogLine) {
        if line.level < self.least_level {
            return;
        }
        let flow = match line.flow {
            FlowId::SETUP => "setup",
            FlowId::TEARDOWN => "teardown",
            FlowId::START => "start",
            flow => flow.index().and_then(|index| self.flows.get(index)).map_or("", String::as_str),
        };
        let text = match line.level {
            Level::Debug => self.style.faint(&line.text),
            Level::Info => line.text.clone(),
            Level::Warn => self.style.warn(&line.text),
            Level::Error => self.style.bad(&line.text),
        };
        let who = if line.vu == 0 { format!("[{flow}]") } else { format!("[vu {} {flow}]", line.vu) };
        self.line(&format!("{} {text}", self.style.faint(&who)));
    }
}

impl Observer for Terminal {
    fn on(&mut self, event: &Event<'_>) {
        if let View::Screen(screen) = &mut self.view {
            screen.on(event);
        }
        match event {
            Event::Setup | Event::Teardown | Event::Load { .. } | Event::Measured(_) | Event::Recorded { .. } => {}
            Event::Progress(progress) => self.progress(progress),
            Event::Capacity(capacity) if self.trial.is_none() => self.capacity(capacity),
            Event::Capacity(_) => {}
            Event::Log(line) => self.log(line),
            Event::LogDropped(count) => {
                self.line(&self.style.faint(&format!("({count} more lines from the scenario are not shown)")));
            }
            Event::Warning(text) => self.line(&format!("{} {text}", self.style.warn("warning:"))),
            Event::Stopping { reason, grace } => self.line(&format!(
                "stopping ({reason}): waiting up to {} for iterations to end; Ctrl-C exits at once",
                duration((*grace).into())
            )),
        }
    }
}

fn figures(progress: &Progress) -> ProgressFigures {
    ProgressFigures {
        vus: progress.vus,
        vus_max: progress.vus_max,
        iterations: progress.iterations,
        request_rate: progress.request_rate,
        p95: progress.p95,
        failed_requests: progress.failed_requests,
        failed_iterations: progress.failed_iterations,
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
    // The template is ours and right; if it were not, the default bar would do.
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {wide_msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
