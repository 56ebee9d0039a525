//! Colour, where there is any.

/// How text may be dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Letters only.
    Plain,
    /// With ANSI colours.
    Coloured,
}

impl Style {
    /// Good news.
    pub fn good(self, text: &str) -> String {
        self.dress("32", text)
    }

    /// Bad news.
    pub fn bad(self, text: &str) -> String {
        self.dress("31", text)
    }

    /// Something to look at.
    pub fn warn(self, text: &str) -> String {
        self.dress("33", text)
    }

    /// What matters most.
    pub fn strong(self, text: &str) -> String {
        self.dress("1", text)
    }

    /// What matters less.
    pub fn faint(self, text: &str) -> String {
        self.dress("2", text)
    }

    fn dress(self, code: &str, text: &str) -> String {
        match self {
            Style::Plain => text.to_owned(),
            Style::Coloured => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}
