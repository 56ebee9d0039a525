//! The program's terminal, as a session's console.

use std::io::{IsTerminal, stderr, stdout};

use squall_load::Steering;
use squall_metrics::Redactor;
use squall_report::Style;
use squall_session::{Console, Error, RunView, TestRun};

use crate::args::output::{OutputArgs, ScreenArgs};
use crate::diagnostics;
use crate::signals;
use crate::stderr::{print_error, print_status};
use crate::stdout::print_beside;
use crate::style::style_of;
use crate::terminal::Terminal;

/// Results go to standard output, everything else to standard error; all of it, where a file goes to standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminalConsole {
    /// Only results and errors.
    pub quiet: bool,
    /// Also what scenarios log for debugging.
    pub verbose: bool,
    /// No colours.
    pub no_color: bool,
    /// The whole screen while a run goes on.
    pub full_screen: bool,
    /// Standard output has a file in it, so results go to standard error.
    pub results_to_stderr: bool,
}

impl TerminalConsole {
    /// As the arguments of this test ask for.
    pub fn of(output: &OutputArgs, test: &TestRun) -> Result<TerminalConsole, Error> {
        let ScreenArgs { quiet, verbose, no_color, tui, .. } = output.screen;
        let results_to_stderr = test.claims_standard_output()?;
        Ok(TerminalConsole { quiet, verbose: verbose > 0, no_color, full_screen: tui, results_to_stderr })
    }
}

impl TerminalConsole {
    /// Whether results go to a terminal.
    pub fn shows_results_in_terminal(self) -> bool {
        if self.results_to_stderr { stderr().is_terminal() } else { stdout().is_terminal() }
    }
}

impl Console for TerminalConsole {
    fn print(&self, text: &str) -> Result<(), Error> {
        print_beside(self.results_to_stderr, text)
    }

    fn print_status(&self, line: &str) {
        print_status(line);
    }

    fn print_error(&self, text: &str) {
        print_error(text);
    }

    fn hide_secrets(&self, redactor: Redactor) {
        diagnostics::hide_secrets(redactor);
    }

    fn style(&self) -> Style {
        style_of(self.shows_results_in_terminal(), self.no_color)
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn is_verbose(&self) -> bool {
        self.verbose
    }

    fn view_run(&self, flows: Vec<String>) -> Box<dyn RunView> {
        Box::new(Terminal::new(*self, flows))
    }

    fn view_trial(&self, flows: Vec<String>, label: String) -> Box<dyn RunView> {
        Box::new(Terminal::of_trial(*self, flows, label))
    }

    fn stop_on_signals(&self, steering: Steering) {
        signals::stop_on_signals(steering);
    }

    fn was_interrupted(&self) -> bool {
        signals::came()
    }
}
