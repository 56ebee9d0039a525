//! The coordinator's end at pipes.

use std::collections::{HashMap, HashSet};
use std::process::Command;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::channel::Channel;
use crate::coordinator::CoordinatorEnd;
use crate::error::BusError;
use crate::id::AgentName;
use crate::message::{Delivery, Heard};
use crate::outgoing::{Fetch, Inbox, Outbox, Outgoing, PassingMessage, QUEUED};
use crate::pipes::child::{AgentProcess, ToChild};
use crate::pipes::frame::Frame;
use crate::transport::TransportThread;

/// Agents as child processes.
#[derive(Debug)]
pub struct Pipes;

/// An agent to be started. Its process calls [`crate::agent_on_stdio`].
#[derive(Debug)]
pub struct AgentCommand {
    /// The agent's name.
    pub name: AgentName,
    /// The command. Its standard streams are set by the bus.
    pub command: Command,
}

/// What becomes of the standard error of agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardError {
    /// It is the coordinator's.
    Inherited,
    /// Each line is heard ([`Heard::Said`]).
    Lines,
}

impl Pipes {
    /// Starts all agents. They are killed when the end is dropped; an agent that does not read for ten seconds is
    /// killed, too. If the coordinator's process dies, the agents hear the end of their pipes.
    ///
    /// # Errors
    /// If one of them cannot be started: then none is.
    pub async fn start(commands: Vec<AgentCommand>, errors: StandardError) -> Result<CoordinatorEnd, BusError> {
        check_names(&commands)?;
        let (outbox, inbox) = Outbox::new();
        let (heard_by, heard) = mpsc::channel(QUEUED);
        let (fetches, to_fetch) = mpsc::channel(QUEUED);
        let (ready, started) = oneshot::channel();
        let work = move || async move {
            let started: Result<Vec<AgentProcess>, BusError> =
                commands.into_iter().map(|command| AgentProcess::start(command, errors)).collect();
            match started {
                Ok(processes) => {
                    if ready.send(Ok(())).is_ok() {
                        work(processes, inbox, to_fetch, heard_by).await;
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        };
        let thread = TransportThread::spawn("squall-bus", work)?;
        started.await.map_err(|_| BusError::Closed)??;
        Ok(CoordinatorEnd::new(outbox, heard, fetches, thread))
    }
}

fn check_names(commands: &[AgentCommand]) -> Result<(), BusError> {
    let mut names = HashSet::new();
    match commands.iter().find(|command| !names.insert(&command.name)) {
        None => Ok(()),
        Some(twice) => Err(BusError::Settings {
            problem: format!("two agents have the name {}", twice.name),
            remedy: "give each agent a name of its own",
        }),
    }
}

/// Until nothing can be sent any more, or all agents are gone.
async fn work(processes: Vec<AgentProcess>, inbox: Inbox, to_fetch: mpsc::Receiver<Fetch>, heard: mpsc::Sender<Heard>) {
    let (files, _) = watch::channel(HashMap::new());
    let mut queues = HashMap::new();
    let mut serving = JoinSet::new();
    for process in processes {
        let (queue, queued) = mpsc::channel(QUEUED);
        queues.insert(process.name().clone(), queue.clone());
        serving.spawn(process.serve(queue.downgrade(), queued, files.subscribe(), heard.clone()));
    }
    let dispatcher = Dispatcher { queues, files, heard };
    tokio::select! {
        () = dispatcher.run(inbox, to_fetch) => (),
        () = async { while serving.join_next().await.is_some() {} } => (),
    }
}

/// Distributes what is sent to the queues of the agents.
struct Dispatcher {
    queues: HashMap<AgentName, mpsc::Sender<ToChild>>,
    files: watch::Sender<HashMap<String, Bytes>>,
    heard: mpsc::Sender<Heard>,
}

impl Dispatcher {
    async fn run(self, mut inbox: Inbox, mut to_fetch: mpsc::Receiver<Fetch>) {
        loop {
            tokio::select! {
                Some(PassingMessage { channel, bytes }) = inbox.passing.recv() => {
                    self.send(&channel, Delivery::Passing, bytes).await;
                }
                Some(Fetch { name, answer }) = to_fetch.recv() => {
                    let file = self.files.borrow().get(&name).cloned();
                    drop(answer.send(file.ok_or(BusError::NoFile { name })));
                }
                Some(outgoing) = inbox.kept.recv() => match outgoing {
                    Outgoing::Message { channel, bytes } => self.send(&channel, Delivery::Kept, bytes).await,
                    Outgoing::File { name, bytes } => {
                        self.files.send_modify(|files| {
                            files.entry(name).or_insert(bytes);
                        });
                    }
                    Outgoing::Flush(done) => self.flush(done).await,
                    Outgoing::Delete(answer) => {
                        drop(answer.send(Ok(())));
                        return;
                    }
                },
                else => return,
            }
        }
    }

    async fn send(&self, channel: &Channel, delivery: Delivery, bytes: Vec<u8>) {
        let frame = Frame::Message { delivery, bytes: bytes.into() };
        match channel {
            Channel::One(agent) => match self.queues.get(agent) {
                // An agent that is gone has been reported.
                Some(queue) => drop(queue.send(ToChild::Frame(frame)).await),
                None => {
                    let reason = format!("there is no agent {agent}");
                    let _ = self.heard.send(Heard::Dropped { from: "coordinator".to_owned(), reason }).await;
                }
            },
            _ => {
                for queue in self.queues.values() {
                    drop(queue.send(ToChild::Frame(frame.clone())).await);
                }
            }
        }
    }

    /// Answers when each agent's process has been written all that is in its queue now.
    async fn flush(&self, done: oneshot::Sender<()>) {
        let (written, mut waiting) = mpsc::channel(1);
        for queue in self.queues.values() {
            drop(queue.send(ToChild::Flush(written.clone())).await);
        }
        drop(written);
        tokio::spawn(async move {
            // It ends when all of them have dropped their sender.
            while waiting.recv().await.is_some() {}
            let _ = done.send(());
        });
    }
}
