//! Runs `squall` with untrusted input: never without a memory limit.

use std::path::Path;

use super::program::{Ended, Squall};

/// An amount of memory.
#[derive(Clone, Copy, Debug)]
pub struct Mebibytes(pub u64);

/// The default memory of one virtual user: 64 for its own memory, 512 for its data in the host, and 256 more.
pub const BY_DEFAULT: Mebibytes = Mebibytes(64 + 512 + 256);
/// Its memory under `--limits ci`: 128 are for its data in the host.
pub const IN_CI: Mebibytes = Mebibytes(64 + 128 + 256);

/// One call of `squall` that is ended, and fails its test, if it exceeds its memory.
pub struct Caged {
    squall: Squall,
    most: Mebibytes,
}

impl Caged {
    pub fn new(arguments: &[&str]) -> Caged {
        Caged { squall: Squall::new(arguments), most: BY_DEFAULT }
    }

    pub fn within(self, most: Mebibytes) -> Caged {
        Caged { most, ..self }
    }

    pub fn args(self, arguments: &[&str]) -> Caged {
        Caged { squall: self.squall.args(arguments), ..self }
    }

    pub fn env(self, name: &str, value: &str) -> Caged {
        Caged { squall: self.squall.env(name, value), ..self }
    }

    #[cfg(target_os = "linux")]
    pub fn user(self, user: u32) -> Caged {
        Caged { squall: self.squall.user(user), ..self }
    }

    pub fn exporting(self) -> Caged {
        Caged { squall: self.squall.exporting(), ..self }
    }

    pub fn folder(&self) -> &Path {
        self.squall.folder()
    }

    #[track_caller]
    pub fn run(self) -> Ended {
        self.squall.run_within(self.most.0)
    }
}
