//! What a platform can do.

use std::fmt::{self, Display};

use crate::{AgentLaunch, LaunchError, NatsUrl, RunName};

/// A platform that starts agents by itself, and keeps a record of them: Kubernetes, Slurm.
///
/// All methods block; none may be called on a thread that runs futures.
pub trait Launcher: Send + Sync {
    /// The platform for sentences: `Kubernetes (namespace load)`.
    fn describe(&self) -> String;

    /// What would be sent to the platform, for `--dry-run`: YAML, a script. Secrets are left out.
    ///
    /// # Errors
    /// If a setting is wrong.
    fn preview(&self, launch: &AgentLaunch) -> Result<String, LaunchError>;

    /// Starts the agents. Called again with the same launch it changes nothing. It does not wait until they run.
    ///
    /// # Errors
    /// By kind. Whatever was created before the failure is cleaned up first, where the platform answers.
    fn launch(&self, launch: &AgentLaunch) -> Result<Launched, LaunchError>;

    /// What became of the agents, as the platform knows it.
    ///
    /// # Errors
    /// If the platform does not answer.
    fn inspect(&self, launched: &Launched) -> Result<AgentStates, LaunchError>;

    /// Ends the agents and removes all that [`launch`](Self::launch) has created. Called again it changes nothing.
    ///
    /// # Errors
    /// If something may be left; the sentence names it.
    fn clean_up(&self, launched: &Launched) -> Result<(), LaunchError>;
}

/// Agents that were handed to a platform. It can be kept in a file: it has no secrets.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Launched {
    /// The run.
    pub run: RunName,
    /// The number of agents.
    pub agents: u32,
    /// The platform's name for them: `job squall-nightly in namespace load`, `job 1234`.
    pub id: LaunchId,
}

impl Launched {
    /// Agents under this id.
    pub fn new(launch: &AgentLaunch, id: LaunchId) -> Launched {
        Launched { run: launch.run.clone(), agents: launch.agents, id }
    }
}

/// A platform's name for agents.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchId {
    /// A Job of Kubernetes.
    KubernetesJob {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// An array job of Slurm.
    SlurmJob {
        /// Its number.
        number: u64,
    },
}

impl Display for LaunchId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LaunchId::KubernetesJob { namespace, name } => write!(formatter, "Job {name} in namespace {namespace}"),
            LaunchId::SlurmJob { number } => write!(formatter, "Slurm job {number}"),
        }
    }
}

/// How many agents are in each state, and why some are not running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentStates {
    /// Not started yet.
    pub waiting: u32,
    /// Running, or about to end.
    pub running: u32,
    /// Ended with exit code 0.
    pub succeeded: u32,
    /// Ended otherwise, or will never start.
    pub failed: u32,
    /// The reasons, each once, with the agents that it holds for.
    pub problems: Vec<AgentProblem>,
}

impl AgentStates {
    /// Adds an agent, or none if it holds for all, to the problem with this sentence.
    pub(crate) fn add_problem(&mut self, agent: Option<String>, is_final: bool, sentence: String) {
        let known = self.problems.iter_mut().find(|known| known.sentence == sentence && known.is_final == is_final);
        match known {
            Some(problem) => problem.agents.extend(agent),
            None => self.problems.push(AgentProblem { agents: agent.into_iter().collect(), is_final, sentence }),
        }
    }
}

/// Why agents are not running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentProblem {
    /// The platform's names of the agents: of pods, of array tasks. Empty if it holds for all.
    pub agents: Vec<String>,
    /// Whether waiting cannot help.
    pub is_final: bool,
    /// The problem and the remedy. Texts of the platform in it are plain.
    pub sentence: String,
}

/// Where to find a NATS that was started with the agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedNats {
    /// Its address for programs in the cluster.
    pub url: NatsUrl,
    /// The command by which others reach it, at `127.0.0.1:4222`.
    pub forward: String,
}
