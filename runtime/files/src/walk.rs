//! Walks to a folder part by part, each opened in the one before it, and checks owner and mode of every folder on the
//! path. Each name is resolved only once, so nothing can be exchanged between the check and the use.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path};

use rustix::fs::{CWD, FileType, Mode, OFlags, RawMode, fstat, mkdirat, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// The system's own limit of links in a path.
const MOST_LINKS: usize = 40;

/// Others may write: the group, or all.
const WRITABLE: RawMode = 0o022;
/// In such a folder only an owner exchanges an entry.
const STICKY: RawMode = 0o1000;

/// The treatment of a missing folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Fails,
    /// It is made, for this user alone.
    IsMade,
}

/// Opens a folder that only this user can change, with none above it in which others could exchange it.
///
/// # Errors
/// If it cannot be opened or created, or if another user could change it.
pub(crate) fn walk(path: &Path, missing: Missing) -> io::Result<OwnedFd> {
    let path = std::path::absolute(path)?;
    // From the root to where the walk has come; `..` goes back.
    let mut way = vec![root()?];
    let mut left: VecDeque<OsString> = parts(&path).collect();
    let mut links = 0;
    while let Some(name) = left.pop_front() {
        if name == ".." {
            way.truncate((way.len() - 1).max(1));
            continue;
        }
        let Some(parent) = way.last() else { break };
        let entry = enter(parent, &name, missing)?;
        let stat = fstat(&entry)?;
        let (kind, mode) = (FileType::from_raw_mode(stat.st_mode), stat.st_mode);
        if stat.st_uid != 0 && stat.st_uid != geteuid().as_raw() {
            return Err(stranger(&name, &path, "belongs to another user"));
        }
        match kind {
            FileType::Symlink if links == MOST_LINKS => return Err(Errno::LOOP.into()),
            // It was made by this user or by root, or it would not have come so far.
            FileType::Symlink => {
                links += 1;
                let target = OsString::from_vec(readlinkat(&entry, "", Vec::new())?.into_bytes());
                if Path::new(&target).is_absolute() {
                    way.truncate(1);
                }
                parts(Path::new(&target)).rev().for_each(|part| left.push_front(part));
            }
            FileType::Directory if mode & WRITABLE != 0 && mode & STICKY == 0 => {
                return Err(stranger(&name, &path, "can be changed by other users"));
            }
            FileType::Directory => way.push(entry),
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    let folder = way.pop().ok_or(Errno::NOTDIR)?;
    let stat = fstat(&folder)?;
    if stat.st_uid != geteuid().as_raw() || stat.st_mode & WRITABLE != 0 {
        return Err(stranger(path.file_name().unwrap_or_default(), &path, "can be changed by other users"));
    }
    Ok(folder)
}

fn root() -> io::Result<OwnedFd> {
    Ok(openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// The entry of that name itself, even if it is a link.
fn enter(parent: impl AsFd, name: &OsStr, missing: Missing) -> io::Result<OwnedFd> {
    let open = || openat(parent.as_fd(), name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    match open() {
        Err(Errno::NOENT) if missing == Missing::IsMade => {
            match mkdirat(parent.as_fd(), name, Mode::RWXU) {
                // Another process was faster; its owner is checked next.
                Ok(()) | Err(Errno::EXIST) => Ok(open()?),
                Err(error) => Err(error.into()),
            }
        }
        opened => Ok(opened?),
    }
}

/// The names of a path; that of the root is left out.
fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    let parts: Vec<OsString> = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect();
    parts.into_iter()
}

fn stranger(name: &OsStr, path: &Path, why: &str) -> io::Error {
    let place = format!("{:?} on the way to {}", name, path.display());
    io::Error::new(io::ErrorKind::PermissionDenied, format!("{place} {why}"))
}
