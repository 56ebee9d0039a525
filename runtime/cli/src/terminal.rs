//! The terminal: what the run tells goes to standard error as it happens; the summary alone goes to standard output.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use squall_control::Controls;
use squall_guest::{Level, LogLine};
use squall_load::{Capacity, Event, Observer, Progress};
use squall_metrics::{Certainty, FlowId, Nanos};
use squall_report::{ProgressFigures, Style, duration, elapsed_and_left, per_second, progress_line};
use squall_session::{Notifier, RunView};
use squall_tui::{Screen, ScreenNotifier, Setting, scenario_progress_lines};

use crate::console::TerminalConsole;
use crate::diagnostics;
use crate::stderr::print_status;
use crate::style::{repeated, style_of};
use crate::typed_commands;

/// Where there is no terminal, a line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The share of what the machine can do from which on a plan asks for too much of it, as in docs/measurement.md.
const NEAR_ITS_LIMIT: f64 = 0.8;

/// Shows lines beside the view, from any thread.
enum TerminalNotifier {
    /// Nothing is in the way.
    Plain,
    /// Above a progress bar.
    AboveBar(ProgressBar),
    /// On the full screen, which results may share a terminal with.
    OnScreen { screen: ScreenNotifier, shows_results: bool },
}

impl Notifier for TerminalNotifier {
    fn notify(&self, line: &str) {
        match self {
            TerminalNotifier::Plain => print_status(line),
            TerminalNotifier::AboveBar(bar) => bar.suspend(|| print_status(line)),
            TerminalNotifier::OnScreen { screen, .. } => screen.say(line),
        }
    }

    fn suspend(&self, write: &mut dyn FnMut()) {
        match self {
            TerminalNotifier::AboveBar(bar) => bar.suspend(write),
            TerminalNotifier::Plain | TerminalNotifier::OnScreen { .. } => write(),
        }
    }

    fn leaves_output_free(&self) -> bool {
        !matches!(self, TerminalNotifier::OnScreen { shows_results: true, .. })
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
    wants_screen: bool,
    /// Whether results go to a terminal.
    shows_results: bool,
    least_level: Level,
    style: Style,
    flows: Vec<String>,
    view: View,
    last_line: Nanos,
    /// What stands before its progress, if it is one of many runs whose results are told elsewhere.
    trial: Option<String>,
}

impl Terminal {
    /// As the console is set; `flows` by index.
    pub fn new(console: TerminalConsole, flows: Vec<String>) -> Terminal {
        let is_terminal = stderr().is_terminal();
        let terminal = Terminal {
            quiet: console.quiet,
            wants_screen: console.full_screen,
            shows_results: console.shows_results_in_terminal(),
            least_level: if console.verbose { Level::Debug } else { Level::Info },
            style: style_of(is_terminal, console.no_color),
            flows,
            view: if is_terminal && !console.quiet { View::Bar(bar()) } else { View::Lines },
            last_line: Nanos::ZERO,
            trial: None,
        };
        diagnostics::show_beside(Some(terminal.notifier()));
        terminal
    }

    /// For one of many runs: its progress, with this before it, only where it can be taken away again.
    pub fn of_trial(console: TerminalConsole, flows: Vec<String>, label: String) -> Terminal {
        Terminal { trial: Some(label), ..Terminal::new(console, flows) }
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
        let flow = self.flow(line);
        let who = if line.vu == 0 { format!("[{flow}]") } else { format!("[vu {} {flow}]", line.vu) };
        self.log_as(&who, line, "");
    }

    /// A line that was repeated: by now it is no single virtual user's.
    fn log_repeated(&self, line: &LogLine, times: u64) {
        self.log_as(&format!("[{}]", self.flow(line)), line, &self.style.faint(&repeated(times)));
    }

    fn log_as(&self, who: &str, line: &LogLine, end: &str) {
        if line.level < self.least_level {
            return;
        }
        let text = match line.level {
            Level::Debug => self.style.faint(&line.text),
            Level::Info => line.text.clone(),
            Level::Warn => self.style.warn(&line.text),
            Level::Error => self.style.bad(&line.text),
        };
        self.line(&format!("{} {text}{end}", self.style.faint(who)));
    }

    fn flow(&self, line: &LogLine) -> &str {
        match line.flow {
            FlowId::SETUP => "setup",
            FlowId::TEARDOWN => "teardown",
            FlowId::START => "start",
            flow => flow.index().and_then(|index| self.flows.get(index)).map_or("", String::as_str),
        }
    }
}

impl RunView for Terminal {
    fn line(&self, text: &str) {
        if !self.quiet {
            self.notifier().notify(text);
        }
    }

    fn notifier(&self) -> Arc<dyn Notifier> {
        Arc::new(match &self.view {
            View::Lines => TerminalNotifier::Plain,
            View::Bar(bar) => TerminalNotifier::AboveBar(bar.clone()),
            View::Screen(screen) => {
                TerminalNotifier::OnScreen { screen: screen.notifier(), shows_results: self.shows_results }
            }
        })
    }

    fn fill_screen(&mut self, name: &str, controls: &Controls) {
        if !self.wants_screen {
            return;
        }
        let colours = self.style == Style::Coloured;
        let setting = Setting { name: name.to_owned(), controls: controls.clone(), colours, print: print_status };
        match Screen::open(setting) {
            Ok(screen) => {
                self.view = View::Screen(screen);
                diagnostics::show_beside(Some(self.notifier()));
            }
            Err(why) => self.line(&format!("{} --tui: {why}", self.style.warn("warning:"))),
        }
    }

    fn take_typed_commands(&self, controls: Controls) {
        if !matches!(self.view, View::Screen(_)) {
            typed_commands::listen(controls, self.notifier());
        }
    }

    /// Takes the bar away, or gives the screen back.
    fn finish(&mut self) {
        diagnostics::show_beside(None);
        if let View::Bar(bar) = std::mem::replace(&mut self.view, View::Lines) {
            bar.finish_and_clear();
        }
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
            Event::LogRepeated(line, count) => self.log_repeated(line, *count),
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
