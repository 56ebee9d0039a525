//! The configuration of a server, with the least rights for each login.

use crate::id::RunId;

/// The names and passwords of a run's two logins.
pub(crate) struct Passwords<'a> {
    pub(crate) coordinator: &'a str,
    pub(crate) agent: &'a str,
}

/// The runs that a server's logins are for.
#[derive(Clone, Copy, Debug)]
pub enum ConfiguredRuns<'a> {
    /// These runs, with two logins for each. Agents of one run cannot disturb another.
    Only(&'a [RunId]),
    /// All runs of Squall, with two logins. Wildcards are for whole words, and the name of a run is a part of its
    /// stream's: so the rights are those of all streams, and the users belong into an account of their own.
    All,
}

/// The users of a server for runs of Squall, with the least rights: the part `authorization` of a configuration file for
/// an administrator's own server, which must have `jetstream` enabled. The administrator fills in the passwords.
pub fn nats_configuration(runs: ConfiguredRuns<'_>) -> String {
    let blanks = Passwords { coordinator: "CHANGE-ME-1", agent: "CHANGE-ME-2" };
    let users = match runs {
        ConfiguredRuns::Only(runs) => runs.iter().map(|run| Scope::of(run).users(&blanks)).collect(),
        ConfiguredRuns::All => Scope::all().users(&blanks),
    };
    authorization(&users)
}

/// The configuration for one run.
pub(crate) fn run_configuration(run: &RunId, passwords: &Passwords<'_>) -> String {
    authorization(&Scope::of(run).users(passwords))
}

fn authorization(users: &str) -> String {
    format!("authorization {{\n  users: [\n{users}  ]\n}}\n")
}

pub(crate) fn coordinator_name(run: &RunId) -> String {
    format!("{run}-coordinator")
}

pub(crate) fn agent_name(run: &RunId) -> String {
    format!("{run}-agent")
}

/// What logins may reach.
struct Scope {
    /// The word of the run in subjects.
    run: String,
    /// The word of the stream.
    stream: String,
    coordinator: String,
    agent: String,
}

impl Scope {
    fn of(run: &RunId) -> Scope {
        let (coordinator, agent) = (coordinator_name(run), agent_name(run));
        Scope { run: run.to_string(), stream: format!("SQUALL_{run}"), coordinator, agent }
    }

    fn all() -> Scope {
        let [run, stream] = ["*", "*"].map(str::to_owned);
        Scope { run, stream, coordinator: "squall-coordinator".to_owned(), agent: "squall-agent".to_owned() }
    }

    fn users(&self, passwords: &Passwords<'_>) -> String {
        let Scope { run, coordinator, agent, .. } = self;
        let inboxes = format!("squall-inbox.{run}.>");
        let coordinator_hears = [format!("squall-passing.{run}.agent.*"), inboxes.clone()];
        let agent_hears = [format!("squall-passing.{run}.all"), format!("squall-passing.{run}.one.*"), inboxes];
        user(coordinator, passwords.coordinator, &self.coordinator_publishes(), &coordinator_hears)
            + &user(agent, passwords.agent, &self.agent_publishes(), &agent_hears)
    }

    fn coordinator_publishes(&self) -> Vec<String> {
        let Scope { run, stream, .. } = self;
        let requests = ["CREATE", "INFO", "DELETE"].map(|request| format!("$JS.API.STREAM.{request}.{stream}"));
        let own = ["all", "one.*", "file.*"].map(|subject| format!("squall.{run}.{subject}"));
        let passing = ["all", "one.*"].map(|subject| format!("squall-passing.{run}.{subject}"));
        own.into_iter().chain(passing).chain(requests).chain(self.reading()).collect()
    }

    fn agent_publishes(&self) -> Vec<String> {
        let run = &self.run;
        let own = [format!("squall.{run}.agent.*"), format!("squall-passing.{run}.agent.*")];
        own.into_iter().chain(self.reading()).collect()
    }

    /// What reading a stream needs.
    fn reading(&self) -> [String; 3] {
        let stream = &self.stream;
        [
            format!("$JS.API.STREAM.MSG.GET.{stream}"),
            format!("$JS.API.CONSUMER.CREATE.{stream}"),
            format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.*"),
        ]
    }
}

fn user(name: &str, password: &str, publish: &[String], subscribe: &[String]) -> String {
    let list =
        |subjects: &[String]| subjects.iter().map(|subject| format!("          \"{subject}\"\n")).collect::<String>();
    format!(
        "    {{\n      user: \"{name}\"\n      password: \"{password}\"\n      permissions: {{\n        \
         publish: [\n{}        ]\n        subscribe: [\n{}        ]\n      }}\n    }}\n",
        list(publish),
        list(subscribe)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_may_publish_as_an_agent_and_read_its_run() {
        let text = nats_configuration(ConfiguredRuns::Only(&[RunId::new("r1").unwrap()]));
        let agent = text.split("user: \"r1-agent\"").nth(1).unwrap();
        let subjects: Vec<&str> = agent.split('"').filter(|part| part.contains('.')).collect();
        assert_eq!(
            subjects,
            [
                "squall.r1.agent.*",
                "squall-passing.r1.agent.*",
                "$JS.API.STREAM.MSG.GET.SQUALL_r1",
                "$JS.API.CONSUMER.CREATE.SQUALL_r1",
                "$JS.API.CONSUMER.MSG.NEXT.SQUALL_r1.*",
                "squall-passing.r1.all",
                "squall-passing.r1.one.*",
                "squall-inbox.r1.>",
            ]
        );
    }
}
