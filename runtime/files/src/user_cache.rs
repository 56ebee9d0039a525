//! Where programs of this user keep what they can make again.

use std::env;
use std::path::PathBuf;

/// Squall's folder in the user's cache: `$XDG_CACHE_HOME/squall`, else `~/.cache/squall`. None if neither variable is set.
pub fn user_cache() -> Option<PathBuf> {
    let own = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = own.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    Some(base.join("squall"))
}
