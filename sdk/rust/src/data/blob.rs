//! Files that are sent as they are.

use std::sync::OnceLock;

use super::Error;
use crate::host;

/// Bytes that the host holds: a file (`--data video=file:video.mp4`), or a field of a [`Row`](super::Row).
/// [`Request::body_from`](crate::http::Request::body_from) sends them.
#[derive(Debug)]
pub struct Blob {
    name: &'static str,
    handle: OnceLock<host::Blob>,
}

impl Blob {
    /// The file that the run was given under that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Blob { name, handle: OnceLock::new() }
    }

    pub(super) fn held(handle: host::Blob) -> Self {
        Blob { name: "", handle: OnceLock::from(handle) }
    }

    /// The number of bytes.
    ///
    /// # Errors
    ///
    /// When the run was not given the file.
    pub fn length(&self) -> Result<u64, Error> {
        Ok(self.host()?.length())
    }

    /// A copy of at most `length` bytes from `offset` on; fewer, or none, at the end.
    ///
    /// # Errors
    ///
    /// When the run was not given the file.
    pub fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        Ok(self.host()?.read(offset, length))
    }

    pub(crate) fn host(&self) -> Result<&host::Blob, Error> {
        if let Some(handle) = self.handle.get() {
            return Ok(handle);
        }
        let handle = host::open_blob(self.name)?;
        Ok(self.handle.get_or_init(|| handle))
    }
}
