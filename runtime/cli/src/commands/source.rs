//! Sources of scenarios, and what is none: scripts of other tools, told by their names and what they import.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use squall_report::shown_command;
use squall_toolchain::{Built, Compat, Source, build};

use crate::args::script::ScriptArgs;
use crate::error::CliError;
use crate::stderr::print_status;

/// How much of a script is looked at, in bytes: imports come first.
const LOOKED_AT: u64 = 256 << 10;

/// The tool that a script is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tool {
    /// With the module of k6's that it imports.
    K6(String),
    Locust,
    Gatling,
    JMeter,
    Wrk,
}

/// The component of a source, and the source.
pub fn build_source(name: &str, script: ScriptArgs) -> Result<(Source, Built), CliError> {
    refuse_foreign(name, script)?;
    let source = Source::at(Path::new(name))?;
    let built = build(&source, script.options(), &print_status)?;
    Ok((source, built))
}

/// Refuses what another tool runs, and says what to do with it.
pub fn refuse_foreign(name: &str, script: ScriptArgs) -> Result<(), CliError> {
    let sentence = match tool_of(Path::new(name)) {
        Some(Tool::K6(_)) if script.compat == Some(Compat::K6) => return Ok(()),
        None => return Ok(()),
        Some(Tool::K6(module)) => {
            let typed = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
            let words = std::iter::once("squall".to_owned()).chain(typed).chain(["--compat", "k6"].map(str::to_owned));
            format!("{name} is a script of k6's (it imports {module}), which is run so: {}", shown_command(words))
        }
        Some(Tool::Locust) => cannot_run(name, "a locustfile", "locust", "python"),
        Some(Tool::Gatling) => cannot_run(name, "a simulation of Gatling's", "gatling", "typescript"),
        Some(Tool::JMeter) => cannot_run(name, "a plan of JMeter's", "jmeter", "typescript"),
        Some(Tool::Wrk) => cannot_run(name, "a script of wrk's", "wrk-oha", "typescript"),
    };
    Err(CliError::options(vec![sentence]))
}

fn cannot_run(name: &str, what: &str, page: &str, language: &str) -> String {
    format!(
        "{name} is {what}, which cannot be run: docs/coming-from/{page}.md has the same test in both, and `squall new NAME --lang \
         {language}` makes a scenario"
    )
}

fn tool_of(path: &Path) -> Option<Tool> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("js" | "mjs" | "ts" | "mts") => module_of_k6(&beginning(path)?).map(Tool::K6),
        Some("py") => imports_locust(&beginning(path)?).then_some(Tool::Locust),
        Some("scala" | "java" | "kt") => beginning(path)?.contains("gatling").then_some(Tool::Gatling),
        Some("jmx") => Some(Tool::JMeter),
        Some("lua") => Some(Tool::Wrk),
        _ if path.is_dir() => tool_of(&Source::at(path).ok()?.script()).filter(|tool| matches!(tool, Tool::K6(_))),
        _ => None,
    }
}

fn beginning(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first module of k6's that a script imports, if it does.
fn module_of_k6(script: &str) -> Option<String> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(imports).find(|module| *module == "k6" || module.starts_with("k6/")).map(str::to_owned)
}

/// What stands in quotes behind `from`, `import` or `require(`.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(['\'', '"']).filter_map(|(place, quote)| {
        let before = line[..place].trim_end();
        let imports = ["from", "import", "require(", "import("].iter().any(|word| before.ends_with(word));
        imports.then(|| line[place + 1..].split(quote).next()).flatten()
    })
}

fn imports_locust(script: &str) -> bool {
    let imported =
        script.lines().filter_map(|line| line.strip_prefix("from ").or_else(|| line.strip_prefix("import ")));
    let mut names =
        imported.map(|rest| rest.trim_start().split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
    names.any(|mut words| words.next() == Some("locust"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn scripts_of_k6_are_told_by_what_they_import() {
        for (script, module) in [
            ("import http from 'k6/http';\nimport { check } from 'k6';", Some("k6/http")),
            ("import{check}from\"k6\";", Some("k6")),
            ("import 'k6/x/thing'", Some("k6/x/thing")),
            ("const http = require('k6/http');", Some("k6/http")),
            ("import {\n  check,\n} from 'k6';", Some("k6")),
            ("// import http from 'k6/http'\nimport { http } from 'squall';", None),
            ("import { http } from 'squall';\nhttp.get('k6/http');", None),
            ("import k6ish from 'k6ish';", None),
        ] {
            assert_eq!(module_of_k6(script).as_deref(), module, "{script}");
        }
    }

    #[test]
    fn locustfiles_are_told_by_what_they_import() {
        assert!(imports_locust("import random\n\nfrom locust import HttpUser, task\n"));
        assert!(imports_locust("import locust"));
        assert!(imports_locust("import locust.stats"));
        assert!(!imports_locust("from squall import http\n# from locust\nimport locusts\nfrom .locust import x\n"));
    }

    #[test]
    fn each_tool_has_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let told = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            match refuse_foreign(&path.display().to_string(), ScriptArgs::default()) {
                Ok(()) => String::new(),
                Err(error) => error.to_string(),
            }
        };
        let locust = told("locustfile.py", "from locust import task");
        assert!(locust.contains("is a locustfile, which cannot be run: docs/coming-from/locust.md"), "{locust}");
        let gatling = told("Shop.scala", "import io.gatling.core.Predef._");
        assert!(gatling.contains("docs/coming-from/gatling.md"), "{gatling}");
        assert_eq!(told("Shop.java", "class Shop {}"), "");
        assert!(told("shop.jmx", "<jmeterTestPlan/>").contains("docs/coming-from/jmeter.md"));
        let k6 = told("shop.js", "import http from 'k6/http';");
        assert!(k6.contains("is a script of k6's (it imports k6/http), which is run so: squall "), "{k6}");
        assert!(k6.ends_with(" --compat k6"), "{k6}");
        assert_eq!(told("scenario.js", "import { http } from 'squall';"), "");
        assert_eq!(told("scenario.py", "from squall import flow"), "");
        assert_eq!(told("scenario.wasm", ""), "");
    }
}
