//! `squall tasks`: the work items of a run, printed, brought into a tracker, and asked about.

mod pipeline;
mod push;
mod status;
mod tracker;

use std::future::Future;
use std::path::Path;

use squall_plan::WorkItemSettings;
use squall_report::Document;
use squall_work_items::{
    Assignment, Settings, StoryPoints, WorkItem, items_csv, items_json, items_markdown, schema, work_items,
};

use crate::args::tasks::{ItemsArgs, TasksAction, TasksArgs, TasksFormat};
use crate::commands::kept::read_document;
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;

/// Does what the arguments say.
pub fn tasks(arguments: &TasksArgs) -> Result<u8, CliError> {
    match &arguments.action {
        None => print_items(arguments),
        Some(TasksAction::Push(arguments)) => push::push_items(arguments),
        Some(TasksAction::Status(arguments)) => status::status(arguments),
        Some(TasksAction::Schema) => {
            print(&format!("{:#}\n", schema()))?;
            Ok(exit::PASSED)
        }
    }
}

fn print_items(arguments: &TasksArgs) -> Result<u8, CliError> {
    let RunItems { items, .. } = RunItems::of(&arguments.items)?;
    print(&match arguments.format {
        TasksFormat::Json => items_json(&items),
        TasksFormat::Markdown => items_markdown(&items),
        TasksFormat::Csv => items_csv(&items).map_err(|error| CliError::options(vec![error.to_string()]))?,
    })?;
    Ok(exit::PASSED)
}

/// Waits for a tracker: nothing else goes on meanwhile.
fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::tracker(error.to_string()))?.block_on(work)
}

/// A run and its items.
struct RunItems {
    document: Document,
    settings: Settings,
    items: Vec<WorkItem>,
}

impl RunItems {
    fn of(arguments: &ItemsArgs) -> Result<RunItems, CliError> {
        let (run, document) = read_document(&arguments.run, &arguments.store.open())?;
        if document.generator.is_invalid() {
            print_status(&format!(
                "run {run}: the generator was the bottleneck, so no objective was judged, and none is among the items"
            ));
        }
        let settings = settings(run, arguments, &document)?;
        let items = work_items(&document, &settings);
        Ok(RunItems { document, settings, items })
    }
}

/// Options go before the file of `--work-items`, and that before the plan.
fn settings(run: String, arguments: &ItemsArgs, document: &Document) -> Result<Settings, CliError> {
    let typed = WorkItemSettings {
        owner: arguments.owner.clone(),
        area: arguments.area.clone(),
        iteration: arguments.iteration.clone(),
        tags: arguments.tags.clone(),
        parent: arguments.parent.clone(),
        system: arguments.system.clone(),
        ..WorkItemSettings::default()
    };
    let file = arguments.work_items.as_deref().map(read_settings).transpose()?.unwrap_or_default();
    let plan = document.run.plan.as_ref().map(|plan| plan.work_items.clone()).unwrap_or_default();
    let WorkItemSettings { owner, area, iteration, tags, parent, system, story_points } = typed.over(file).over(plan);
    Ok(Settings {
        run,
        system,
        story_points: StoryPoints::with(story_points).map_err(|problem| CliError::options(vec![problem]))?,
        assignment: Assignment { owner, area, iteration, tags, parent },
        links: pipeline::links(|name| std::env::var(name).ok()),
    })
}

fn read_settings(path: &Path) -> Result<WorkItemSettings, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| CliError::file("--work-items", path, error))?;
    let name = path.display();
    WorkItemSettings::read(&text)
        .map_err(|mistakes| CliError::options(mistakes.iter().map(|mistake| format!("{name}:{mistake}")).collect()))
}
