//! Every SDK knows every option that a component may suggest. The keys come from docs/options.md, which a unit test of
//! `runtime/plan` holds to the table of options. With `UPDATE_EXPECT=1` the test adds options of the ordinary kinds (time,
//! number, text, switch) to the lists that lack them.

use std::fs;

use crate::support::program::root;

/// Keys that no SDK has, each with the reason.
const NEVER_SUGGESTED: &[(&str, &str)] = &[
    ("cacert", "a component cannot name files"),
    ("cert", "a component cannot name files"),
    ("key", "a component cannot name files"),
    ("cert_password", "a component cannot name files or variables"),
    ("client_certificates", "only scripts of k6 bring some, as text"),
    ("tls_server_name", "whom the user trusts is no component's business"),
    ("hosts", "only scripts of k6 have some, and the user has to say them, too"),
    ("connect_to", "the way to a target is the user's"),
    ("proxy", "the way to a target is the user's"),
    ("no_proxy", "the way to a target is the user's"),
    ("unix_socket", "the way to a target is the user's"),
    ("local_ips", "the addresses of the generator's machine are no component's business"),
    ("tcp_keepalive", "the network between generator and target is no component's business"),
    ("accept_bottleneck", "what the generator's machine is good for is no component's business"),
];

/// A row of docs/options.md.
struct Key {
    name: String,
    /// k6's name; empty if k6 has none.
    k6: String,
    /// Whether a scenario with its own load takes it.
    in_scenarios: bool,
    /// The kind of its value, as the page names it.
    kind: String,
    /// A sentence for users.
    help: String,
}

/// The keys that a list should have.
enum Scope {
    Everything,
    /// The keys of a scenario with its own load.
    Scenarios,
    /// The keys of the whole run alone.
    Run,
}

/// A list of keys in an SDK: the part of a file from one text to another.
struct List {
    file: &'static str,
    scope: Scope,
    spell: fn(&Key) -> String,
    from: &'static str,
    to: &'static str,
    /// The option's entry, in full lines; `None` if its kind needs more than a line by hand.
    entry: fn(&Key) -> Option<String>,
}

/// The spelling of a key in a list, and the entry to write for it.
type Wording = (fn(&Key) -> String, fn(&Key) -> Option<String>);

const fn list(file: &'static str, scope: Scope, (spell, entry): Wording, from: &'static str, to: &'static str) -> List {
    List { file, scope, spell, from, to, entry }
}

/// Whether an entry of its kind is one line in every language.
fn is_ordinary(key: &Key) -> bool {
    word_of_kind(key, [""; 4]).is_some()
}

/// The word for a kind in a language: of time, number, text, switch.
fn word_of_kind<'a>(key: &Key, [time, number, text, switch]: [&'a str; 4]) -> Option<&'a str> {
    match key.kind.as_str() {
        "time" => Some(time),
        "whole number" => Some(number),
        // What may be written as text, too.
        "text" | "rate" | "look-ups" | "texts" | "version of TLS" => Some(text),
        "true or false" => Some(switch),
        _ => None,
    }
}

fn rust_entry(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["Duration", "Count", "Text", "Flag"])?;
    let scope = if key.in_scenarios { "load" } else { "run" };
    Some(format!("    of_{scope}(\"{}\", Kind::{kind}),\n", key.name))
}

fn rust_row(key: &Key) -> Option<String> {
    let value = word_of_kind(key, ["\"30s\"", "10", "\"text\"", "true"])?;
    Some(format!("/// | `{}` | `{value}` | {} |\n", key.name, key.help))
}

fn go_field(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["time.Duration", "int", "string", "bool"])?;
    Some(format!("\t// {}\n\t{} {kind}\n", key.help, in_go(key)))
}

fn go_call(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["duration", "number", "string", "flag"])?;
    Some(format!("\tobject.{kind}(\"{}\", options.{})\n", key.name, in_go(key)))
}

fn go_copy(key: &Key) -> Option<String> {
    is_ordinary(key).then(|| format!("\t\t{0}: load.{0},\n", in_go(key)))
}

fn typescript_field(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["string", "number", "string", "boolean"])?;
    Some(format!("  /** {} */\n  {}?: {kind};\n", key.help, as_in_k6(key)))
}

fn typescript_key(key: &Key) -> Option<String> {
    // Scenarios have another list, edited by hand.
    (is_ordinary(key) && !key.in_scenarios).then(|| format!("  '{}',\n", as_in_k6(key)))
}

fn python_field(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["str", "int", "str", "bool"])?;
    Some(format!("    {}: {kind}\n    \"\"\"{}\"\"\"\n", key.name, key.help.replace('`', "``")))
}

fn c_field(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["const char *", "uint32_t ", "const char *", "bool "])?;
    Some(format!("    // {}\n    {kind}{};\n", key.help.replace('`', ""), key.name))
}

fn c_entry(key: &Key) -> Option<String> {
    let kind = word_of_kind(key, ["TEXT", "NUMBER", "TEXT", "FLAG"])?;
    let scope = if key.in_scenarios { "BOTH" } else { "RUN" };
    Some(format!("    OF_{scope}({kind}, {}),\n", key.name))
}

const LISTS: &[List] = &[
    list("sdk/rust/macros/src/plan/keys.rs", Scope::Scenarios, (of_load_in_rust, rust_entry), "\nconst KEYS:", "\n];"),
    list("sdk/rust/macros/src/plan/keys.rs", Scope::Run, (of_run_in_rust, rust_entry), "\nconst KEYS:", "\n];"),
    list(
        "sdk/rust/src/lib.rs",
        Scope::Everything,
        (in_table, rust_row),
        "/// Every key of the plan",
        "///\n/// A scenario of `scenarios`",
    ),
    list("sdk/go/options.go", Scope::Everything, (in_go, go_field), "type Options struct", "\n}"),
    list("sdk/go/options.go", Scope::Scenarios, (in_go, go_field), "type Scenario struct", "\n}"),
    list("sdk/go/plan.go", Scope::Everything, (as_documented, go_call), ") options(options *Options) {", "\n}"),
    list("sdk/go/plan.go", Scope::Scenarios, (in_go, go_copy), "func appendScenario(", "\n\t})"),
    list("sdk/js/src/plan.ts", Scope::Scenarios, (as_in_k6, typescript_field), "export interface Load {", "\n}"),
    list("sdk/js/src/plan.ts", Scope::Run, (as_in_k6, typescript_field), "export interface Options ", "\n}"),
    list(
        "sdk/js/src/plan.ts",
        Scope::Everything,
        (as_in_k6, typescript_key),
        "const LOAD_KEYS",
        "\n];\n\n/** Translates",
    ),
    list(
        "sdk/python/src/squall/_options.py",
        Scope::Scenarios,
        (as_documented, python_field),
        "class Load(",
        "\n\n\nclass ",
    ),
    list(
        "sdk/python/src/squall/_options.py",
        Scope::Run,
        (as_documented, python_field),
        "class Options(",
        "\n\n\nclass ",
    ),
    list("sdk/c/squall.h", Scope::Scenarios, (as_documented, c_field), "// A load of its own:", "\n} squall_load;"),
    list(
        "sdk/c/squall.h",
        Scope::Everything,
        (as_documented, c_field),
        "// A scenario: its flows",
        "\n} squall_scenario;",
    ),
    list("sdk/c/src/plan.c", Scope::Everything, (as_documented, c_entry), "static const field fields[]", "\n}"),
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
        "vu" => "VU".to_owned(),
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
            let [name, kind, _, _, _, k6, in_scenarios, help] = cells[..] else { panic!("{row}") };
            let text = |cell: &str| cell.to_owned();
            let in_scenarios = in_scenarios == "yes";
            Key { name: text(name), kind: text(kind), k6: text(k6), in_scenarios, help: text(help) }
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

    /// The list's place in the text of its file.
    fn place(&self, text: &str) -> (usize, usize) {
        let begins = text.find(self.from).unwrap_or_else(|| panic!("{} has no {:?}", self.file, self.from));
        let from = begins + self.from.len();
        let length = text[from..].find(self.to).unwrap_or_else(|| panic!("{} has no {:?}", self.file, self.to));
        (from, from + length)
    }

    /// The list itself, without lines of comments.
    fn text(&self) -> String {
        let text = fs::read_to_string(root().join(self.file)).unwrap();
        let (from, to) = self.place(&text);
        let is_comment = |line: &str| ["// ", "/**", "* ", "\"\"\""].iter().any(|mark| line.starts_with(mark));
        text[from..to].lines().filter(|line| !is_comment(line.trim_start())).map(|line| format!("{line}\n")).collect()
    }

    /// Adds an option at the end of the list.
    fn add(&self, key: &Key) {
        let entry = (self.entry)(key).unwrap_or_else(|| panic!("{}: write {} by hand", self.file, key.name));
        let file = root().join(self.file);
        let mut text = fs::read_to_string(&file).unwrap();
        let (_, end) = self.place(&text);
        // A list of comments ends with its last line, others before the line that closes them.
        let (at, entry) = if text[..end].ends_with('\n') { (end, entry) } else { (end + 1, entry) };
        text.insert_str(at, &entry);
        fs::write(file, text).unwrap();
    }
}

/// Whether a text contains a name as a whole word.
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
            if has_name(&text, &name) {
                continue;
            }
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                list.add(key);
            } else {
                missing.push(format!("{}: no {name} after {:?}", list.file, list.from));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "add the options to these lists, or let UPDATE_EXPECT=1 do it:\n{}",
        missing.join("\n")
    );
}
