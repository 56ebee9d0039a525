//! Exporters: pages of metrics in Prometheus' text format, of which the names of node_exporter, cAdvisor and the client
//! libraries' `process_*` are understood, and a few that count connections.

mod page;
mod text;

use std::sync::Arc;

use squall_metrics::Nanos;
use url::Url;

use crate::fetch::get;
use crate::source::{Said, shown};
use page::Page;

/// The `Accept` header for exporters: text, not protocol buffers.
const ACCEPT: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";

/// An exporter.
pub(crate) struct Exporter {
    name: Arc<str>,
    address: Url,
    last: Option<(Nanos, Page)>,
}

impl Exporter {
    pub(crate) fn new(address: Url) -> Exporter {
        Exporter { name: shown(&address).into(), address, last: None }
    }

    pub(crate) async fn ask(&mut self, at: Nanos) -> Vec<Said> {
        let page = match get(&self.address, ACCEPT).await {
            Ok((200, text)) => Page::read(&text),
            Ok((status, _)) => Err(format!("it answered {status}")),
            Err(problem) => Err(problem),
        };
        match page {
            Ok(page) => {
                let before = self.last.as_ref().map(|(then, page)| (at.since(*then).as_secs_f64(), page));
                let said = page.values(before).into_iter().map(|(about, values)| (self.about(&about), Ok(values)));
                let said = said.collect();
                self.last = Some((at, page));
                said
            }
            Err(problem) => {
                // Counters from before a gap have no meaning for the second after it.
                self.last = None;
                vec![(Arc::clone(&self.name), Err(problem))]
            }
        }
    }

    fn about(&self, container: &str) -> Arc<str> {
        if container.is_empty() { Arc::clone(&self.name) } else { format!("{} ({container})", self.name).into() }
    }
}

/// The values of a page by container, for a first reading and for one a second later.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_twice(text: &str) -> Result<Vec<(String, Vec<squall_metrics::ResourceValue>)>, String> {
    let page = Page::read(text)?;
    Ok(page.values(None).into_iter().chain(page.values(Some((1.0, &page)))).collect())
}
