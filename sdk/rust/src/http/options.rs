//! Settings of requests, and the host's handles for them.
//!
//! A scenario has a handful of different settings and sends each many times. So the handles are made once per virtual
//! user and kept: a request costs one host call, `send`, from its second time on.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::host::RequestOptions;

/// A request's settings other than the defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Settings<'a> {
    pub(crate) name: Option<Cow<'a, str>>,
    /// In nanoseconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) redirects: Option<u32>,
    pub(crate) discard_body: Option<bool>,
    pub(crate) expected_statuses: Vec<(u16, u16)>,
}

impl Settings<'_> {
    fn into_owned(self) -> Settings<'static> {
        Settings { name: self.name.map(|name| Cow::Owned(name.into_owned())), ..self }
    }

    fn is_default(&self) -> bool {
        *self == Settings::default()
    }

    pub(crate) fn make_handle(&self) -> RequestOptions {
        let options = RequestOptions::new();
        if let Some(name) = &self.name {
            options.set_name(name);
        }
        if let Some(timeout) = self.timeout {
            options.set_timeout(timeout);
        }
        if let Some(redirects) = self.redirects {
            options.set_redirects(redirects);
        }
        if let Some(discard) = self.discard_body {
            options.set_discard_body(discard);
        }
        if !self.expected_statuses.is_empty() {
            options.set_expected_statuses(&self.expected_statuses);
        }
        options
    }
}

/// Settings seen so far, with their handles.
#[derive(Default)]
pub(crate) struct Cache {
    entries: Vec<(Settings<'static>, RequestOptions)>,
}

/// More than a sane scenario has. One that makes up names as it goes must not fill the host's tables.
const CAPACITY: usize = 64;

thread_local! {
    static CACHE: RefCell<Cache> = const { RefCell::new(Cache { entries: Vec::new() }) };
}

impl Cache {
    /// Lends this virtual user's cache, with room for that many new entries.
    pub(crate) fn with<T>(new_entries: usize, work: impl FnOnce(&mut Cache) -> T) -> T {
        CACHE.with_borrow_mut(|cache| {
            if cache.entries.len() + new_entries > CAPACITY {
                cache.entries.clear();
            }
            work(cache)
        })
    }

    /// The index of the handle for those settings; `None` if the defaults are enough.
    pub(crate) fn find_or_make(&mut self, settings: &Settings<'_>) -> Option<usize> {
        if settings.is_default() {
            return None;
        }
        let known = self.entries.iter().position(|(known, _)| known == settings);
        Some(known.unwrap_or_else(|| {
            let handle = settings.make_handle();
            self.entries.push((settings.clone().into_owned(), handle));
            self.entries.len() - 1
        }))
    }

    /// The handle at that place.
    pub(crate) fn handle(&self, place: Option<usize>) -> Option<&RequestOptions> {
        place.map(|place| &self.entries[place].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use crate::testing::{Host, State};

    /// The number of handles that were made while `work` ran.
    fn handles_made(work: impl FnOnce()) -> usize {
        let mut made = 0;
        Host::new().respond("*", "*", 200, "").run(|| {
            work();
            made = State::with(|state| state.options_made);
        });
        made
    }

    #[test]
    fn defaults_need_no_handle() {
        assert_eq!(handles_made(|| drop(http::get("/").send())), 0);
    }

    #[test]
    fn equal_settings_share_a_handle() {
        let made = handles_made(|| {
            for id in 0..100 {
                let url = format!("/products/{id}");
                let _ = http::get(&url).name("product").discard_body().send();
                let _ = http::get(&url).name(String::from("product")).send();
            }
        });
        assert_eq!(made, 2);
    }

    #[test]
    fn names_made_up_on_the_way_do_not_fill_the_host() {
        let made = handles_made(|| {
            for id in 0..200 {
                let _ = http::get("/").name(format!("{id}")).send();
            }
            Cache::with(0, |cache| assert!(cache.entries.len() <= CAPACITY));
        });
        assert_eq!(made, 200);
    }

    #[test]
    fn a_batch_larger_than_the_cache_is_sent_whole() {
        let requests: Vec<_> = (0..100).map(|id| http::get("/").name(format!("{id}"))).collect();
        let made = handles_made(|| {
            let results = http::send_all(&requests);
            assert_eq!(results.len(), 100);
            assert!(results.iter().all(Result::is_ok));
        });
        assert_eq!(made, 100);
    }
}
