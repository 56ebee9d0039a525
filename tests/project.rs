//! From nothing to a run, in every language, with the SDKs of this checkout in place of the published ones.

use std::fs;

use crate::support::program::{Ended, Squall, root};
use crate::support::server::{Reply, Server};

/// Makes a project, runs it as its README says, and returns what came of it.
fn new_and_run(language: &str) -> Ended {
    let server = Server::start(|_| Reply::ok("{}"));
    let sdk = root().display().to_string();
    let made = Squall::new(&["new", "my-test", "--lang", language]).run().expect_code(0);
    let project = made.folder().join("my-test");
    assert!(fs::read_to_string(project.join("README.md")).unwrap().starts_with("# my-test\n"));
    let project = project.display().to_string();
    let run = Squall::new(&["run", &project, "--target", &server.url(), "-u", "5", "-i", "10"]);
    let ended = run.env("SQUALL_SDK", &sdk).exporting().run().expect_code(0);
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

/// The loop for writing a scenario: a run of one iteration now, and one of the changed source when that is saved.
fn watch(language: &str, source: &str) {
    let server = Server::start(|_| Reply::ok("{}"));
    let made = Squall::new(&["new", "my-test", "--lang", language]).run().expect_code(0);
    let project = made.folder().join("my-test");
    let folder = project.display().to_string();
    let run = Squall::new(&["run", &folder, "--target", &server.url(), "--flow", "browse", "--watch"]);
    let mut running = run.env("SQUALL_SDK", &root().display().to_string()).start();
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
fn a_project_in_rust_is_built_anew_when_it_is_saved() {
    watch("rust", "src/lib.rs");
}

#[test]
fn a_project_in_typescript_is_built_anew_when_it_is_saved() {
    watch("typescript", "scenario.ts");
}

#[test]
fn a_project_in_javascript_is_built_anew_when_it_is_saved() {
    watch("javascript", "scenario.js");
}

#[test]
fn a_project_in_python_is_built_anew_when_it_is_saved() {
    watch("python", "scenario.py");
}

#[test]
fn a_project_in_go_is_built_anew_when_it_is_saved() {
    watch("go", "scenario.go");
}

#[test]
fn a_project_in_c_is_built_anew_when_it_is_saved() {
    watch("c", "scenario.c");
}

/// Whatever other languages have their projects in the folders above it.
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

/// The SDK for C is in the program: one file is all it takes, and other files beside it are left alone.
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
fn what_cannot_be_built_is_said_with_what_to_do() {
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
fn a_project_is_never_written_over() {
    let squall = Squall::new(&["new", "shop", "--lang", "python"]);
    fs::create_dir(squall.folder().join("shop")).unwrap();
    fs::write(squall.folder().join("shop/scenario.py"), "mine").unwrap();
    let ended = squall.run().expect_code(104);
    assert!(ended.complaint().contains("is there already"), "{}", ended.err);
    assert_eq!(fs::read_to_string(ended.folder().join("shop/scenario.py")).unwrap(), "mine");
}
