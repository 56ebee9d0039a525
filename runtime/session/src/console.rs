//! What a run needs of the program that shows it. The program implements it with its terminal; tests with a list of lines.

use std::sync::Arc;

use squall_control::Controls;
use squall_load::{Observer, Steering};
use squall_metrics::Redactor;
use squall_report::Style;

use crate::error::Error;

/// Where a test's output goes, and where signals come from.
pub trait Console: Sync {
    /// Prints results: the summary, the lines of a search.
    ///
    /// # Errors
    /// If they cannot be written, other than because the reader has gone.
    fn print(&self, text: &str) -> Result<(), Error>;

    /// Prints a notice beside the results.
    fn print_status(&self, line: &str);

    /// Prints what went wrong.
    fn print_error(&self, text: &str);

    /// From now on keeps these secrets out of what it says of Squall itself.
    fn hide_secrets(&self, redactor: Redactor);

    /// The style of results.
    fn style(&self) -> Style;

    /// Whether only results and errors are shown.
    fn is_quiet(&self) -> bool;

    /// Whether what a scenario logs for debugging is shown.
    fn is_verbose(&self) -> bool;

    /// A view of one run; `flows` are its flows' names, by index.
    fn view_run(&self, flows: Vec<String>) -> Box<dyn RunView>;

    /// A view of one of many runs whose results are shown elsewhere, with a label before its progress.
    fn view_trial(&self, flows: Vec<String>, label: String) -> Box<dyn RunView>;

    /// From now on a signal ends this run gracefully, in place of an earlier one.
    fn stop_on_signals(&self, steering: Steering);

    /// Whether a signal has come since the first run.
    fn was_interrupted(&self) -> bool;
}

/// Shows one run while it goes on.
pub trait RunView: Observer {
    /// A line about the run, unless it is to be quiet.
    fn line(&self, text: &str);

    /// Shows lines from any thread while the view is open.
    fn notifier(&self) -> Arc<dyn Notifier>;

    /// Shows the run on the whole screen, with keys to change it, if the user asked for that and there is one.
    fn fill_screen(&mut self, name: &str, controls: &Controls);

    /// Lets the user change the run by typing, unless a screen takes the keys.
    fn take_typed_commands(&self, controls: Controls);

    /// Closes the view.
    fn finish(&mut self);
}

/// Shows lines beside a view, from any thread.
pub trait Notifier: Send + Sync {
    /// A line, quiet or not.
    fn notify(&self, line: &str);

    /// Does something that writes to the terminal, with the view out of the way.
    fn suspend(&self, write: &mut dyn FnMut());

    /// Whether results can be printed now: not while a screen is shown there.
    fn leaves_output_free(&self) -> bool;
}
