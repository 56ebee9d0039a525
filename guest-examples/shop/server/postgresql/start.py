"""Starts the shop on PostgreSQL with all that it needs, prints `ready URL`, and stops everything when it is stopped.

    python3 start.py --port 8080 --faults n-plus-one,missing-index --otlp http://127.0.0.1:4318
"""

import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from cluster import Cluster, free_port
from faults import FAULTS, VARIABLE, parse_names

HERE = Path(__file__).parent
THREADS, FEW_THREADS = 32, 2
SECONDS_TO_START = 30
SIGNAL_OF_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG

# Traces alone, of those requests whose caller traces them, sent within half a second.
OPENTELEMETRY = {
    "OTEL_SERVICE_NAME": "shop",
    "OTEL_TRACES_SAMPLER": "parentbased_always_off",
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
}

libc = ctypes.CDLL(None)


def main():
    arguments = parse_arguments()
    parent = os.getppid()
    port = arguments.port or free_port()
    if is_taken(port):
        raise SystemExit(f"port {port} is taken: choose another one with --port, or 0 for a free one")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    cluster = Cluster(arguments.directory, arguments.database_port or free_port(), start_process)
    processes = []
    try:
        partner_port = free_port()
        processes.append(start_partner(partner_port, arguments.partner_latency))
        cluster.start([FAULTS[name].sql for name in arguments.faults if FAULTS[name].sql])
        processes.append(start_shop(arguments, port, cluster.url("shop"), partner_port))
        wait_until_answered(f"http://127.0.0.1:{port}/", processes)
        print(f"database {cluster.url('squall_reader')}", flush=True)
        print(f"ready http://127.0.0.1:{port}", flush=True)
        while os.getppid() == parent:
            if any(ended(process) for process in [*processes, cluster.process]):
                raise SystemExit("a process of the shop ended by itself: read what it printed")
            time.sleep(0.2)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stop_processes(processes)
        cluster.stop()


def parse_arguments():
    parser = argparse.ArgumentParser(description="A shop on PostgreSQL, to be loaded; its faults can be switched on.")
    parser.add_argument("--port", type=int, default=8080, help="of the shop; 0 for a free one")
    parser.add_argument("--faults", default="", help=f"some of {', '.join(FAULTS)}")
    parser.add_argument("--otlp", default=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"),
                        help="where traces go, such as http://127.0.0.1:4318; without it, there are none")
    parser.add_argument("--partner-latency", type=float, default=40, help="of an ordinary call, in milliseconds")
    parser.add_argument("--database-port", type=int, default=0, help="of PostgreSQL; 0, the default, for a free one")
    parser.add_argument("--directory", help="a new folder for the database, which is kept; a temporary one without it")
    arguments = parser.parse_args()
    try:
        arguments.faults = parse_names(arguments.faults)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def start_partner(port, latency):
    return start_process([sys.executable, HERE / "partner.py", "--port", str(port), "--latency", str(latency)])


def start_shop(arguments, port, database, partner_port):
    """One process with a pool of threads. The stock auto-instrumentation traces those requests whose caller does."""
    environment = {
        VARIABLE: ",".join(arguments.faults),
        "SHOP_DATABASE": database,
        "SHOP_PARTNER": f"http://127.0.0.1:{partner_port}",
    }
    threads = FEW_THREADS if "worker-pool" in arguments.faults else THREADS
    command = [sys.executable, "-m", "gunicorn", "shop:application", "--chdir", HERE, "--bind", f"127.0.0.1:{port}",
               "--worker-class", "gthread", "--workers", "1", "--threads", str(threads), "--keep-alive", "60",
               "--graceful-timeout", "1", "--log-level", "warning", "--no-control-socket"]
    if arguments.otlp:
        command.insert(0, Path(sys.executable).with_name("opentelemetry-instrument"))
        if not command[0].exists():
            raise SystemExit(f"{command[0]} is missing: install requirements.txt, and start this with that Python")
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = arguments.otlp
        environment = OPENTELEMETRY | os.environ | environment
    return start_process(command, env=os.environ | environment)


def start_process(command, signal_at_end=signal.SIGTERM, **options):
    """Starts a process that gets a signal if this one dies."""
    def die_with_parent():
        libc.prctl(SIGNAL_OF_PARENTS_DEATH, signal_at_end)
    words = [str(word) for word in command]
    return subprocess.Popen(words, preexec_fn=die_with_parent, start_new_session=True, **options)


def is_taken(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def wait_until_answered(url, processes):
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline or any(ended(process) for process in processes):
                raise SystemExit(f"the shop does not answer: {error}") from error
            time.sleep(0.1)


def ended(process):
    return process.poll() is not None


def stop_processes(processes):
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    main()
