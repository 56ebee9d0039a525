//! Writing into a folder whose contents others may have created, as in a checkout: a link there could lead to any file
//! of the user's. The written file is always in the folder itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Opens a file for appending, and creates it if it is missing.
///
/// # Errors
/// If it cannot be opened, or is a link.
pub fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits() as i32).open(path)
}

/// Replaces a file, or a link. Concurrent readers find the old or the new file, whole.
///
/// # Errors
/// If it cannot be written.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let (mut file, beside) = create_beside(path)?;
    file.write_all(contents)?;
    drop(file);
    fs::rename(beside, path)
}

/// A new file beside that one, with its path, which is to be renamed once it is whole.
///
/// # Errors
/// If it cannot be made.
pub fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    // One that an earlier process of the same number has left, or a link that was put here, goes.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    Ok((OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?, beside))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &link).unwrap();
        let beside = folder.path().join(format!("link.{}.new", std::process::id()));
        symlink(&victim, &beside).unwrap();
        append(&link).unwrap_err();
        replace(&link, b"ours").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(fs::read_to_string(&link).unwrap(), "ours");
        append(&link).unwrap().write_all(b" too").unwrap();
        assert_eq!(fs::read_to_string(&link).unwrap(), "ours too");
    }
}
