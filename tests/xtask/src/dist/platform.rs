//! The platforms that packages are made for, under the names that each kind of package has for them.

use std::env::consts::ARCH;

use anyhow::{Context, Result, bail};

/// A kind of processor. The system is Linux, and the program needs nothing of it: it is linked statically.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Platform {
    X86_64,
    Aarch64,
}

impl Platform {
    pub const ALL: [Platform; 2] = [Platform::X86_64, Platform::Aarch64];

    pub fn from_target(target: &str) -> Result<Platform> {
        let names = || Platform::ALL.map(Platform::target).join(", ");
        let found = Platform::ALL.into_iter().find(|platform| platform.target() == target);
        found.with_context(|| format!("no packages for {target}; there are: {}", names()))
    }

    pub fn of_this_machine() -> Result<Platform> {
        match ARCH {
            "x86_64" => Ok(Platform::X86_64),
            "aarch64" => Ok(Platform::Aarch64),
            other => bail!("no packages for a machine with {other}"),
        }
    }

    /// Rust's name.
    pub fn target(self) -> &'static str {
        match self {
            Platform::X86_64 => "x86_64-unknown-linux-musl",
            Platform::Aarch64 => "aarch64-unknown-linux-musl",
        }
    }

    /// The processor's name in Rust, Python and QEMU.
    pub fn processor(self) -> &'static str {
        match self {
            Platform::X86_64 => "x86_64",
            Platform::Aarch64 => "aarch64",
        }
    }

    /// Debian's name, and that of container images.
    pub fn debian(self) -> &'static str {
        match self {
            Platform::X86_64 => "amd64",
            Platform::Aarch64 => "arm64",
        }
    }

    /// Node.js's name.
    pub fn node(self) -> &'static str {
        match self {
            Platform::X86_64 => "x64",
            Platform::Aarch64 => "arm64",
        }
    }
}
