//! The rows and bytes that an instance has open. Knows no store and no contract.

use std::rc::Rc;

use bytes::Bytes;
use squall_data::{Opened, Way};
use squall_http::MemoryAccount;
use wasmtime::component::Resource;

use crate::handles::Handles;

/// The open feeds and files of an instance.
pub(crate) struct DataHandles {
    pub(crate) feeds: Handles<Feed>,
    pub(crate) rows: Handles<Row>,
    pub(crate) blobs: Handles<Blob>,
    /// Files that were found while the component described itself.
    pub(crate) opened: Opened,
}

/// A feed, by its number among the run's data, and how its rows are taken.
#[derive(Clone, Copy)]
pub(crate) struct Feed {
    pub(crate) number: usize,
    pub(crate) way: Way,
}

#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) feed: usize,
    pub(crate) index: u64,
}

/// Bytes that others hold, too.
pub(crate) struct Blob(pub(crate) Bytes);

impl DataHandles {
    pub(crate) fn new(account: &Rc<MemoryAccount>) -> DataHandles {
        DataHandles {
            feeds: Handles::new("feed", account),
            rows: Handles::new("row", account),
            blobs: Handles::new("blob", account),
            opened: Opened::default(),
        }
    }

    /// The bytes of a handle.
    pub(crate) fn blob(&self, handle: &Resource<Blob>) -> wasmtime::Result<&Bytes> {
        let blob = self.blobs.get(handle.rep()).ok_or_else(|| gone("a blob"))?;
        Ok(&blob.0)
    }

    /// The files that were found, for the run.
    pub(crate) fn take_opened(&mut self) -> Opened {
        std::mem::take(&mut self.opened)
    }
}

/// An error about a handle whose value no longer exists.
pub(crate) fn gone(what: &str) -> wasmtime::Error {
    wasmtime::format_err!("{what} that is no longer there")
}
