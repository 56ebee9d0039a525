//! The body of `PATCH /v1/status`: the settings to change. The client writes it and the server reads it.

use serde::{Deserialize, Serialize};
use squall_plan::Rate;

use crate::command::Command;

/// The settings to change; those left out stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Whether no iterations are to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused: Option<bool>,
    /// The requested number of virtual users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vus: Option<u64>,
    /// The requested rate of iterations: `"500/s"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<Rate>,
    /// `true` ends the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped: Option<bool>,
}

impl Change {
    /// Reads a body.
    ///
    /// # Errors
    /// A sentence that describes the mistake.
    pub fn from_json(body: &[u8]) -> Result<Change, String> {
        // For an object, serde would also accept a list of the fields' values.
        if body.trim_ascii_start().starts_with(b"[") {
            return Err("the body is not a change: expected an object like {\"paused\": true}".to_owned());
        }
        serde_json::from_slice(body).map_err(|error| format!("the body is not a change: {error}"))
    }

    /// The commands for it, in order: a paused run resumes at its new size.
    ///
    /// # Errors
    /// A sentence with the reason why there are none.
    pub fn commands(self) -> Result<Vec<Command>, String> {
        let Change { paused, vus, rate, stopped } = self;
        if stopped == Some(false) {
            return Err("a run that was stopped cannot go on: start a new one".to_owned());
        }
        let pause_or_resume = |paused| if paused { Command::Pause } else { Command::Resume };
        let commands: Vec<Command> = [
            vus.map(Command::Vus),
            rate.map(Command::Rate),
            paused.map(pause_or_resume),
            stopped.map(|_| Command::Stop),
        ]
        .into_iter()
        .flatten()
        .collect();
        if commands.is_empty() {
            return Err("nothing is to change: give paused, vus, rate or stopped, like {\"paused\": true}".to_owned());
        }
        Ok(commands)
    }
}

impl From<Command> for Change {
    fn from(command: Command) -> Change {
        let nothing = Change::default();
        match command {
            Command::Pause => Change { paused: Some(true), ..nothing },
            Command::Resume => Change { paused: Some(false), ..nothing },
            Command::Stop => Change { stopped: Some(true), ..nothing },
            Command::Vus(vus) => Change { vus: Some(vus), ..nothing },
            Command::Rate(rate) => Change { rate: Some(rate), ..nothing },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_reads_changes_of_the_client() {
        let rate = "90/m".parse().unwrap();
        for command in [Command::Pause, Command::Resume, Command::Stop, Command::Vus(5), Command::Rate(rate)] {
            let body = serde_json::to_vec(&Change::from(command)).unwrap();
            assert_eq!(Change::from_json(&body).unwrap().commands(), Ok(vec![command]));
        }
    }

    #[test]
    fn several_changes_come_in_the_order_that_makes_sense() {
        let change = Change::from_json(br#"{"paused": false, "vus": 7}"#).unwrap();
        assert_eq!(change.commands(), Ok(vec![Command::Vus(7), Command::Resume]));
        let rate = Change::from_json(br#"{"rate": 500}"#).unwrap();
        assert_eq!(rate.commands(), Ok(vec![Command::Rate("500/s".parse().unwrap())]));
    }

    #[test]
    fn mistakes_are_named() {
        for (body, part) in [
            ("", "EOF"),
            ("{\"paused\": tru", "EOF"),
            ("[]", "expected an object"),
            ("[true]", "expected an object"),
            ("{\"pause\": true}", "unknown field `pause`, expected one of `paused`, `vus`, `rate`, `stopped`"),
            ("{\"vus\": -1}", "invalid value: integer `-1`"),
            ("{\"vus\": \"many\"}", "invalid type: string"),
            ("{\"rate\": \"fast\"}", "\"fast\" is not a rate"),
        ] {
            let sentence = Change::from_json(body.as_bytes()).unwrap_err();
            assert!(sentence.contains(part), "{body}: {sentence}");
        }
        assert!(Change::from_json(b"{}").unwrap().commands().unwrap_err().contains("nothing is to change"));
        assert!(Change::from_json(b"{\"stopped\": false}").unwrap().commands().is_err());
    }
}
