//! How an option is typed on the command line. Must not know what parses command lines.

/// A flag: its names, and what may be typed with it.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// `--max-backlog` without its dashes.
    pub long: &'static str,
    /// `-d` without its dash.
    pub short: Option<char>,
    /// The long and short names that other tools have for it.
    pub aliases: &'static [&'static str],
    /// The short name that other tools have for it.
    pub short_alias: Option<char>,
    /// The name of its value in the help, in place of the kind's.
    pub value: Option<&'static str>,
    /// Options that cannot be typed beside it, by their keys.
    pub conflicts: &'static [&'static str],
}

/// A flag with that long name.
pub(crate) const fn long(long: &'static str) -> Flag {
    Flag { long, short: None, aliases: &[], short_alias: None, value: None, conflicts: &[] }
}

impl Flag {
    pub(crate) const fn short(self, short: char) -> Flag {
        Flag { short: Some(short), ..self }
    }

    pub(crate) const fn aliases(self, aliases: &'static [&'static str]) -> Flag {
        Flag { aliases, ..self }
    }

    pub(crate) const fn short_alias(self, alias: char) -> Flag {
        Flag { short_alias: Some(alias), ..self }
    }

    pub(crate) const fn value(self, name: &'static str) -> Flag {
        Flag { value: Some(name), ..self }
    }

    pub(crate) const fn conflicts(self, keys: &'static [&'static str]) -> Flag {
        Flag { conflicts: keys, ..self }
    }
}
