//! `squall cache`: files stored for later runs.

use std::fs;

use crate::support::program::Squall;

#[test]
fn the_cache_is_shown_and_cleared_by_kind() {
    let cache = tempfile::tempdir().unwrap();
    let place = cache.path().display().to_string();
    let squall = |arguments: &[&str]| {
        let squall = Squall::new(&["cache"]).args(arguments).env("XDG_CACHE_HOME", &place);
        squall.run().expect_code(0).out
    };
    let line = |kind: &str| {
        let shown = squall(&["show"]);
        let line = shown.lines().find(|line| line.starts_with(kind)).unwrap().to_owned();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(line("code").starts_with("code 0 B 1.0 GB"), "nothing yet: {}", line("code"));
    for (name, bytes) in [("code/a", 1_000_000), ("code/b", 500_000), ("tools/zig/lib/c.h", 2_000)] {
        let path = cache.path().join("squall").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![0; bytes]).unwrap();
    }
    assert!(line("code").starts_with("code 1.5 MB 1.0 GB"), "{}", line("code"));
    assert!(line("tools").starts_with("tools 2.0 kB -"), "{}", line("tools"));
    assert!(line("all").starts_with("all 1.5 MB"), "{}", line("all"));
    assert!(squall(&["clear", "code"]).starts_with("removed 1.5 MB from "));
    assert!(line("code").starts_with("code 0 B"), "{}", line("code"));
    assert!(line("tools").starts_with("tools 2.0 kB"), "another kind is left alone");
    assert!(squall(&["clear"]).starts_with("removed 2.0 kB from "));
    assert!(squall(&["clear"]).starts_with("removed 0 B from "), "twice is no mistake");
}
