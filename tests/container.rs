//! The Dockerfile and its page, as far as they can be checked on a machine without a container engine.

use std::fs;

use crate::support::program::{Squall, root};

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The rest of the Dockerfile's last line that begins with `start`.
fn said_after(start: &str) -> String {
    let dockerfile = text("Dockerfile");
    let said = dockerfile.lines().rev().find_map(|line| line.strip_prefix(start));
    said.unwrap_or_else(|| panic!("no line begins with {start:?}")).to_owned()
}

#[test]
fn the_label_is_the_version_of_the_program() {
    let version = Squall::new(&["--version"]).run().expect_code(0).out;
    assert_eq!(version.trim(), format!("squall {}", said_after("ARG VERSION=")));
}

#[test]
fn it_is_built_by_the_rust_that_the_workspace_needs() {
    let needed = text("Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = ").map(str::to_owned));
    let image = said_after("FROM rust:");
    assert!(image.starts_with(&format!("{}-", needed.unwrap().trim_matches('"'))), "{image}");
}

#[test]
fn the_page_describes_the_image() {
    let page = text("docs/containers.md");
    let user = said_after("USER ");
    let facts = [
        format!("| user | {},", user.split(':').next().unwrap()),
        format!("| entry point | `{}`", said_after("ENTRYPOINT ").trim_matches(['[', ']', '"'])),
        format!("| `{}` | the working directory", said_after("WORKDIR ")),
        format!("| `{}` |", said_after("ENV XDG_CACHE_HOME=")),
    ];
    for fact in facts {
        assert!(page.contains(&fact), "docs/containers.md lacks {fact:?}");
    }
}

#[test]
fn without_writable_folders_a_run_prints_one_warning_and_ends_as_usual() {
    let squall = Squall::new(&["demo", "-u", "1", "-i", "1", "--runs-dir", "/dev/null/runs"]);
    let ended = squall.env("XDG_CACHE_HOME", "/dev/null").run().expect_code(0);
    assert_eq!(ended.err.matches("warning: this run is not kept any further").count(), 1, "{}", ended.err);
    assert!(ended.out.contains("http_reqs"), "{}", ended.out);
}
