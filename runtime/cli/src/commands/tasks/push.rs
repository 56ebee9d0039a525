//! `squall tasks push`: items into a tracker, with what can be believed of each.

use serde_json::{Value, json};
use squall_report::{Align, table};
use squall_trackers::{
    Action, ClosedItems, FixedItem, Message, MessageItem, Patience, Planned, PushSettings, Pushed, Tracker, Validation,
    Verification, Webhook, plan_push, push, resolve,
};
use squall_work_items::{Block, Link, State, WorkItem, progress};

use super::tracker::{Extras, Named, attachment, missing, named, with_tracker};
use super::{RunItems, block_on};
use crate::args::tasks::{ClosedItem, MessageForm, PushTasksArgs};
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;

/// Pushes the items of a run.
pub fn push_items(arguments: &PushTasksArgs) -> Result<u8, CliError> {
    let mut run = RunItems::of(&arguments.items)?;
    let links = arguments.link.iter().map(|(title, url)| Link { title: title.clone(), url: url.clone() });
    let links: Vec<Link> = links.collect();
    run.items.iter_mut().for_each(|item| item.links.extend(links.iter().cloned()));
    // A wrong address is told before anything is pushed.
    let webhook = webhook(arguments)?;
    let extras = Extras { attachment: arguments.attach.as_deref().map(attachment).transpose()? };
    let (results, code) = match (named(&arguments.tracker, extras)?, &webhook) {
        (None, None) => return Err(missing()),
        (None, Some(_)) => (Vec::new(), exit::PASSED),
        (Some(named), _) => with_tracker!(named, tracker => block_on(into_tracker(&*tracker, &run, arguments)))?,
    };
    if let Some(webhook) = webhook {
        send_message(&webhook, &message(&run, &results), arguments.dry_run)?;
    }
    Ok(code)
}

/// Where a message about the items goes, if one is wanted.
fn webhook(arguments: &PushTasksArgs) -> Result<Option<Webhook>, CliError> {
    let Some(url) = &arguments.webhook else { return Ok(None) };
    let form = arguments.webhook_format.map(|form| match form {
        MessageForm::Generic => squall_trackers::MessageForm::Generic,
        MessageForm::Slack => squall_trackers::MessageForm::Slack,
        MessageForm::Teams => squall_trackers::MessageForm::Teams,
    });
    let webhook = Webhook::new(url, form, Patience::default());
    webhook.map(Some).map_err(|error| CliError::options(vec![error.to_string()]))
}

fn send_message(webhook: &Webhook, message: &Message, dry_run: bool) -> Result<(), CliError> {
    if dry_run {
        print(&format!("would send: {:#}\n", webhook.preview(message)))?;
        return Ok(());
    }
    block_on(async {
        webhook.send(message).await.map_err(|error| CliError::tracker(error.to_string()))?;
        print_status("the message was sent");
        Ok(())
    })
}

fn message(run: &RunItems, results: &[Pushed]) -> Message {
    let link = |item: &WorkItem| {
        let result = results.iter().find(|result| result.fingerprint == item.fingerprint);
        result.and_then(|result| result.item.clone())
    };
    let items = run.items.iter().map(|item| MessageItem { task: item.task.clone(), link: link(item) });
    Message {
        run: run.settings.run.clone(),
        title: run.document.title().to_owned(),
        verdict: format!("{}: {}", run.document.verdict.status.name(), run.document.verdict.sentence),
        report: run.items.iter().flat_map(|item| &item.links).map(|link| link.url.clone()).next(),
        items: items.collect(),
    }
}

/// Results, and the exit code that they are worth.
async fn into_tracker<T: Tracker>(
    tracker: &T,
    run: &RunItems,
    arguments: &PushTasksArgs,
) -> Result<(Vec<Pushed>, u8), CliError> {
    let closed = match arguments.closed {
        ClosedItem::Reopen => ClosedItems::Reopen,
        ClosedItem::Refer => ClosedItems::Refer,
    };
    let settings = PushSettings { closed, ..PushSettings::default() };
    if arguments.dry_run {
        let planned = plan_push(tracker, &run.items, &settings).await;
        print(&if arguments.json { pretty(planned.iter().map(planned_json)) } else { planned_text(&planned) })?;
        let refused = planned.iter().any(|item| item.validation.is_err());
        return Ok((Vec::new(), if refused { exit::OUTPUT_FAILED } else { exit::PASSED }));
    }
    let mut results = push(tracker, &run.items, &settings).await;
    let resolved = if arguments.resolve_fixed { resolve_fixed(tracker, run, &settings).await } else { Ok(Vec::new()) };
    // What was pushed is told, whatever becomes of the rest.
    let problem = resolved.map(|resolved| results.extend(resolved)).err();
    print(&if arguments.json {
        pretty(results.iter().map(pushed_json))
    } else {
        pushed_text(&tracker.place(), &results)
    })?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let code = if results.iter().all(Pushed::is_verified) { exit::PASSED } else { exit::OUTPUT_FAILED };
    Ok((results, code))
}

/// Closes the items that this run looked for and did not find.
async fn resolve_fixed<T: Tracker>(
    tracker: &T,
    run: &RunItems,
    settings: &PushSettings,
) -> Result<Vec<Pushed>, CliError> {
    let items = tracker.list().await.map_err(|error| CliError::tracker(error.to_string()))?;
    let fixed = items.iter().filter_map(|item| {
        let record = item.record.as_ref()?;
        let progress = progress(record, &run.document, run.settings.system.as_deref());
        let comment =
            || vec![Block::Paragraph(format!("Run {} no longer shows it: {}.", run.settings.run, progress.sentence()))];
        (progress.state == State::Gone).then(|| FixedItem {
            fingerprint: record.fingerprint.clone(),
            run: run.settings.run.clone(),
            comment: comment(),
        })
    });
    let fixed: Vec<FixedItem> = fixed.collect();
    Ok(resolve(tracker, &fixed, settings).await)
}

fn pretty(values: impl Iterator<Item = Value>) -> String {
    format!("{:#}\n", Value::Array(values.collect()))
}

fn pushed_text(place: &str, results: &[Pushed]) -> String {
    if results.is_empty() {
        return "no work items: nothing was found, and nothing was missed\n".to_owned();
    }
    let header = ["action", "id", "status", "title", "link"].map(str::to_owned).to_vec();
    let row = |result: &Pushed| {
        let (id, url) = result.item.as_ref().map(|item| (item.id.clone(), item.url.clone())).unwrap_or_default();
        vec![action(&result.action).to_owned(), id, result.status().to_owned(), result.title.clone(), url]
    };
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(results.iter().map(row)).collect();
    let mut text = format!("{place}\n{}", table(0, &[Align::Left; 5], &rows));
    for result in results {
        let details = result.details();
        let notes = result.notes.iter().map(|note| format!("note: {note}"));
        text.extend(details.into_iter().chain(notes).map(|line| format!("{}: {line}\n", result.title)));
    }
    text
}

fn action(action: &Action) -> &'static str {
    match action {
        Action::Created => "created",
        Action::RefersToClosed(_) => "created, refers to a closed one",
        Action::Updated => "updated",
        Action::Unchanged => "unchanged",
        Action::Reopened => "reopened",
        Action::Resolved => "resolved",
        Action::MayExist => "may exist",
        Action::Nothing => "-",
    }
}

fn pushed_json(result: &Pushed) -> Value {
    let differences = match &result.verification {
        Verification::VerifiedWithDifferences(differences) => differences.clone(),
        _ => Vec::new(),
    };
    let problem = match &result.verification {
        Verification::CreatedNotVerified(reason) | Verification::NotCreated(reason) => Some(reason),
        _ => None,
    };
    json!({
        "fingerprint": result.fingerprint.as_str(), "title": result.title, "action": action(&result.action),
        "id": result.item.as_ref().map(|item| &item.id), "url": result.item.as_ref().map(|item| &item.url),
        "status": result.status(), "differences": differences, "problem": problem, "notes": result.notes,
    })
}

fn planned_text(planned: &[Planned]) -> String {
    let mut text = String::new();
    for item in planned {
        text.push_str(&format!("{}: {}\n", intended(&item.action), item.title));
        text.extend(item.item.as_ref().map(|link| format!("  the item {} ({})\n", link.id, link.url)));
        if let Some(preview) = &item.preview {
            text.extend(preview.request.lines().map(|line| format!("  {line}\n")));
            text.extend(preview.notes.iter().map(|note| format!("  note: {note}\n")));
        }
        text.push_str(&match &item.validation {
            Ok(Validation::Accepted) => "  the tracker would accept it\n".to_owned(),
            Ok(Validation::NotOffered) => String::new(),
            Err(problem) => format!("  refused: {problem}\n"),
        });
    }
    if planned.is_empty() { "no work items: nothing was found, and nothing was missed\n".to_owned() } else { text }
}

fn intended(action: &Action) -> &'static str {
    match action {
        Action::Created => "would create",
        Action::RefersToClosed(_) => "would create, and refer to a closed one",
        Action::Updated => "would update",
        Action::Unchanged => "would leave unchanged",
        Action::Reopened => "would reopen",
        Action::Resolved => "would resolve",
        Action::MayExist | Action::Nothing => "would fail",
    }
}

fn planned_json(item: &Planned) -> Value {
    json!({
        "fingerprint": item.fingerprint.as_str(), "title": item.title, "action": intended(&item.action),
        "id": item.item.as_ref().map(|link| &link.id), "url": item.item.as_ref().map(|link| &link.url),
        "request": item.preview.as_ref().map(|preview| &preview.request),
        "notes": item.preview.as_ref().map(|preview| &preview.notes),
        "accepted": item.validation.as_ref().ok().map(|validation| *validation == Validation::Accepted),
        "problem": item.validation.as_ref().err(),
    })
}
