"""A private PostgreSQL for one application, with a read-only login for observers."""

import signal
import sys
from pathlib import Path

SHOP = Path(__file__).parents[2] / "guest-examples/shop/server/postgresql"
sys.path.append(str(SHOP))

from cluster import Cluster, free_port  # noqa: E402

READER = """
    CREATE EXTENSION pg_stat_statements;
    CREATE ROLE squall_reader LOGIN PASSWORD '{password}' CONNECTION LIMIT 5;
    ALTER ROLE squall_reader SET default_transaction_read_only = on;
    GRANT pg_monitor TO squall_reader;
    ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO squall_reader;
"""

__all__ = ["Database", "free_port"]


class Database(Cluster):
    """PostgreSQL with its own defaults, apart from the statistics of statements. The application owns the schema."""

    def __init__(self, start_process):
        super().__init__(None, free_port(), start_process)
        self.passwords["app"] = self.passwords.pop("shop")

    def start(self):
        self.make_folder()
        self.run("initdb", "-D", self.folder / "data", "--username=postgres", "--no-sync", "--encoding=UTF8",
                 "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256")
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                    "shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on",
                    "max_connections": 300, "timezone": "UTC"}
        log = open(self.folder / "postgresql.log", "wb")
        self.process = self.start_process(
            [self.binaries / "postgres", "-D", self.folder / "data"]
            + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")],
            signal_at_end=signal.SIGINT, stdout=log, stderr=log, **self.identity())
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE ROLE app LOGIN PASSWORD '{self.passwords['app']}'")
            connection.execute("CREATE DATABASE app OWNER app")
        with self.connect("app") as connection:
            connection.execute("GRANT ALL ON SCHEMA public TO app;"
                               + READER.format(password=self.passwords["squall_reader"]))

    def fill(self, sql):
        """Adds rows to the application's own tables, as the application's own role."""
        with self.connect("app") as connection:
            connection.execute("SET ROLE app;" + sql)
            connection.execute("RESET ROLE")
            connection.execute("VACUUM ANALYZE")
            connection.execute("SELECT pg_stat_statements_reset()")

    def url(self, role):
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/app"
