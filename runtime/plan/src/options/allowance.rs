//! How far a component goes with an option in the plan that it suggests. Must not know which option goes how far.

use std::fmt::Display;

/// How far a component goes with an option.
#[derive(Debug, Clone, Copy)]
pub enum Allowance {
    /// Not at all.
    Never,
    /// As far as any plan: it says which load there is, which `--max-vus`, `--max-rate` and `--max-duration` bound, or what
    /// is thought of it.
    Freely,
    /// Only where the user says something else, which counts.
    Overruled,
    /// Up to the user's value or, where the user says nothing, up to the default.
    UpToDefault,
    /// Up to the user's value or, where the user says nothing, up to this number.
    UpTo(u64),
    /// Up to the user's value or, where the user says nothing, up to the number of processor cores.
    UpToCores,
    /// This many entries.
    Entries(usize),
    /// This many bytes of text.
    Bytes(usize),
    /// This many entries, with names and values of bounded length.
    Texts(TextLimits),
}

/// How much text there may be.
#[derive(Debug, Clone, Copy)]
pub struct TextLimits {
    pub entries: usize,
    /// Bytes of a name.
    pub name: usize,
    /// Bytes of a value.
    pub value: usize,
}

/// What an allowance may depend on beside the option itself.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// The number of processor cores.
    pub cores: usize,
}

/// How a suggestion goes too far.
#[derive(Debug)]
pub enum Breach {
    /// Only the user may say it.
    NotAtAll(String),
    /// A value beyond what is allowed.
    TooMuch { value: String, most: String },
    /// An amount of text or entries beyond what is allowed.
    TooLarge { finding: String, most: usize },
}

impl Breach {
    pub(crate) fn too_much(value: impl Display, most: impl Display) -> Breach {
        Breach::TooMuch { value: value.to_string(), most: most.to_string() }
    }

    /// `number` of `things`, if that is more than `most`.
    pub(crate) fn over(most: usize, number: usize, finding: impl Fn(usize) -> String) -> Option<Breach> {
        (number > most).then(|| Breach::TooLarge { finding: finding(number), most })
    }
}
