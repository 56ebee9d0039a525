//! How bytes leave: into a file, over HTTP, as datagrams, or fetched by whoever asks.

mod datagrams;
mod file;
mod http;
mod page;

use bytes::Bytes;

pub(crate) use datagrams::Datagrams;
pub(crate) use file::OutputFile;
pub(crate) use http::HttpPost;
pub(crate) use page::Page;

/// Why something did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may arrive if it is sent again.
    Passing(String),
    /// It never will.
    Final(String),
}

/// A way out.
pub(crate) enum Transport {
    File(OutputFile),
    Http(HttpPost),
    Datagrams(Datagrams),
    Page(Page),
}

impl Transport {
    /// On the thread that will send.
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

    /// Nothing more will come.
    pub fn end(&mut self) -> Result<(), String> {
        match self {
            Transport::File(file) => file.finish(),
            Transport::Http(_) | Transport::Datagrams(_) | Transport::Page(_) => Ok(()),
        }
    }
}
