//! Why an agent on another machine has ended: ssh's own failures, the shell's, and the agent's.

use std::process::ExitStatus;

use crate::AgentCommand;
use crate::command::explain_agent_exit;
use crate::text::plain_message;

/// What ssh prints, and what to do about it.
const FAILURES: [(&str, &str); 8] = [
    ("Permission denied", "add your public key there by `ssh-copy-id`, and load the private one by `ssh-add`"),
    ("Host key verification failed", "log in once by hand, and compare the fingerprint"),
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "find out why the machine has another key, then remove the old one by `ssh-keygen -R`",
    ),
    ("Could not resolve hostname", "correct the name"),
    ("Connection refused", "start sshd there, or give its port"),
    ("timed out", "check that the machine is on, and the network"),
    ("No route to host", "check the network"),
    ("not responding", "check that the machine is on, and the network"),
];

/// The problem and the remedy, unless the agent ended well.
pub fn explain(agent: &AgentCommand, status: ExitStatus, errors: &str, program: &str) -> Option<String> {
    let (name, place) = (&agent.name, &agent.place);
    match status.code() {
        // ssh's own, and of agents that squall's exit codes do not have.
        Some(255) => {
            let known = FAILURES.iter().find(|(text, _)| errors.contains(text));
            let remedy = known.map_or("try `ssh -v` by hand", |(_, remedy)| remedy);
            Some(format!("ssh to {place} failed ({}): {remedy}", plain_message(errors)))
        }
        Some(127) => Some(format!(
            "{place} has no program {program:?}: install it there, or give its path by --launch-option program=PATH"
        )),
        Some(126) => Some(format!(
            "{program:?} on {place} cannot be run ({}): install the one for its kind of processor, and make it \
             executable",
            plain_message(errors)
        )),
        _ => explain_agent_exit(name, place, status, errors),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn each_failure_has_its_remedy() {
        let agent = AgentCommand { name: "a-0".to_owned(), place: "ada@a".to_owned(), command: Command::new("ssh") };
        let sentence = |code: i32, errors: &str| explain(&agent, ExitStatus::from_raw(code << 8), errors, "squall");
        assert_eq!(sentence(0, "warning"), None);
        let denied = sentence(255, "ada@a: Permission denied (publickey).\r\n").unwrap();
        assert_eq!(
            denied,
            "ssh to ada@a failed (ada@a: Permission denied (publickey).): add your public key there by \
             `ssh-copy-id`, and load the private one by `ssh-add`"
        );
        assert!(sentence(255, "").unwrap().ends_with("try `ssh -v` by hand"));
        assert!(sentence(127, "sh: squall: not found").unwrap().contains("has no program"));
        assert!(sentence(126, "Exec format error").unwrap().contains("kind of processor"));
        assert!(sentence(98, "").unwrap().contains("agent a-0 on ada@a ended with exit code 98"));
        let killed = explain(&agent, ExitStatus::from_raw(9), "", "squall").unwrap();
        assert!(killed.contains("killed, perhaps for want of memory"));
    }
}
