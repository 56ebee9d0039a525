"""Starts a public application, diagnoses it under several loads, keeps what is printed, and stops all.

    python3 measure.py kinto --squall target/debug/squall --vus 2,6,12,6,12 --output /tmp/kinto-runs
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main():
    arguments = parse_arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, HERE / "serve.py", arguments.application, "--port", str(arguments.port),
               "--otlp", f"http://127.0.0.1:{arguments.otlp_port}", "--node-modules", arguments.node_modules]
    with open(arguments.output / "server.log", "w") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            database, target = read_addresses(server)
            for number, vus in enumerate(arguments.vus, 1):
                diagnose(arguments, f"{number}-{vus}-vus", vus, database, target)
        finally:
            server.terminate()
            server.wait(30)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Diagnoses a public application under several loads.")
    parser.add_argument("application", choices=["kinto", "parse"])
    parser.add_argument("--squall", default="squall")
    parser.add_argument("--vus", type=lambda text: [int(vus) for vus in text.split(",")], default=[2, 6, 12, 6, 12])
    parser.add_argument("--duration", default="45s")
    parser.add_argument("--output", type=Path, default=Path("runs"))
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--otlp-port", type=int, default=14318)
    parser.add_argument("--node-modules", type=Path, default=HERE / "parse/server/node_modules")
    parser.add_argument("--option", action="append", default=[], help="passed on to squall: --option=-t1")
    return parser.parse_args()


def read_addresses(server):
    addresses = {}
    for line in server.stdout:
        name, _, address = line.strip().partition(" ")
        addresses[name] = address
        if name == "ready":
            return addresses["database"], address.removesuffix("/v1").removesuffix("/parse")
    raise SystemExit("the application does not start: read server.log")


def diagnose(arguments, name, vus, database, target):
    runs = arguments.output / "runs"
    summary = arguments.output / f"{name}.json"
    done = subprocess.run(
        [arguments.squall, "diagnose", HERE / arguments.application / "load.js", "--compat", "k6", "--target", target,
         "--vus", str(vus), "-d", arguments.duration, "--database", database, "--runs-dir", runs, "--quiet",
         "--otlp-listen", f"127.0.0.1:{arguments.otlp_port}", "--summary-json", summary, "--no-color",
         "--accept-bottleneck", *arguments.option], capture_output=True, text=True)
    findings = subprocess.run([arguments.squall, "findings", "last", "--runs-dir", runs],
                              capture_output=True, text=True)
    (arguments.output / f"{name}.txt").write_text(done.stdout + done.stderr + "\n" + findings.stdout + findings.stderr)
    print(f"{name}: exit code {done.returncode}", flush=True)
    report = json.loads(summary.read_text()).get("findings") or {}
    for found in report.get("findings", []):
        print(f"  {found['cause']} ({found['confidence']}): {found['title']}", flush=True)


if __name__ == "__main__":
    main()
