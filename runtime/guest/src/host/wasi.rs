//! The harmless part of WASI 0.2: clocks, random, and standard output and error, which become lines of the run's log.
//! Files, arguments and environment are there but empty; sockets cannot be opened.

use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use rand_core::TryRng;
use send_wrapper::SendWrapper;
use squall_plan::random::next_bits;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use crate::identity::Identity;
use crate::log::Level;
use crate::worker::WorkerContext;

/// Maximum random bytes per call.
const MOST_RANDOM: u64 = 64 << 10;
/// Maximum length of a line in bytes: the rest of a longer one is dropped.
const LONGEST_UNFINISHED: usize = 8 << 10;

/// The WASI context of one instance.
pub(crate) fn context(worker: &Rc<WorkerContext>, user: &Rc<Identity>) -> WasiCtx {
    let stream = |level| LineStream {
        inner: SendWrapper::new(Speaker { worker: Rc::clone(worker), user: Rc::clone(user) }),
        level,
    };
    WasiCtxBuilder::new()
        .stdout(stream(Level::Info))
        .stderr(stream(Level::Warn))
        .secure_random(Seeded(user.random()))
        .insecure_random(Seeded(user.random()))
        .insecure_random_seed(u128::from(user.random()))
        .max_random_size(MOST_RANDOM)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

/// Random numbers that a run can repeat: those of `wasi:random` depend on the seed as `context.random` does. A scenario
/// has no secrets to keep from the person who runs it.
struct Seeded(u64);

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(next_bits(&mut self.0))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let random = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        Ok(())
    }
}

struct Speaker {
    worker: Rc<WorkerContext>,
    user: Rc<Identity>,
}

/// Standard output or standard error.
struct LineStream {
    inner: SendWrapper<Speaker>,
    level: Level,
}

impl IsTerminal for LineStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LineStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and it is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        let speaker = Speaker { worker: Rc::clone(&self.inner.worker), user: Rc::clone(&self.inner.user) };
        Box::new(Lines { speaker: SendWrapper::new(speaker), level: self.level, unfinished: Vec::new(), is_cut: false })
    }
}

/// Cuts written bytes into lines.
struct Lines {
    speaker: SendWrapper<Speaker>,
    level: Level,
    unfinished: Vec<u8>,
    /// Whether bytes up to the next line feed belong to a line whose kept part has been written.
    is_cut: bool,
}

impl Lines {
    fn say(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let Speaker { worker, user } = &*self.speaker;
        if self.level == Level::Warn {
            user.remember_words(worker.log.presentable(text.trim()));
        }
        worker.log.write(self.level, user.number(), user.flow(), &text);
    }
}

#[async_trait::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut bytes = &bytes[..];
        if self.is_cut {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(()) };
            bytes = &bytes[end + 1..];
            self.is_cut = false;
        }
        self.unfinished.extend_from_slice(bytes);
        let whole = match self.unfinished.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.unfinished.len() > LONGEST_UNFINISHED => {
                self.is_cut = true;
                self.unfinished.len()
            }
            None => return Ok(()),
        };
        let lines: Vec<u8> = self.unfinished.drain(..whole).collect();
        self.say(&lines);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_UNFINISHED)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.unfinished.is_empty() {
            let rest = std::mem::take(&mut self.unfinished);
            self.say(&rest);
        }
    }
}
