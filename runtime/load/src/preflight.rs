//! What can be known to go wrong before the run starts, so that no run fails half-way.

use thiserror::Error;

/// Why the run would not get through.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PreflightError {
    /// Each virtual user needs a connection, and each connection a descriptor.
    #[error(
        "{vus} virtual users need about {needed} open files and this process may have {allowed}: raise the limit with \
         `ulimit -n {needed}` (or LimitNOFILE= for a service, --ulimit nofile={needed} for a container)"
    )]
    OpenFiles {
        /// Virtual users.
        vus: u64,
        /// Descriptors for them.
        needed: u64,
        /// What the system allows at most.
        allowed: u64,
    },
}

/// Descriptors that the process takes beside those of connections.
const BESIDE: u64 = 100;

/// Raises the process's limit on open files as far as `vus` virtual users with one connection each need.
///
/// # Errors
/// If the system's hard limit is below that.
#[cfg(unix)]
pub fn raise_open_files(vus: u64) -> Result<(), PreflightError> {
    let needed = vus + BESIDE;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writes.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 || limit.rlim_cur >= needed {
        return Ok(());
    }
    let raised = libc::rlimit { rlim_cur: needed.min(limit.rlim_max), rlim_max: limit.rlim_max };
    // SAFETY: `raised` is a valid limit, not above the hard one.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } != 0;
    let allowed = if failed { limit.rlim_cur } else { raised.rlim_cur };
    if allowed < needed { Err(PreflightError::OpenFiles { vus, needed, allowed }) } else { Ok(()) }
}

/// Nothing to raise here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn raise_open_files(_vus: u64) -> Result<(), PreflightError> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_few_users_always_fit() {
        assert_eq!(raise_open_files(10), Ok(()));
    }

    #[test]
    fn what_the_hard_limit_forbids_is_refused_with_the_setting() {
        let error = raise_open_files(u64::MAX / 2).expect_err("no system allows that");
        assert!(error.to_string().contains("ulimit -n"), "{error}");
    }
}
