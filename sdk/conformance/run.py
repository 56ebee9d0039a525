#!/usr/bin/env python3
"""Runs a conformance scenario, and says what its SDK does not do as it should.

    run.py conformance-go.wasm [squall]

The scenario's flows (requests, errors, measures, context) call every function of the contract, and check what they get.
The names of these checks are the same in every language: see CHECKS.
"""

import json
import subprocess
import sys
import tempfile

from server import Server

CHECKS = """
setup's data arrived

methods are sent
query is escaped
headers go out in order
text goes out
bytes go out
form goes out
status arrives
expected status is no failure
header is found in any case
missing header is none
headers arrive in order
bytes arrive
text is repaired
large body arrives
discarded body is empty
kept body is there
last url is told
redirect is left alone
timings are told
batch arrives in order
cookies are kept
cookies are cleared

timeout
dns
connect
tls
reset
protocol
too large
too many redirects
invalid request

vu is numbered
iteration is counted
target is told
option is told
missing option is none
random differs
sleep waits
pace waits
""".split("\n")
CHECKS = {name for name in CHECKS if name}

failures = []
passed = 0


def expect(what, condition, found=""):
    """Counts one expectation."""
    global passed
    if condition:
        passed += 1
    else:
        failures.append(f"{what}: {found}" if found != "" else what)


def run(squall, component, server, *options):
    """Runs the scenario. Returns exit code, what was printed, and the summary."""
    with tempfile.NamedTemporaryFile(suffix=".json") as summary:
        command = [squall, "run", component, "--target", server.url, "--verbose", "--no-color"]
        # A name that nobody has, and a port where nobody listens: the policy would refuse them otherwise.
        command += ["--allow", "nowhere.invalid", "--allow", "127.0.0.1:1"]
        ended = subprocess.run(
            [*command, "--summary-export", summary.name, *options], capture_output=True, text=True, timeout=120, check=False
        )
        text = summary.read()
        return ended.returncode, ended.stdout + ended.stderr, json.loads(text) if text else {"metrics": {}}


def whole_scenario(squall, component, server):
    code, output, summary = run(squall, component, server, "-u", "1", "-i", "4", "-e", "KEY=a value")
    expect("the run passes", code == 0, f"exit code {code}\n{output}")
    checks = summary.get("root_group", {}).get("checks", {})
    for name in sorted(CHECKS):
        found = checks.get(name)
        expect(name, found and found["passes"] > 0 and found["fails"] == 0, found or "was not checked")
    expect("no other checks", set(checks) <= CHECKS, sorted(set(checks) - CHECKS))

    metrics = summary["metrics"]
    for metric, key, wanted in [
        ("iterations", "count", 4),
        ("conformance_counter", "count", 3.5),
        ("conformance_gauge", "value", 7),
        ("conformance_rate", "passes", 1),
        ("conformance_rate", "fails", 1),
        ("conformance_trend", "count", 2),
        ("conformance_trend", "max", 12.5),
        ("transaction_failed", "passes", 1),
        ("transaction_failed", "fails", 1),
    ]:
        found = metrics.get(metric, {}).get(key)
        expect(f"{metric}.{key} is {wanted}", found is not None and abs(found - wanted) < 0.01 * wanted, found)
    for line in ["a line for debugging", "a line of information", "a line of warning", "a line of error", "teardown saw the data"]:
        expect(f"the log has: {line}", line in output, output)


def endings(squall, component, server):
    _, output, _ = run(squall, component, server, "--flow", "fails", "-u", "1", "-i", "1")
    expect("an error ends the iteration with its text", "it fails, as asked" in output, output)
    code, output, _ = run(squall, component, server, "--flow", "aborts", "-u", "1", "-i", "5")
    expect("abort ends the run with its reason", code == 108 and "it aborts, as asked" in output, f"{code} {output}")
    code, output, _ = run(squall, component, server, "-u", "1", "-i", "1", "-e", "FAIL=setup")
    expect("an error of setup ends the run", code != 0 and "setup fails, as asked" in output, f"{code} {output}")


def main():
    component, squall = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "squall"
    server = Server()
    whole_scenario(squall, component, server)
    endings(squall, component, server)
    for failure in failures:
        print("FAILED", failure)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
