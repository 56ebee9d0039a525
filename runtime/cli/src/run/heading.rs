//! What is shown of a run before it begins.

use squall_plan::Plan;

use super::Order;
use crate::{plan, scenarios};

/// The scenario, the target, the load in words, and what a plan says of itself.
pub fn heading(order: &Order<'_>, plan: &Plan, load: &str) -> String {
    let target = plan.target.as_ref().map_or("-", |target| target.as_str());
    let threads = if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) };
    let mut text = order.plan_file.as_ref().map(plan::heading).unwrap_or_default();
    let mut title = "scenario:";
    for (name, artifact) in order.artifacts() {
        let digest: String = artifact.digest().chars().take("sha256:".len() + 12).collect();
        let size = squall_report::bytes(artifact.size() as f64);
        text.push_str(&format!("    {title:>10} {name} ({size}, {digest})\n"));
        title = "";
    }
    text.push_str(&format!("       target: {target}\n         load: {load} on {threads}, seed {}", plan.seed));
    let names: Vec<String> = order.artifacts().map(|(name, _)| name.to_owned()).collect();
    text.push_str(&scenarios::heading(plan, &names));
    text.push('\n');
    text
}
