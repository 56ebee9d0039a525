//! The agents that carried the load, on a page.

use maud::{Markup, html};
use squall_metrics::{AgentLine, AgentsReport};

use super::cell;
use super::ids::Ids;
use super::overview::health_class;
use super::tables::sortable;
use crate::agents::{describe_loss, describe_start, describe_stay, foreign, missing_stretches};
use crate::document::Unit;

/// Nothing without agents.
pub(super) fn agents(report: Option<&AgentsReport>, ids: Ids<'_>) -> Markup {
    let columns = ["agent", "machine", "threads", "requests", "share", "generator", "note"];
    html! {
        @if let Some(report) = report {
            section.long id=(ids.of("section-agents")) {
                h2 { "Agents" }
                @if !report.agents.is_empty() {
                    (sortable(ids, "agents", &columns, &report.agents.iter().map(row).collect::<Vec<_>>()))
                }
                @if let Some(bound) = describe_start(report) {
                    p class=[bound.is_warning.then_some("warning")] {
                        @if bound.is_warning { span.state { "!" } " " }
                        (bound.text)
                    }
                }
                @if !report.lost.is_empty() {
                    div.issue.warning {
                        h3 { "Missing load" }
                        ul { @for loss in &report.lost { li { (describe_loss(loss)) } } }
                        @if !missing_stretches(report).is_empty() {
                            p.faint { "The charts over time are shaded where a part of the load is missing." }
                        }
                    }
                }
                @if !report.dropped.is_empty() {
                    h3 { "Refused messages" }
                    ul { @for text in &report.dropped { li { (foreign(text)) } } }
                }
            }
        }
    }
}

fn row(agent: &AgentLine) -> Markup {
    let figure = |unit: Unit, value: f64| cell(Some(value), &unit.text(value));
    html! {
        td { (foreign(&agent.name)) } td { (foreign(&agent.host)) }
        (figure(Unit::Number, agent.threads as f64)) (figure(Unit::Number, agent.requests as f64))
        (figure(Unit::Share, agent.share))
        td class=(health_class(agent.health)) { span.state { (agent.health.name()) } }
        td { (describe_stay(agent).as_deref().unwrap_or("–")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{hostile_agents, known_agents, known_document, known_document_of_agents};
    use crate::html_report;

    fn section(report: &AgentsReport) -> String {
        agents(Some(report), Ids::ONLY).into_string()
    }

    #[test]
    fn three_agents_of_which_one_was_lost() {
        let text = section(&known_agents());
        for expected in [
            "<tr><td>agent-1</td><td>alpha</td><td data-value=\"2\">2</td><td data-value=\"60\">60</td>\
             <td data-value=\"0.6\">60.00%</td><td class=\"good\"><span class=\"state\">ok</span></td><td>–</td></tr>",
            "<td class=\"warning\"><span class=\"state\">suspect</span></td><td>lost at 31.2s</td></tr>",
            "<td>joined at 32s</td></tr>",
            "<p>the agents began within 400µs of each other</p>",
            "<li>agent-2 was lost at 31.2s: nothing was heard of it for 4s; 118 planned arrivals were never begun, \
             3 iterations have no known end; its part is missing from 27s to 32s, then the others carried it</li>",
            "<li>a message of agent-7 was dropped: it cannot be read</li>",
        ] {
            assert!(text.contains(expected), "{expected} is not in {text}");
        }
    }

    #[test]
    fn charts_know_what_is_missing() {
        let page = html_report(&known_document_of_agents(known_agents()));
        assert!(page.contains("\"missing\":[[27.0,32.0]]") && page.contains("id=\"section-agents\""));
        let page = html_report(&known_document("browse"));
        assert!(!page.contains("\"missing\":") && !page.contains("section-agents"));
    }

    #[test]
    fn no_text_of_another_machine_becomes_markup() {
        let text = section(&hostile_agents());
        assert!(text.contains("<td>a|b&lt;i&gt;�[31m�x</td><td>h|&lt;b&gt;�</td>"), "{text}");
        assert!(!text.contains("<i>") && !text.contains("<b>") && !text.chars().any(char::is_control), "{text:?}");
    }
}
