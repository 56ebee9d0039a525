//! A folder that only this user can change.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, fstat, futimens, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::walk::{Missing, walk};

/// A folder that only this user can change, as it was when it was opened: whatever takes its name later is another.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: OwnedFd,
}

impl PrivateFolder {
    /// Opens the folder.
    ///
    /// # Errors
    /// If it is not there, or if others can change it, or could exchange it for another.
    pub fn open(path: &Path) -> io::Result<PrivateFolder> {
        Ok(PrivateFolder { folder: walk(path, Missing::Fails)? })
    }

    /// Opens the folder, and creates missing parts of it for this user alone.
    ///
    /// # Errors
    /// As [`PrivateFolder::open`], or if it cannot be made.
    pub fn create(path: &Path) -> io::Result<PrivateFolder> {
        Ok(PrivateFolder { folder: walk(path, Missing::IsMade)? })
    }

    /// Opens a file in it for reading. Links, devices and files that others can write to are refused.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.folder, name, flags, Mode::empty())?;
        let stat = fstat(&file)?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let is_private = stat.st_uid == geteuid().as_raw() && stat.st_mode & 0o022 == 0;
        if is_file && is_private { Ok(File::from(file)) } else { Err(Errno::PERM.into()) }
    }

    /// Writes a file of these pieces, instead of any older one of that name. Concurrent readers find the old or the new
    /// file, whole.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, pieces: &[&[u8]]) -> io::Result<()> {
        let beside = format!("{name}.{}.new", std::process::id());
        let written = self.new_file(&beside).and_then(|mut file| {
            pieces.iter().try_for_each(|piece| file.write_all(piece))?;
            Ok(renameat(&self.folder, &beside, &self.folder, name)?)
        });
        if written.is_err() {
            // A half-written file is useless; a failure to remove it is no worse than the failed write.
            let _ = self.remove(&beside);
        }
        written
    }

    /// Whether it can be written to: permissions alone do not show that a file system is read-only.
    ///
    /// # Errors
    /// The reason why it cannot.
    pub fn try_writing(&self) -> io::Result<()> {
        let trial = format!("{}.trial", std::process::id());
        drop(self.new_file(&trial)?);
        self.remove(&trial)
    }

    /// Removes the files that were [used](mark_used) or written longest ago, until the others have at most this many bytes.
    /// The newest stays in any case.
    ///
    /// # Errors
    /// If the folder cannot be listed. A file that cannot be removed stays.
    pub fn evict(&self, most: u64) -> io::Result<()> {
        let mut files = Vec::new();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        for entry in Dir::new(openat(&self.folder, ".", flags, Mode::empty())?)? {
            let name = entry?.file_name().to_owned();
            let Ok(stat) = statat(&self.folder, &name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                files.push(((stat.st_mtime, stat.st_mtime_nsec), stat.st_size as u64, name));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.pop();
        for (_, size, name) in files {
            if bytes <= most {
                break;
            }
            if unlinkat(&self.folder, &name, AtFlags::empty()).is_ok() {
                bytes -= size;
            }
        }
        Ok(())
    }

    /// A file that was not there before. One that an earlier process of the same number has left is taken away.
    fn new_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR);
        match create() {
            Err(Errno::EXIST) => {
                self.remove(name)?;
                Ok(create()?.into())
            }
            created => Ok(created?.into()),
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.folder, name, AtFlags::empty())?)
    }
}

/// Notes that a file is of use still: [`PrivateFolder::evict`] takes others before it. Where nothing can be written, nothing
/// is evicted either.
pub fn mark_used(file: &File) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let _ = futimens(file, &Timestamps { last_access: now, last_modification: now });
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(folder: &PrivateFolder, name: &str) -> io::Result<String> {
        let mut text = String::new();
        folder.file(name)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn files_are_read_back_and_private() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("squall/code");
        assert!(PrivateFolder::open(&path).is_err());
        let folder = PrivateFolder::create(&path).unwrap();
        folder.write("entry", &[b"one", b"two"]).unwrap();
        folder.write("entry", &[b"three"]).unwrap();
        assert_eq!(read(&PrivateFolder::open(&path).unwrap(), "entry").unwrap(), "three");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join("entry")).unwrap().permissions().mode() & 0o777, 0o600);
        folder.try_writing().unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_others_can_change_is_refused_wherever_it_is_on_the_way() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("shared/squall/code");
        PrivateFolder::create(&path).unwrap();
        for (changed, before) in [("shared", 0o700), ("shared/squall", 0o700), ("shared/squall/code", 0o700)] {
            let changed = outer.path().join(changed);
            for writable in [0o777, 0o720, 0o702] {
                mode(&changed, writable);
                let error = PrivateFolder::create(&path).unwrap_err().to_string();
                assert!(error.contains("can be changed by other users"), "{error}");
            }
            mode(&changed, before);
        }
        // In a sticky one others cannot touch what is ours; but it is not itself private.
        mode(&outer.path().join("shared"), 0o1777);
        PrivateFolder::create(&path).unwrap();
        PrivateFolder::create(&outer.path().join("shared")).unwrap_err();
    }

    #[test]
    fn a_folder_that_was_exchanged_after_it_was_opened_is_not_the_one() {
        let outer = tempfile::tempdir().unwrap();
        let (ours, theirs) = (outer.path().join("ours"), outer.path().join("theirs"));
        let folder = PrivateFolder::create(&ours).unwrap();
        PrivateFolder::create(&theirs).unwrap().write("entry", &[b"evil"]).unwrap();
        folder.write("entry", &[b"good"]).unwrap();
        fs::rename(&ours, outer.path().join("aside")).unwrap();
        fs::rename(&theirs, &ours).unwrap();
        assert_eq!(read(&folder, "entry").unwrap(), "good");
        folder.write("entry", &[b"better"]).unwrap();
        assert_eq!(fs::read_to_string(ours.join("entry")).unwrap(), "evil");
    }

    #[test]
    fn nothing_is_read_or_written_through_a_link() {
        let outer = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::create(&outer.path().join("code")).unwrap();
        let victim = outer.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let beside = format!("entry.{}.new", std::process::id());
        for name in ["entry", beside.as_str()] {
            symlink(&victim, outer.path().join("code").join(name)).unwrap();
        }
        assert!(folder.file("entry").is_err());
        folder.write("entry", &[b"code"]).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(read(&folder, "entry").unwrap(), "code");
    }

    #[test]
    fn a_link_of_our_own_leads_to_where_the_way_is_checked() {
        let outer = tempfile::tempdir().unwrap();
        PrivateFolder::create(&outer.path().join("disk/cache")).unwrap().write("entry", &[b"code"]).unwrap();
        symlink("disk/../disk", outer.path().join("link")).unwrap();
        symlink(outer.path().join("link"), outer.path().join("second")).unwrap();
        let folder = PrivateFolder::open(&outer.path().join("second/cache")).unwrap();
        assert_eq!(read(&folder, "entry").unwrap(), "code");
        mode(&outer.path().join("disk"), 0o777);
        assert!(PrivateFolder::open(&outer.path().join("second/cache")).is_err());
        symlink("round", outer.path().join("round")).unwrap();
        assert!(PrivateFolder::open(&outer.path().join("round/cache")).is_err());
    }

    #[test]
    fn neither_a_device_nor_a_file_that_others_can_write_is_read() {
        let outer = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::create(&outer.path().join("code")).unwrap();
        folder.write("entry", &[b"code"]).unwrap();
        mode(&outer.path().join("code/entry"), 0o622);
        assert!(folder.file("entry").is_err());
        fs::create_dir(outer.path().join("code/folder")).unwrap();
        assert!(folder.file("folder").is_err());
    }

    /// Only root can make a folder another user's.
    #[test]
    fn a_folder_of_another_user_is_refused() {
        if !geteuid().is_root() {
            return;
        }
        let outer = tempfile::tempdir().unwrap();
        mode(outer.path(), 0o1777);
        let path = outer.path().join("squall");
        PrivateFolder::create(&path).unwrap();
        std::os::unix::fs::chown(&path, Some(4711), Some(4711)).unwrap();
        let error = PrivateFolder::create(&path).unwrap_err().to_string();
        assert!(error.contains("belongs to another user"), "{error}");
        // Nor is a link of theirs followed.
        let link = outer.path().join("link");
        symlink("/tmp", &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(4711), Some(4711)).unwrap();
        assert!(PrivateFolder::create(&link.join("code")).is_err());
    }

    #[test]
    fn the_files_that_were_not_used_for_longest_are_evicted() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("code");
        let folder = PrivateFolder::create(&path).unwrap();
        let hours_ago = |name: &str, hours: u64| {
            let time = fs::metadata(outer.path()).unwrap().modified().unwrap();
            let file = File::options().write(true).open(path.join(name)).unwrap();
            file.set_modified(time - std::time::Duration::from_secs(3600 * hours)).unwrap();
        };
        for (name, age) in [("oldest", 3), ("used", 2), ("middle", 1), ("newest", 0)] {
            folder.write(name, &[&[0; 100]]).unwrap();
            hours_ago(name, age);
        }
        mark_used(&folder.file("used").unwrap());
        folder.evict(400).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 4, "they fit");
        folder.evict(399).unwrap();
        folder.file("oldest").unwrap_err();
        folder.evict(200).unwrap();
        folder.file("middle").unwrap_err();
        folder.evict(0).unwrap();
        let left: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["used"], "the newest stays");
    }
}
