//! docs/options.md: every option, where it can be written, and its default. `squall plan options` prints it.

use std::fmt::Write;

use super::{Key, Keyed, Options};

const HEAD: &str = "\
# Options

Every option of a run, from the program's own table (`squall plan options` prints this page). An option can be written on the
command line, as an environment variable, in a plan file (under its name; those about requests also under `http`), and in the
plan that a scenario suggests; the first of these that says it counts. k6's names are understood, too. Scenarios with a load
of their own take those marked so. [The security page](security.md#what-a-component-has) says how far a suggested plan goes.

| option | kind | default | command line | environment | k6's name | of a scenario | |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

/// The reference of all options, in Markdown.
pub fn options_reference() -> String {
    Options::keys().filter(|key| key.name != "http").fold(HEAD.to_owned(), |mut text, key| {
        let _ = writeln!(text, "{}", row(key));
        text
    })
}

fn row(key: &Key) -> String {
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let flag = key.flag.map_or_else(String::new, |flag| match flag.short {
        Some(short) => format!("-{short}, --{}", flag.long),
        None => format!("--{}", flag.long),
    });
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
        key.name,
        key.kind.kind,
        code(key.default.unwrap_or_default()),
        code(&flag),
        code(&key.variable().unwrap_or_default()),
        code(key.also.first().copied().unwrap_or_default()),
        if key.in_scenarios { "yes" } else { "" },
        key.help.trim().replace('|', "\\|")
    )
}
