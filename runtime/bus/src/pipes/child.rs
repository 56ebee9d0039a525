//! One agent's process, as its coordinator sees it.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::error::BusError;
use crate::id::AgentName;
use crate::message::Heard;
use crate::outgoing::QUEUED;
use crate::pipes::coordinator::{AgentCommand, StandardError};
use crate::pipes::frame::{Frame, HEAD, read_head};
use crate::wait::within;

/// An agent that does not take any byte for this time is killed: it would delay the others.
const STALLED: Duration = Duration::from_secs(10);
/// The time between the end of its output and its end.
const ENDING: Duration = Duration::from_secs(5);
/// The bytes that must be taken within [`STALLED`].
const PIECE: usize = 64 << 10;
const LONGEST_LINE: usize = 4 << 10;

/// What a queue to an agent has.
pub(crate) enum ToChild {
    Frame(Frame),
    /// Dropped as soon as everything before it is written.
    Flush(mpsc::Sender<()>),
}

pub(crate) struct AgentProcess {
    name: AgentName,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: Option<ChildStderr>,
}

/// The files that were shared.
type Files = watch::Receiver<HashMap<String, Bytes>>;

impl AgentProcess {
    pub(crate) fn start(command: AgentCommand, errors: StandardError) -> Result<AgentProcess, BusError> {
        let AgentCommand { name, command } = command;
        let mut command = Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        command.stderr(match errors {
            StandardError::Inherited => Stdio::inherit(),
            StandardError::Lines => Stdio::piped(),
        });
        start(name, command)
    }

    pub(crate) fn name(&self) -> &AgentName {
        &self.name
    }

    /// Carries frames in both directions until the end of the process.
    pub(crate) async fn serve(
        self,
        queue: mpsc::WeakSender<ToChild>,
        queued: mpsc::Receiver<ToChild>,
        files: Files,
        heard: mpsc::Sender<Heard>,
    ) {
        let AgentProcess { name, mut child, input, output, errors } = self;
        let lines = errors.map(|errors| tokio::spawn(pass_lines(name.clone(), errors, heard.clone())));
        let (wants, wanted) = mpsc::channel(QUEUED);
        let trouble = tokio::select! {
            trouble = write_all(input, queued) => trouble,
            trouble = read_all(&name, output, wants, &heard) => trouble,
            // It ends only with the queue, and then everything does.
            () = send_files(wanted, queue, files) => None,
        };
        if let Some(reason) = &trouble {
            let _ = heard.send(Heard::Dropped { from: name.to_string(), reason: reason.clone() }).await;
            let _ = child.start_kill();
        }
        let (reason, status) = how_it_ended(&mut child, trouble.is_some()).await;
        finish(lines).await;
        let _ = heard.send(Heard::Gone { agent: name, reason, status }).await;
    }
}

fn start(name: AgentName, mut command: Command) -> Result<AgentProcess, BusError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |problem: String| BusError::System {
        action: "start an agent",
        problem: format!("{name} ({program}): {problem}"),
    };
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(input), Some(output)) => {
            let errors = child.stderr.take();
            Ok(AgentProcess { name, child, input, output, errors })
        }
        _ => Err(failed("it has no pipes".to_owned())),
    }
}

/// Writes what is queued. Ends if the agent does not read: with a reason, unless it is gone.
async fn write_all(mut input: impl AsyncWrite + Unpin, mut queued: mpsc::Receiver<ToChild>) -> Option<String> {
    while let Some(next) = queued.recv().await {
        let frame = match next {
            ToChild::Frame(frame) => frame,
            ToChild::Flush(written) => {
                drop(written);
                continue;
            }
        };
        let (head, content) = frame.encode();
        for piece in std::iter::once(&head[..]).chain(content.chunks(PIECE)) {
            match within(STALLED, input.write_all(piece)).await {
                Some(Ok(())) => (),
                // Its output may have more, and its end is seen there.
                Some(Err(_)) => return std::future::pending().await,
                None => return Some(format!("it read nothing for {} s", STALLED.as_secs())),
            }
        }
    }
    std::future::pending().await
}

/// Reads frames until the end of the output, or until something else comes: that is the reason.
async fn read_all(
    name: &AgentName,
    output: impl AsyncRead + Unpin,
    wants: mpsc::Sender<String>,
    heard: &mpsc::Sender<Heard>,
) -> Option<String> {
    let mut output = BufReader::with_capacity(PIECE, output);
    loop {
        let frame = match read_frame(&mut output).await {
            Ok(Some(frame)) => frame,
            Ok(None) => return None,
            Err(reason) => return Some(reason),
        };
        let is_taken = match frame {
            Frame::Message { delivery, bytes } => {
                let message = Heard::Message { from: name.clone(), delivery, bytes: bytes.into() };
                heard.send(message).await.is_ok()
            }
            Frame::Want(file) => wants.send(String::from_utf8_lossy(&file).into_owned()).await.is_ok(),
            _ => return Some("a frame that only coordinators send".to_owned()),
        };
        if !is_taken {
            return None;
        }
    }
}

/// `None` at the end.
async fn read_frame(output: &mut (impl AsyncRead + Unpin)) -> Result<Option<Frame>, String> {
    let mut head = [0; HEAD];
    if output.read_exact(&mut head).await.is_err() {
        return Ok(None);
    }
    let (length, kind) = read_head(head)?;
    // Room is made as bytes come: a length alone takes no memory.
    let mut content = Vec::new();
    match output.take(length as u64).read_to_end(&mut content).await {
        Ok(read) if read == length => Frame::decode(kind, content).map(Some),
        Ok(read) => Err(format!("a frame of {length} bytes that ended after {read}")),
        Err(error) => Err(format!("a frame that could not be read: {error}")),
    }
}

/// Sends the files that the agent wants, one after the other.
async fn send_files(mut wanted: mpsc::Receiver<String>, queue: mpsc::WeakSender<ToChild>, files: Files) {
    while let Some(name) = wanted.recv().await {
        let file = files.borrow().get(&name).cloned();
        let frames: Box<dyn Iterator<Item = Frame> + Send> = match &file {
            Some(file) => Box::new(Frame::of_file(file)),
            None => Box::new(std::iter::once(Frame::NoFile)),
        };
        for frame in frames {
            let Some(queue) = queue.upgrade() else {
                return;
            };
            if queue.send(ToChild::Frame(frame)).await.is_err() {
                return;
            }
        }
    }
    std::future::pending().await
}

async fn how_it_ended(child: &mut Child, is_killed: bool) -> (String, Option<ExitStatus>) {
    let status = match within(ENDING, child.wait()).await {
        Some(status) => status,
        None => {
            let _ = child.start_kill();
            return (format!("it closed its pipe and was killed {} s later", ENDING.as_secs()), None);
        }
    };
    match (status, is_killed) {
        (Ok(status), true) if status.signal().is_some() => ("it was killed for that".to_owned(), None),
        (Ok(status), _) => (format!("it ended ({status})"), Some(status)),
        (Err(error), _) => (format!("it ended ({error})"), None),
    }
}

/// Waits for the last lines.
async fn finish(lines: Option<JoinHandle<()>>) {
    if let Some(mut lines) = lines
        && within(Duration::from_secs(1), &mut lines).await.is_none()
    {
        lines.abort();
    }
}

async fn pass_lines(name: AgentName, errors: ChildStderr, heard: mpsc::Sender<Heard>) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        let byte = errors.read_u8().await;
        match byte {
            Ok(b'\n') => (),
            Ok(byte) => {
                if line.len() < LONGEST_LINE {
                    line.push(byte);
                }
                continue;
            }
            Err(_) if line.is_empty() => return,
            Err(_) => (),
        }
        let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        line.clear();
        if heard.send(Heard::Said { from: name.clone(), line: text }).await.is_err() || byte.is_err() {
            return;
        }
    }
}
