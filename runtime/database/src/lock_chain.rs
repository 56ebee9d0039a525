//! Chains of waits for locks: from sessions and their blockers to the head of each chain. Must not know the database.

use std::collections::HashMap;
use std::time::Duration;

use squall_findings::database::BlockedStatement;

/// A session that waits, or that others wait for.
#[derive(Debug, Default)]
pub(crate) struct LockSession {
    /// The sessions that it waits for: none, if it is not waiting.
    pub(crate) waits_for: Vec<i64>,
    /// As a template.
    pub(crate) statement: String,
    /// Whether it executes nothing.
    pub(crate) is_idle: bool,
    pub(crate) waited: Duration,
    pub(crate) table: Option<String>,
}

/// The waits of sessions, by the number of the session: a value for each that waits.
pub(crate) fn waits(sessions: &HashMap<i64, LockSession>) -> Vec<BlockedStatement> {
    let waiting = sessions.iter().filter(|(_, session)| !session.waits_for.is_empty());
    let wait = |(id, session): (&i64, &LockSession)| {
        let head = sessions.get(&head_of_chain(sessions, *id));
        BlockedStatement {
            statement: session.statement.clone(),
            // A prepared transaction, or a process of the server.
            blocker: head.map_or_else(|| "a transaction without a session".to_owned(), |head| head.statement.clone()),
            blocker_is_idle: head.is_none_or(|head| head.is_idle),
            table: session.table.clone(),
            seen: 1,
            longest: session.waited,
            most_at_once: 1,
        }
    };
    waiting.map(wait).collect()
}

/// The session at the head of the chain that a session waits for; in a circle any other one of it.
fn head_of_chain(sessions: &HashMap<i64, LockSession>, first: i64) -> i64 {
    let mut seen = vec![first];
    let mut last = first;
    while let Some(next) = sessions.get(&last).and_then(|session| session.waits_for.first()) {
        if seen.contains(next) {
            break;
        }
        seen.push(*next);
        last = *next;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(statement: &str, waits_for: &[i64]) -> LockSession {
        LockSession { statement: statement.to_owned(), waits_for: waits_for.to_vec(), ..LockSession::default() }
    }

    #[test]
    fn a_chain_leads_to_its_head() {
        let holder = LockSession { is_idle: true, ..session("UPDATE a", &[]) };
        let sessions = HashMap::from([(1, holder), (2, session("UPDATE b", &[1])), (3, session("UPDATE c", &[2]))]);
        let waits = waits(&sessions);
        assert_eq!(waits.len(), 2);
        assert!(waits.iter().all(|wait| wait.blocker == "UPDATE a" && wait.blocker_is_idle));
    }

    #[test]
    fn a_circle_and_a_missing_session_end_the_chain() {
        let sessions = HashMap::from([(2, session("UPDATE b", &[3])), (3, session("UPDATE c", &[2]))]);
        assert_eq!(head_of_chain(&sessions, 2), 3);
        let alone = HashMap::from([(2, session("UPDATE b", &[0]))]);
        assert_eq!(waits(&alone)[0].blocker, "a transaction without a session");
    }
}
