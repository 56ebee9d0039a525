//! Runs the real `squall`.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tempfile::TempDir;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A component that `cargo xtask guests` has built.
pub fn guest(name: &str) -> String {
    let path = root().join("target/guests").join(format!("{name}-rust.wasm"));
    assert!(path.exists(), "{} is missing: run the tests with `cargo xtask test`", path.display());
    path.display().to_string()
}

/// The program, built if necessary.
pub fn path() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // `cargo xtask test` has built it already.
        if let Some(program) = std::env::var_os("SQUALL_TEST_PROGRAM") {
            return PathBuf::from(program);
        }
        let test = std::env::current_exe().expect("this test has a path");
        let folder = test.parent().and_then(Path::parent).expect("target/<profile>/deps");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "squall"]).current_dir(root());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "squall does not build");
        folder.join("squall")
    })
}

/// One call of `squall`, in an empty folder, with its own environment.
pub struct Squall {
    command: Command,
    folder: TempDir,
}

/// The outcome of a call.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    folder: TempDir,
}

impl Squall {
    pub fn new(arguments: &[&str]) -> Squall {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(path());
        command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SQUALL_")) {
            command.env_remove(name);
        }
        // If these tests run in CI, the tested program must not notice it; nor does the developer's log level apply.
        for name in ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "RUST_LOG"] {
            command.env_remove(name);
        }
        // The tests share compiled code: that is the purpose of a cache.
        command.env("XDG_CACHE_HOME", root().join("target/test-cache"));
        Squall { command, folder }
    }

    pub fn args(mut self, arguments: &[&str]) -> Squall {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Squall {
        self.command.env(name, value);
        self
    }

    /// Runs it as another user, which needs root. That user gets the folder.
    #[cfg(target_os = "linux")]
    pub fn user(mut self, user: u32) -> Squall {
        std::os::unix::fs::chown(self.folder.path(), Some(user), Some(user)).expect("these tests run as root");
        self.command.uid(user).gid(user).env("HOME", self.folder.path());
        self
    }

    pub fn stdin(mut self, stdin: Stdio) -> Squall {
        self.command.stdin(stdin);
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Also writes the summary as JSON: see [`Ended::export`].
    pub fn exporting(self) -> Squall {
        self.args(&["--summary-export", "summary.json"])
    }

    pub fn run(mut self) -> Ended {
        let output = self.command.output().expect("squall starts");
        Ended::new(output, self.folder)
    }

    /// Runs it under a memory limit, in MiB: beyond that it is killed, and the test fails. (A limit of the system would
    /// count the address space that wasmtime reserves for each instance.)
    #[track_caller]
    pub(super) fn run_within(mut self, budget: u64) -> Ended {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = KillOnDrop(Some(self.command.spawn().expect("squall starts")));
        let (id, ended, went_past) = (child.id(), AtomicBool::new(false), AtomicBool::new(false));
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    if peak_of(id).is_some_and(|peak| peak > budget) {
                        went_past.store(true, Ordering::Relaxed);
                        let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
                        return;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
            });
            let output = child.wait_with_output();
            ended.store(true, Ordering::Relaxed);
            output
        });
        let ended = Ended::new(output, self.folder);
        assert!(!went_past.load(Ordering::Relaxed), "it took more than {budget} MiB: {}\n{}", ended.out, ended.err);
        ended
    }

    /// Starts it and leaves it running.
    pub fn start(mut self) -> Running {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("squall starts");
        let err = BufReader::new(child.stderr.take().expect("it was asked for"));
        Running { child: KillOnDrop(Some(child)), err, heard: String::new(), folder: self.folder }
    }

    /// Likewise, with standard error going elsewhere.
    pub fn start_at(mut self, err: Stdio) -> (KillOnDrop, TempDir) {
        self.command.stdout(Stdio::piped()).stderr(err);
        let child = self.command.spawn().expect("squall starts");
        (KillOnDrop(Some(child)), self.folder)
    }
}

/// The most memory that a process has had at once, in MiB.
fn peak_of(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib >> 10)
}

/// A running `squall`.
pub struct Running {
    child: KillOnDrop,
    err: BufReader<ChildStderr>,
    /// Standard error, as far as it was read.
    heard: String,
    folder: TempDir,
}

/// A process that ends with the test that started it, however that ends.
pub struct KillOnDrop(Option<Child>);

impl KillOnDrop {
    fn id(&self) -> u32 {
        self.0.as_ref().expect("only waiting takes it").id()
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    pub fn wait_with_output(mut self) -> Output {
        self.0.take().expect("only waiting takes it").wait_with_output().expect("squall ends")
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Running {
    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        self.child.signal(name);
    }

    /// Reads standard error up to a line that contains this text, and returns the line.
    pub fn until_said(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.err.read_line(&mut line).expect("squall writes UTF-8");
            self.heard.push_str(&line);
            assert!(read > 0, "it never said {part:?}: {}", self.heard);
            if line.contains(part) {
                return line;
            }
        }
    }

    pub fn wait(self) -> Ended {
        let Running { child, mut err, mut heard, folder } = self;
        let listener = std::thread::spawn(move || {
            err.read_to_string(&mut heard).expect("squall writes UTF-8");
            heard
        });
        let mut output = child.wait_with_output();
        output.stderr = listener.join().expect("nothing can go wrong").into_bytes();
        Ended::new(output, folder)
    }
}

impl Ended {
    pub fn new(output: Output, folder: TempDir) -> Ended {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("squall writes UTF-8");
        Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr), folder }
    }

    /// Its folder, which is deleted with this.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Fails with the whole output, unless the exit code is this one.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Likewise, or 98 if the summary has that verdict: other tests run at the same time, so whether the generator kept
    /// up is not asserted.
    #[track_caller]
    pub fn expect_code_or_busy(self, code: i32) -> Ended {
        let code = if self.out.contains("generator: bottleneck") { 98 } else { code };
        self.expect_code(code)
    }

    /// The metrics of `--summary-export`.
    #[track_caller]
    pub fn export(&self) -> Value {
        let text = std::fs::read_to_string(self.folder.path().join("summary.json")).expect("an export");
        let export: Value = serde_json::from_str(&text).expect("the export is JSON");
        export["metrics"].clone()
    }

    /// A number of the export: `number("http_reqs", "count")`.
    #[track_caller]
    pub fn number(&self, metric: &str, field: &str) -> f64 {
        let export = self.export();
        export[metric][field].as_f64().unwrap_or_else(|| panic!("no {metric}.{field} in {export:#}"))
    }

    /// The only line of standard error: the message for the user.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        let lines: Vec<&str> = self.err.lines().collect();
        assert_eq!(lines.len(), 1, "one sentence, not {lines:#?}");
        lines[0].strip_prefix("error: ").expect("an error")
    }
}
