//! Turns names into small numbers, once for all worker threads.
//!
//! The registry is shared and locked, so the request path never comes here: each thread's recorder remembers the
//! answers, and asks only about new names. When the registry is full no thread asks again, and new names are counted
//! under [`NameId::OTHER`]: memory is bounded whatever a scenario does.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
// A lock is right here: it is taken when a thread meets a name for the first time, never for a sample.
#[allow(clippy::disallowed_types)]
use std::sync::Mutex;

use rustc_hash::FxHashMap;
use squall_plan::text_without_credentials;
use thiserror::Error;

use crate::builtin::{BUILT_IN, Kind, Unit};
use crate::keys::{MetricId, NameId, RequestKey};
use crate::redactor::Redactor;
use crate::sanitize::plain;
use crate::tags::{AskedTags, Tag, TagSetId, TagSets};

/// The reasons to refuse a custom metric.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RegistryError {
    /// The name is taken by a metric of another kind.
    #[error("metric \"{name}\" is a {existing} already, so it cannot be a {wanted}: its values are dropped")]
    KindConflict {
        /// The metric.
        name: String,
        /// The existing kind.
        existing: Kind,
        /// The requested kind.
        wanted: Kind,
    },
    /// The limit on metrics is reached.
    #[error(
        "metric \"{name}\" is one more than the limit of {limit} (raise it with --max-series): its values are dropped"
    )]
    Full {
        /// The metric.
        name: String,
        /// The limit.
        limit: usize,
    },
}

/// A custom metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricInfo {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its unit.
    pub unit: Unit,
}

/// The names of a run, shared by its threads.
#[derive(Debug)]
pub struct Registry {
    limit: usize,
    names_full: AtomicBool,
    series_full: AtomicBool,
    redactor: Redactor,
    asked_tags: AskedTags,
    /// The component's description of its metrics and tags.
    closed: AtomicBool,
    tagging: AtomicBool,
    #[allow(clippy::disallowed_types)]
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    names: Vec<Box<str>>,
    name_ids: FxHashMap<Box<str>, NameId>,
    series: FxHashMap<RequestKey, ()>,
    metrics: Vec<MetricInfo>,
    metric_ids: FxHashMap<Box<str>, MetricId>,
    server_timings: FxHashMap<Box<str>, NameId>,
    /// Number of names that do not count against the limit, because they are bounded otherwise.
    beyond_limit: usize,
    tag_sets: TagSets,
}

impl Tables {
    fn add_name(&mut self, name: &str) -> NameId {
        let id = NameId(self.names.len() as u32);
        self.names.push(name.into());
        self.name_ids.insert(name.into(), id);
        id
    }
}

/// The longest prefix of a text that is read, in bytes.
const LONGEST_TEXT: usize = 4 << 10;
/// The longest name, in bytes; the rest is cut off.
const LONGEST_NAME: usize = 256;

/// The registry's answer about a name.
pub(crate) enum Numbered {
    /// The name's number.
    As(NameId),
    /// There is no room for more names.
    NoMore(Vec<(Box<str>, NameId)>),
}

fn listed(ids: &FxHashMap<Box<str>, NameId>) -> Vec<(Box<str>, NameId)> {
    ids.iter().map(|(name, id)| (name.clone(), *id)).collect()
}

/// The most names of `Server-Timing` in a run. Servers choose them, so they must not use up the names of requests.
pub(crate) const MOST_SERVER_TIMINGS: usize = 32;

/// `name`, cut to the longest length.
pub(crate) fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}

/// Applies `change`, and keeps a borrowed text borrowed if nothing changes.
fn map<'a>(text: Cow<'a, str>, change: impl Fn(&str) -> Cow<'_, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => change(text),
        Cow::Owned(text) => Cow::Owned(change(&text).into_owned()),
    }
}

impl Registry {
    /// A registry for at most `limit` series of requests, as many names, and as many custom metrics.
    pub fn new(limit: usize) -> Registry {
        let mut tables = Tables::default();
        tables.names.push("(other)".into());
        Registry {
            limit,
            names_full: AtomicBool::new(false),
            series_full: AtomicBool::new(false),
            redactor: Redactor::default(),
            asked_tags: AskedTags::default(),
            closed: AtomicBool::new(false),
            tagging: AtomicBool::new(false),
            #[allow(clippy::disallowed_types)]
            tables: Mutex::new(tables),
        }
    }

    /// The same, with a redactor: its secrets are never recorded.
    pub fn hiding(self, redactor: Redactor) -> Registry {
        Registry { redactor, ..self }
    }

    /// The same, with the tags to keep of those that guests give to samples.
    pub fn asking(self, asked_tags: AskedTags) -> Registry {
        Registry { asked_tags, ..self }
    }

    /// The tags of guests that are kept.
    pub fn asked_tags(&self) -> &AskedTags {
        &self.asked_tags
    }

    /// Declares that the guest makes no custom metrics but the known ones.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether the guest makes no custom metrics but the known ones.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Declares that the guest gives samples its own tags.
    pub fn expect_tags(&self) {
        self.tagging.store(true, Ordering::Relaxed);
    }

    /// Whether the guest gives samples its own tags.
    pub fn expects_tags(&self) -> bool {
        self.tagging.load(Ordering::Relaxed)
    }

    /// The number of the set of kept tags. Takes no lock if none is kept.
    pub fn tag_set(&self, tags: impl IntoIterator<Item = Tag>) -> TagSetId {
        let asked: BTreeSet<Tag> = tags.into_iter().filter(|tag| self.asked_tags.contains(tag)).collect();
        if asked.is_empty() { TagSetId::NONE } else { self.lock().tag_sets.number(asked) }
    }

    /// The tags of a set, sorted.
    pub(crate) fn tags(&self, set: TagSetId) -> Option<BTreeSet<Tag>> {
        self.lock().tag_sets.get(set).cloned()
    }

    /// Whether the set has all of these tags.
    pub(crate) fn set_has(&self, set: TagSetId, tags: &[&Tag]) -> bool {
        self.lock().tag_sets.get(set).is_some_and(|set| tags.iter().all(|tag| set.contains(*tag)))
    }

    /// A text from outside, fit to be recorded: without secrets, and without characters or commands that steer its
    /// reader. All names and error texts of a run pass here, so reports need not check them.
    pub fn presentable<'a>(&self, text: &'a str) -> Cow<'a, str> {
        map(self.hide(text, LONGEST_TEXT), plain)
    }

    /// The first `most` bytes of a text, without secrets and without the credentials of its URLs. However long the
    /// guest's text is, only the visible part is searched.
    pub fn hide<'a>(&self, text: &'a str, most: usize) -> Cow<'a, str> {
        map(self.redactor.hide_in_beginning(text, most), text_without_credentials)
    }

    /// The limit on series.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Whether samples went to `(other)` because there were too many names or series.
    pub fn is_full(&self) -> bool {
        self.names_full.load(Ordering::Relaxed) || self.series_full.load(Ordering::Relaxed)
    }

    /// The text of a name.
    pub fn name(&self, id: NameId) -> String {
        let tables = self.lock();
        tables.names.get(id.0 as usize).map_or_else(String::new, |name| name.to_string())
    }

    /// The custom metric with this number.
    pub fn metric(&self, id: MetricId) -> Option<MetricInfo> {
        self.lock().metrics.get(id.0 as usize).cloned()
    }

    /// The custom metric with this name.
    pub fn metric_named(&self, name: &str) -> Option<(MetricId, MetricInfo)> {
        let tables = self.lock();
        let id = *tables.metric_ids.get(name)?;
        Some((id, tables.metrics[id.0 as usize].clone()))
    }

    /// All custom metrics, in the order of their creation.
    pub fn metrics(&self) -> Vec<(MetricId, MetricInfo)> {
        let tables = self.lock();
        tables.metrics.iter().enumerate().map(|(id, info)| (MetricId(id as u32), info.clone())).collect()
    }

    /// The custom metric with this name and kind, made if necessary.
    pub fn register(&self, name: &str, kind: Kind, unit: Unit) -> Result<MetricId, RegistryError> {
        let name = self.presentable(name);
        let name = cut(&name);
        let conflict = |existing| RegistryError::KindConflict { name: name.to_owned(), existing, wanted: kind };
        if let Some(built_in) = BUILT_IN.iter().find(|built_in| built_in.name == name) {
            return Err(conflict(built_in.kind));
        }
        let mut tables = self.lock();
        if let Some(id) = tables.metric_ids.get(name).copied() {
            let existing = tables.metrics[id.0 as usize].kind;
            return if existing == kind { Ok(id) } else { Err(conflict(existing)) };
        }
        if tables.metrics.len() >= self.limit {
            return Err(RegistryError::Full { name: name.to_owned(), limit: self.limit });
        }
        let id = MetricId(tables.metrics.len() as u32);
        tables.metrics.push(MetricInfo { name: name.to_owned(), kind, unit });
        tables.metric_ids.insert(name.into(), id);
        Ok(id)
    }

    /// The number of a name, made if there is room for it.
    pub fn intern(&self, name: &str) -> NameId {
        let mut tables = self.lock();
        if let Some(id) = tables.name_ids.get(name) {
            return *id;
        }
        if tables.names.len() - tables.beyond_limit > self.limit {
            self.names_full.store(true, Ordering::Relaxed);
            return NameId::OTHER;
        }
        tables.add_name(name)
    }

    /// As `intern`, for a thread that must know when it need not ask again.
    pub(crate) fn number(&self, name: &str) -> Numbered {
        let id = self.intern(name);
        self.final_names().map_or(Numbered::As(id), Numbered::NoMore)
    }

    /// The number of a server's timing, made if there is room for it.
    pub(crate) fn server_timing(&self, name: &str) -> Numbered {
        let mut tables = self.lock();
        if let Some(id) = tables.server_timings.get(name) {
            return Numbered::As(*id);
        }
        if tables.server_timings.len() >= MOST_SERVER_TIMINGS {
            return Numbered::NoMore(listed(&tables.server_timings));
        }
        let id = match tables.name_ids.get(name) {
            Some(id) => *id,
            None => {
                tables.beyond_limit += 1;
                tables.add_name(name)
            }
        };
        tables.server_timings.insert(name.into(), id);
        Numbered::As(id)
    }

    /// Whether this series may exist.
    pub(crate) fn admit(&self, key: RequestKey) -> bool {
        let mut tables = self.lock();
        if tables.series.contains_key(&key) {
            return true;
        }
        if tables.series.len() >= self.limit {
            self.series_full.store(true, Ordering::Relaxed);
            return false;
        }
        tables.series.insert(key, ());
        true
    }

    /// All names, as soon as there is no room for more: from then on a thread need not ask again.
    pub(crate) fn final_names(&self) -> Option<Vec<(Box<str>, NameId)>> {
        if !self.names_full.load(Ordering::Relaxed) {
            return None;
        }
        Some(listed(&self.lock().name_ids))
    }

    /// All series, as soon as there is no room for more.
    pub(crate) fn final_series(&self) -> Option<Vec<RequestKey>> {
        if !self.series_full.load(Ordering::Relaxed) {
            return None;
        }
        Some(self.lock().series.keys().copied().collect())
    }

    #[allow(clippy::disallowed_types)]
    fn lock(&self) -> std::sync::MutexGuard<'_, Tables> {
        // A thread that panicked while holding the lock has at worst left out one name.
        self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_keeps_its_kind() {
        let registry = Registry::new(10);
        let orders = registry.register("orders", Kind::Counter, Unit::Number).expect("new");
        assert_eq!(registry.register("orders", Kind::Counter, Unit::Number), Ok(orders));
        let error = registry.register("orders", Kind::Trend, Unit::Time).expect_err("conflict");
        assert!(error.to_string().contains("is a counter already"), "{error}");
    }

    #[test]
    fn credentials_of_urls_are_not_recorded() {
        let shown = Registry::new(10).presentable("http://ada:secret@host/a: 2 redirects to http://x@b/").into_owned();
        assert_eq!(shown, "http://host/a: 2 redirects to http://b/");
    }

    #[test]
    fn a_built_in_name_cannot_be_taken() {
        assert!(Registry::new(10).register("http_reqs", Kind::Trend, Unit::Time).is_err());
    }

    #[test]
    fn past_the_limit_names_are_other() {
        let registry = Registry::new(2);
        let ids: Vec<NameId> = ["a", "b", "c", "a"].map(|name| registry.intern(name)).to_vec();
        assert_eq!(ids, [NameId(1), NameId(2), NameId::OTHER, NameId(1)]);
        assert!(registry.is_full());
        assert_eq!(registry.name(NameId::OTHER), "(other)");
    }
}
