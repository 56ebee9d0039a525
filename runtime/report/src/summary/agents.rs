//! The part of the summary about the agents that carried the load.

use squall_metrics::{AgentLine, AgentsReport, Health};

use super::breakdown::{LONGEST_NAME, MOST_ROWS};
use super::{Detail, Summary};
use crate::agents::{describe_loss, describe_start, describe_stay, foreign};
use crate::document::Unit;
use crate::format::count;
use crate::table::{Align, shorten, table};

/// The most agents that a compact summary lists one by one.
const MOST_AGENTS: usize = 10;

impl Summary<'_> {
    /// Each agent, or what they have in common if they are many; then what was lost. Nothing without agents.
    pub(super) fn agent_part(&self) -> String {
        let Some(report) = &self.document.agents else { return String::new() };
        let body = [self.agent_lines(&report.agents), self.loss_lines(report), self.start_line(report)].concat();
        if body.is_empty() { body } else { format!("    {}\n{body}", self.style.strong("AGENTS")) }
    }

    fn agent_lines(&self, agents: &[AgentLine]) -> String {
        if self.detail == Detail::Full || agents.len() <= MOST_AGENTS {
            return self.agent_table(&agents.iter().collect::<Vec<_>>());
        }
        let mut noted: Vec<&AgentLine> = agents.iter().filter(|agent| concern(agent).is_some()).collect();
        // Stable: among equals the order of the agents stays.
        noted.sort_by_key(|agent| std::cmp::Reverse(concern(agent)));
        let shown = noted.len().min(MOST_ROWS);
        let table = self.agent_table(&noted[..shown]);
        [common_line(agents), table, more(noted.len() - shown)].concat()
    }

    /// The last columns are coloured, so they are outside of the table, which counts letters.
    fn agent_table(&self, agents: &[&AgentLine]) -> String {
        if agents.is_empty() {
            return String::new();
        }
        let mut rows = vec![["agent", "machine", "threads", "share"].map(str::to_owned).to_vec()];
        rows.extend(agents.iter().map(|agent| {
            let [name, host] = [&agent.name, &agent.host].map(|text| shorten(&foreign(text), LONGEST_NAME));
            vec![name, host, count(agent.threads as f64), Unit::Share.text(agent.share)]
        }));
        let endings = std::iter::once("generator".to_owned()).chain(agents.iter().map(|agent| self.state_of(agent)));
        let table = table(4, &[Align::Left, Align::Left, Align::Right, Align::Right], &rows);
        table.lines().zip(endings).map(|(line, ending)| format!("{line}  {ending}\n")).collect()
    }

    /// The generator's health there, and when the agent came and went.
    fn state_of(&self, agent: &AgentLine) -> String {
        let health = match agent.health {
            Health::Ok => self.style.good(agent.health.name()),
            Health::Suspect => self.style.warn(agent.health.name()),
            Health::Bottleneck => self.style.bad(agent.health.name()),
        };
        let Some(stay) = describe_stay(agent) else { return health };
        format!("{health}, {}", if agent.lost_ms.is_some() { self.style.bad(&stay) } else { self.style.warn(&stay) })
    }

    /// What was lost, and messages that were refused.
    fn loss_lines(&self, report: &AgentsReport) -> String {
        let most = if self.detail == Detail::Full { usize::MAX } else { MOST_ROWS };
        let shown = report.lost.len().min(most);
        let losses = report.lost[..shown].iter().map(|loss| {
            let mark = self.style.bad("✗");
            format!("    {mark} {}\n", describe_loss(loss))
        });
        let rest = more(report.lost.len() - shown);
        let refused = report.dropped.iter().map(|text| {
            let mark = self.style.warn("!");
            format!("    {mark} {}\n", foreign(text))
        });
        losses.chain([rest]).chain(refused).collect()
    }

    fn start_line(&self, report: &AgentsReport) -> String {
        match describe_start(report) {
            None => String::new(),
            Some(bound) if bound.is_warning => format!("    {}\n", self.style.warn(&format!("! {}", bound.text))),
            Some(bound) => format!("    {}\n", bound.text),
        }
    }
}

/// Why an agent has a line of its own among many: lost, its health, late. The greater, the worse.
fn concern(agent: &AgentLine) -> Option<(bool, Health, bool)> {
    let concern = (agent.lost_ms.is_some(), agent.health, agent.joined_ms.is_some());
    (concern != (false, Health::Ok, false)).then_some(concern)
}

/// All agents in one line: `100 agents, 400 threads, 0.90% to 1.10% of the requests each`.
fn common_line(agents: &[AgentLine]) -> String {
    let threads: f64 = agents.iter().map(|agent| agent.threads as f64).sum();
    let shares = || agents.iter().map(|agent| agent.share);
    let [least, most] =
        [shares().fold(1.0, f64::min), shares().fold(0.0, f64::max)].map(|share| Unit::Share.text(share));
    let shares = if least == most { least } else { format!("{least} to {most}") };
    format!("    {} agents, {} threads, {shares} of the requests each\n", count(agents.len() as f64), count(threads))
}

fn more(hidden: usize) -> String {
    if hidden == 0 { String::new() } else { format!("    and {hidden} more: --summary-mode full shows all\n") }
}

#[cfg(test)]
mod tests;
