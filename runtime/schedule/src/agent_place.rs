//! Numbers that several agents hand out without asking each other: iterations, rows of data. Each agent has every n-th.

use serde::{Deserialize, Serialize};

/// Which of several agents a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32, u32)", into = "(u32, u32, u32)")]
pub struct AgentPlace {
    index: u32,
    count: u32,
    generation: u32,
}

/// The most numbers of one generation: more than any agent hands out.
const GENERATION: u64 = 1 << 40;

impl AgentPlace {
    /// The only process.
    pub const ONLY: AgentPlace = AgentPlace { index: 0, count: 1, generation: 0 };

    /// Agent number `index` of `count`; `None` if there is no such agent. An agent that takes the place of a lost one is of
    /// the next generation.
    pub fn new(index: u32, count: u32, generation: u32) -> Option<AgentPlace> {
        (index < count && generation < 1 << 12).then_some(AgentPlace { index, count, generation })
    }

    /// Its number among the agents of its generation.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many agents share the numbers.
    pub fn count(self) -> u32 {
        self.count
    }

    /// How often an agent has taken the place of a lost one, before this one did.
    pub fn generation(self) -> u32 {
        self.generation
    }

    /// The number in all the run that the agent's `nth` number (from 0) is.
    pub fn number(self, nth: u64) -> u64 {
        let nth = nth.saturating_add(u64::from(self.generation) * GENERATION);
        nth.saturating_mul(self.count.into()).saturating_add(self.index.into())
    }

    /// How many of its numbers are below a limit. An agent of a later generation has none: which of them were handed out
    /// before is not known.
    pub fn numbers_below(self, limit: u64) -> u64 {
        if self.generation > 0 { 0 } else { limit.saturating_sub(self.index.into()).div_ceil(self.count.into()) }
    }
}

impl TryFrom<(u32, u32, u32)> for AgentPlace {
    type Error = &'static str;

    fn try_from((index, count, generation): (u32, u32, u32)) -> Result<AgentPlace, &'static str> {
        AgentPlace::new(index, count, generation).ok_or("an agent's number must be below the number of agents")
    }
}

impl From<AgentPlace> for (u32, u32, u32) {
    fn from(place: AgentPlace) -> (u32, u32, u32) {
        (place.index, place.count, place.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_hand_out_each_number_once() {
        for (agents, limit) in [(1, 5), (3, 10), (7, 3), (4, 0)] {
            let of_agent = |index| {
                let place = AgentPlace::new(index, agents, 0).unwrap();
                (0..place.numbers_below(limit)).map(move |nth| place.number(nth))
            };
            let mut all: Vec<u64> = (0..agents).flat_map(of_agent).collect();
            all.sort_unstable();
            assert_eq!(all, (0..limit).collect::<Vec<_>>(), "{agents} agents");
        }
    }

    #[test]
    fn an_agent_in_the_place_of_another_repeats_no_number() {
        let (first, second) = (AgentPlace::new(1, 3, 0).unwrap(), AgentPlace::new(1, 3, 1).unwrap());
        assert_eq!((first.number(5), second.numbers_below(100)), (16, 0));
        assert!(second.number(0) > first.number(1 << 39) && second.number(0) % 3 == 1);
        assert_eq!(AgentPlace::new(3, 3, 0), None);
    }
}
