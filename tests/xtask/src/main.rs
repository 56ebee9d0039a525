//! The repository's chores, as `cargo xtask <chore>`, instead of commands to copy from a document.
//!
//! Each chore prints its commands, so that they can also be run by hand. It must not know Squall's crates: it only
//! builds and starts them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person who started it")]

mod bench;
mod dist;
mod distribution;
mod exporters;
mod guests;
mod quality;
mod repository;
mod rust_target;
mod sdks;
mod servers;

use std::process::ExitCode;

use anyhow::{Result, bail};

use repository::Repository;

const USAGE: &str = "\
The repository's own chores.

Usage: cargo xtask <CHORE> [OPTIONS]

  guests [--embed]      build guest-examples/*/rust into target/guests/<scenario>-rust.wasm;
                        --embed: refresh the components inside the squall binary as well
  test [ARGUMENTS]      build what the tests need, then `cargo test --workspace ARGUMENTS`
                        without ARGUMENTS: the SDKs as well
  sdks                  test the SDKs for Rust, Go, C, JavaScript and Python (after `test`, whose squall they use);
                        a language whose tools are missing is skipped by name, unless CI is set
  check                 formatting, lints (host and guests), licences and advisories
  dist [OPTIONS]        packages in target/packages: archives, Python wheels, npm packages, Debian packages, the context of
                        the container image; each is installed into something empty and tried
      --target TARGET   only for x86_64-unknown-linux-musl or aarch64-unknown-linux-musl
      --program FILE    of that program, in place of one built for them
  bench [OPTIONS]       Squall beside wrk, oha and k6, on one core each for client and server
      --seconds N       how long each client runs (5)
      --rounds N        how often each client runs (3)
      --connections N   connections, or virtual users (50)
      --only NAME       only clients whose names begin so: squall, wrk, oha, k6, Locust
      --languages       scenarios in C, Go, TypeScript and Python as well, and Locust
      --oha             build oha if it is not installed (takes minutes)
  bench memory [--users N] [--languages] [--squall FILE]
                        memory and start-up of idle virtual users (10000);
                        --languages: in every language (500), with size and compile time of the components
                        --squall: of that program, in place of one built for it
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let repository = Repository::find()?;
    match arguments.as_slice() {
        ["guests"] => guests::build(&repository),
        ["guests", "--embed"] => guests::build(&repository).and_then(|()| guests::embed(&repository)),
        ["test", extra @ ..] => quality::test(&repository, extra),
        ["sdks"] => sdks::test(&repository),
        ["check"] => quality::check(&repository),
        ["dist", options @ ..] => dist::make(&repository, options),
        ["bench", "memory", options @ ..] => bench::memory(&repository, options),
        ["bench", options @ ..] => bench::compare(&repository, options),
        [] | ["-h" | "--help" | "help"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("no such chore: {}\n\n{USAGE}", arguments.join(" ")),
    }
}
