//! From a new project to a run, in every language, as on a new machine: an empty home, and the SDKs in the program.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::program::{Ended, Squall, root};
use crate::support::server::{Reply, Server};

/// A call as by a new user. Tools need not download again what they have.
fn of_new_user(arguments: &[&str], home: &Path) -> Squall {
    let own = PathBuf::from(env::var_os("HOME").unwrap());
    let kept = |name: &str, place: &str| {
        env::var_os(name).map_or_else(|| own.join(place), PathBuf::from).display().to_string()
    };
    let mut squall = Squall::new(arguments).env("HOME", &home.display().to_string());
    for (name, place) in [
        ("CARGO_HOME", ".cargo"),
        ("RUSTUP_HOME", ".rustup"),
        ("GOPATH", "go"),
        ("GOCACHE", ".cache/go-build"),
        ("npm_config_cache", ".npm"),
        ("PIP_CACHE_DIR", ".cache/pip"),
    ] {
        squall = squall.env(name, &kept(name, place));
    }
    squall
}

/// Makes a project, and runs it by its README. A second run of the unchanged source has to work without the language's
/// tools.
fn new_and_run(language: &str) {
    let home = tempfile::tempdir().unwrap();
    let made = of_new_user(&["new", "my-test", "--lang", language], home.path()).run().expect_code(0);
    let project = made.folder().join("my-test");
    assert!(fs::read_to_string(project.join("README.md")).unwrap().starts_with("# my-test\n"));
    let first = run(&project, |squall| squall, home.path());
    assert!(first.err.starts_with("building my-test ...\n"), "{}", first.err);
    let second = run(&project, |squall| squall.env("PATH", "/nonexistent"), home.path());
    assert!(!second.err.contains("building"), "{}", second.err);
}

fn run(project: &Path, with: impl Fn(Squall) -> Squall, home: &Path) -> Ended {
    let server = Server::start(|_| Reply::ok("{}"));
    let project = project.display().to_string();
    let run = of_new_user(&["run", &project, "--target", &server.url(), "-u", "5", "-i", "10"], home);
    let ended = with(run).exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("http_reqs", "count"), 10.0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
    let searches = server.requests().iter().filter(|request| request.path == "/search?q=lamp").count();
    assert_eq!(searches, 2, "of ten iterations, two search");
    ended
}

#[test]
fn a_new_project_in_rust_builds_and_runs() {
    new_and_run("rust");
}

#[test]
fn a_new_project_in_typescript_builds_and_runs() {
    new_and_run("typescript");
}

#[test]
fn a_new_project_in_javascript_builds_and_runs() {
    new_and_run("javascript");
}

#[test]
fn a_new_project_in_python_builds_and_runs() {
    new_and_run("python");
}

#[test]
fn a_new_project_in_go_builds_and_runs() {
    new_and_run("go");
}

#[test]
fn a_new_project_in_c_builds_and_runs() {
    new_and_run("c");
}

/// The loop for writing a scenario: a run of one iteration, and another one after the source was changed and saved.
fn watch(language: &str, source: &str) {
    let server = Server::start(|_| Reply::ok("{}"));
    let made = Squall::new(&["new", "my-test", "--lang", language]).run().expect_code(0);
    let project = made.folder().join("my-test");
    let folder = project.display().to_string();
    let mut running = Squall::new(&["run", &folder, "--target", &server.url(), "--flow", "browse", "--watch"]).start();
    running.until_said("waiting for a file to change");
    let text = fs::read_to_string(project.join(source)).unwrap();
    assert!(text.contains("/products"), "{text}");
    fs::write(project.join(source), text.replace("/products", "/changed")).unwrap();
    running.until_said("waiting for a file to change");
    running.signal("INT");
    running.wait().expect_code(105);
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/products", "/changed"]);
}

#[test]
fn a_project_in_rust_is_built_again_when_it_is_saved() {
    watch("rust", "src/lib.rs");
}

#[test]
fn a_project_in_typescript_is_built_again_when_it_is_saved() {
    watch("typescript", "scenario.ts");
}

#[test]
fn a_project_in_javascript_is_built_again_when_it_is_saved() {
    watch("javascript", "scenario.js");
}

#[test]
fn a_project_in_python_is_built_again_when_it_is_saved() {
    watch("python", "scenario.py");
}

#[test]
fn a_project_in_go_is_built_again_when_it_is_saved() {
    watch("go", "scenario.go");
}

#[test]
fn a_project_in_c_is_built_again_when_it_is_saved() {
    watch("c", "scenario.c");
}

/// Other projects in parent folders have no effect.
#[test]
fn a_component_is_built_beside_its_source() {
    let squall = Squall::new(&["build", "examples/minimal/minimal.c"]);
    let folder = squall.folder().join("examples/minimal");
    fs::create_dir_all(&folder).unwrap();
    fs::write(squall.folder().join("examples/go.mod"), "module examples\n").unwrap();
    fs::copy(root().join("guest-examples/minimal/c/minimal.c"), folder.join("minimal.c")).unwrap();
    let ended = squall.run().expect_code(0);
    assert!(ended.folder().join("examples/minimal/minimal.wasm").is_file(), "{}", ended.err);
}

/// The SDK for C is in the program: one file is enough, and other files beside it are left alone.
#[test]
fn one_file_in_c_runs_without_a_project() {
    let server = Server::start(|_| Reply::ok("hello"));
    let url = server.url();
    let squall = Squall::new(&["run", "a b.c", "--target", &url, "-u", "1", "-i", "2"]);
    let minimal = root().join("guest-examples/minimal/c/minimal.c");
    fs::copy(minimal, squall.folder().join("a b.c")).unwrap();
    fs::write(squall.folder().join("notes.c"), "this is no C").unwrap();
    let ended = squall.exporting().run().expect_code(0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_mistake_in_c_is_shown_with_its_line() {
    let squall = Squall::new(&["build", "shop.c"]);
    fs::write(squall.folder().join("shop.c"), "#include <squall.h>\nint x = y;\n").unwrap();
    let ended = squall.run().expect_code(104);
    assert!(ended.err.contains("shop.c:2:9: error: use of undeclared identifier 'y'"), "{}", ended.err);
}

#[test]
fn a_project_that_cannot_be_built_is_refused_with_a_remedy() {
    let complaint = |arguments: &[&str], file: Option<(&str, &str)>| {
        let squall = Squall::new(arguments);
        if let Some((name, text)) = file {
            fs::write(squall.folder().join(name), text).unwrap();
        }
        squall.run().expect_code(104).complaint().to_owned()
    };
    let empty = complaint(&["build"], None);
    assert!(empty.contains("squall new NAME --lang LANGUAGE"), "{empty}");
    let go = complaint(&["run", "shop.go"], Some(("shop.go", "package main")));
    assert!(go.contains("a scenario in Go is a module: `squall new NAME --lang go` makes one"), "{go}");
    let watch = complaint(&["run", "shop.wasm", "--watch"], Some(("shop.wasm", "")));
    assert!(watch.contains("--watch goes with a scenario's source"), "{watch}");
    let name = complaint(&["new", "My Test", "--lang", "rust"], None);
    assert!(name.contains("lower-case letters"), "{name}");
}

#[test]
fn a_project_is_never_overwritten() {
    let squall = Squall::new(&["new", "shop", "--lang", "python"]);
    fs::create_dir(squall.folder().join("shop")).unwrap();
    fs::write(squall.folder().join("shop/scenario.py"), "mine").unwrap();
    let ended = squall.run().expect_code(104);
    assert!(ended.complaint().contains("is there already"), "{}", ended.err);
    assert_eq!(fs::read_to_string(ended.folder().join("shop/scenario.py")).unwrap(), "mine");
}

/// Its manifest points into the project itself, and hidden files there are made again.
#[test]
fn a_project_may_be_moved_without_its_hidden_files() {
    let home = tempfile::tempdir().unwrap();
    let made = of_new_user(&["new", "my-test", "--lang", "go"], home.path()).run().expect_code(0);
    let moved = home.path().join("moved");
    fs::remove_dir_all(made.folder().join("my-test/.squall")).unwrap();
    fs::rename(made.folder().join("my-test"), &moved).unwrap();
    let manifest = fs::read_to_string(moved.join("go.mod")).unwrap();
    run(&moved, |squall| squall, home.path());
    assert_eq!(fs::read_to_string(moved.join("go.mod")).unwrap(), manifest);
    assert!(moved.join(".squall/sdk/go/go.mod").is_file());
    // Another version of the program has another folder.
    fs::remove_file(moved.join(".squall/sdk")).unwrap();
    std::os::unix::fs::symlink("/nonexistent", moved.join(".squall/sdk")).unwrap();
    run(&moved, |squall| squall.env("PATH", "/nonexistent"), home.path());
    assert!(moved.join(".squall/sdk/go/go.mod").is_file(), "a run mends the link");
}

/// Also one outside of the project.
#[test]
fn a_change_of_any_file_that_went_into_a_component_builds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("project")).unwrap();
    fs::write(path("project/package.json"), "{}").unwrap();
    let script = "import { name } from '../shared.js'; export const flows = { [name]: () => {} };";
    fs::write(path("project/scenario.js"), script).unwrap();
    let build = |flow: &str| {
        fs::write(path("shared.js"), format!("export const name = '{flow}';")).unwrap();
        let output = path("out.wasm").display().to_string();
        let built = Squall::new(&["build", &path("project").display().to_string(), "-o", &output]).run().expect_code(0);
        let shown = Squall::new(&["inspect", &output]).run().expect_code(0);
        assert!(shown.out.contains(flow), "{}", shown.out);
        built.err
    };
    assert!(build("first").contains("building"));
    assert!(!build("first").contains("building"));
    assert!(build("second").contains("building"));
}

#[test]
fn a_checkout_may_replace_the_sdks_in_the_program() {
    let minimal = root().join("guest-examples/minimal/c/minimal.c").display().to_string();
    let build = |sdk: &str| Squall::new(&["build", &minimal, "-o", "minimal.wasm"]).env("SQUALL_SDK", sdk).run();
    build(&root().display().to_string()).expect_code(0);
    let ended = build("/nonexistent").expect_code(104);
    let complaint = ended.complaint();
    assert!(complaint.starts_with("SQUALL_SDK names no checkout of Squall: /nonexistent/"), "{complaint}");
    assert!(complaint.contains("unset SQUALL_SDK"), "{complaint}");
}

#[test]
fn an_unknown_language_is_refused_with_the_known_ones() {
    let ended = Squall::new(&["new", "my-test", "--lang", "ruby"]).run().expect_code(2);
    for part in ["ruby", "rust", "typescript", "javascript", "python", "go", "c"] {
        assert!(ended.err.contains(part), "no {part} in {}", ended.err);
    }
}

#[test]
fn a_language_that_is_none_is_told_with_those_that_are() {
    let ended = Squall::new(&["new", "my-test", "--lang", "cobol"]).run().expect_code(2);
    assert!(ended.err.contains("rust, typescript, javascript, python, go, c"), "{}", ended.err);
}

#[test]
fn a_wrong_checkout_of_sdks_leaves_no_half_of_a_project() {
    let squall = Squall::new(&["new", "my-test", "--lang", "go"]).env("SQUALL_SDK", "/nonexistent");
    let ended = squall.run().expect_code(104);
    assert!(ended.err.contains("SQUALL_SDK names no checkout of Squall: /nonexistent"), "{}", ended.err);
    assert!(ended.err.contains("unset SQUALL_SDK"), "{}", ended.err);
    assert!(!ended.folder().join("my-test").exists());
}
