"""A private PostgreSQL for the shop: made, filled and given a read-only login for observers. Knows nothing of HTTP."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

HERE = Path(__file__).parent
LONGEST_SOCKET_FOLDER = 80
SECONDS_TO_START = 20

# What the login of an observer may do: see the statistics of all sessions and statements, and read the tables, because
# EXPLAIN needs the rights of the SELECT that it explains. It can write nothing, not even in a READ WRITE transaction.
READER = """
    REVOKE ALL ON DATABASE shop FROM PUBLIC;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE ROLE squall_reader LOGIN PASSWORD {password} CONNECTION LIMIT 5;
    ALTER ROLE squall_reader SET default_transaction_read_only = on;
    ALTER ROLE squall_reader SET statement_timeout = '5s';
    GRANT CONNECT ON DATABASE shop TO squall_reader;
    GRANT pg_monitor TO squall_reader;
    GRANT USAGE ON SCHEMA public TO squall_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO squall_reader;
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cluster:
    """A PostgreSQL of its own, in a folder of its own, on a Unix socket and on a port of 127.0.0.1."""

    def __init__(self, folder, port, start_process):
        """`folder`: None for a temporary one, which `stop` removes. `start_process`: that of start.py."""
        self.binaries = find_binaries()
        self.user = unprivileged_user()
        self.is_temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="shop-") if folder is None else folder).resolve()
        self.port = port
        self.passwords = {name: secrets.token_hex(8) for name in ("shop", "squall_reader")}
        self.start_process = start_process
        self.process = None

    def start(self, faults_sql):
        self.make_folder()
        self.run("initdb", "-D", self.folder / "data", "--username=postgres", "--no-sync", "--encoding=UTF8",
                 "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256")
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
            "shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on",
            "work_mem": "16MB",
            # Filling is faster without a log for replicas, and a load steadier without waits for the disk.
            "wal_level": "minimal", "max_wal_senders": 0, "max_wal_size": "2GB", "synchronous_commit": "off"}
        log = open(self.folder / "postgresql.log", "wb")
        self.process = self.start_process(
            [self.binaries / "postgres", "-D", self.folder / "data"]
            + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")],
            signal_at_end=signal.SIGINT, stdout=log, stderr=log, **self.identity())
        self.fill(faults_sql)

    def fill(self, faults_sql):
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE ROLE shop LOGIN PASSWORD '{self.passwords['shop']}'")
            connection.execute("CREATE DATABASE shop OWNER shop")
        with self.connect("shop") as connection:
            # One transaction: the rows of tables that it made itself need no log.
            connection.execute("CREATE EXTENSION pg_stat_statements; GRANT ALL ON SCHEMA public TO shop;"
                               "SET ROLE shop;" + (HERE / "schema.sql").read_text())
            connection.execute("RESET ROLE")
            connection.execute(READER.format(password=f"'{self.passwords['squall_reader']}'"))
            connection.execute("VACUUM ANALYZE")
            for sql in faults_sql:
                connection.execute(sql)
            connection.execute("SELECT pg_stat_statements_reset()")

    def url(self, role):
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/shop"

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT if self.is_temporary else signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database):
        """A connection of the superuser, as soon as the server takes one."""
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                # Committed at once, or the vacuum would find rows that it cannot call committed yet.
                return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database,
                                       autocommit=True, options="-c synchronous_commit=on")
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"PostgreSQL does not start: {error}; {self.last_words()}") from error
                time.sleep(0.05)

    def last_words(self):
        return (self.folder / "postgresql.log").read_text(errors="replace")[-500:].strip()

    def make_folder(self):
        if len(str(self.folder)) > LONGEST_SOCKET_FOLDER:
            raise SystemExit(f"{self.folder} is too long a name for the folder of a socket: use a shorter one")
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise SystemExit(f"{self.folder} is not empty: use a new folder, which the database is made in")
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.folder.chmod(0o700)

    def run(self, program, *arguments):
        done = subprocess.run([self.binaries / program, *arguments], capture_output=True, text=True, **self.identity())
        if done.returncode:
            raise SystemExit(f"{program} fails: {done.stderr.strip()}")

    def identity(self):
        """Arguments of a process that runs as an ordinary user: PostgreSQL refuses to be root."""
        place = {"cwd": self.folder}
        return place | ({"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {})


def find_binaries():
    """The folder of PostgreSQL's programs, of its newest version."""
    on_path = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if on_path:
        return Path(on_path).parent
    if not folders:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    return folders[-1]


def unprivileged_user():
    """The user to be instead of root, or None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SystemExit("PostgreSQL refuses to run as root, and there is no user postgres: start this as another user")
