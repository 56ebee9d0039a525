use squall_metrics::LostLoad;

use super::*;
use crate::Style;
use crate::fixture::{hostile_agents, known_agents, known_document, known_document_of_agents};

/// The part about agents.
fn printed(report: AgentsReport, detail: Detail, style: Style) -> String {
    Summary { document: &known_document_of_agents(report), detail, style }.agent_part()
}

fn compact(report: AgentsReport) -> String {
    printed(report, Detail::Compact, Style::Plain)
}

/// A hundred agents that kept to their plan.
fn hundred() -> AgentsReport {
    let agent = |number: usize| AgentLine {
        name: format!("agent-{number}"),
        host: format!("node-{number}"),
        threads: 4,
        share: if number == 1 { 0.009 } else { 0.011 },
        ..AgentLine::default()
    };
    AgentsReport { agents: (1..=100).map(agent).collect(), start_error_ms: 12.5, ..AgentsReport::default() }
}

const THREE: &str = "    AGENTS
    agent    machine  threads   share  generator
    agent-1  alpha          2  60.00%  ok
    agent-2  beta           2  10.00%  suspect, lost at 31.2s
    agent-3  gamma          4  30.00%  ok, joined at 32s
    ✗ agent-2 was lost at 31.2s: nothing was heard of it for 4s; 118 planned arrivals were never begun, 3 iterations \
have no known end; its part is missing from 27s to 32s, then the others carried it
    ! a message of agent-7 was dropped: it cannot be read
    the agents began within 400µs of each other
";

#[test]
fn three_agents_of_which_one_was_lost() {
    assert_eq!(compact(known_agents()), THREE);
    assert_eq!(printed(known_agents(), Detail::Full, Style::Plain), THREE);
}

#[test]
fn the_part_is_in_both_summaries() {
    let mut document = known_document_of_agents(known_agents());
    for scenario in ["shop.wasm", "http://127.0.0.1:8080/"] {
        scenario.clone_into(&mut document.run.scenario);
        let text = Summary { document: &document, detail: Detail::Compact, style: Style::Plain }.render();
        assert!(text.contains(&format!("\n\n{THREE}")), "{text}");
    }
    let text = Summary { document: &known_document("browse"), detail: Detail::Full, style: Style::Plain }.render();
    assert!(!text.contains("AGENTS"), "{text}");
}

#[test]
fn many_agents_have_one_line_and_those_to_look_at_their_own() {
    let all = "    AGENTS\n    100 agents, 400 threads, 0.90% to 1.10% of the requests each\n";
    let start = "    ! the agents began within 12.5ms of each other\n";
    assert_eq!(compact(hundred()), format!("{all}{start}"));
    let mut report = hundred();
    report.agents[2].joined_ms = Some(5_000.0);
    report.agents[40].health = Health::Suspect;
    report.agents[98].health = Health::Bottleneck;
    report.agents[99].lost_ms = Some(9_000.0);
    let noted = "    agent      machine   threads  share  generator
    agent-100  node-100        4  1.10%  ok, lost at 9s
    agent-99   node-99         4  1.10%  bottleneck
    agent-41   node-41         4  1.10%  suspect
    agent-3    node-3          4  1.10%  ok, joined at 5s
";
    assert_eq!(compact(report), format!("{all}{noted}{start}"));
    let full = printed(hundred(), Detail::Full, Style::Plain);
    assert!(full.lines().count() == 103 && !full.contains("100 agents"), "{full}");
}

#[test]
fn a_compact_summary_stays_short_when_all_goes_wrong() {
    let mut report = hundred();
    report.agents.iter_mut().for_each(|agent| agent.lost_ms = Some(1_000.0));
    report.lost =
        report.agents.iter().map(|agent| LostLoad { agent: agent.name.clone(), ..LostLoad::default() }).collect();
    let text = compact(report);
    assert_eq!(text.matches("    and 85 more: --summary-mode full shows all\n").count(), 2, "{text}");
    assert_eq!(text.lines().count(), 1 + 1 + 1 + 15 + 1 + 15 + 1 + 1, "{text}");
}

#[test]
fn colours_do_not_move_columns() {
    let coloured = printed(known_agents(), Detail::Compact, Style::Coloured);
    let line = "    agent-2  beta           2  10.00%  \u{1b}[33msuspect\u{1b}[0m, \u{1b}[31mlost at 31.2s\u{1b}[0m\n";
    assert!(coloured.contains(line), "{coloured}");
}

#[test]
fn no_text_of_another_machine_steers_the_terminal() {
    let text = compact(hostile_agents());
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.contains("a|b<i>�[31m�x  h|<b>�"), "{text}");
    assert!(!text.contains("##vso["), "{text}");
}
