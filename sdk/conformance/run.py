#!/usr/bin/env python3
"""Runs a conformance scenario, and reports the faults of its SDK.

    run.py conformance-go.wasm [squall] [--write]

The scenario's flows call every function of the contract, and check the results. The run's figures (checks, requests
by name and status, transactions, metrics, shares of the flows) and the server's received requests must be those of
account.json, which is the same for every language. `--write` writes it again, after a case was added to all of them.
"""

import collections
import difflib
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import server

COUNTED = (
    "http_reqs", "http_req_failed", "iterations", "checks", "iteration_duration", "transaction_duration",
    "http_stream_events", "http_stream_reconnects", "llm_output_tokens",
    "ws_sessions", "ws_sessions_failed", "ws_msgs_sent", "ws_msgs_received", "ws_ping", "ws_response",
    "tcp_connections", "tcp_response", "tcp_errors", "udp_datagrams_sent", "udp_datagrams_received",
)  # fmt: skip
ACCOUNT = pathlib.Path(__file__).with_name("account.json")
# The flows' weights come to 19: with so many iterations each has exactly its share.
ITERATIONS = "19"
LINES = [
    "a line for debugging",
    "a line of information",
    "a line of warning",
    "a line of error",
    "teardown saw the data",
]

failures = []


def expect(what, condition, found):
    """Notes an expectation that is not met."""
    if not condition:
        failures.append(f"{what}: {found}")


class Runs:
    """Runs a component against the server, and records the received requests."""

    def __init__(self, squall, component, folder):
        self.squall, self.component, self.folder = squall, component, folder
        self.received = []
        respond = server.respond
        server.respond = lambda request: (self.received.append(request), respond(request))[1]
        self.url = server.Server().url
        (folder / "users.csv").write_text(
            "name,email\nada,ada@example.test\nbob,bob@example.test\ngröße,g@example.test\n", encoding="utf-8"
        )
        (folder / "once.csv").write_text("name\none\ntwo\n")
        (folder / "upload.bin").write_bytes(bytes(range(256)) * 16)

    def run(self, *options):
        """Returns the exit code and the output."""
        self.received.clear()
        command = [self.squall, "run", self.component, "--target", self.url, "--verbose", "--no-color", "--no-save", "-u", "1"]
        # What a busy machine does to the times is not the SDK's fault.
        command += ["--accept-bottleneck"]
        for data in ["users=users.csv", "once=once.csv", "upload=file:upload.bin"]:
            command += ["--data", data]
        # An unknown name, and a port without a server: the policy would refuse them otherwise.
        command += ["--allow", "nowhere.invalid", "--allow", "127.0.0.1:1"]
        ended = subprocess.run(
            [*command, *options], cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        return ended.returncode, ended.stdout + ended.stderr

    def account(self):
        """Runs the whole scenario, and returns its output and its figures."""
        summary, points = self.folder / "summary.json", self.folder / "points.json"
        for file in (summary, points):
            file.unlink(missing_ok=True)
        files = ["--summary-json", str(summary), "--out", f"json={points}"]
        code, output = self.run("-i", ITERATIONS, "-e", "KEY=a value", *files)
        if code != 0 or not summary.exists() or not points.exists():
            return output, {"exit code": code}
        measured = account_of(json.loads(self.portless(summary)), map(json.loads, self.portless(points).splitlines()))
        return output, {"exit code": code, **measured, "received": self.arrivals()}

    def portless(self, file):
        """A file's text, with the same port in every run."""
        return file.read_text(encoding="utf-8").replace(self.url.removeprefix("http://"), "127.0.0.1:PORT")

    def arrivals(self):
        """The server's received requests: each with its content type and body, and its number."""
        counts = collections.Counter()
        for request in self.received:
            words = [request.method, request.url, request.header("content-type") or "-"]
            counts[" ".join([*words, hashlib.sha256(request.body).hexdigest()[:8] if request.body else "-"])] += 1
        return dict(sorted(counts.items()))


def account_of(summary, points):
    """A run's figures, as far as they do not depend on time."""
    return {
        "flows": {
            flow["name"]: {key: flow[key] for key in ("planned_share", "achieved_share", "iterations", "failed")}
            for flow in summary["flows"]
        },
        "checks": {
            check["name"]: f"{check['passes']} passed, {check['fails']} failed" for check in summary["checks"]
        },
        "requests": requests_of(points),
        "transactions": {
            one["name"]: {"count": one["count"], "failed_share": one["failed_share"]} for one in summary["transactions"]
        },
        "errors": {error["title"]: error["count"] for error in summary["errors"]},
        "metrics": metrics_of(summary["metrics"]),
    }


def requests_of(points):
    """Requests by all the tags that Squall gave them."""
    counts = collections.Counter()
    for point in points:
        if point["type"] == "Point" and point["metric"] == "http_reqs":
            tags = {**point["data"]["tags"]}
            tags.pop("scenario", None)
            counts[" ".join(f"{name}={value}" for name, value in sorted(tags.items()))] += int(point["data"]["value"])
    return dict(sorted(counts.items()))


def metrics_of(metrics):
    """The counts of Squall's own metrics, and all of the scenario's."""
    account = {}
    for metric in metrics:
        name, own = metric["name"], metric["name"].startswith("conformance_")
        if own:
            keys = [key for key in metric if key not in ("name", "histogram", "rate") and not key.startswith("p")]
            account[name] = {key: metric[key] for key in keys}
        elif name in COUNTED:
            keys = ("count", "passes", "fails", "sum")
            account[name] = {key: metric[key] for key in keys if key in metric}
    return account


def compare(found):
    """Reports the differences of an account from that of every language."""
    def lines(account):
        return json.dumps(account, indent=1, ensure_ascii=False, sort_keys=True).splitlines()

    wanted = json.loads(ACCOUNT.read_text(encoding="utf-8"))
    differences = difflib.unified_diff(lines(wanted), lines(found), ACCOUNT.name, "this run", lineterm="", n=2)
    failures.extend(differences)


def endings(runs):
    """The output after a failure of an iteration, the run or setup."""
    _, output = runs.run("--flow", "fails", "-i", "1")
    expect("an error ends the iteration with its text", "it fails, as asked" in output, output)
    code, output = runs.run("--flow", "aborts", "-i", "5")
    expect("abort ends the run with its reason", code == 108 and "it aborts, as asked" in output, f"{code} {output}")
    code, output = runs.run("-i", "1", "-e", "FAIL=setup")
    expect("an error of setup ends the run", code != 0 and "setup fails, as asked" in output, f"{code} {output}")


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    component = pathlib.Path(words[0]).resolve()
    squall = str(pathlib.Path(words[1]).resolve()) if len(words) > 1 else "squall"
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(squall, str(component), pathlib.Path(folder))
        output, account = runs.account()
        if "--write" in sys.argv:
            text = json.dumps(account, indent=1, ensure_ascii=False, sort_keys=True)
            ACCOUNT.write_text(text + "\n", encoding="utf-8")
        for line in LINES:
            expect("the log has a line", line in output, f"{line}\n{output}")
        compare(account)
        if account["exit code"] != 0:
            failures.append(output)
        endings(runs)
    for failure in failures:
        print(failure)
    print(f"{component.name}: {'as in every language' if not failures else 'not as in every language'}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
