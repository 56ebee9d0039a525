"""Checks that each fault slows its route, and that the healthy shop is fast, by a load of both.

    python3 check.py --seconds 8 n-plus-one missing-index

prints p95 of the route, the healthy one first, and a trace of each as a tree. `--record FOLDER` keeps exported bodies.
"""

import argparse
import http.client
import json
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults import FAULTS
from sink import Sink, print_trace

HERE = Path(__file__).parent
USERS = 20
SECONDS_BETWEEN_TRACES = 1.0


@dataclass(frozen=True)
class Trial:
    """A user's steps, each a method and a path; the last is what the fault is about. `think`: mean seconds after it."""

    steps: tuple
    think: float = 0.3


TRIALS = {
    "n-plus-one": Trial((("GET", "/products?page={page}&per_page=50"),)),
    "missing-index": Trial((("GET", "/search?q={term}"),)),
    "lock-contention": Trial((("POST", "/basket"), ("POST", "/checkout"))),
    "pool-exhaustion": Trial((("GET", "/products/{product}"),)),
    "serialised-calls": Trial((("GET", "/products/{product}"),), think=0.6),
    "slow-statement": Trial((("GET", "/reports/best-sellers"),), think=1),
    "temporary-files": Trial((("GET", "/reports/orders"),), think=1),
    "dead-tuples": Trial((("GET", "/"),)),
    "chatty": Trial((("GET", "/search?q={term}"),)),
    "blocking-call": Trial((("GET", "/basket"),)),
    "worker-pool": Trial((("GET", "/products/{product}"),)),
    "super-linear": Trial((("GET", "/products?page={page}&per_page=200"),)),
    "memory-leak": Trial((("GET", "/products/{product}"),)),
    "cpu": Trial((("GET", "/basket"),)),
}

# What a fault makes greater, if not p95.
EFFECTS = {"memory-leak": "memory"}


class Load:
    """Virtual users that repeat a trial's steps. The last step is measured, and traced about once a second."""

    def __init__(self, port, trial, seconds):
        self.port, self.trial = port, trial
        self.until = time.monotonic() + seconds
        self.next_trace = time.monotonic() + 1
        self.lock = threading.Lock()
        self.took, self.failures = [], 0
        self.megabytes_grown = 0.0

    def run(self):
        before = self.resident_megabytes()
        users = [threading.Thread(target=self.visit) for _ in range(USERS)]
        for user in users:
            user.start()
        for user in users:
            user.join()
        self.megabytes_grown = self.resident_megabytes() - before
        return self

    def resident_megabytes(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as metrics:
            fields = [line.split() for line in metrics.read().decode().splitlines()]
        return next(int(field[1]) for field in fields if field[0] == "process_resident_memory_bytes") / 1e6

    def visit(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = {"Cookie": f"session={secrets.token_hex(8)}"}
        time.sleep(random.uniform(0, self.trial.think))
        while time.monotonic() < self.until:
            for method, path in self.trial.steps:
                is_last = (method, path) == self.trial.steps[-1]
                took, status = self.send(connection, method, path, cookie | self.traceparent(is_last))
            with self.lock:
                self.took.append(took)
                self.failures += status >= 400
            time.sleep(random.uniform(0.5, 1.5) * self.trial.think)

    def traceparent(self, may_sample):
        with self.lock:
            sampled = may_sample and time.monotonic() >= self.next_trace
            if sampled:
                self.next_trace = time.monotonic() + SECONDS_BETWEEN_TRACES
        return {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{int(sampled):02}"}

    @staticmethod
    def send(connection, method, path, fields):
        path = path.format(page=random.randint(1, 1000), product=random.randint(1, 200000),
                           term=random.choice(["lamp", "chair", "desk", "shelf", "rug"]))
        body = json.dumps({"product_id": random.randint(1, 100), "payment": "card"}) if method == "POST" else None
        began = time.perf_counter()
        connection.request(method, path, body, fields | ({"Content-Type": "application/json"} if body else {}))
        response = connection.getresponse()
        response.read()
        return time.perf_counter() - began, response.status

    def percentile(self, share):
        ordered = sorted(self.took)
        return ordered[int(share * (len(ordered) - 1))] * 1000


@contextmanager
def started_shop(faults, sink):
    """A shop of its own. Yields its port."""
    process = subprocess.Popen([sys.executable, HERE / "start.py", "--port", "0", "--faults", ",".join(faults),
                                "--otlp", sink.url], stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if line.startswith("ready "):
                yield int(line.rsplit(":", 1)[1])
                break
        else:
            raise SystemExit("the shop did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def measure(port, sink, name, seconds):
    """The load's results, and its trace of median length."""
    trial = TRIALS[name]
    Load(port, trial, 2).run()
    time.sleep(1)
    sink.bodies.clear()
    load = Load(port, trial, seconds).run()
    time.sleep(1.5)
    traces = sorted(sink.traces(), key=lambda trace: trace.milliseconds)
    return load, traces[len(traces) // 2] if traces else None


def effect(name, load):
    """What the fault makes greater."""
    return max(load.megabytes_grown, 1) if EFFECTS.get(name) == "memory" else load.percentile(0.95)


def report(title, load, trace):
    print(f"  {title}: p50 {load.percentile(0.5):.0f} ms, p95 {load.percentile(0.95):.0f} ms, "
          f"{len(load.took)} requests, {load.failures} failures, memory {load.megabytes_grown:+.1f} MB", flush=True)
    if trace:
        print_trace(trace.spans)


def main():
    parser = argparse.ArgumentParser(description="Loads the shop with and without each fault.")
    parser.add_argument("faults", nargs="*", default=list(TRIALS), help=f"some of {', '.join(FAULTS)}")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--record", type=Path, help="a folder for one exported body of each load")
    arguments = parser.parse_args()
    sink = Sink()
    with started_shop([], sink) as port:
        healthy = {name: measure(port, sink, name, arguments.seconds) for name in arguments.faults}
    weak = []
    for name in arguments.faults:
        with started_shop([name], sink) as port:
            faulty = measure(port, sink, name, arguments.seconds)
        factor = effect(name, faulty[0]) / effect(name, healthy[name][0])
        print(f"{name}: {EFFECTS.get(name, 'p95')} of {FAULTS[name].route} times {factor:.1f}")
        for title, suffix, (load, trace) in (("healthy", "-healthy", healthy[name]), ("faulty", "", faulty)):
            report(title, load, trace)
            if arguments.record and trace:
                arguments.record.mkdir(parents=True, exist_ok=True)
                (arguments.record / f"{name}{suffix}.pb").write_bytes(trace.body)
        if factor < 2:
            weak.append(name)
    if weak:
        raise SystemExit(f"too weak: {', '.join(weak)}")


if __name__ == "__main__":
    main()
