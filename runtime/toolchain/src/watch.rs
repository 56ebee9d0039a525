//! Noticing that a source has changed, for `squall run --watch`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::inputs::WRITTEN_BY_TOOLS;

/// How often files are looked at: quicker than a hand that saves and looks up.
const EVERY: Duration = Duration::from_millis(300);
/// Folders that hold what tools make, not what people write.
const NOT_SOURCE: [&str; 6] = ["target", "node_modules", ".squall", ".git", "__pycache__", ".venv"];

/// A project that is watched.
pub struct Watch {
    folder: PathBuf,
    latest: Option<SystemTime>,
}

impl Watch {
    /// From now on.
    pub fn start(folder: &Path) -> Watch {
        Watch { folder: folder.to_owned(), latest: latest(folder) }
    }

    /// Returns true when a file has been changed since the last time or the start, false when that is to `end` before.
    #[expect(clippy::disallowed_methods, reason = "no load is running: there is nothing to disturb")]
    pub fn wait_for_change(&mut self, end: impl Fn() -> bool) -> bool {
        while !end() {
            let now = latest(&self.folder);
            if now > self.latest {
                self.latest = now;
                return true;
            }
            std::thread::sleep(EVERY);
        }
        false
    }
}

/// When the file that was changed last was changed.
fn latest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let times = entries.filter_map(|entry| {
        let name = entry.file_name();
        if entry.file_type().ok()?.is_dir() {
            let ours = !NOT_SOURCE.iter().any(|not_source| name == *not_source);
            return if ours { latest(&entry.path()) } else { None };
        }
        let is_component = entry.path().extension().is_some_and(|ending| ending == "wasm");
        if is_component || WRITTEN_BY_TOOLS.iter().any(|written| name == *written) {
            None
        } else {
            entry.metadata().ok()?.modified().ok()
        }
    });
    times.max()
}
