//! What Squall says of itself, for `-v`, `--http-debug` and `RUST_LOG`: the events of all crates as lines on standard error,
//! beside the view of a run and without secrets. Equal lines are told once and counted. Must not know what the events are
//! about.

mod repeated;

use std::io::{self, Write};
use std::sync::{Arc, OnceLock, PoisonError};

use squall_http::WIRE;
use squall_metrics::{Redactor, plain};
use squall_plan::text_without_credentials;
use squall_session::Notifier;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::args::output::HttpDebug;
use crate::stderr::print_status;
use repeated::RepeatedTexts;

/// What the names of all our crates begin with.
const OURS: &str = "squall";

#[expect(clippy::disallowed_types, reason = "no request writes a line: threads meet here for events that are rare")]
type Shared<T> = std::sync::Mutex<T>;

/// Where lines go, and what they must not show.
#[derive(Default)]
struct Lines {
    /// The view of the run that goes on.
    view: Shared<Option<Arc<dyn Notifier>>>,
    redactor: Shared<Redactor>,
    repeated: Shared<RepeatedTexts>,
}

static LINES: OnceLock<Lines> = OnceLock::new();

/// Begins to show events, as `RUST_LOG` or else `-v`, given so often, asks for; and requests, if `--http-debug` does. Without
/// any, nothing is shown.
pub fn begin(verbosity: u8, http_debug: Option<HttpDebug>) {
    let wanted = wanted(std::env::var("RUST_LOG").ok(), verbosity);
    if wanted.is_none() && http_debug.is_none() {
        return;
    }
    let wanted = wanted.map(|wanted| {
        let wanted = wanted.unwrap_or_else(|text| {
            print_status(&format!("warning: {text}"));
            Targets::new()
        });
        // The other layer has them.
        if http_debug.is_some() { wanted.with_target(WIRE, LevelFilter::OFF) } else { wanted }
    });
    LINES.get_or_init(Lines::default);
    let lines = || fmt::layer().without_time().with_ansi(false);
    let events = wanted.map(|wanted| lines().with_writer(|| Line { once: true }).with_filter(wanted).boxed());
    let requests = http_debug.map(|debug| {
        let lines = lines().with_level(false).with_target(false).with_writer(|| Line { once: false });
        lines.with_filter(of_requests(debug)).boxed()
    });
    let layers: Vec<_> = events.into_iter().chain(requests).collect();
    // Nothing else in this program begins it.
    let _ = tracing_subscriber::registry().with(layers).try_init();
}

fn of_requests(debug: HttpDebug) -> Targets {
    let heads = Targets::new().with_target(WIRE, LevelFilter::TRACE);
    match debug {
        HttpDebug::Headers => heads.with_target(format!("{WIRE}::body"), LevelFilter::OFF),
        HttpDebug::Full => heads,
    }
}

/// Tells which lines came again, at the end.
pub fn end() {
    if let Some(lines) = LINES.get() {
        lines.sum_up();
    }
}

/// Which events are wanted; an error if that cannot be read.
fn wanted(environment: Option<String>, verbosity: u8) -> Option<Result<Targets, String>> {
    match environment.filter(|text| !text.trim().is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| {
            format!("RUST_LOG={text:?} is not understood, and nothing is shown: write a level, like debug, or squall_http=debug")
        })),
        None => match verbosity {
            0 => None,
            1 => Some(Ok(Targets::new().with_target(OURS, Level::INFO))),
            _ => Some(Ok(Targets::new().with_target(OURS, Level::DEBUG))),
        },
    }
}

/// From now on lines are shown beside this view, or where there is none any more by themselves.
pub fn show_beside(view: Option<Arc<dyn Notifier>>) {
    if let Some(lines) = LINES.get() {
        lines.sum_up();
        *lines.view.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }
}

/// From now on these secrets are kept out of lines.
pub fn hide_secrets(redactor: Redactor) {
    if let Some(lines) = LINES.get() {
        *lines.redactor.lock().unwrap_or_else(PoisonError::into_inner) = redactor;
    }
}

/// Takes the text of one event.
struct Line {
    /// Whether equal texts are told once.
    once: bool,
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if let Some(lines) = LINES.get() {
            lines.show(&String::from_utf8_lossy(text), self.once);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn show(&self, text: &str, once: bool) {
        let line = presentable(text, &self.redactor.lock().unwrap_or_else(PoisonError::into_inner));
        if once && !self.repeated.lock().unwrap_or_else(PoisonError::into_inner).is_new(&line) {
            return;
        }
        self.tell(&line);
    }

    fn sum_up(&self) {
        let repeated = self.repeated.lock().unwrap_or_else(PoisonError::into_inner).take();
        repeated.iter().for_each(|line| self.tell(line));
    }

    fn tell(&self, line: &str) {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match view {
            Some(view) => view.notify(line),
            None => print_status(line),
        }
    }
}

/// An event as one line, without secrets, passwords in URLs or control characters.
fn presentable(text: &str, redactor: &Redactor) -> String {
    let text = redactor.hide(text.trim());
    plain(&text_without_credentials(&text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wanted_unless_it_is_asked_for() {
        assert!(wanted(None, 0).is_none() && wanted(Some(" ".to_owned()), 0).is_none());
        let targets =
            |environment: Option<&str>, verbosity| wanted(environment.map(str::to_owned), verbosity).unwrap().unwrap();
        let wants = |targets: &Targets, level| targets.would_enable("squall_guest::cache", &level);
        assert!(wants(&targets(None, 1), Level::INFO) && !wants(&targets(None, 1), Level::DEBUG));
        assert!(wants(&targets(None, 2), Level::DEBUG));
        assert!(!targets(None, 2).would_enable("wasmtime_wasi", &Level::ERROR), "only what is ours");
        assert!(wants(&targets(Some("squall_guest=debug"), 0), Level::DEBUG));
        assert!(!targets(Some("squall_guest=debug"), 2).would_enable("squall_http", &Level::INFO), "RUST_LOG wins");
        let told = wanted(Some("squall=loud".to_owned()), 0).unwrap().unwrap_err();
        assert!(told.starts_with("RUST_LOG=\"squall=loud\" is not understood"), "{told}");
    }

    #[test]
    fn a_line_shows_no_secret_and_no_password() {
        let line =
            presentable(" INFO asked url=http://ada:pass@host/?key=hunter22 \u{1b}[2J\n", &Redactor::new(["hunter22"]));
        assert!(line.starts_with("INFO asked url=http://host/?key=*** ") && !line.contains('\u{1b}'), "{line}");
    }
}
