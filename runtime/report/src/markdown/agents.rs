//! The agents that carried the load, as a table, and what was lost with some of them.

use squall_metrics::{AgentLine, AgentsReport};

use super::{bullets, escaped, join};
use crate::agents::{describe_loss, describe_start, describe_stay, foreign};
use crate::document::Unit;
use crate::wording::sentence_of;

/// Nothing without agents.
pub(super) fn chapter(report: Option<&AgentsReport>) -> String {
    let Some(report) = report else { return String::new() };
    let start = describe_start(report).map_or_else(String::new, |bound| {
        let warning = if bound.is_warning { "Warning: " } else { "" };
        format!("{}\n", sentence_of(&format!("{warning}{}", bound.text)))
    });
    let losses = bullets(report.lost.iter().map(|loss| format!("{}.", escaped(&describe_loss(loss)))));
    let refused = bullets(report.dropped.iter().map(|text| escaped(&foreign(text))));
    let body = join([
        agent_table(&report.agents),
        start,
        titled("Missing load", &losses),
        titled("Refused messages", &refused),
    ]);
    if body.is_empty() { body } else { format!("## Agents\n\n{body}") }
}

fn agent_table(agents: &[AgentLine]) -> String {
    let row = |agent: &AgentLine| {
        let [name, host] = [&agent.name, &agent.host].map(|text| escaped(&foreign(text)));
        format!(
            "| {name} | {host} | {} | {} | {} | {} | {} |\n",
            Unit::Number.text(agent.threads as f64),
            Unit::Number.text(agent.requests as f64),
            Unit::Share.text(agent.share),
            agent.health.name(),
            describe_stay(agent).as_deref().unwrap_or("–"),
        )
    };
    let rows: String = agents.iter().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "| Agent | Machine | Threads | Requests | Share | Generator | Note |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n{rows}"
    )
}

fn titled(title: &str, lines: &str) -> String {
    if lines.is_empty() { String::new() } else { format!("### {title}\n\n{lines}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{hostile_agents, known_agents, known_document, known_document_of_agents};
    use crate::markdown_report;

    #[test]
    fn three_agents_of_which_one_was_lost() {
        let expected = "## Agents

| Agent | Machine | Threads | Requests | Share | Generator | Note |
| --- | --- | --- | --- | --- | --- | --- |
| agent-1 | alpha | 2 | 60 | 60.00% | ok | – |
| agent-2 | beta | 2 | 10 | 10.00% | suspect | lost at 31.2s |
| agent-3 | gamma | 4 | 30 | 30.00% | ok | joined at 32s |

The agents began within 400µs of each other.

### Missing load

- agent-2 was lost at 31.2s: nothing was heard of it for 4s; 118 planned arrivals were never begun, 3 iterations have \
no known end; its part is missing from 27s to 32s, then the others carried it.

### Refused messages

- a message of agent-7 was dropped: it cannot be read
";
        assert_eq!(chapter(Some(&known_agents())), expected);
        let report = markdown_report(&known_document_of_agents(known_agents()), None);
        assert!(report.contains(expected), "{report}");
        let issue = "- **Part of the load is missing: agent-2 was lost** (Warning). Impact: 118 planned arrivals were \
                     never begun, 3 iterations have no known end;";
        assert!(report.contains(issue), "{report}");
        assert!(!markdown_report(&known_document("browse"), None).contains("Agents"));
    }

    #[test]
    fn a_start_far_apart_is_a_warning() {
        let text = chapter(Some(&AgentsReport { start_error_ms: 12.0, ..known_agents() }));
        assert!(text.contains("\nWarning: the agents began within 12ms of each other.\n"), "{text}");
    }

    #[test]
    fn no_text_of_another_machine_becomes_markup() {
        let text = chapter(Some(&hostile_agents()));
        assert!(text.contains("| a\\|b&lt;i>�\\[31m�x | h\\|&lt;b>� | 1 |"), "{text}");
        assert!(!text.contains('<') && !text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
        let mut rows = text.lines().filter(|line| line.starts_with('|'));
        assert!(rows.clone().count() == 3 && rows.next_back().unwrap().replace("\\|", "").matches('|').count() == 8);
    }
}
