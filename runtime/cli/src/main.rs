//! The `squall` program: arguments, commands, the terminal, signals and exit codes. The only crate that knows a command line.

mod allocator;
mod args;
mod cli;
mod commands;
mod console;
mod diagnostics;
mod error;
mod exit;
#[cfg(test)]
mod fuzz;
mod habits;
mod help;
mod named;
mod options;
mod panic;
mod signals;
mod stderr;
mod stdout;
mod style;
mod terminal;
mod typed_commands;
mod values;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

fn main() -> ExitCode {
    if let Some(code) = squall_guest::compile_if_called() {
        return code;
    }
    panic::tell_the_user();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(habits::answer(error)),
    };
    diagnostics::begin(cli.command.verbosity(), cli.command.http_debug());
    signals::end_without_a_run();
    let result = match cli.command {
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::Diagnose(arguments) => commands::run::diagnose(*arguments),
        Command::Breakpoint(arguments) => commands::breakpoint::breakpoint(&arguments),
        Command::Demo(arguments) => commands::demo::demo(&arguments),
        Command::Cluster(arguments) => commands::cluster::cluster(arguments),
        Command::Agent(arguments) => commands::agent::agent(&arguments),
        Command::Ui(arguments) => commands::ui::ui(&arguments),
        Command::Control(arguments) => commands::control::control(&arguments),
        Command::Inspect(arguments) => commands::inspect::inspect(&arguments),
        Command::Push(arguments) => commands::registry::push_file(&arguments),
        Command::Pull(arguments) => commands::registry::pull_file(&arguments),
        Command::Sign(arguments) => commands::signature::sign(&arguments),
        Command::New(arguments) => commands::project::new(&arguments),
        Command::Build(arguments) => commands::project::build(&arguments),
        Command::Cache(arguments) => commands::cache::cache(&arguments),
        Command::Runs(arguments) => commands::runs::runs(&arguments),
        Command::Findings(arguments) => commands::findings::findings(&arguments),
        Command::Report(arguments) => commands::report::report(&arguments),
        Command::Tasks(arguments) => commands::tasks::tasks(&arguments),
        Command::Merge(arguments) => commands::merge::merge(&arguments),
        Command::Compare(arguments) => commands::compare::compare(&arguments),
        Command::Trend(arguments) => commands::trend::trend(&arguments),
        Command::Plan(arguments) => commands::plan::plan(&arguments),
        Command::Selfcheck(arguments) => commands::selfcheck::selfcheck(&arguments),
        Command::Completions(arguments) => commands::shell::completions(&arguments),
        Command::Man(arguments) => commands::shell::man(&arguments),
    };
    let code = result.unwrap_or_else(|error| {
        stderr::print_error(&error.to_string());
        exit::code_of_error(&error)
    });
    diagnostics::end();
    ExitCode::from(if panic::happened() { exit::INTERNAL_ERROR } else { code })
}
