//! Who carries which part of the load, from when until when; who takes over the part of an agent that is lost, and the load that
//! no agent carried. Pure: times are arguments, and it knows neither messages nor clocks.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_load::{LoadPart, TakenOver};
use squall_plan::{AgentPlace, Plan};

/// What becomes of the part of an agent that is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LossPolicy {
    /// The others take it over.
    #[default]
    Rebalance,
    /// The run ends.
    Fail,
    /// The load goes on without it.
    Degrade,
}

/// A part of the load in the hands of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holding {
    part: LoadPart,
    from: Duration,
    /// When it went to another; none while it is held.
    until: Option<Duration>,
    /// Whose part it was; none of a part from the beginning.
    taken_from: Option<usize>,
}

/// An agent's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    AtWork,
    /// It came late, and is not prepared yet.
    Coming,
    /// It came late, and has nothing to do yet.
    Spare,
    /// Its part is over.
    Ended,
    /// Since this time of the load.
    Lost(Duration),
}

#[derive(Clone, Debug)]
struct Member {
    membership: Membership,
    place: Option<AgentPlace>,
    holdings: Vec<Holding>,
    /// Arrivals that it has counted.
    due: u64,
    /// Iterations that it has counted, however they ended.
    ended: u64,
    /// When it was lost, if it was, and when the last second ended that it reported.
    reported_until: Duration,
}

/// The parts of a load and the agents that have them.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    members: Vec<Member>,
    policy: LossPolicy,
    replacements: u32,
}

/// What was lost with an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) agent: usize,
    pub(crate) at: Duration,
    /// Planned arrivals that no agent began; unknown where the rate was decided while the load ran.
    pub(crate) arrivals: Option<u64>,
    /// Arrivals that it began after others had taken them over.
    pub(crate) repeated: u64,
    /// Iterations that had begun, and whose end is not known.
    pub(crate) iterations: u64,
    /// The time in which its part was not carried, or its records are missing.
    pub(crate) gap: Range<Duration>,
}

impl Assignment {
    /// Of that many agents, each with an equal part.
    pub(crate) fn new(agents: u32, policy: LossPolicy) -> Assignment {
        let agents = agents.max(1);
        let member = |(index, part): (u32, LoadPart)| Member {
            membership: Membership::AtWork,
            place: AgentPlace::new(index, agents, 0),
            holdings: vec![Holding { part, from: Duration::ZERO, until: None, taken_from: None }],
            due: 0,
            ended: 0,
            reported_until: Duration::ZERO,
        };
        let members = (0..agents).zip(LoadPart::WHOLE.split(agents)).map(member).collect();
        Assignment { members, policy, replacements: 0 }
    }

    /// The agents so far, lost ones included.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The place of an agent in the numbers that all hand out.
    pub(crate) fn place(&self, agent: usize) -> Option<AgentPlace> {
        self.members.get(agent)?.place
    }

    /// Whether a lost agent's load goes on at all.
    pub(crate) fn fails_with_a_loss(&self) -> bool {
        self.policy == LossPolicy::Fail
    }

    /// Whether an agent is at work.
    pub(crate) fn is_at_work(&self, agent: usize) -> bool {
        self.members.get(agent).is_some_and(|member| member.membership == Membership::AtWork)
    }

    /// Whether no agent is at work any more.
    pub(crate) fn is_over(&self) -> bool {
        self.members.iter().all(|member| member.membership != Membership::AtWork)
    }

    /// Adds a late agent, which has nothing to do yet. Returns its number.
    pub(crate) fn add_spare(&mut self) -> usize {
        self.members.push(Member {
            membership: Membership::Coming,
            place: None,
            holdings: Vec::new(),
            due: 0,
            ended: 0,
            reported_until: Duration::ZERO,
        });
        self.members.len() - 1
    }

    /// A late agent is prepared: it can take a place.
    pub(crate) fn mark_prepared(&mut self, agent: usize) {
        if let Some(member) = self.members.get_mut(agent).filter(|member| member.membership == Membership::Coming) {
            member.membership = Membership::Spare;
        }
    }

    /// Whether an agent has carried its part to the end.
    pub(crate) fn has_ended_well(&self) -> bool {
        self.members.iter().any(|member| member.membership == Membership::Ended && !member.holdings.is_empty())
    }

    /// Notes what an agent recorded up to a time of the load.
    pub(crate) fn count(&mut self, agent: usize, due: u64, ended: u64, until: Duration) {
        if let Some(member) = self.members.get_mut(agent) {
            member.due += due;
            member.ended += ended;
            member.reported_until = member.reported_until.max(until);
        }
    }

    /// An agent's part is over.
    pub(crate) fn end(&mut self, agent: usize) {
        if let Some(member) = self.members.get_mut(agent)
            && !matches!(member.membership, Membership::Lost(_))
        {
            member.membership = Membership::Ended;
        }
    }

    /// An agent is lost at a time of the load; `from` is the earliest time from which others can take over. Returns those
    /// that have more to do now.
    pub(crate) fn lose(&mut self, agent: usize, at: Duration, from: Duration) -> Vec<usize> {
        let Some(member) = self.members.get_mut(agent) else { return Vec::new() };
        let was_spare = matches!(member.membership, Membership::Spare | Membership::Coming);
        if !was_spare && member.membership != Membership::AtWork {
            return Vec::new();
        }
        member.membership = Membership::Lost(at);
        if was_spare || self.policy != LossPolicy::Rebalance {
            return Vec::new();
        }
        let spare = self.members.iter().position(|member| member.membership == Membership::Spare);
        match spare {
            Some(spare) => self.replace(agent, spare, from),
            None => self.spread(agent, from),
        }
    }

    /// A spare takes the place of a lost agent, if one is lost. Returns those that have more, or less, to do now.
    pub(crate) fn put_to_work(&mut self, spare: usize, from: Duration) -> Vec<usize> {
        let is_spare = self.members.get(spare).is_some_and(|member| member.membership == Membership::Spare);
        let lost = self
            .members
            .iter()
            .position(|member| matches!(member.membership, Membership::Lost(_)) && !self.is_replaced(member));
        match lost {
            Some(lost) if is_spare => self.replace(lost, spare, from),
            _ => Vec::new(),
        }
    }

    /// Whether a spare has the place of this member.
    fn is_replaced(&self, lost: &Member) -> bool {
        let Some(place) = lost.place else { return true };
        let is_later = |other: AgentPlace| other.index() == place.index() && other.generation() > place.generation();
        self.members.iter().filter_map(|member| member.place).any(is_later)
    }

    fn spread(&mut self, lost: usize, from: Duration) -> Vec<usize> {
        let survivors: Vec<usize> = (0..self.members.len()).filter(|agent| self.is_at_work(*agent)).collect();
        let count = u32::try_from(survivors.len()).unwrap_or_default();
        for part in self.give_up(lost, from).into_iter().filter(|_| count > 0) {
            for (survivor, piece) in survivors.iter().zip(part.split(count)) {
                self.hand_over(*survivor, piece, from, lost);
            }
        }
        survivors
    }

    fn replace(&mut self, lost: usize, spare: usize, from: Duration) -> Vec<usize> {
        self.replacements += 1;
        let mut changed = vec![spare];
        // What others took over of it goes back; what was spread of theirs since stays where it is.
        for (agent, member) in self.members.iter_mut().enumerate() {
            let holdings = member.holdings.iter_mut();
            for holding in holdings.filter(|one| one.taken_from == Some(lost) && one.until.is_none()) {
                holding.until = Some(from.max(holding.from));
                changed.push(agent);
            }
        }
        let own = self.members.get(lost).map(|member| member.holdings.clone()).unwrap_or_default();
        self.give_up(lost, from);
        for holding in own.into_iter().filter(|one| one.until.is_none_or(|until| until <= from)) {
            self.hand_over(spare, holding.part, from, lost);
        }
        let place = self.members.get(lost).and_then(|member| member.place);
        let generation = self.replacements;
        if let Some(member) = self.members.get_mut(spare) {
            member.membership = Membership::AtWork;
            member.place = place.and_then(|place| AgentPlace::new(place.index(), place.count(), generation));
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Ends all that a lost agent holds. Returns the parts.
    fn give_up(&mut self, lost: usize, from: Duration) -> Vec<LoadPart> {
        let Some(member) = self.members.get_mut(lost) else { return Vec::new() };
        let held = member.holdings.iter_mut().filter(|holding| holding.until.is_none());
        held.map(|holding| {
            holding.until = Some(from.max(holding.from));
            holding.part.clone()
        })
        .collect()
    }

    fn hand_over(&mut self, to: usize, part: LoadPart, from: Duration, taken_from: usize) {
        if let Some(member) = self.members.get_mut(to) {
            member.holdings.push(Holding { part, from, until: None, taken_from: Some(taken_from) });
        }
    }

    /// All that an agent ever took over, in its order.
    pub(crate) fn taken_over(&self, agent: usize) -> Vec<TakenOver> {
        let holdings = self.members.get(agent).map(|member| member.holdings.as_slice()).unwrap_or_default();
        let taken = holdings.iter().filter(|holding| holding.taken_from.is_some());
        taken
            .map(|Holding { part, from, until, .. }| TakenOver { part: part.clone(), from: *from, until: *until })
            .collect()
    }

    /// What was lost in a load that took that long. With Poisson arrivals this walks through all of the lost agents'.
    pub(crate) fn losses(&self, plan: &Plan, load_took: Duration) -> Vec<Loss> {
        let lost = self.members.iter().enumerate().filter_map(|(agent, member)| match member.membership {
            Membership::Lost(at) if !member.holdings.is_empty() => Some((agent, member, at)),
            _ => None,
        });
        lost.map(|(agent, member, at)| {
            let of_holding = |holding: &Holding| {
                holding.part.planned_arrivals(plan, holding.from..holding.until.unwrap_or(load_took).min(load_took))
            };
            let planned: Option<u64> = member.holdings.iter().map(of_holding).sum();
            let until = member.holdings.iter().filter_map(|holding| holding.until).max().unwrap_or(load_took);
            let reported = member.reported_until.min(load_took);
            Loss {
                agent,
                at,
                arrivals: planned.map(|planned| planned.saturating_sub(member.due)),
                repeated: planned.map_or(0, |planned| member.due.saturating_sub(planned)),
                iterations: member.due.saturating_sub(member.ended),
                gap: reported..until.clamp(reported, load_took.max(reported)),
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, Options};

    use super::*;

    fn plan(arrival: &str) -> Plan {
        let json = format!(r#"{{"rate": "100/s", "duration": "60s", "max_vus": 50, "arrival": "{arrival}"}}"#);
        let options = Options::from_json(&json).unwrap();
        Plan::resolve(options, &[("main".to_owned(), 1)], Defaults { threads: 1, seed: 3 }).unwrap()
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The arrivals that each agent would begin if it carried all that it holds.
    fn carried(assignment: &Assignment, plan: &Plan, lost_after: &[(usize, Duration)]) -> Vec<u64> {
        let of_member = |(agent, member): (usize, &Member)| {
            let dead = lost_after.iter().find(|(lost, _)| *lost == agent).map_or(seconds(60), |(_, after)| *after);
            let of_holding = |holding: &Holding| {
                let until = holding.until.unwrap_or(seconds(60)).min(dead);
                holding.part.planned_arrivals(plan, holding.from.min(until)..until).unwrap()
            };
            member.holdings.iter().map(of_holding).sum()
        };
        assignment.members.iter().enumerate().map(of_member).collect()
    }

    #[test]
    fn offered_and_lost_are_what_was_planned() {
        for arrival in ["constant", "poisson"] {
            let plan = plan(arrival);
            let planned = LoadPart::WHOLE.planned_arrivals(&plan, Duration::ZERO..seconds(60)).unwrap();
            let mut assignment = Assignment::new(4, LossPolicy::Rebalance);
            // Agent 2 dies at 30 s; it is missed at 35 s, and the others take over at 36 s. Then agent 0, likewise.
            assert_eq!(assignment.lose(2, seconds(35), seconds(36)), [0, 1, 3]);
            assert_eq!(assignment.lose(0, seconds(45), seconds(46)), [1, 3]);
            let deaths = [(2, seconds(30)), (0, seconds(40))];
            let carried = carried(&assignment, &plan, &deaths);
            for (agent, due) in carried.iter().enumerate() {
                assignment.count(agent, *due, *due, seconds(30));
            }
            let losses = assignment.losses(&plan, seconds(60));
            let lost: u64 = losses.iter().map(|loss| loss.arrivals.unwrap()).sum();
            assert_eq!(carried.iter().sum::<u64>() + lost, planned, "{arrival}");
            assert_eq!((losses.len(), losses[1].gap.clone()), (2, seconds(30)..seconds(36)));
            assert!(lost > 0 && lost < planned / 4);
        }
    }

    #[test]
    fn a_late_agent_takes_the_place_of_a_lost_one() {
        let plan = plan("constant");
        let planned = LoadPart::WHOLE.planned_arrivals(&plan, Duration::ZERO..seconds(60)).unwrap();
        let mut assignment = Assignment::new(3, LossPolicy::Rebalance);
        assignment.lose(1, seconds(10), seconds(11));
        let spare = assignment.add_spare();
        assert_eq!(assignment.put_to_work(spare, seconds(20)), [0; 0], "it is not prepared");
        assignment.mark_prepared(spare);
        assert_eq!(assignment.put_to_work(spare, seconds(20)), [0, 2, 3]);
        assert_eq!(assignment.taken_over(0)[0].until, Some(seconds(20)));
        assert_eq!(assignment.put_to_work(spare, seconds(21)), [0; 0], "it has its place");
        let carried = carried(&assignment, &plan, &[(1, seconds(5))]);
        carried.iter().enumerate().for_each(|(agent, due)| assignment.count(agent, *due, *due, seconds(5)));
        let lost = assignment.losses(&plan, seconds(60))[0].arrivals.unwrap();
        assert_eq!(carried.iter().sum::<u64>() + lost, planned);
        assert_eq!(lost, 200, "a third of six seconds");
        assert_ne!(assignment.place(spare), assignment.place(1));
    }

    #[test]
    fn a_spare_that_waits_takes_over_at_once() {
        let mut assignment = Assignment::new(2, LossPolicy::Rebalance);
        let spare = assignment.add_spare();
        assignment.mark_prepared(spare);
        assert_eq!(assignment.put_to_work(spare, seconds(1)), [0; 0], "none is lost");
        assert_eq!(assignment.lose(0, seconds(5), seconds(6)), [spare]);
        assert_eq!(assignment.taken_over(spare)[0].part, LoadPart::WHOLE.split(2).next().unwrap());
        assert!(assignment.taken_over(1).is_empty());
    }

    #[test]
    fn without_rebalancing_all_of_it_is_lost() {
        let plan = plan("constant");
        let mut assignment = Assignment::new(4, LossPolicy::Degrade);
        assert_eq!(assignment.lose(3, seconds(30), seconds(31)), [0; 0]);
        assignment.count(3, 750, 740, seconds(30));
        let loss = &assignment.losses(&plan, seconds(60))[0];
        assert_eq!((loss.arrivals, loss.iterations, loss.gap.clone()), (Some(750), 10, seconds(30)..seconds(60)));
    }

    #[test]
    fn the_last_agent_leaves_nothing_to_hand_over() {
        let mut assignment = Assignment::new(2, LossPolicy::Rebalance);
        assignment.lose(0, seconds(1), seconds(2));
        assert_eq!(assignment.lose(1, seconds(1), seconds(2)), [0; 0]);
        assert!(assignment.is_over());
    }
}
