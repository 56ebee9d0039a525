//! What is shown of a run before it begins.

use squall_plan::Plan;

use super::Order;
use crate::plan;

/// The scenario, the target, the load in words, and what a plan says of itself.
pub fn heading(order: &Order<'_>, plan: &Plan, load: &str) -> String {
    let target = plan.target.as_ref().map_or("-", |target| target.as_str());
    let threads = if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) };
    let digest: String = order.artifact.digest().chars().take("sha256:".len() + 12).collect();
    let mut text = order.plan_file.as_ref().map(plan::heading).unwrap_or_default();
    text.push_str(&format!(
        "     scenario: {} ({}, {digest})\n       target: {target}\n         load: {load} on {threads}, seed {}",
        order.name,
        squall_report::bytes(order.artifact.size() as f64),
        plan.seed,
    ));
    let active: Vec<_> = plan.flows.iter().zip(plan.mix.shares()).filter(|(_, share)| *share > 0.0).collect();
    if plan.flows.len() > 1 {
        let shares = active.iter().map(|(flow, share)| format!("{} {:.0}%", flow.name, share * 100.0));
        text.push_str(&format!("\n        flows: {}", shares.collect::<Vec<_>>().join(", ")));
    }
    text.push('\n');
    text
}
