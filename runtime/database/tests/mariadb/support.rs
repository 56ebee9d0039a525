//! A private MariaDB server for a test, from the packages of the system, on a free port of loopback.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use squall_database::{Databases, ReadingHandle};
use squall_findings::database::DatabaseReport;
use tempfile::TempDir;

/// A server with a database `shop`, and the logins `app` and `squall`, which may only read; their password is `secret`.
/// It ends with its test.
pub struct Server {
    folder: TempDir,
    port: u16,
    child: Child,
}

/// A session of the target, which executes what it is sent.
pub struct Session(Child);

impl Server {
    /// Starts a server with a certificate that is nowhere trusted.
    pub fn start_with_tls() -> Option<Server> {
        let files = TempDir::new().unwrap();
        fs::set_permissions(files.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let write = |name: &str, text: String| {
            let path = files.path().join(name);
            fs::write(&path, text).unwrap();
            format!("--ssl-{name}={}", path.display())
        };
        let (certificate, key) = (write("cert", made.cert.pem()), write("key", made.signing_key.serialize_pem()));
        Server::start(&[&certificate, &key])
    }

    /// Starts a server. `None`, and a message, if MariaDB is not installed.
    pub fn start(settings: &[&str]) -> Option<Server> {
        let is_installed = |program: &str| Command::new(program).arg("--version").output().is_ok();
        if !["mariadbd", "mariadb-install-db", "mariadb"].iter().all(|program| is_installed(program)) {
            skip("MariaDB", "it is not installed (apt-get install mariadb-server)");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let user = unprivileged_user(folder.path());
        let run = |program: &str| {
            let mut command = Command::new(program);
            command.arg("--no-defaults").current_dir(folder.path()).stdin(Stdio::null()).stderr(Stdio::null());
            if let Some(user) = user {
                command.uid(user);
            }
            command.stdout(Stdio::null());
            command
        };
        let data = format!("--datadir={}", folder.path().join("data").display());
        let made = run("mariadb-install-db")
            .args([&data, "--auth-root-authentication-method=normal", "--skip-test-db"])
            .status()
            .unwrap();
        assert!(made.success());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = run("mariadbd");
        server.args([&data, &format!("--port={port}"), "--bind-address=127.0.0.1", "--skip-name-resolve"]);
        server.args(["--innodb-flush-log-at-trx-commit=0", "--general-log=1", "--innodb-fast-shutdown=2"]);
        server.arg(format!("--socket={}", folder.path().join("socket").display()));
        server.arg(format!("--general-log-file={}", folder.path().join("log").display()));
        server.args(settings);
        let server = Server { child: server.spawn().unwrap(), folder, port };
        until("the server answers", || server.execute("root", "SELECT 1").is_ok());
        for statement in [
            "CREATE DATABASE shop",
            "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'",
            "GRANT ALL ON shop.* TO app@'127.0.0.1'",
            "CREATE USER squall@'127.0.0.1' IDENTIFIED BY 'secret'",
            "GRANT PROCESS ON *.* TO squall@'127.0.0.1'",
            "GRANT SELECT ON performance_schema.* TO squall@'127.0.0.1'",
            "GRANT SELECT ON shop.* TO squall@'127.0.0.1'",
        ] {
            server.run(statement);
        }
        Some(server)
    }

    pub fn url(&self, login: &str) -> String {
        format!("mysql://{login}:secret@127.0.0.1:{}/shop", self.port)
    }

    /// Begins to read with the login `squall`.
    pub fn begin(&self) -> ReadingHandle {
        let databases = Databases::connect(&[self.url("squall")]).unwrap();
        assert_eq!(databases.problems(), []);
        databases.begin()
    }

    /// A table of 100,000 products in 1,000 categories.
    pub fn make_products(&self) {
        self.as_app(
            "CREATE TABLE products (id int PRIMARY KEY, category int NOT NULL, name varchar(60) NOT NULL, \
             stock int NOT NULL DEFAULT 9)",
        );
        self.as_app(
            "INSERT INTO products SELECT seq, (seq * 7919) % 1000, concat('product ', seq), 9 FROM seq_1_to_100000",
        );
        self.as_app("ANALYZE TABLE products");
    }

    fn client(&self, login: &str) -> Command {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--batch", "--skip-column-names", "--unbuffered"]);
        match login {
            "root" => command.arg(format!("--socket={}", self.folder.path().join("socket").display())),
            _ => command.args(["-h", "127.0.0.1", "-P", &self.port.to_string(), "-psecret", "-D", "shop"]),
        };
        command.args(["-u", login]);
        command
    }

    fn execute(&self, login: &str, statements: &str) -> Result<String, String> {
        let output = self.client(login).args(["-e", statements]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Executes statements as the server's owner.
    #[track_caller]
    pub fn run(&self, statements: &str) -> String {
        self.execute("root", statements).unwrap()
    }

    /// Executes statements as the target.
    #[track_caller]
    pub fn as_app(&self, statements: &str) -> String {
        self.execute("app", statements).unwrap()
    }

    /// Opens a session of the target.
    pub fn session(&self) -> Session {
        let mut command = self.client("app");
        Session(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Waits until a query has this result.
    #[track_caller]
    pub fn until(&self, query: &str, result: &str) {
        until(query, || self.run(query) == result);
    }

    /// What the reader has sent: the statements of the server's general log.
    pub fn log_of_reader(&self) -> Vec<String> {
        self.run("FLUSH GENERAL LOGS");
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        let id = |line: &str| line.split('\t').find_map(|part| part.trim().split(' ').next()?.parse::<u64>().ok());
        let connect = log.lines().find(|line| line.contains("Connect\tsquall@")).unwrap();
        let reader = id(connect).unwrap();
        let statement = |line: &str| {
            let (head, statement) = line.split_once(" Query\t")?;
            let number = head.split_whitespace().last()?.parse::<u64>().ok()?;
            (number == reader).then(|| statement.to_owned())
        };
        log.lines().filter_map(statement).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Session {
    /// Sends statements, and does not wait for them.
    pub fn send(&mut self, statements: &str) {
        let input = self.0.stdin.as_mut().unwrap();
        writeln!(input, "{statements};").unwrap();
        input.flush().unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The report on the only database.
pub fn finish(reading: ReadingHandle) -> DatabaseReport {
    let [report] = <[DatabaseReport; 1]>::try_from(reading.finish()).unwrap();
    report
}

/// Waits until something is so, for a minute at most.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a test's own patience")]
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited a minute: {what}");
        // InnoDB's list of transactions is as old as the last question, if that was less than 100 ms ago.
        pause(Duration::from_millis(250));
    }
}

/// Lets the reader's clock go on.
#[expect(clippy::disallowed_methods, reason = "the reader has a pace of a second")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Reports that the rest of a test is skipped, and why. `cargo xtask test` lists these at its end.
fn skip(test: &str, reason: &str) {
    println!("skipped: {test}: {reason}");
    if let Ok(path) = std::env::var("SQUALL_SKIPPED_TESTS") {
        let mut list = OpenOptions::new().create(true).append(true).open(path).expect("the list of skipped tests");
        writeln!(list, "{test}: {reason}").expect("the list of skipped tests");
    }
}

/// The server refuses to run as root: then the folder becomes that of another user.
fn unprivileged_user(folder: &Path) -> Option<u32> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        line.split(':').nth(2)?.parse().ok()
    };
    let user = id("mysql").or_else(|| id("nobody")).expect("a user that is not root");
    chown(folder, Some(user), None).unwrap();
    Some(user)
}
