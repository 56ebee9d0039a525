//! `squall ui`: a page that starts tests. A test of its form is the `squall run` that the form's values are options of.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use serde_json::json;
use squall_control::{DashboardMount, DashboardPlace};
use squall_plan::{PlanFile, TestType};
use squall_session::{ControlSettings, TestRun};
use squall_ui::{Folder, Kind, ReservedUi, Subject, TestForm};

use crate::args::history::StoreArgs;
use crate::cli::{Cli, Command};
use crate::commands::run::{RunArgs, prepare, test_of_plan};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::stderr::{print_error, print_status};
use crate::values::parse_address;
use crate::{exit, habits, signals};

/// How often it is seen whether a signal has come.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Users at most of a load that can be changed, if the form does not say.
const MAX_USERS: &str = "100";

/// `squall ui`.
#[derive(Debug, Args)]
pub struct UiArgs {
    /// Folder with the tests: plans (.yaml) and components (.wasm).
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
    /// Where the page is served; a loopback address. Port 0: any that is free.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address, default_value = "127.0.0.1:8089")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Options of squall run, for every test.
    #[arg(last = true, value_name = "OPTIONS OF RUN", allow_hyphen_values = true)]
    pub options: Vec<String>,
}

/// A test that was asked for.
struct Asked {
    run: Box<RunArgs>,
    /// The words that `run` was made of.
    command: Vec<String>,
    /// The plan that the form makes of a component with a type of test.
    plan: Option<PlanFile>,
}

/// Serves the page until a signal comes.
pub fn ui(arguments: &UiArgs) -> Result<u8, CliError> {
    let folder = &arguments.folder;
    let folder = Folder::at(folder).map_err(|source| CliError::file("the folder of tests", folder, source))?;
    let mut always = arguments.options.clone();
    if arguments.store.runs_dir != StoreArgs::default().runs_dir {
        always.push(format!("--runs-dir={}", arguments.store.runs_dir.display()));
    }
    // What is wrong with every test is said now.
    parse("http://127.0.0.1/", &always).map_err(|sentence| CliError::options(vec![sentence]))?;
    let reserved = ReservedUi::take(arguments.listen, folder, arguments.store.open())?;
    print_status(&format!("the page is at {} (Ctrl-C ends it)", reserved.url()));
    let page = reserved.serve(move |form| ask(form, &always))?;
    while !signals::came() {
        if let Some(asked) = page.next_test(LOOK_EVERY) {
            let ended = carry_out(&asked, page.dashboard()).map_err(|error| error.to_string());
            ended.as_ref().err().iter().for_each(|sentence| print_error(sentence));
            page.test_ended(ended);
        }
    }
    Ok(exit::INTERRUPTED)
}

/// The test that a form asks for.
fn ask(form: TestForm, always: &[String]) -> Result<Asked, String> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let (subject, plan) = match (form.subject.clone(), &form.kind) {
        (Subject::Component(path), Kind::Type(kind)) => {
            let path = text(path);
            let plan = plan_of(&path, *kind, &form)?;
            (path, Some(plan))
        }
        (Subject::Component(path) | Subject::Plan(path), _) => (text(path), None),
        (Subject::Url(url), _) => (url, None),
    };
    let mut options = always.to_vec();
    let mut give = |option: &str, value: &Option<String>| {
        options.extend(value.iter().map(|value| format!("--{option}={value}")));
    };
    give("target", &form.target);
    if plan.is_none() {
        give("vus", &form.users);
        give("rate", &form.rate);
        give("duration", &form.duration);
    }
    if let Kind::Adjustable(most) = &form.kind {
        give("executor", &Some("externally-controlled".to_owned()));
        give("max-vus", &Some(most.clone().unwrap_or_else(|| MAX_USERS.to_owned())));
    }
    let (run, command) = parse(&subject, &options)?;
    Ok(Asked { run, command, plan })
}

/// `squall run` with that scenario and these options.
fn parse(scenario: &str, options: &[String]) -> Result<(Box<RunArgs>, Vec<String>), String> {
    if scenario.starts_with('-') {
        return Err(format!("{scenario:?} is neither a test nor the URL of a target"));
    }
    let words = [&["run".to_owned(), scenario.to_owned()], options].concat();
    let parsed = Cli::try_parse_from(std::iter::once("squall").chain(words.iter().map(String::as_str)));
    match parsed.map_err(habits::sentence_about)?.command {
        Command::Run(run) if run.control.dashboard.dashboard.is_some() => {
            Err("--dashboard: every test has its dashboard on the page already".to_owned())
        }
        Command::Run(run) => Ok((run, words)),
        _ => Err("only options of squall run can follow".to_owned()),
    }
}

/// The plan of a component with a type of test.
fn plan_of(component: &str, kind: TestType, form: &TestForm) -> Result<PlanFile, String> {
    let number = |text: &String| text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
    let values = [
        ("component", Some(json!(component))),
        ("type", Some(json!(kind.name()))),
        ("users", form.users.as_ref().map(number)),
        ("rate", form.rate.as_ref().map(number)),
        ("duration", form.duration.as_ref().map(|duration| json!(duration))),
    ];
    // JSON's texts and numbers are YAML's, too.
    let lines = values.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}\n", value?)));
    PlanFile::read(&lines.collect::<String>()).map_err(|mistakes| {
        let sentences: Vec<String> = mistakes.into_iter().map(|mistake| mistake.message).collect();
        sentences.join("\n")
    })
}

/// Runs it, and says what it came to.
fn carry_out(asked: &Asked, dashboard: DashboardMount) -> Result<String, CliError> {
    let test = match &asked.plan {
        Some(plan) => test_of_plan(&asked.run, plan.clone())?,
        None => prepare(&asked.run)?,
    };
    if test.kind()? == Some(TestType::Breakpoint) {
        let sentence = format!("{}: a search has no dashboard: run it with squall run", asked.run.scenario);
        return Err(CliError::options(vec![sentence]));
    }
    let control = ControlSettings { dashboard: Some(DashboardPlace::Within(dashboard)), ..test.control.clone() };
    let command = if asked.plan.is_none() { asked.command.clone() } else { test.command.clone() };
    let test = TestRun { control, command, ..test };
    let console = TerminalConsole::of(&asked.run.output, &test)?;
    let finished = test.execute(&console)?;
    let unwritten = finished.unwritten.iter().map(ToString::to_string);
    Ok(std::iter::once(finished.result.to_string()).chain(unwritten).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn form(subject: Subject, kind: Kind) -> TestForm {
        TestForm { subject, target: None, users: None, rate: None, duration: None, kind }
    }

    #[test]
    fn values_are_options_of_run() {
        let component = Subject::Component("shop.wasm".into());
        let asked = TestForm {
            target: Some("http://t".to_owned()),
            users: Some("5".to_owned()),
            duration: Some("1m".to_owned()),
            ..form(component.clone(), Kind::Adjustable(None))
        };
        let asked = ask(asked, &["--quiet".to_owned()]).unwrap_or_else(|sentence| panic!("{sentence}"));
        let words = "run shop.wasm --quiet --target=http://t --vus=5 --duration=1m --executor=externally-controlled --max-vus=100";
        assert_eq!(asked.command.join(" "), words);
        assert!(asked.run.output.screen.quiet && asked.plan.is_none());
        let spike = TestForm { users: Some("5".to_owned()), ..form(component, Kind::Type(TestType::Spike)) };
        let asked = ask(spike, &[]).unwrap_or_else(|sentence| panic!("{sentence}"));
        assert_eq!(asked.command, ["run", "shop.wasm"]);
        let plan = PlanFile::read("component: shop.wasm\ntype: spike\nusers: 5\n").unwrap();
        let made = asked.plan.unwrap();
        assert_eq!((made.component, made.shape), (plan.component, plan.shape));
    }

    #[test]
    fn no_value_becomes_an_option() {
        for value in ["--watch", "5 --watch", "5\n--watch", "-q", "=--watch"] {
            let given = || Some(value.to_owned());
            for asked in [
                TestForm { users: given(), ..form(Subject::Plan("plan.yaml".into()), Kind::Own) },
                TestForm { rate: given(), ..form(Subject::Component("a.wasm".into()), Kind::Own) },
                TestForm { duration: given(), ..form(Subject::Component("a.wasm".into()), Kind::Own) },
                form(Subject::Component("a.wasm".into()), Kind::Adjustable(given())),
                TestForm { users: given(), ..form(Subject::Component("a.wasm".into()), Kind::Type(TestType::Load)) },
            ] {
                assert!(ask(asked, &[]).is_err(), "{value}");
            }
        }
        for url in ["--watch", "-q"] {
            assert!(ask(form(Subject::Url(url.to_owned()), Kind::Own), &[]).is_err());
        }
        let target = TestForm {
            target: Some("http://t --watch".to_owned()),
            ..form(Subject::Component(Path::new("a.wasm").into()), Kind::Own)
        };
        if let Ok(asked) = ask(target, &[]) {
            assert!(!asked.run.watch && asked.command.len() == 3, "{:?}", asked.command);
        }
    }

    #[test]
    fn mistakes_are_said_in_a_sentence() {
        let sentence = |options: &[&str]| {
            let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
            parse("a.wasm", &options).err().unwrap_or_default()
        };
        assert_eq!(sentence(&["--no-such"]), "unexpected argument '--no-such' found");
        assert!(sentence(&["--vus=many"]).starts_with("invalid value 'many' for '--vus"));
        assert!(sentence(&["--dashboard"]).contains("has its dashboard on the page already"));
    }
}
