//! Two users of one machine, one of whom wants the other to run his code: only root can be both.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::caged::Caged;
use crate::support::component::{ERR, OK, Wat};
use crate::support::program::{Ended, path};
use crate::support::skip;

const VICTIM: u32 = 4711;
const ATTACKER: u32 = 4712;

/// Whether these tests can be run here. In CI they must be.
fn can_be_run() -> bool {
    let file = tempfile::tempfile().unwrap();
    let is_root = file.metadata().unwrap().uid() == 0;
    let can =
        is_root && Command::new("test").arg("-x").arg(path()).uid(VICTIM).status().is_ok_and(|status| status.success());
    if !can {
        skip("two_users", "this takes root, and a program that other users may run");
        assert!(std::env::var_os("CI").is_none(), "tests run as root in CI");
    }
    can
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A user's own folder.
fn folder_of(user: u32, path: PathBuf) -> PathBuf {
    fs::create_dir(&path).unwrap();
    mode(&path, 0o755);
    chown(&path, Some(user), Some(user)).unwrap();
    path
}

/// Runs a component as this user, with the cache there.
fn run(guest: &Wat, user: u32, cache: &Path) -> Ended {
    let squall = Caged::new(&["run", "guest.wasm", "-i", "1", "--no-save"]).user(user);
    guest.write(squall.folder());
    squall.env("XDG_CACHE_HOME", &cache.display().to_string()).run().expect_code_or_busy(0)
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    fs::read_dir(cache.join("squall/code")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A cache in which the entry of a good component has the code of an evil one, which fails.
fn poisoned(path: PathBuf) -> PathBuf {
    let cache = folder_of(ATTACKER, path);
    run(&Wat::new(ERR), ATTACKER, &cache);
    let evil = entries(&cache).remove(0);
    run(&Wat::new(OK), ATTACKER, &cache);
    let good = entries(&cache).into_iter().find(|entry| *entry != evil).unwrap();
    fs::write(&good, fs::read(&evil).unwrap()).unwrap();
    // The attack is real: its owner, who trusts it, runs the evil code.
    assert!(run(&Wat::new(OK), ATTACKER, &cache).out.contains("no luck"));
    // The victim must be able to read it.
    for folder in ["squall", "squall/code"] {
        mode(&cache.join(folder), 0o755);
    }
    mode(&good, 0o644);
    cache
}

/// Swaps two names repeatedly, with the rights of the attacker, until told to stop. (Or for a minute: the victim may
/// fail.)
fn exchange(one: &Path, other: &Path, enough: &AtomicBool) -> u64 {
    let name = |path: &Path| std::ffi::CString::new(path.display().to_string()).unwrap();
    let (one, other) = (name(one), name(other));
    let mut times = 0;
    // SAFETY: this thread alone gets other rights, and it ends with this; the names are C strings that outlive the calls.
    unsafe { libc::setfsuid(ATTACKER) };
    let began = Instant::now();
    while !enough.load(Ordering::Relaxed) && began.elapsed() < Duration::from_secs(60) {
        // SAFETY: as above.
        let outcome = unsafe {
            libc::renameat2(libc::AT_FDCWD, one.as_ptr(), libc::AT_FDCWD, other.as_ptr(), libc::RENAME_EXCHANGE)
        };
        assert_eq!(outcome, 0, "{}", std::io::Error::last_os_error());
        times += 1;
    }
    times
}

#[test]
fn another_user_s_code_is_not_run_however_folders_are_exchanged() {
    if !can_be_run() {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    mode(base.path(), 0o755);
    let theirs = poisoned(base.path().join("theirs"));
    let own = folder_of(VICTIM, base.path().join("own"));
    run(&Wat::new(OK), VICTIM, &own);
    // The attacker was there first. The cache's name alternates between the victim's folder and the attacker's, so that
    // one is checked, and the other used. (Links in a folder like /tmp are not followed by Linux itself.)
    let cache = folder_of(ATTACKER, base.path().join("cache"));
    let (here, aside) = (cache.join("squall"), cache.join("aside"));
    for (link, target) in [(&here, &own), (&aside, &theirs)] {
        symlink(target.join("squall"), link).unwrap();
        std::os::unix::fs::lchown(link, Some(ATTACKER), Some(ATTACKER)).unwrap();
    }
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let attacker = scope.spawn(|| exchange(&here, &aside, &enough));
        let began = Instant::now();
        let mut outcomes = Vec::new();
        while outcomes.len() < 20 || began.elapsed() < Duration::from_secs(5) {
            outcomes.push(run(&Wat::new(OK), VICTIM, &cache));
        }
        enough.store(true, Ordering::Relaxed);
        assert!(attacker.join().unwrap() > 1_000);
        for ended in outcomes {
            assert!(!ended.out.contains("no luck"), "{}", ended.out);
        }
    });
}
