//! How an option is typed on the command line, and where its help stands. Must not know what parses command lines.

/// The sections of the help that options of the table stand in.
pub mod headings {
    /// How much load, of what shape.
    pub const LOAD: &str = "Load";
    /// What is requested, and how.
    pub const REQUESTS: &str = "Requests";
    /// Where connections go and come from, and what is shown in a handshake.
    pub const CONNECTIONS: &str = "Connections and TLS";
    /// What a run is held to.
    pub const THRESHOLDS: &str = "Thresholds and verdict";
    /// What runs, and what it is given.
    pub const SCENARIO: &str = "Scenario and its data";
    /// What a run leaves.
    pub const OUTPUTS: &str = "Outputs and reports";
    /// How much of this machine a run takes.
    pub const MACHINE: &str = "Machine";
}

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
    /// The section of the help that it stands in.
    pub heading: &'static str,
    /// A few words for the short help, which leaves out flags without them.
    pub brief: Option<&'static str>,
}

/// A flag with that long name, about the load unless said otherwise.
pub(crate) const fn long(long: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        aliases: &[],
        short_alias: None,
        value: None,
        conflicts: &[],
        heading: headings::LOAD,
        brief: None,
    }
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

    pub(crate) const fn under(self, heading: &'static str) -> Flag {
        Flag { heading, ..self }
    }

    pub(crate) const fn brief(self, words: &'static str) -> Flag {
        Flag { brief: Some(words), ..self }
    }
}
