//! The `squall` program: arguments, progress, files and exit codes. The only crate that knows a terminal.

mod args;
mod background;
mod breakpoint;
mod command;
mod console;
mod control;
mod demo;
mod error;
mod exit;
mod files;
#[cfg(test)]
mod fuzz;
mod habits;
mod inspect;
mod layers;
mod listeners;
mod memory;
mod monitoring;
mod named;
mod one_request;
mod options;
mod panic;
mod patience;
mod plan;
mod project;
mod registry;
mod reporting;
mod run;
mod sandbox;
mod scenarios;
mod screen;
mod selfcheck;
mod signals;
mod signature;
mod streaming;
mod telling;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

/// An iteration allocates a dozen times, always on its own thread: what mimalloc is quickest at. Without huge pages (its feature
/// `no_thp`): of the tables that an instance has for each function a user touches few, and 2 MiB at a time is all of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = squall_guest::compile_if_called() {
        return code;
    }
    panic::tell_the_user();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(habits::answer(error)),
    };
    signals::end_without_a_run();
    let result = match cli.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Breakpoint(arguments) => breakpoint::breakpoint(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Control(arguments) => control::client::control(&arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Push(arguments) => registry::push_file(&arguments),
        Command::Pull(arguments) => registry::pull_file(&arguments),
        Command::Sign(arguments) => signature::sign(&arguments),
        Command::New(arguments) => project::new(&arguments),
        Command::Build(arguments) => project::build(&arguments),
        Command::Runs(arguments) => memory::runs(&arguments),
        Command::Report(arguments) => memory::report(&arguments),
        Command::Merge(arguments) => memory::merge(&arguments),
        Command::Compare(arguments) => memory::compare(&arguments),
        Command::Trend(arguments) => memory::trend(&arguments),
        Command::Plan(arguments) => plan::plan(&arguments),
        Command::Selfcheck(arguments) => selfcheck::selfcheck(&arguments),
    };
    let code = result.unwrap_or_else(|error| {
        terminal::complain(&error.to_string());
        error.code()
    });
    ExitCode::from(if panic::happened() { exit::INTERNAL_ERROR } else { code })
}
