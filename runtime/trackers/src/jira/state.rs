//! Opening and closing issues: workflows have states of their own names, in three categories.

use hyper::Method;
use serde_json::{Value, json};

use super::{Edition, Jira, SERVICE};
use crate::error::{ErrorKind, TrackerError};
use crate::tracker::ItemState;
use crate::transport::plain_message;

/// States that mean that work was done, before those that mean that it will not be.
const DONE: [&str; 3] = ["Done", "Resolved", "Closed"];

/// A way to another state.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Transition {
    id: String,
    to: String,
    category: String,
}

impl Jira {
    /// Moves an issue to a state of the category, by the first way that its workflow allows.
    ///
    /// # Errors
    /// If there is none.
    pub(super) async fn move_to(&self, edition: Edition, key: &str, state: ItemState) -> Result<(), TrackerError> {
        let answer = self.get(edition, &["issue", key, "transitions"], &[]).await?;
        let transitions: Vec<_> =
            answer["transitions"].as_array().into_iter().flatten().filter_map(read_transition).collect();
        let mut last = no_way(key, state, &transitions);
        for transition in choose(&transitions, state) {
            let body = json!({ "transition": { "id": transition.id } });
            match self.send(edition, Method::POST, &["issue", key, "transitions"], &body).await {
                Err(error) if error.kind == ErrorKind::Refused => last = error,
                done => return done,
            }
        }
        Err(last)
    }
}

/// The transitions that lead to the state, the best first.
fn choose(transitions: &[Transition], state: ItemState) -> Vec<&Transition> {
    let rank = |transition: &Transition| match (state, transition.category.as_str()) {
        (ItemState::Open, "new") => Some(0),
        (ItemState::Open, "indeterminate" | "undefined") => Some(1),
        (ItemState::Closed, "done") => {
            Some(DONE.iter().position(|name| transition.to.eq_ignore_ascii_case(name)).unwrap_or(DONE.len()))
        }
        _ => None,
    };
    let mut chosen: Vec<_> = transitions.iter().filter_map(|one| Some((rank(one)?, one))).collect();
    chosen.sort_by_key(|(rank, _)| *rank);
    chosen.into_iter().map(|(_, transition)| transition).collect()
}

fn read_transition(native: &Value) -> Option<Transition> {
    let to = &native["to"];
    Some(Transition {
        id: native["id"].as_str()?.to_owned(),
        to: to["name"].as_str()?.to_owned(),
        category: to["statusCategory"]["key"].as_str()?.to_owned(),
    })
}

fn no_way(key: &str, state: ItemState, transitions: &[Transition]) -> TrackerError {
    let wanted = if state == ItemState::Open { "open" } else { "done" };
    let names: Vec<_> = transitions.iter().map(|one| plain_message(&one.to)).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    TrackerError::refused(format!(
        "the workflow of {} has no way from the state of {key} to one that is {wanted} (ways: {names}): move it \
         by hand",
        SERVICE.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_comes_before_rejected_and_to_do_before_in_progress() {
        let transition = |to: &str, category: &str| Transition {
            id: to.to_owned(),
            to: to.to_owned(),
            category: category.to_owned(),
        };
        let all = [
            transition("Rejected", "done"),
            transition("In Progress", "indeterminate"),
            transition("Done", "done"),
            transition("To Do", "new"),
        ];
        let names = |state| choose(&all, state).iter().map(|one| one.to.as_str()).collect::<Vec<_>>();
        assert_eq!(names(ItemState::Closed), ["Done", "Rejected"]);
        assert_eq!(names(ItemState::Open), ["To Do", "In Progress"]);
        let told = no_way("SHOP-7", ItemState::Closed, &all[..2]).message;
        assert!(told.contains("(ways: Rejected, In Progress)"), "{told}");
    }
}
