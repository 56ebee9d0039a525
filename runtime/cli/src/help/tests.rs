use clap::Command;

use super::*;
use crate::cli::command;

/// The commands with two helps, by the words that are typed.
const LONG: [&[&str]; 5] = [&["run"], &["breakpoint"], &["demo"], &["plan", "show"], &["plan", "rehearse"]];

/// A command as it is when its help is shown.
fn built(words: &[&str]) -> Command {
    let mut whole = command();
    whole.build();
    words.iter().fold(whole, |command, word| command.find_subcommand(word).unwrap().clone())
}

/// The options that help shows, without those that clap adds.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set() && !argument.is_positional());
    shown.filter(|option| !["help", "version"].contains(&option.get_id().as_str()))
}

/// What `-h` or `--help` prints.
fn help(words: &[&str], option: &str) -> String {
    let typed = std::iter::once("squall").chain(words.iter().copied()).chain([option]);
    command().try_get_matches_from(typed).unwrap_err().render().to_string()
}

fn every_command() -> Vec<Vec<String>> {
    fn below(command: &Command, words: &[String], all: &mut Vec<Vec<String>>) {
        for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
            let words = [words, &[command.get_name().to_owned()]].concat();
            below(command, &words, all);
            all.push(words);
        }
    }
    let mut all = vec![Vec::new()];
    below(&command(), &[], &mut all);
    all
}

#[test]
fn the_short_help_of_every_command_is_one_screen() {
    for words in every_command() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let help = help(&words, "-h");
        let widest = help.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(help.lines().count() <= 50 && widest <= 80, "{words:?} ({widest} columns)\n{help}");
    }
}

#[test]
fn the_short_help_of_a_run_has_the_options_that_matter() {
    let help = help(&["run"], "-h");
    for option in [
        "--vus",
        "--connections",
        "--duration",
        "--iterations",
        "--stage",
        "--rate",
        "--think-time",
        "--seed",
        "--target",
        "--header",
        "--method",
        "--body",
        "--threshold",
        "--env",
        "--data",
        "--out",
        "--report",
        "--summary-export",
        "--summary-json",
        "--abort-on-fail",
        "--quiet",
    ] {
        assert_eq!(
            help.matches(&format!(" {option} ")).count() + help.matches(&format!("{option}\n")).count(),
            1,
            "{option}"
        );
    }
    assert_eq!(help.trim_end().lines().last(), Some("squall run --help shows all options"));
}

#[test]
fn the_long_help_has_every_option_in_a_section() {
    for words in LONG {
        let (command, help) = (built(words), help(words, "--help"));
        for option in options(&command) {
            let long = option.get_long().unwrap();
            assert!(option.get_help_heading().is_some(), "{words:?}: --{long} has no heading");
            assert!(help.contains(&format!("--{long}")), "{words:?}: --{long} is not in --help");
        }
    }
}

#[test]
fn sections_have_the_options_that_they_name() {
    let run = built(&["run"]);
    let section = |heading: &str| -> Vec<&str> {
        options(&run).filter(|option| option.get_help_heading() == Some(heading)).filter_map(Arg::get_long).collect()
    };
    let sections: Vec<(&str, Vec<&str>)> = ORDER.iter().map(|heading| (*heading, section(heading))).collect();
    let expected = [
        (
            "Load",
            "type vus duration iterations stage executor graceful-stop rate pre-allocated-vus max-vus arrival max-backlog \
                  warmup think-time seed min-iteration-duration connections",
        ),
        (
            "Requests",
            "target insecure cacert timeout connect-timeout max-redirects no-connection-reuse \
                      no-vu-connection-reuse discard-response-bodies user-agent shared-connections http max-streams header method body proto protoset http-debug",
        ),
        (
            "Connections and TLS",
            "cert key cert-password tls-min tls-max tls-ciphers tls-server-name no-tls-resumption resolve connect-to dns \
             proxy no-proxy unix-socket local-ips connect-rate no-tcp-nodelay tcp-keepalive",
        ),
        ("Thresholds and verdict", "threshold accept-bottleneck abort-on-fail delay-abort-eval"),
        ("Scenario and its data", "compat engine watch flow weight env data plain-http offline"),
        (
            "Outputs and reports",
            "tag max-series report summary-json report-every report-baseline ci summary-export \
                                 summary-mode histogram-log no-save save-as runs-dir out out-trend-stats out-header \
                                 out-native-histograms",
        ),
        ("Watching the target", "monitor-process monitor-scrape monitor-prometheus monitor-query"),
        ("Looking inside the target", "look-inside trace-share otlp-listen otlp-forward database"),
        ("Control and screen", "control control-token-file dashboard tui quiet verbose no-color"),
        (
            "Agents",
            "agents launch launch-option nats nats-creds nats-ca token-file nats-for-agents join-timeout on-lost-agent \
                    run-id launch-dry-run keep-messages nats-listen advertise show-secrets",
        ),
        (
            "Sandbox and limits",
            "memory allow i-may-load may-load-file max-rate max-duration secret limits host-memory \
                                memory-total iteration-timeout max-body-size max-log-size max-batch max-component-size \
                                compile-timeout compile-memory verify-key require-signature",
        ),
        ("Machine", "pacing threads"),
    ];
    for ((heading, options), (named, listed)) in sections.iter().zip(expected) {
        assert_eq!(*heading, named);
        assert_eq!(*options, listed.split_whitespace().collect::<Vec<_>>(), "{heading}");
    }
    assert_eq!(sections.iter().map(|(_, listed)| listed.len()).sum::<usize>(), options(&run).count());
    let help = help(&["run"], "--help");
    let places: Vec<_> = ORDER.iter().map(|heading| help.find(&format!("\n{heading}:\n")).unwrap()).collect();
    assert!(places.is_sorted(), "{help}");
}

#[test]
fn a_search_does_not_offer_what_it_refuses() {
    let (breakpoint, run) = (help(&["breakpoint"], "--help"), help(&["run"], "--help"));
    for option in ["--rate <", "--stage <", "--watch", "--summary-export <", "--out <", "--dashboard"] {
        assert!(run.contains(option) && !breakpoint.contains(option), "{option}");
    }
}

#[test]
fn values_of_the_environment_are_not_shown() {
    assert!(help(&["run"], "--help").contains("[env: SQUALL_ALLOW]"));
}
