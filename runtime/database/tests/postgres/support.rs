//! A private PostgreSQL server for a test, from the packages of the system, on a free port of loopback.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use squall_database::{Databases, ReadingHandle};
use squall_findings::database::DatabaseReport;
use tempfile::TempDir;

/// A server with a database `shop`, and the logins `postgres` (may do everything), `app` and `squall` (may read, and
/// has `pg_monitor`). It ends with its test.
pub struct Cluster {
    programs: PathBuf,
    user: Option<u32>,
    folder: TempDir,
    port: u16,
    child: Child,
}

/// A session of the target, which executes what it is sent.
pub struct Session(Child);

impl Cluster {
    /// Starts a server. `None`, and a message, if PostgreSQL is not installed.
    pub fn start() -> Option<Cluster> {
        Cluster::start_with(&["shared_preload_libraries=pg_stat_statements"])
    }

    pub fn start_with(settings: &[&str]) -> Option<Cluster> {
        let Some(programs) = programs() else {
            skip("PostgreSQL", "it is not installed (apt-get install postgresql)");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let user = unprivileged_user(folder.path());
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.env("LC_ALL", "C").current_dir(folder.path()).stdin(Stdio::null());
            if let Some(user) = user {
                command.uid(user);
            }
            command
        };
        let data = folder.path().join("data");
        let made = run("initdb").arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-N"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // A login that needs a password.
        let access = fs::read_to_string(data.join("pg_hba.conf")).unwrap();
        fs::write(data.join("pg_hba.conf"), format!("host all guarded 127.0.0.1/32 scram-sha-256\n{access}")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = run("postgres");
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "log_statement=all"];
        for setting in fixed.iter().chain(settings).chain(&["log_line_prefix=[%a] "]) {
            command.args(["-c", setting]);
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let cluster = Cluster { programs, user, folder, port, child };
        until("the server answers", || cluster.psql("postgres", "postgres", "SELECT 1").is_ok());
        cluster.must("postgres", "CREATE DATABASE shop; CREATE ROLE app LOGIN; CREATE ROLE squall LOGIN");
        cluster.run("GRANT pg_monitor TO squall");
        cluster.run("ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO squall");
        cluster.run("GRANT ALL ON SCHEMA public TO app");
        if settings.iter().any(|setting| setting.contains("pg_stat_statements")) {
            cluster.run("CREATE EXTENSION pg_stat_statements");
        }
        Some(cluster)
    }

    /// Begins to read with a login.
    pub fn begin(&self, login: &str) -> ReadingHandle {
        let databases = Databases::connect(&[self.url(login)]).unwrap();
        assert_eq!(databases.problems(), []);
        databases.begin()
    }

    /// A table of 100,000 products in 1,000 categories, in another order than the categories.
    pub fn make_products(&self) {
        self.as_app(
            "CREATE TABLE products (id int PRIMARY KEY, category int NOT NULL, maker int NOT NULL, name text NOT NULL, \
             price numeric NOT NULL, stock int NOT NULL DEFAULT 9)",
        );
        self.as_app(
            "INSERT INTO products SELECT n, (n * 7919) % 1000, (n * 7907) % 37, 'product ' || n, n % 97 \
             FROM generate_series(1, 100000) n",
        );
        self.run("VACUUM ANALYZE products");
    }

    /// The database's URL for a login.
    pub fn url(&self, login: &str) -> String {
        format!("postgresql://{login}@127.0.0.1:{}/shop", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Executes statements as a login, and returns what `psql` prints.
    pub fn psql(&self, login: &str, database: &str, statements: &str) -> Result<String, String> {
        let output = self.psql_command(login, database).args(["-c", statements]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn must(&self, database: &str, statements: &str) {
        for statement in statements.split("; ") {
            self.psql("postgres", database, statement).unwrap();
        }
    }

    /// Executes statements as superuser in `shop`.
    #[track_caller]
    pub fn run(&self, statements: &str) -> String {
        self.psql("postgres", "shop", statements).unwrap()
    }

    /// Executes statements as the target.
    #[track_caller]
    pub fn as_app(&self, statements: &str) -> String {
        self.psql("app", "shop", statements).unwrap()
    }

    /// Gives the server a certificate that is nowhere trusted.
    pub fn switch_tls_on(&self) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        for (name, text) in [("server.crt", made.cert.pem()), ("server.key", made.signing_key.serialize_pem())] {
            let path = self.folder.path().join("data").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            chown(&path, self.user, None).unwrap();
        }
        self.run("ALTER SYSTEM SET ssl = on");
        self.run("SELECT pg_reload_conf()");
        self.until("SHOW ssl", "on");
    }

    /// Opens a session of the target.
    pub fn session(&self) -> Session {
        let mut command = self.psql_command("app", "shop");
        Session(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn psql_command(&self, login: &str, database: &str) -> Command {
        let own = self.programs.join("psql");
        let mut command = Command::new(if own.exists() { own } else { "psql".into() });
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
        command.args(["-p", &self.port.to_string(), "-U", login, database]).env("PGAPPNAME", "test");
        command
    }

    /// Waits until a query of the superuser has this result, from another database.
    #[track_caller]
    pub fn until(&self, query: &str, result: &str) {
        until(query, || self.psql("postgres", "postgres", query).unwrap() == result);
    }

    /// The lines of the server's log that the reader has caused.
    pub fn log_of_reader(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        let lines = log.lines().filter_map(|line| line.strip_prefix("[squall] "));
        lines.map(str::to_owned).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = Command::new(self.programs.join("pg_ctl"));
        stop.arg("-D").arg(self.folder.path().join("data")).args(["-m", "immediate", "stop"]);
        if let Some(user) = self.user {
            stop.uid(user);
        }
        drop(stop.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::null()).status());
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
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a test's own patience")]
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited a minute: {what}");
        pause(Duration::from_millis(50));
    }
}

/// Lets the reader's clock go on.
#[expect(clippy::disallowed_methods, reason = "the reader has a pace of a second")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Reports that the rest of a test is skipped, and why. `cargo xtask test` lists these at its end.
pub fn skip(test: &str, reason: &str) {
    println!("skipped: {test}: {reason}");
    if let Ok(path) = std::env::var("SQUALL_SKIPPED_TESTS") {
        let mut list = OpenOptions::new().create(true).append(true).open(path).expect("the list of skipped tests");
        writeln!(list, "{test}: {reason}").expect("the list of skipped tests");
    }
}

/// The folder of the newest version's programs, or that of `SQUALL_TEST_POSTGRES`.
fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("SQUALL_TEST_POSTGRES") {
        return Some(folder.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
    let complete = versions.filter(|folder| folder.join("initdb").exists() && folder.join("psql").exists());
    complete.max_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        version.and_then(|version| version.parse::<u32>().ok())
    })
}

/// PostgreSQL refuses to run as root: then the folder becomes that of another user.
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
    let user = id("postgres").or_else(|| id("nobody")).expect("a user that is not root");
    chown(folder, Some(user), None).unwrap();
    Some(user)
}
