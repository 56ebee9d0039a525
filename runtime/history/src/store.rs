//! Where runs are kept: `.squall/runs/`, a folder for each run, whose name says when it began.
//!
//! Nothing in a run's folder is ever changed after the run but its `tags`, which only grow: a line for each tag that was
//! given (`+name`) or taken away (`-name`).

use std::collections::hash_map::RandomState;
use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use squall_files::append;

use crate::error::HistoryError;
use crate::format::RunInfo;
use crate::reading::read_text;
use crate::stored_run::StoredRun;
use crate::utc::utc;
use crate::writer::RunWriter;

/// A folder of runs.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The runs in that folder, which need not exist.
    pub fn at(root: impl Into<PathBuf>) -> Store {
        Store { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Begins to keep a run that began at `began`.
    pub fn begin(&self, began: SystemTime, info: &RunInfo) -> Result<RunWriter, HistoryError> {
        self.make_root()?;
        let id = new_id(began);
        RunWriter::begin(self.root.join(&id), id, info)
    }

    /// The folder, out of sight of others and of git: a command line can hold secrets.
    fn make_root(&self) -> Result<(), HistoryError> {
        let make = fs::DirBuilder::new().mode(0o700).recursive(true).create(&self.root);
        make.map_err(HistoryError::file(&self.root))?;
        let ignore = self.root.join(".gitignore");
        match OpenOptions::new().write(true).create_new(true).open(&ignore) {
            Ok(mut file) => file.write_all(b"*\n").map_err(HistoryError::file(ignore)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(HistoryError::File { path: ignore, source: error }),
        }
    }

    /// The names of all runs, the oldest first.
    pub fn ids(&self) -> Result<Vec<String>, HistoryError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(HistoryError::File { path: self.root.clone(), source }),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut ids: Vec<String> =
            names.filter(|name| is_id(name) && self.root.join(name).join("run.json").is_file()).collect();
        ids.sort();
        Ok(ids)
    }

    /// The run of that name.
    pub fn open(&self, id: &str) -> Result<StoredRun, HistoryError> {
        StoredRun::open(&self.root.join(id), id)
    }

    /// The run that `name` means: its name or the beginning of it, a tag (the latest run that has it), `last`, or
    /// `last~2` for the second before the last.
    pub fn find(&self, name: &str) -> Result<StoredRun, HistoryError> {
        let ids = self.ids()?;
        self.open(self.find_id(&ids, name)?)
    }

    fn find_id<'a>(&self, ids: &'a [String], name: &str) -> Result<&'a str, HistoryError> {
        let unknown = || HistoryError::Unknown(name.to_owned());
        if let Some(back) = name.strip_prefix("last") {
            let back = if back.is_empty() { Some(0) } else { back.strip_prefix('~').and_then(|n| n.parse().ok()) };
            if let Some(back) = back {
                return ids.iter().rev().nth(back).map(String::as_str).ok_or_else(unknown);
            }
        }
        if let Some(tagged) = ids.iter().rev().find(|id| self.tags(id).iter().any(|tag| tag == name)) {
            return Ok(tagged);
        }
        let beginning: Vec<&String> = ids.iter().filter(|id| !name.is_empty() && id.starts_with(name)).collect();
        match beginning[..] {
            [one] => Ok(one),
            [] => Err(unknown()),
            _ => Err(HistoryError::Ambiguous { name: name.to_owned(), count: beginning.len() }),
        }
    }

    /// All runs that `name` means: those with that tag, or the one; several names may stand behind each other, with
    /// commas between them.
    pub fn find_all(&self, names: &str) -> Result<Vec<StoredRun>, HistoryError> {
        let ids = self.ids()?;
        let mut found: Vec<&str> = Vec::new();
        for name in names.split(',') {
            let tagged = ids.iter().filter(|id| self.tags(id).iter().any(|tag| tag == name)).map(String::as_str);
            let before = found.len();
            found.extend(tagged);
            if found.len() == before {
                found.push(self.find_id(&ids, name)?);
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|id| self.open(id)).collect()
    }

    /// The tags of a run, as they came.
    pub fn tags(&self, id: &str) -> Vec<String> {
        let text = read_text(&self.root.join(id).join("tags")).ok().flatten().unwrap_or_default();
        let mut tags: Vec<String> = Vec::new();
        for line in text.lines() {
            match line.split_at_checked(1) {
                Some(("+", tag)) if is_tag(tag) && !tags.iter().any(|known| known == tag) => tags.push(tag.to_owned()),
                Some(("-", tag)) => tags.retain(|known| known != tag),
                _ => {}
            }
        }
        tags
    }

    /// Gives a run a tag, or takes it away.
    pub fn tag(&self, id: &str, tag: &str, give: bool) -> Result<(), HistoryError> {
        let taken = tag.starts_with("last") || tag.starts_with('-') || self.ids()?.iter().any(|id| id == tag);
        if !is_tag(tag) || taken {
            return Err(HistoryError::BadTag(tag.to_owned()));
        }
        let path = self.root.join(id).join("tags");
        let sign = if give { '+' } else { '-' };
        let mut file = append(&path).map_err(HistoryError::file(&path))?;
        file.write_all(format!("{sign}{tag}\n").as_bytes()).map_err(HistoryError::file(path))
    }

    /// Removes a run. It is out of the list at once, whatever happens while its files go.
    pub fn remove(&self, id: &str) -> Result<(), HistoryError> {
        let (folder, going) = (self.root.join(id), self.root.join(format!(".removing-{id}")));
        fs::rename(&folder, &going).map_err(HistoryError::file(folder))?;
        fs::remove_dir_all(&going).map_err(HistoryError::file(going))
    }

    /// The runs that can go: all but the `keep` latest, those that began less than `spare` before `now`, and those with
    /// a tag.
    pub fn to_prune(&self, keep: usize, spare: Duration, now: SystemTime) -> Result<Vec<String>, HistoryError> {
        let ids = self.ids()?;
        let newest = ids.len().saturating_sub(keep);
        let spared = id_time(now.checked_sub(spare).unwrap_or(SystemTime::UNIX_EPOCH));
        let old = ids.into_iter().take(newest).filter(|id| *id < spared);
        Ok(old.filter(|id| self.tags(id).is_empty()).collect())
    }
}

/// Whether a folder's name can be a run's: what a checkout brings along may have any.
fn is_id(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)) && !name.starts_with('.')
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter))
}

/// `20261125-123005-2714f1`: the time to the millisecond, so that names sort by it, and three letters that keep runs of the
/// same one apart.
fn new_id(began: SystemTime) -> String {
    let random = RandomState::new().build_hasher().finish() & 0xfff;
    format!("{}{random:03x}", id_time(began))
}

fn id_time(time: SystemTime) -> String {
    let milliseconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_millis();
    let second = utc(time).replace(['-', ':', 'Z'], "").replace('T', "-");
    format!("{second}-{milliseconds:03}")
}
