//! Every SDK knows every option that a component may suggest. The keys come from docs/options.md, which a unit test of
//! `runtime/plan` holds to the table of options.

use std::fs;

use crate::support::program::root;

/// Keys that no SDK has, each with the reason.
const NEVER_SUGGESTED: &[(&str, &str)] = &[("cacert", "a component cannot name files")];

/// A row of docs/options.md.
struct Key {
    name: String,
    /// k6's name; empty if k6 has none.
    k6: String,
    /// Whether a scenario with a load of its own takes it.
    in_scenarios: bool,
}

/// The keys that a list should have.
enum Scope {
    Everything,
    /// Those that a scenario with a load of its own takes.
    Scenarios,
    /// Those that only the whole run takes.
    Run,
}

/// A list of keys in an SDK: the part of a file from one text to another.
struct List {
    file: &'static str,
    scope: Scope,
    spell: fn(&Key) -> String,
    from: &'static str,
    to: &'static str,
}

const fn list(
    file: &'static str,
    scope: Scope,
    spell: fn(&Key) -> String,
    from: &'static str,
    to: &'static str,
) -> List {
    List { file, scope, spell, from, to }
}

const LISTS: &[List] = &[
    list("sdk/rust/macros/src/plan/keys.rs", Scope::Scenarios, of_load_in_rust, "\nconst KEYS:", "\n];"),
    list("sdk/rust/macros/src/plan/keys.rs", Scope::Run, of_run_in_rust, "\nconst KEYS:", "\n];"),
    list(
        "sdk/rust/src/lib.rs",
        Scope::Everything,
        in_table,
        "/// Every key of the plan",
        "///\n/// A scenario of `scenarios`",
    ),
    list("sdk/go/options.go", Scope::Everything, in_go, "type Options struct", "\n}"),
    list("sdk/go/options.go", Scope::Scenarios, in_go, "type Scenario struct", "\n}"),
    list("sdk/go/plan.go", Scope::Everything, as_documented, ") options(options *Options) {", "\n}"),
    list("sdk/go/plan.go", Scope::Scenarios, in_go, "func appendScenario(", "\n}"),
    list("sdk/js/src/plan.ts", Scope::Scenarios, as_in_k6, "export interface Load {", "\n}"),
    list("sdk/js/src/plan.ts", Scope::Run, as_in_k6, "export interface Options ", "\n}"),
    list("sdk/js/src/plan.ts", Scope::Everything, as_in_k6, "const LOAD_KEYS", "export function"),
    list("sdk/python/src/squall/_options.py", Scope::Scenarios, as_documented, "class Load(", "\nclass "),
    list("sdk/python/src/squall/_options.py", Scope::Run, as_documented, "class Options(", "\nclass "),
    list("sdk/c/squall.h", Scope::Scenarios, as_documented, "// A load of its own:", "} squall_load;"),
    list("sdk/c/squall.h", Scope::Everything, as_documented, "// A scenario: its flows", "} squall_scenario;"),
    list("sdk/c/src/plan.c", Scope::Everything, as_documented, "static const field fields[]", "\n}"),
];

fn as_documented(key: &Key) -> String {
    key.name.clone()
}

fn of_load_in_rust(key: &Key) -> String {
    format!("of_load(\"{}\"", key.name)
}

fn of_run_in_rust(key: &Key) -> String {
    format!("of_run(\"{}\"", key.name)
}

fn in_table(key: &Key) -> String {
    format!("/// | `{}` |", key.name)
}

fn as_in_k6(key: &Key) -> String {
    if key.k6.is_empty() { key.name.clone() } else { key.k6.clone() }
}

/// `max_vus` is `MaxVUs`.
fn in_go(key: &Key) -> String {
    let capital = |word: &str| match word {
        "vus" => "VUs".to_owned(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    key.name.split('_').map(capital).collect()
}

/// Every key that a component may suggest.
fn keys() -> Vec<Key> {
    let page = fs::read_to_string(root().join("docs/options.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut keys: Vec<Key> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches([' ', '|', '`'])).collect();
            Key { name: cells[0].to_owned(), k6: cells[4].to_owned(), in_scenarios: cells[5] == "yes" }
        })
        .collect();
    for (name, reason) in NEVER_SUGGESTED {
        assert!(keys.iter().any(|key| key.name == *name), "docs/options.md has no {name}, left out since {reason}");
    }
    keys.retain(|key| NEVER_SUGGESTED.iter().all(|(name, _)| key.name != *name));
    keys
}

impl List {
    fn takes(&self, key: &Key) -> bool {
        match self.scope {
            Scope::Everything => true,
            Scope::Scenarios => key.in_scenarios,
            Scope::Run => !key.in_scenarios,
        }
    }

    /// The list itself, without lines of comments.
    fn text(&self) -> String {
        let text = fs::read_to_string(root().join(self.file)).unwrap();
        let (_, text) = text.split_once(self.from).unwrap_or_else(|| panic!("{} has no {:?}", self.file, self.from));
        let (text, _) = text.split_once(self.to).unwrap_or_else(|| panic!("{} has no {:?}", self.file, self.to));
        let is_comment = |line: &str| ["// ", "/**", "* ", "\"\"\""].iter().any(|mark| line.starts_with(mark));
        text.lines().filter(|line| !is_comment(line.trim_start())).map(|line| format!("{line}\n")).collect()
    }
}

/// Whether a text has a name, and not just a longer one with it inside.
fn has_name(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[test]
fn every_sdk_has_every_option_that_a_component_may_suggest() {
    let keys = keys();
    assert!(keys.len() > 40, "{}", keys.len());
    assert!(keys.iter().any(|key| key.in_scenarios) && keys.iter().any(|key| key.k6 == "maxVUs"));
    let mut missing = Vec::new();
    for list in LISTS {
        let text = list.text();
        for key in keys.iter().filter(|key| list.takes(key)) {
            let name = (list.spell)(key);
            if !has_name(&text, &name) {
                missing.push(format!("{}: no {name} after {:?}", list.file, list.from));
            }
        }
    }
    assert!(missing.is_empty(), "add the options to these lists:\n{}", missing.join("\n"));
}
