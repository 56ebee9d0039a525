//! `--launch`: which launcher.

use std::str::FromStr;

use crate::{LaunchError, SshHost};

/// What `--launch` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchTarget {
    /// `kubernetes`
    Kubernetes,
    /// `slurm`
    Slurm,
    /// `ssh:host1,user@host2`, or `ssh:@FILE` with a host in each line.
    Ssh(Vec<SshHost>),
    /// `local`
    Local,
    /// `print`
    Print,
}

impl FromStr for LaunchTarget {
    type Err = LaunchError;

    fn from_str(text: &str) -> Result<LaunchTarget, LaunchError> {
        match (text, text.strip_prefix("ssh:")) {
            ("kubernetes", _) => Ok(LaunchTarget::Kubernetes),
            ("slurm", _) => Ok(LaunchTarget::Slurm),
            ("local", _) => Ok(LaunchTarget::Local),
            ("print", _) => Ok(LaunchTarget::Print),
            (_, Some(hosts)) => Ok(LaunchTarget::Ssh(SshHost::parse_list(hosts)?)),
            _ => Err(LaunchError::setting(format!(
                "{text:?} is not a launcher: use kubernetes, slurm, ssh:HOST,HOST, local or print"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_launcher_has_its_name() {
        assert_eq!("slurm".parse(), Ok(LaunchTarget::Slurm));
        assert!(matches!("ssh:a,b@c".parse(), Ok(LaunchTarget::Ssh(hosts)) if hosts.len() == 2));
        for bad in ["", "ssh", "ssh:", "nomad", "kubernetes:x"] {
            assert!(bad.parse::<LaunchTarget>().is_err(), "{bad}");
        }
    }
}
