//! What is typed by those who know wrk, oha, hey, k6, Locust, curl or ab. Where it means one thing it is understood (`args.rs` has it as
//! an alias); else one sentence says how it is written here. Must not guess: a tip that points elsewhere is worse than none.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use squall_plan::{nearest, text_without_credentials};

use crate::named;
use crate::stderr::print_error;

/// The exit code for a command line that does not parse.
const WRONG_USAGE: u8 = 2;

/// Options of others, and how what they do is written here.
const OPTIONS: &[(&[&str], &str)] = &[
    (&["-A", "--accept"], "write a header as -H 'Accept: TYPE', and the User-Agent as --user-agent TEXT"),
    (&["-T", "--content-type"], "write -H 'Content-Type: TYPE'"),
    (&["-D", "--body-file", "--body-path"], "write -b @FILE for a body from a file"),
    (&["--data-raw", "--data-binary", "--json-body"], "write -b TEXT for a body, or -b @FILE"),
    (&["-a", "--user", "--basic-auth", "--auth"], "write user and password into the URL: http://USER:PASSWORD@HOST/"),
    (&["--cookie", "--cookies"], "write -H 'Cookie: NAME=VALUE'"),
    (&["--host", "-host"], "write -H 'Host: NAME', or --target URL for the base URL of a scenario"),
    (&["-I", "--head"], "write -m HEAD"),
    (&["--request"], "write -m METHOD"),
    (
        &["-L", "--location", "--follow", "--redirects"],
        "redirects are followed without it; --max-redirects N says how many",
    ),
    (&["--redirect", "--redirect-limit"], "write --max-redirects N; 0 follows none"),
    (&["-r"], "write -s TIME:N for a ramp of virtual users, and --max-redirects N for redirects"),
    (&["--disable-redirects", "--no-redirects"], "write --max-redirects 0"),
    (&["-h2", "--http2", "--h2"], "HTTP/2 is agreed on by TLS; without TLS, write --http 2-prior-knowledge"),
    (&["--http3", "--h3"], "write --http 3"),
    (
        &["-p", "--parallel"],
        "write -c N for the requests at a time, and --shared-connections N for the connections that carry them",
    ),
    (
        &["-C", "--concurrency", "--users", "--clients", "--workers"],
        "write -c N for connections to a URL, and -u N for the virtual users of a scenario",
    ),
    (
        &["-N", "--requests", "--num-requests", "--total"],
        "write -i N for N iterations; with a URL, each is one request",
    ),
    (
        &["--rps", "--qps", "--query-per-second", "--max-rps", "--throughput"],
        "write -R N to start N iterations a second; with a URL, each is one request",
    ),
    (&["--time", "--test-duration", "--run-time"], "write -d TIME"),
    (
        &["--ramp-up", "--ramp-duration", "--rampup", "--spawn-rate", "--hatch-rate"],
        "write a ramp as stages: -s 30s:100 -s 5m:100",
    ),
    (&["-j", "--json", "--output-format", "--format"], "write --summary-json FILE for the results as JSON"),
    (&["--html", "--output", "--report-file"], "write --report FILE.html for a page, or FILE.md, FILE.xml, FILE.json"),
    (&["--no-summary"], "write --summary-mode disabled"),
    (&["--no-color-output", "--disable-color", "--no-colour"], "write --no-color"),
    (&["--no-progress", "--silent", "--only-summary"], "write --quiet"),
    (&["--csv"], "write -o csv=FILE"),
    (
        &["--batch-per-host", "--batch"],
        "how many requests of one batch go out at once is for the plan or the script to say: batch_per_origin",
    ),
    (
        &["--latency-correction"],
        "with a rate (-R), response times are taken from the intended start of each request in any case",
    ),
    (&["-cpus"], "write -t N for N worker threads"),
    (&["-disable-keepalive"], "write --no-connection-reuse"),
    (&["-disable-redirects"], "write --max-redirects 0"),
    (&["-disable-compression"], "write -H 'Accept-Encoding: identity'"),
    (&["--no-usage-report"], "Squall reports no usage"),
    (&["--config"], "write what it says as a plan, and run that: squall run plan.yaml"),
    (
        &["--no-setup", "--no-teardown"],
        "both are always called; a k6 script leaves one out with the option noSetup or noTeardown",
    ),
    (&["--linger"], "a run ends with its load; what it measured is kept, and squall report last shows it again"),
    (&["--paused"], "a run begins at once; one with --executor externally-controlled takes the command pause"),
    (
        &["--log-output", "--log-format", "--console-output"],
        "what a scenario logs goes to standard error, as text: write 2> FILE",
    ),
    (
        &["--summary-trend-stats", "--summary-time-unit"],
        "the summary shows the same statistics each time; --summary-json FILE has all of them",
    ),
    (
        &["--machine-readable-summary", "--new-machine-readable-summary"],
        "write --summary-json FILE, or --summary-export FILE for k6's form",
    ),
    (
        &["--no-thresholds"],
        "thresholds are always judged; a --threshold on the same value takes the place of a script's or a plan's",
    ),
    (
        &["--include-system-env-vars"],
        "a scenario reads only what is passed to it: write -e NAME=\"$NAME\", or --secret NAME=env",
    ),
    (&["--secret-source"], "write --secret NAME=@FILE, or --secret NAME=env"),
    (&["--address"], "write --control 127.0.0.1:6565 for an API of the run"),
    (&["--blacklist-ip", "--block-hostnames"], "a run reaches nothing but its target and what --allow HOST names"),
    (&["--compatibility-mode"], "JavaScript and TypeScript are both built without it"),
    (
        &["--execution-segment", "--execution-segment-sequence"],
        "give each machine a load of its own, and add up with squall merge",
    ),
    (&["--system-tags"], "the tags of samples are always the same"),
    (&["--throw"], "a k6 script throws with the option throw: true"),
    (&["--no-cookies-reset"], "a k6 script keeps its cookies with the option noCookiesReset: true"),
    (&["--traces-output"], "there are no traces; --out otlp=URL sends metrics"),
    (&["--profiling-enabled"], "there are no profiles to fetch; -v shows what Squall itself does"),
    (&["-f", "--script", "--lua", "--locustfile"], "a scenario is run by its name: squall run FILE"),
    (&["-E", "--tls-cert"], "write --cert FILE and --key FILE"),
    (
        &["--dns-servers"],
        "names are looked up as the system does; write --resolve HOST:ADDRESS for one that it does not know",
    ),
];

/// First words of other tools that mean `squall run`.
const COMMANDS: [&str; 8] = ["attack", "bench", "benchmark", "cloud", "load", "start", "test", "quick"];

/// k6's outputs that have another name here, or none.
const OUTPUTS: &[(&[&str], &str)] = &[
    (&["experimental-prometheus-rw", "prometheus-rw"], "write -o prometheus=URL"),
    (&["opentelemetry", "experimental-opentelemetry"], "write -o otlp=URL"),
    (&["web-dashboard"], "write --dashboard for a page while the run goes on, or --report FILE.html"),
    (&["cloud"], "there is no cloud: write --report FILE.html for a page with charts"),
];

/// Says what is wrong with a command line that does not parse. Returns the exit code.
pub fn answer(error: clap::Error) -> u8 {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(sentence) = sentence(&error, &words) {
        print_error(&sentence);
        return WRONG_USAGE;
    }
    tell(&near_tips_only(error))
}

fn tell(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    match shown(error) {
        // Help was not typed: URLs in it are examples.
        _ if !error.use_stderr() => drop(error.print()),
        clean if clean == text => drop(error.print()),
        clean => print_error(clean.trim_start_matches("error: ")),
    }
    u8::try_from(error.exit_code()).unwrap_or(WRONG_USAGE)
}

/// The sentence about arguments that were not typed, without what helps at a terminal.
pub fn sentence_about(error: clap::Error) -> String {
    let text = shown(&near_tips_only(error));
    let first = text.split("\n\n").next().unwrap_or_default();
    first.trim_start_matches("error: ").trim_end().to_owned()
}

/// A password in a URL is one also in a command line that does not parse.
fn shown(error: &clap::Error) -> String {
    text_without_credentials(&error.render().to_string()).into_owned()
}

/// What to write in place of what was typed, if it is known what was meant.
fn sentence(error: &clap::Error, words: &[String]) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        // Help was not asked for: -host and -h2 are hey's.
        ErrorKind::DisplayHelp => {
            words.iter().find(|word| word.starts_with("-h") && word.len() > 2).map(|word| no_such(word))
        }
        ErrorKind::InvalidSubcommand => of_command(context(ContextKind::InvalidSubcommand)?),
        ErrorKind::UnknownArgument => of_argument(context(ContextKind::InvalidArg)?, words),
        ErrorKind::ValueValidation => {
            let option = context(ContextKind::InvalidArg)?.split(' ').next()?;
            of_one_dash(words).or_else(|| of_value(option, context(ContextKind::InvalidValue)?))
        }
        _ => None,
    }
}

fn of_command(typed: &str) -> Option<String> {
    match typed {
        _ if is_url(typed) => Some("to load a URL, write squall run and the URL behind it".to_owned()),
        "status" | "stats" | "pause" | "resume" | "scale" | "stop" => {
            Some(format!("a run that was started with --control is asked by squall control: no such command {typed}"))
        }
        "archive" => Some("the component is the archive: write squall build SCRIPT --compat k6".to_owned()),
        "version" => Some("write squall --version".to_owned()),
        _ if COMMANDS.contains(&typed) => Some(format!("no such command {typed}: write squall run")),
        _ => None,
    }
}

fn of_argument(typed: &str, words: &[String]) -> Option<String> {
    let is_command = |word: &String| !word.starts_with('-') && !is_url(word);
    if typed.starts_with('-') && !words.first().is_some_and(is_command) && words.iter().any(|word| is_url(word)) {
        return of_command("http://");
    }
    if OPTIONS.iter().any(|(options, _)| options.contains(&typed)) {
        return Some(no_such(typed));
    }
    if typed.starts_with('-') {
        return of_one_dash(words);
    }
    let place = words.iter().position(|word| word == typed)?;
    let before = &words[place.saturating_sub(2)..place];
    match before.last().map(String::as_str) {
        Some("-q") if typed.parse::<f64>().is_ok() => Some(format!(
            "-q is --quiet and takes no number; write -R {typed} for a rate, which is that of all workers together"
        )),
        _ if is_url(typed) => Some("one URL is loaded at a time; for several, write a scenario or a plan".to_owned()),
        _ if before.iter().any(|word| word.starts_with('-')) => {
            let shown = text_without_credentials(typed);
            Some(format!("{shown:?} belongs to no option; if it goes with the word before it, put quotes around both"))
        }
        _ => None,
    }
}

/// That there is no such option, and how it is written here, if that is known.
fn no_such(typed: &str) -> String {
    match OPTIONS.iter().find(|(options, _)| options.contains(&typed)) {
        Some((_, written)) => format!("no such option {typed}: {written}"),
        None => format!("no such option {typed}; -h alone shows the help"),
    }
}

fn of_value(option: &str, value: &str) -> Option<String> {
    match option {
        "--duration" if value.starts_with(['{', '[', '@', '"']) || value.contains('=') => {
            Some("-d is how long the load lasts; write -b TEXT for a body, or -b @FILE".to_owned())
        }
        "--vus" if value.contains(':') => {
            Some("-u is the number of virtual users; write user and password into the URL: http://USER:PASSWORD@HOST/".to_owned())
        }
        "--stage" if value.ends_with(".lua") => {
            Some("-s is a stage of a ramp, and scripts in Lua cannot be run; squall new makes a scenario in a language that can".to_owned())
        }
        "--stage" if value.ends_with(".js") || value.ends_with(".ts") => {
            Some(format!("-s is a stage of a ramp; a scenario is run by its name: squall run {value}"))
        }
        "--out" => {
            let name = value.split('=').next().unwrap_or_default();
            let (_, written) = OUTPUTS.iter().find(|(names, _)| names.contains(&name))?;
            Some(format!("no output {name}: {written}"))
        }
        "--threads" if squall_plan::parse_duration(value).is_ok() => {
            Some(format!("-t is the number of threads; write -d {value} for the length of the load, or --timeout {value} for that of a request"))
        }
        _ => None,
    }
}

/// Long options with one dash, as Go's tools have them.
fn of_one_dash(words: &[String]) -> Option<String> {
    let is_known = |word: &&String| OPTIONS.iter().any(|(options, _)| options.contains(&word.as_str()));
    if let Some(word) = words.iter().find(|word| word.len() > 2 && !word.starts_with("--") && is_known(word)) {
        return Some(no_such(word));
    }
    words.iter().find_map(|word| {
        let name = word.strip_prefix('-').filter(|name| name.len() > 2 && name.starts_with(char::is_alphabetic))?;
        let name = name.split('=').next()?;
        let is_ours = crate::cli::long_options().iter().any(|known| known == name);
        is_ours.then(|| format!("a long option has two dashes: write --{name}"))
    })
}

fn is_url(word: &str) -> bool {
    matches!(named::url(word), Ok(Some(_)))
}

/// The error without tips about what is only like what was typed to an algorithm.
fn near_tips_only(mut error: clap::Error) -> clap::Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.trim_start_matches('-').to_owned(),
        _ => String::new(),
    };
    let (typed, suggested) = (text(ContextKind::InvalidArg), text(ContextKind::SuggestedArg));
    if nearest(&typed, [suggested.as_str()]).is_none() {
        error.remove(ContextKind::SuggestedArg);
    }
    for (typed, suggested) in [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ] {
        keep_near(&mut error, typed, suggested);
    }
    // "To pass '-n' as a value, use '-- -n'" is not what is meant here.
    error.remove(ContextKind::Suggested);
    error
}

/// Of the suggestions for what was typed, leaves the nearest, if it is near.
fn keep_near(error: &mut clap::Error, typed: ContextKind, suggested: ContextKind) {
    let all = match error.remove(suggested) {
        Some(ContextValue::Strings(all)) => all,
        Some(ContextValue::String(one)) => vec![one],
        _ => return,
    };
    let Some(ContextValue::String(typed)) = error.get(typed) else { return };
    if let Some(near) = nearest(typed, all.iter().map(String::as_str)).map(str::to_owned) {
        error.insert(suggested, ContextValue::Strings(vec![near]));
    }
}

#[cfg(test)]
mod tests;
