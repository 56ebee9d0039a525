//! How help is laid out. A command with many options has two: `-h`, one screen with the options that have a few words of their
//! own, and `--help`, all options in sections. Must not know any option by name.

use clap::{Arg, Command};

use crate::args::headings::ORDER;

/// With more options than these a command has two helps.
const MANY: usize = 30;
/// The last words of the longer help.
const AFTER_ALL: &str = "\
Exit codes: 0 if every threshold was met, 99 if not, 98 if the measurement is invalid.
All options with their defaults: docs/options.md, or squall plan options.";

/// Lays out the help of a command and of those below it.
pub fn lay_out(command: Command) -> Command {
    lay_out_below(command.max_term_width(80), "")
}

fn lay_out_below(command: Command, parents: &str) -> Command {
    let name = format!("{parents} {}", command.get_name());
    let command = command.mut_subcommands(|command| lay_out_below(command, &name));
    // Values in the environment may be secrets.
    let command = command.mut_args(|argument| argument.hide_env_values(true));
    match command.get_arguments().count() > MANY {
        true => shorten(in_sections(command), name.trim()),
        false => command,
    }
}

/// Puts the options in the order of their sections: those of the command alone, then those that commands share.
fn in_sections(command: Command) -> Command {
    let place = |argument: &Arg| ORDER.iter().position(|heading| argument.get_help_heading() == Some(heading));
    let mut options: Vec<_> = command.get_arguments().map(|option| (place(option), option.get_id().clone())).collect();
    options.sort_by_key(|(place, _)| *place);
    // What is changed moves to the end, and sections come in the order of their first options.
    options.iter().fold(command, |command, (_, id)| command.mut_arg(id, |option| option))
}

/// Leaves options without a few words of their own out of `-h`.
fn shorten(command: Command, name: &str) -> Command {
    let rest = format!("{name} --help shows all options");
    command
        .mut_args(|argument| match argument.get_long_help() {
            Some(_) => argument,
            // The manual shows an option that is not on the screen only with its long help.
            None => {
                let help = argument.get_help().cloned().unwrap_or_default();
                argument.hide_short_help(true).long_help(help)
            }
        })
        .after_help(rest)
        .after_long_help(AFTER_ALL)
}

#[cfg(test)]
mod tests;
