//! What is shown of a run before it begins.

use squall_plan::{Plan, PlanFile, without_credentials};

use crate::connections::connections_heading;
use crate::scenarios::scenarios_heading;
use crate::test_run::{Component, TestRun};

/// The scenario, the target, the load in words, and what a plan says of itself.
pub fn heading(test: &TestRun, plan: &Plan, load: &str) -> String {
    if let Some(url) = &test.url {
        // A call's name says more than the URL that it goes to.
        let name = test.components().next().map_or(url, |component| &component.name);
        return request_heading(name, plan, load);
    }
    let target = plan.target.as_ref().map_or("-", |target| target.as_str());
    let threads = threads(plan);
    let mut text = test.plan_file.as_ref().map(plan_heading).unwrap_or_default();
    let mut title = "scenario:";
    for Component { name, artifact, .. } in test.components() {
        let digest: String = artifact.digest().chars().take("sha256:".len() + 12).collect();
        let size = squall_report::bytes(artifact.size() as f64);
        text.push_str(&format!("    {title:>10} {name} ({size}, {digest})\n"));
        title = "";
    }
    text.push_str(&format!("       target: {target}\n         load: {load} on {threads}, seed {}", plan.seed));
    let names: Vec<String> = test.components().map(|component| component.name.clone()).collect();
    text.push_str(&scenarios_heading(plan, &names));
    text.push('\n');
    text.push_str(&connections_heading(plan));
    text
}

/// The URL and the load. Nothing of the component, which is Squall's own.
fn request_heading(url: &str, plan: &Plan, load: &str) -> String {
    let connections = connections_heading(plan);
    format!("       target: {}\n         load: {load} on {}\n{connections}", without_credentials(url), threads(plan))
}

fn threads(plan: &Plan) -> String {
    if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) }
}

/// What is shown of a plan before it is run.
pub fn plan_heading(plan: &PlanFile) -> String {
    let mut text = String::new();
    if let Some(name) = &plan.about.name {
        text.push_str(&format!("         plan: {name}\n"));
    }
    for objective in &plan.about.objectives {
        text.push_str(&format!("    objective: {objective}\n"));
    }
    let environment = plan.about.environment.iter().map(|(name, value)| format!("{name} {value}"));
    let environment = environment.collect::<Vec<_>>().join(", ");
    if !environment.is_empty() {
        text.push_str(&format!("  environment: {environment}\n"));
    }
    if let Some(kind) = plan.shape.kind {
        text.push_str(&format!("         type: {kind}\n"));
    }
    text
}
