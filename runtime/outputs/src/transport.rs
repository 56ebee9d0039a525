//! Transports: into a file, over HTTP, as datagrams, or as a page to fetch.

mod datagrams;
mod file;
mod http;
mod page;

use bytes::Bytes;

pub(crate) use datagrams::Datagrams;
pub(crate) use file::OutputFile;
pub(crate) use http::HttpPost;
pub(crate) use page::Page;

/// The reason why a delivery failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another attempt may succeed.
    Passing(String),
    /// No attempt will succeed.
    Final(String),
}

/// A transport.
pub(crate) enum Transport {
    File(OutputFile),
    Http(HttpPost),
    Datagrams(Datagrams),
    Page(Page),
}

impl Transport {
    /// Called on the thread that will send.
    pub fn begin(&mut self) -> Result<(), String> {
        match self {
            Transport::Page(page) => page.serve(),
            Transport::File(_) | Transport::Http(_) | Transport::Datagrams(_) => Ok(()),
        }
    }

    pub async fn send(&mut self, payload: &Bytes) -> Result<(), Failure> {
        match self {
            Transport::File(file) => file.write(payload),
            Transport::Http(post) => post.send(payload).await,
            Transport::Datagrams(datagrams) => datagrams.send(payload).await,
            Transport::Page(page) => {
                page.show(payload);
                Ok(())
            }
        }
    }

    /// Called after the last batch.
    pub fn end(&mut self) -> Result<(), String> {
        match self {
            Transport::File(file) => file.finish(),
            Transport::Http(_) | Transport::Datagrams(_) | Transport::Page(_) => Ok(()),
        }
    }
}
