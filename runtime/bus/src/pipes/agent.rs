//! An agent's end at a pipe. A thread writes, another one reads: standard streams may be files or sockets, too.

use std::fs::File;
use std::io::{self, Read, Write};
use std::thread;

use bytes::Bytes;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stdin, dup2_stdout, stderr, stdin, stdout};
use tokio::sync::mpsc;

use crate::agent::AgentEnd;
use crate::error::BusError;
use crate::id::AgentName;
use crate::message::{AgentHeard, Delivery, LARGEST_FILE};
use crate::outgoing::{Fetch, Inbox, Outbox, Outgoing, QUEUED};
use crate::pipes::frame::{Frame, HEAD, read_head};
use crate::transport::TransportThread;

/// The end of an agent that a coordinator has started, on its standard streams. From then on, other code of this process
/// finds an empty standard input, and what it prints goes to the standard error.
///
/// # Errors
/// If the system refuses it.
pub fn agent_on_stdio(name: &AgentName) -> Result<AgentEnd, BusError> {
    let (input, output) = take_stdio().map_err(|error| failed("take the standard streams", &error))?;
    agent_on(name, input, output)
}

/// The end of an agent on other streams to a coordinator.
///
/// # Errors
/// If no thread can be started.
pub fn agent_on(
    name: &AgentName,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<AgentEnd, BusError> {
    let (outbox, inbox) = Outbox::new();
    let (heard_by, heard) = mpsc::channel(QUEUED);
    let (fetches, to_fetch) = mpsc::channel(QUEUED);
    let (waiting, fetching) = mpsc::channel(QUEUED);
    let reading = move || read(input, &heard_by, fetching);
    let reader = thread::Builder::new().name("squall-bus-in".to_owned()).spawn(reading);
    drop(reader.map_err(|error| failed("start a thread", &error))?);
    let writer = TransportThread::spawn("squall-bus-out", move || write(output, inbox, to_fetch, waiting))?;
    // It may be writing to a pipe that is not read.
    Ok(AgentEnd::new(name.clone(), outbox, heard, fetches, Some(writer.without_waiting())))
}

/// Descriptors of their own, so that no other code of the process can write into a frame or read a part of one. Child
/// processes do not get them: they would keep the pipe open.
fn take_stdio() -> io::Result<(File, File)> {
    let input = File::from(fcntl_dupfd_cloexec(stdin(), 3)?);
    let output = File::from(fcntl_dupfd_cloexec(stdout(), 3)?);
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(stderr())?;
    Ok((input, output))
}

fn failed(action: &'static str, error: &io::Error) -> BusError {
    BusError::System { action, problem: error.to_string() }
}

/// Writes until nothing can be sent any more, or the coordinator is gone.
async fn write(
    mut output: impl Write,
    mut inbox: Inbox,
    mut to_fetch: mpsc::Receiver<Fetch>,
    waiting: mpsc::Sender<Fetch>,
) {
    loop {
        let frame = tokio::select! {
            Some(passing) = inbox.passing.recv() => message(Delivery::Passing, passing.bytes),
            Some(kept) = inbox.kept.recv() => match kept {
                Outgoing::Message { bytes, .. } => message(Delivery::Kept, bytes),
                Outgoing::Flush(done) => {
                    let _ = done.send(());
                    continue;
                }
                Outgoing::File { .. } | Outgoing::Delete(_) => continue,
            },
            Some(fetch) = to_fetch.recv() => {
                let name = Bytes::from(fetch.name.clone());
                if waiting.send(fetch).await.is_err() {
                    return;
                }
                Frame::Want(name)
            }
            else => return,
        };
        if write_frame(&mut output, &frame).is_err() {
            return;
        }
    }
}

fn message(delivery: Delivery, bytes: Vec<u8>) -> Frame {
    Frame::Message { delivery, bytes: bytes.into() }
}

fn write_frame(output: &mut impl Write, frame: &Frame) -> io::Result<()> {
    let (head, content) = frame.encode();
    // In one piece if it is small: the other side wakes up once.
    if content.len() <= 64 << 10 {
        output.write_all(&[&head[..], content].concat())?;
    } else {
        output.write_all(&head)?;
        output.write_all(content)?;
    }
    output.flush()
}

/// Reads until the coordinator is gone, or sends something else than frames.
fn read(mut input: impl Read, heard: &mpsc::Sender<AgentHeard>, mut fetching: mpsc::Receiver<Fetch>) {
    let mut file = Vec::new();
    while let Some(frame) = read_frame(&mut input).transpose() {
        let problem = match frame.and_then(|frame| take(frame, heard, &mut fetching, &mut file)) {
            Ok(true) => continue,
            Ok(false) => return,
            Err(reason) => reason,
        };
        let _ = heard.blocking_send(AgentHeard::Dropped { reason: problem });
        return;
    }
}

/// `None` at the end.
fn read_frame(input: &mut impl Read) -> Result<Option<Frame>, String> {
    let mut head = [0; HEAD];
    if input.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    let (length, kind) = read_head(head)?;
    let mut content = Vec::new();
    match input.take(length as u64).read_to_end(&mut content) {
        Ok(read) if read == length => Frame::decode(kind, content).map(Some),
        _ => Ok(None),
    }
}

/// Whether to go on.
fn take(
    frame: Frame,
    heard: &mpsc::Sender<AgentHeard>,
    fetching: &mut mpsc::Receiver<Fetch>,
    file: &mut Vec<u8>,
) -> Result<bool, String> {
    let mut answer = |file: Option<Vec<u8>>| {
        let Fetch { name, answer } = fetching.try_recv().map_err(|_| "a file that was not wanted".to_owned())?;
        drop(answer.send(file.map(Bytes::from).ok_or(BusError::NoFile { name })));
        Ok(true)
    };
    match frame {
        Frame::Message { delivery, bytes } => {
            Ok(heard.blocking_send(AgentHeard::Message { delivery, bytes: bytes.into() }).is_ok())
        }
        Frame::Piece(bytes) | Frame::LastPiece(bytes) if file.len() + bytes.len() > LARGEST_FILE => {
            Err(format!("a file of more than {LARGEST_FILE} bytes"))
        }
        Frame::Piece(bytes) => {
            file.extend(&bytes);
            Ok(true)
        }
        Frame::LastPiece(bytes) => {
            file.extend(&bytes);
            answer(Some(std::mem::take(file)))
        }
        Frame::NoFile => answer(None),
        Frame::Want(_) => Err("a frame that only agents send".to_owned()),
    }
}
