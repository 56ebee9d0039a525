use clap::FromArgMatches;

use super::*;
use crate::cli::{Cli, command};

/// What is said of a command line behind `squall`; nothing if it is understood. Words are told apart by white space.
fn told(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let typed = std::iter::once("squall".to_owned()).chain(words.iter().cloned());
    match command().try_get_matches_from(typed).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(_) => String::new(),
        Err(error) => sentence(&error, &words).unwrap_or_else(|| shown(&near_tips_only(error))),
    }
}

const URL: &str = "http://127.0.0.1:8080/";

#[test]
fn what_others_write_is_understood() {
    for options in [
        // wrk and wrk2
        "-t 2 -c 100 -d 30s",
        "-c 100 -d 5 --timeout 2 --latency",
        "-t 2 -c 100 -d 30s -R 2000 --latency",
        "-H Accept:text/html -d 1m",
        // oha and hey
        "-n 200 -c 50",
        "-z 10s -c 50",
        "-n 10 --no-tui",
        "-m POST -z 5 --disable-keepalive",
        "--insecure --connect-timeout 3 --timeout 0.5",
        // curl
        "-k -X PUT -H X-A:b",
        "-X POST -b @Cargo.toml",
        // k6
        "-u 10 -d 30s -i 100",
        "--vus 10 --duration 30s --iterations 100",
        "--connection-pool 5",
        "--http-debug",
        "--http-debug=full",
        "-o influxdb=http://127.0.0.1:8086/k6 --summary-export k6.json --no-vu-connection-reuse",
        // Locust
        "-u 10 --headless",
        "--stage 5s:10,10s:20,5s:0",
        "-s 5s:10 -s 10s:20/s",
        "-e NAME=value --tag a=b -o json=points.ndjson",
        "--insecure-skip-tls-verify --no-connection-reuse --max-redirects 0 --user-agent x",
    ] {
        assert_eq!(told(&format!("run {URL} {options}")), "", "{options}");
        assert_eq!(told(&format!("run {options} {URL}")), "", "{options}");
    }
}

#[test]
fn what_cannot_be_understood_is_answered_with_ours() {
    for (options, answer) in [
        ("-h2", "--http 2-prior-knowledge"),
        ("-host shop.test", "write -H 'Host: NAME'"),
        ("-hx", "-h alone shows the help"),
        ("-disable-keepalive", "write --no-connection-reuse"),
        ("-cpus 2", "write -t N"),
        ("--latency-correction", "in any case"),
        ("-s report.lua", "-s is a stage of a ramp"),
        ("-s script.js", "squall run script.js"),
        ("-t 20s", "write -d 20s for the length of the load, or --timeout 20s"),
        ("-q 100", "-q is --quiet and takes no number; write -R 100 for a rate"),
        ("-d {\"a\":1}", "write -b TEXT for a body"),
        ("-d a=1", "write -b TEXT for a body"),
        ("-d @body.json", "write -b TEXT for a body"),
        ("-u ada:secret", "http://USER:PASSWORD@HOST/"),
        ("-a ada:secret", "http://USER:PASSWORD@HOST/"),
        ("--user ada:secret", "http://USER:PASSWORD@HOST/"),
        ("-A text/html", "-H 'Accept: TYPE'"),
        ("-T text/html", "-H 'Content-Type: TYPE'"),
        ("-D body.json", "-b @FILE"),
        ("-L", "redirects are followed without it"),
        ("-I", "write -m HEAD"),
        ("-r 0", "--max-redirects N"),
        ("-u 10 -r 2 --headless", "write -s TIME:N for a ramp"),
        ("-u 10 -t 1m --headless", "write -d 1m for the length of the load"),
        ("-H http://127.0.0.1:8080", "write the URL as it is, or as --target"),
        ("-f locustfile.py", "squall run FILE"),
        ("--csv out", "-o csv=FILE"),
        ("--no-setup", "noSetup"),
        ("--no-teardown", "noTeardown"),
        ("--linger", "squall report last"),
        ("--paused", "a run begins at once"),
        ("--log-output file=k6.log", "write 2> FILE"),
        ("--log-format json", "as text"),
        ("--console-output console.txt", "write 2> FILE"),
        ("--summary-trend-stats avg,p(99)", "--summary-json FILE"),
        ("--no-thresholds", "takes the place of a script's"),
        ("--include-system-env-vars", "-e NAME="),
        ("--address localhost:6565", "--control 127.0.0.1:6565"),
        ("--blacklist-ip 10.0.0.0/8", "--allow HOST"),
        ("--block-hostnames *.example.test", "--allow HOST"),
        ("--compatibility-mode base", "without it"),
        ("--compatibility-mode=base", "without it"),
        ("--execution-segment 0:1/2", "squall merge"),
        ("--system-tags url", "always the same"),
        ("--secret-source mock=a=b", "--secret NAME=@FILE"),
        ("--throw", "throw: true"),
        ("--no-cookies-reset", "noCookiesReset"),
        ("-o experimental-prometheus-rw", "write -o prometheus=URL"),
        ("--out web-dashboard=port=5", "write --dashboard"),
        ("--out cloud", "there is no cloud"),
        ("-o csv", "its place is missing: write csv=points.csv"),
        ("-o result.json", "write KIND=WHERE"),
        ("-p 4", "--shared-connections N"),
        ("--http2", "--http 2-prior-knowledge"),
        ("-j", "--summary-json FILE"),
        ("--json", "--summary-json FILE"),
        ("--host shop.test", "-H 'Host: NAME'"),
        ("--rps 5", "write -R N"),
        ("--concurrency 5", "write -c N"),
        ("--users 5", "-u N for the virtual users"),
        ("--requests 5", "write -i N"),
        ("--ramp-up 5s", "-s 30s:100"),
        ("--no-summary", "--summary-mode disabled"),
        ("--no-usage-report", "Squall reports no usage"),
        ("-vus 3", "write --vus"),
        ("-duration=3s", "write --duration"),
        ("-H Accept: text/html", "put quotes around both"),
        ("http://127.0.0.1:9090/", "one URL is loaded at a time"),
        ("--connection-pools 5", "a similar argument exists: '--connection-pool'"),
        ("--vus many", "write a whole number, like 100"),
        ("-c 1k", "write a whole number, like 100"),
    ] {
        let told = told(&format!("run {URL} {options}"));
        assert!(told.contains(answer), "{options}: {told}");
        assert!(!told.contains(":secret"), "{told}");
    }
}

#[test]
fn a_url_without_run_is_answered() {
    for line in [URL, "localhost:8080", "-c 10 -d 5s http://127.0.0.1/", "example.com -n 5"] {
        assert_eq!(told(line), "to load a URL, write squall run and the URL behind it", "{line}");
    }
    assert!(told("bench http://127.0.0.1/").contains("write squall run"));
    assert_eq!(told("version"), "write squall --version");
    assert!(told("archive script.js").contains("squall build SCRIPT --compat k6"));
}

#[test]
fn no_tip_points_elsewhere() {
    for option in ["--no-such", "-Q", "--burst", "--monitor", "--fps", "--urls-from-file", "--lingering"] {
        let told = told(&format!("run {URL} {option}"));
        assert!(told.contains(&format!("unexpected argument '{option}' found")) && !told.contains("tip:"), "{told}");
    }
    for command in ["observe", "runz2000", "loadtest"] {
        let told = told(command);
        assert!(told.contains("unrecognized subcommand") && !told.contains("tip:"), "{told}");
    }
    assert!(told("brekpoint http://127.0.0.1/").contains("a similar subcommand exists: 'breakpoint'"));
    assert!(told("new x --lang typscript").contains("a similar value exists: 'typescript'"));
    for (typed, meant) in [("--duratoin", "--duration"), ("--threshhold", "--threshold"), ("--vu", "--vus")] {
        let told = told(&format!("run {URL} {typed} 1"));
        assert!(told.contains(&format!("a similar argument exists: '{meant}'")), "{told}");
    }
}

#[test]
fn passwords_are_not_repeated() {
    for line in [
        "run http://ada:secret@h/ http://ada:secret@h/",
        "run http://ada:secret@h/ --no-color=http://ada:secret@h/",
        "run a.wasm --max-vus http://ada:secret@h/",
        "http://ada:secret@h/",
    ] {
        assert!(!told(line).contains("secret"), "{}", told(line));
    }
}

#[test]
fn every_answer_names_an_option_that_is_not_ours() {
    let ours = crate::cli::long_options();
    for option in OPTIONS.iter().flat_map(|(options, _)| *options) {
        assert!(!ours.contains(&option.trim_start_matches('-').to_owned()), "{option} is ours");
    }
}
