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
    changes: Changes,
}

impl Watch {
    /// From now on.
    pub fn start(folder: &Path) -> Watch {
        Watch { folder: folder.to_owned(), changes: Changes::since(latest(folder)) }
    }

    /// Returns true when a file has been changed since the last time or the start, and no more is written. Returns false
    /// when that is to `end` before.
    #[expect(clippy::disallowed_methods, reason = "no load is running: there is nothing to disturb")]
    pub fn wait_for_change(&mut self, end: impl Fn() -> bool) -> bool {
        while !end() {
            if self.changes.have_settled(latest(&self.folder)) {
                return true;
            }
            std::thread::sleep(EVERY);
        }
        false
    }
}

/// The times of changes, one look after the other.
struct Changes {
    /// The time of the last change that has been told.
    told: Option<SystemTime>,
    /// The time at the last look.
    seen: Option<SystemTime>,
}

impl Changes {
    fn since(start: Option<SystemTime>) -> Changes {
        Changes { told: start, seen: start }
    }

    /// Whether there is a change, and the last look saw the same one. An editor that saves a file empties it first: at
    /// that moment there is nothing to build, and its second write would count as a change of its own.
    fn have_settled(&mut self, latest: Option<SystemTime>) -> bool {
        let settled = latest > self.told && latest == self.seen;
        self.seen = latest;
        if settled {
            self.told = latest;
        }
        settled
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_twice_while_it_is_saved_is_one_change() {
        let at = |millis| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
        let mut changes = Changes::since(at(0));
        let looks = [at(0), at(10), at(20), at(20), at(20), at(30), at(30)];
        let told = looks.map(|latest| changes.have_settled(latest));
        assert_eq!(told, [false, false, false, true, false, false, true]);
    }
}
