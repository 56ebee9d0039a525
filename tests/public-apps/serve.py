"""Starts a public application on a PostgreSQL of its own, prints `ready URL`, and stops all when it is stopped.

    python3 serve.py kinto --port 8080 --otlp http://127.0.0.1:4318
    python3 serve.py parse --port 8080 --otlp http://127.0.0.1:4318 --node-modules /tmp/parse/node_modules
"""

import argparse
import base64
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from database import Database
from start import OPENTELEMETRY, ended, is_taken, start_process, stop_processes

HERE = Path(__file__).parent
SECONDS_TO_START = 60
WORKERS = 3


class Kinto:
    """Pyramid and SQLAlchemy. Its documentation names Gunicorn and three processes."""

    name = "kinto"

    def __init__(self, arguments, database):
        self.base = f"http://127.0.0.1:{arguments.port}/v1"
        self.health = f"{self.base}/"
        self.python = Path(sys.executable)
        self.ini = database.folder / "kinto.ini"
        self.ini.write_text((HERE / "kinto/kinto.ini").read_text().replace("{database}", database.url("app")))
        self.port = arguments.port

    def prepare(self):
        migration = start_process([self.python.with_name("kinto"), "migrate", "--ini", self.ini])
        if migration.wait():
            raise SystemExit("kinto migrate fails: read what it printed")

    def command(self, workers):
        return [self.python.with_name("opentelemetry-instrument"), self.python.with_name("gunicorn"),
                "--paste", self.ini, "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread",
                "--workers", workers, "--threads", "4", "--keep-alive", "60", "--graceful-timeout", "1",
                "--log-level", "warning", "--no-control-socket"], {"KINTO_INI": str(self.ini)}

    def make_first(self):
        """An account, and a bucket that all accounts may write to: the rest is rows like these."""
        call(f"{self.base}/accounts/editor", {"data": {"password": "secret"}}, method="PUT")
        headers = {"Authorization": "Basic " + base64.b64encode(b"editor:secret").decode()}
        call(f"{self.base}/buckets/news", {"permissions": {"write": ["system.Authenticated"]}}, headers, "PUT")
        call(f"{self.base}/buckets/news/collections/c0", {}, headers, "PUT")


class Parse:
    """Express and pg, in as many processes as its own option --cluster says."""

    name = "parse"

    def __init__(self, arguments, database):
        self.base = f"http://127.0.0.1:{arguments.port}/parse"
        self.health = f"{self.base}/health"
        self.modules = arguments.node_modules.resolve()
        self.database = database
        self.port = arguments.port

    def prepare(self):
        if not (self.modules / "parse-server").exists():
            raise SystemExit(f"{self.modules}/parse-server is missing: run `npm install`, then name its --node-modules")

    def command(self, workers):
        command = ["node", self.modules / "parse-server/bin/parse-server", "--appId", "app", "--masterKey", "master",
                   "--restAPIKey", "rest", "--port", self.port, "--host", "127.0.0.1", "--serverURL", self.base,
                   "--mountPath", "/parse", "--databaseURI", self.database.url("app"), "--cluster", workers,
                   "--logsFolder", "null", "--logLevel", "error"]
        register = self.modules / "@opentelemetry/auto-instrumentations-node/build/src/register.js"
        return command, {"NODE_OPTIONS": f"--require {register}", "NODE_ENV": "production",
                         "OTEL_NODE_RESOURCE_DETECTORS": "env"}

    def make_first(self):
        """One object of each class: that makes their tables."""
        headers = {"X-Parse-Application-Id": "app", "X-Parse-Master-Key": "master"}
        person = {"username": "first", "password": "secret"}
        user = call(f"{self.base}/users", person | {"email": "first@example.com"}, headers)
        call(f"{self.base}/login", person, headers)
        author = {"__type": "Pointer", "className": "_User", "objectId": user["objectId"]}
        post = call(f"{self.base}/classes/Post", {"title": "First", "body": "Text", "category": 0, "views": 0,
                                                  "author": author}, headers)
        post = {"__type": "Pointer", "className": "Post", "objectId": post["objectId"]}
        call(f"{self.base}/classes/Comment", {"text": "First", "author": author, "post": post}, headers)


APPLICATIONS = {"kinto": Kinto, "parse": Parse}


def main():
    arguments = parse_arguments()
    if is_taken(arguments.port):
        raise SystemExit(f"port {arguments.port} is taken: choose another one with --port")
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    database = Database(start_process)
    processes = []
    try:
        database.start()
        application = APPLICATIONS[arguments.application](arguments, database)
        application.prepare()
        # One worker makes the tables. The workers of the test start with tables that exist, as in production.
        processes.append(start_application(application, 1, arguments.otlp, database.folder))
        wait_until_answered(application.health, processes)
        application.make_first()
        database.fill((HERE / arguments.application / "fill.sql").read_text())
        stop_processes([processes.pop()])
        processes.append(start_application(application, WORKERS, arguments.otlp, database.folder))
        wait_until_answered(application.health, processes)
        print(f"database {database.url('squall_reader')}", flush=True)
        print(f"ready {application.base}", flush=True)
        while os.getppid() == parent:
            if any(ended(process) for process in [*processes, database.process]):
                raise SystemExit("a process ended by itself: read what it printed")
            time.sleep(0.2)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stop_processes(processes)
        database.stop()


def start_application(application, workers, otlp, folder):
    command, environment = application.command(workers)
    telemetry = OPENTELEMETRY | {"OTEL_SERVICE_NAME": application.name, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp}
    return start_process(command, env=os.environ | telemetry | environment, cwd=folder)


def parse_arguments():
    parser = argparse.ArgumentParser(description="A public application, to be loaded and looked into.")
    parser.add_argument("application", choices=APPLICATIONS)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--otlp", default="http://127.0.0.1:4318", help="where traces go")
    parser.add_argument("--node-modules", type=Path, default=HERE / "parse/server/node_modules",
                        help="where npm installed them")
    return parser.parse_args()


def call(url, body, headers=None, method="POST"):
    request = urllib.request.Request(url, json.dumps(body).encode(), method=method,
                                     headers={"Content-Type": "application/json"} | (headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {url} answers {error.code}: {error.read().decode(errors='replace')}") from error


def wait_until_answered(url, processes):
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError as error:
            if time.monotonic() > deadline or any(ended(process) for process in processes):
                raise SystemExit(f"the application does not answer: {error}") from error
            time.sleep(0.2)


if __name__ == "__main__":
    main()
