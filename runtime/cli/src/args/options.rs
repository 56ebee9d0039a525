//! The flags of a plan's options, made from the table of options in squall-plan: an option that has a flag there has it here.
//! Must not know any option by name.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use squall_plan::{Flag, Key, Options};

/// The options of a load that were typed.
#[derive(Debug, Default)]
pub struct LoadOptions(pub Options);

/// The options about requests that were typed.
#[derive(Debug, Default)]
pub struct RequestOptions(pub Options);

/// A part of the table.
macro_rules! flags_of {
    ($group:ident, $keys:expr) => {
        impl Args for $group {
            fn augment_args(command: Command) -> Command {
                command.args(arguments($keys))
            }

            fn augment_args_for_update(command: Command) -> Command {
                $group::augment_args(command)
            }
        }

        impl FromArgMatches for $group {
            fn from_arg_matches(matches: &ArgMatches) -> Result<$group, Error> {
                Ok($group(read($keys, matches)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                *self = $group::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

flags_of!(LoadOptions, Options::load_keys());
flags_of!(RequestOptions, Options::request_keys());

fn arguments(keys: impl Iterator<Item = &'static Key>) -> impl Iterator<Item = Arg> {
    keys.filter_map(|key| Some(argument(key, key.flag?)))
}

fn argument(key: &'static Key, flag: Flag) -> Arg {
    let named = Arg::new(key.name).long(flag.long).short(flag.short).help_heading(flag.heading);
    let named = match flag.brief {
        Some(brief) => named.help(brief).long_help(help(key)),
        None => named.help(help(key)),
    };
    let named = named.aliases(flag.aliases.iter().copied()).short_aliases(flag.short_alias);
    let named = named.conflicts_with_all(flag.conflicts.iter().copied());
    match key.flag_value() {
        None => named.action(ArgAction::SetTrue),
        Some(value) => named.value_name(value).value_parser(checked(key)).action(match key.kind.is_repeated {
            true => ArgAction::Append,
            false => ArgAction::Set,
        }),
    }
}

fn help(key: &Key) -> String {
    let sentence = key.help.trim().replace('`', "");
    let repeated = if key.kind.is_repeated { " Give several." } else { "" };
    match key.default.filter(|_| key.flag_value().is_some()) {
        Some(default) => format!("{sentence}{repeated} [default: {default}]"),
        None => sentence + repeated,
    }
}

/// The text of a value, which can be read as what its option is.
fn checked(key: &'static Key) -> ValueParser {
    ValueParser::from(move |text: &str| Options::default().read_flag(key, text).map(|()| text.to_owned()))
}

fn read(keys: impl Iterator<Item = &'static Key>, matches: &ArgMatches) -> Options {
    let mut options = Options::default();
    for key in keys.filter(|key| key.flag.is_some()) {
        for text in typed(key, matches) {
            // The parser has read it already.
            let read = options.read_flag(key, text);
            debug_assert!(read.is_ok(), "{}: {read:?}", key.name);
        }
    }
    options
}

fn typed<'a>(key: &Key, matches: &'a ArgMatches) -> Vec<&'a str> {
    match key.flag_value() {
        None if matches.get_flag(key.name) => vec!["true"],
        None => Vec::new(),
        Some(_) => matches.get_many::<String>(key.name).into_iter().flatten().map(String::as_str).collect(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::Cli;

    #[test]
    fn every_option_with_a_flag_can_be_typed() {
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap();
        let keys = super::Options::load_keys().chain(super::Options::request_keys());
        for (key, flag) in keys.filter_map(|key| Some((key.name, key.flag?))) {
            let argument = run.get_arguments().find(|argument| argument.get_id() == key);
            assert_eq!(argument.and_then(|found| found.get_long()), Some(flag.long), "{key}");
        }
    }
}
