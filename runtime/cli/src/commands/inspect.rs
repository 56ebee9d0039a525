//! `squall inspect`: what a scenario is, what it asks for, and whether it can run here.

use clap::Args;
use serde_json::{Value, json};
use squall_guest::{Artifact, CONTRACT_VERSION, CodeCache, Description, Extent, Guest, GuestError, Requirements};
use squall_load::{Known, describe};
use squall_metrics::{plain, plain_json};
use squall_plan::{DataOptions, Limits, MemorySize, Options};
use squall_report::bytes;
use squall_session::{Component, notify_if_compiling_takes_long};

use crate::args::limits::ComponentLimitArgs;
use crate::args::registry::RegistryArgs;
use crate::args::script::ScriptArgs;
use crate::commands::plan::named_component;
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;
use crate::values::parse_pair;

/// `squall inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The scenario: a component, its source, which is built first, or oci://REGISTRY/NAME:TAG.
    #[arg(value_name = "FILE.wasm|SOURCE")]
    pub scenario: String,
    #[command(flatten)]
    pub script: ScriptArgs,
    /// As JSON, for machines.
    #[arg(long)]
    pub json: bool,
    /// An option that the scenario can read while it describes itself; give several.
    #[arg(short, long = "env", value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub env: Vec<(String, String)>,
    #[command(flatten)]
    pub limits: ComponentLimitArgs,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// Shows it. The exit code says whether it can run here.
pub fn inspect(arguments: &InspectArgs) -> Result<u8, CliError> {
    let name = arguments.scenario.clone();
    let limits = arguments.limits.over(Limits::default());
    let Component { artifact, .. } = named_component(&name, arguments.script, &arguments.registry, limits.component)?;
    let known = Known { env: arguments.env.iter().cloned().collect(), ..Known::default() };
    let described = described(&name, &artifact, &limits, &known);
    let text =
        if arguments.json { json_form(&name, &artifact, &described) } else { text_form(&name, &artifact, &described) };
    print(&text)?;
    Ok(if described.is_ok() { exit::PASSED } else { exit::GUEST_FAILED })
}

fn described(name: &str, artifact: &Artifact, limits: &Limits, known: &Known) -> Result<Description, GuestError> {
    let cache = CodeCache::of_user();
    let guest = notify_if_compiling_takes_long(name, artifact, &cache, print_status, || {
        Guest::inspect(artifact, limits, &cache)
    });
    describe(&guest?, known)
}

fn text_form(name: &str, artifact: &Artifact, described: &Result<Description, GuestError>) -> String {
    let form = if artifact.was_encoded() { "core module, made a component on load" } else { "component" };
    let mut text = format!("{name}\n");
    let mut line = |title: &str, value: &str| text.push_str(&format!("  {title:<9} {value}\n"));
    line("form", form);
    line("size", &bytes(artifact.size() as f64));
    line("digest", artifact.digest());
    line("sdk", artifact.sdk().unwrap_or("unknown"));
    for (title, claim) in artifact.about().lines() {
        line(title, claim);
    }
    if !artifact.about().producers.is_empty() {
        line("made with", &artifact.about().producers.join(", "));
    }
    match described {
        Ok(description) => {
            line("runs here", &format!("yes (this Squall has squall:scenario {CONTRACT_VERSION})"));
            text.push_str(&flows(description));
            text.push_str(&data(description));
            text.push_str(&plan(description));
        }
        Err(error) => line("runs here", &format!("no: {}", plain(&error.to_string()))),
    }
    text.push_str(&asks_for(artifact.needs()));
    text.push_str("\n  imports\n");
    for import in artifact.imports() {
        text.push_str(&format!("    {}\n", import.name));
    }
    text.push_str("\n  exports\n");
    for export in artifact.exports() {
        text.push_str(&format!("    {export}\n"));
    }
    text
}

/// What an instance takes of the machine, before it has run.
fn asks_for(needs: &Requirements) -> String {
    let mut text = "\n  asks for\n".to_owned();
    for memory in &needs.memories {
        let most =
            memory.maximum.map_or("no maximum of its own".to_owned(), |most| format!("at most {}", MemorySize(most)));
        text.push_str(&format!("    memory          {} in the beginning, {most}\n", MemorySize(memory.initial)));
    }
    for table in &needs.tables {
        let most = table.maximum.map_or("no maximum of its own".to_owned(), |most| format!("at most {most}"));
        text.push_str(&format!("    table           {} entries in the beginning, {most}\n", table.initial));
    }
    text.push_str(&format!("    core instances  {}\n", needs.core_instances));
    text
}

fn flows(description: &Description) -> String {
    let total: u64 = description.flows.iter().map(|flow| u64::from(flow.weight)).sum();
    let width = description.flows.iter().map(|flow| flow.name.chars().count()).max().unwrap_or(0);
    let mut text = "\n  flows\n".to_owned();
    for flow in &description.flows {
        let share = if total == 0 { 0.0 } else { f64::from(flow.weight) / total as f64 * 100.0 };
        text.push_str(&format!("    {:<width$}  weight {}  ({share:.0}%)\n", flow.name, flow.weight));
    }
    text
}

/// The data that the scenario says it needs, in its plan.
fn data_needed(description: &Description) -> Vec<(String, DataOptions)> {
    let options = Options::from_json(&description.plan).unwrap_or_default();
    options.data.into_iter().collect()
}

fn data(description: &Description) -> String {
    let needed = data_needed(description);
    let mut text = if needed.is_empty() { String::new() } else { "\n  data\n".to_owned() };
    for (name, options) in needed {
        let name = plain(&name);
        let policy = options.policy.map(|policy| format!(", policy={policy}")).unwrap_or_default();
        let at_end = options.at_end.map(|at_end| format!(", at-end={at_end}")).unwrap_or_default();
        text.push_str(&format!("    {name}  give it with --data {name}=FILE{policy}{at_end}\n"));
    }
    text
}

fn plan(description: &Description) -> String {
    match serde_json::from_str::<Value>(&description.plan) {
        Ok(plan) => {
            let plan: Vec<String> = format!("{plan:#}").lines().map(|line| plain(line).into_owned()).collect();
            let plan = plan.join("\n    ");
            format!("\n  suggested plan\n    {plan}\n")
        }
        Err(_) if description.plan.trim().is_empty() => String::new(),
        Err(error) => format!("\n  suggested plan\n    is not valid JSON: {}\n", plain(&error.to_string())),
    }
}

fn json_form(name: &str, artifact: &Artifact, described: &Result<Description, GuestError>) -> String {
    let imports: Vec<Value> =
        artifact.imports().iter().map(|import| json!({ "name": import.name, "functions": import.functions })).collect();
    let extent = |extent: &Extent| json!({ "initial": extent.initial, "maximum": extent.maximum });
    let mut about: serde_json::Map<String, Value> =
        artifact.about().lines().into_iter().map(|(title, claim)| (title.to_owned(), claim.into())).collect();
    about.insert("producers".to_owned(), artifact.about().producers.clone().into());
    let needs = artifact.needs();
    let mut document = json!({
        "file": name,
        "size": artifact.size(),
        "digest": artifact.digest(),
        "sdk": artifact.sdk(),
        "about": about,
        "needs": {
            "memories": needs.memories.iter().map(extent).collect::<Vec<_>>(),
            "tables": needs.tables.iter().map(extent).collect::<Vec<_>>(),
            "core_instances": needs.core_instances,
        },
        "encoded": artifact.was_encoded(),
        "contract": CONTRACT_VERSION,
        "imports": imports,
        "exports": artifact.exports(),
        "runs": described.is_ok(),
    });
    match described {
        Ok(description) => {
            let flow = |flow: &squall_guest::Flow| json!({ "name": flow.name, "weight": flow.weight });
            document["flows"] = description.flows.iter().map(flow).collect();
            document["data"] = data_needed(description).into_iter().map(|(name, _)| name).collect();
            document["plan"] = serde_json::from_str(&description.plan).unwrap_or(Value::Null);
        }
        Err(error) => document["reason"] = plain(&error.to_string()).into(),
    }
    format!("{}\n", plain_json(&format!("{document:#}")))
}
