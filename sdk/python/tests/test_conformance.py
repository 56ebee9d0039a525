"""The whole way: the conformance scenario, built, run by the real `squall` against a real server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from squall.build import build

sys.path.insert(0, str(Path(__file__).parent / "conformance"))

import server

SQUALL = os.environ.get("SQUALL") or shutil.which("squall")

pytestmark = pytest.mark.skipif(
    SQUALL is None, reason="squall is not on the PATH: cargo install --path runtime/cli, or set SQUALL"
)


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("build") / "conformance.wasm"
    build(Path(__file__).parent / "conformance" / "scenario.py", output)
    return output


def run(component: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    summary = component.with_suffix(".json")
    assert SQUALL is not None
    with server.serve() as url:
        dead = f"127.0.0.1:{server.dead_port()}"
        command = [SQUALL, "run", str(component), "--target", url, "-e", f"DEAD={dead}", "-v", "--no-color"]
        command += ["--allow", dead, "--allow", "no-such-host.invalid"]
        command += ["--summary-export", str(summary), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return ran.returncode, ran.stdout + ran.stderr, json.loads(summary.read_text())


def test_every_promise_is_kept(component: Path) -> None:
    status, said, summary = run(component)
    checks = summary["root_group"]["checks"].values()
    assert [check["name"] for check in checks if check["fails"]] == []
    assert len(checks) >= 60
    assert status == 0, said

    metrics = summary["metrics"]
    assert metrics["orders"]["count"] == 12
    assert metrics["queue"]["value"] == 3
    assert metrics["hits"]["value"] == 0.5
    assert metrics["sizes"]["max"] == 2048
    assert metrics["times"]["max"] == 12.5
    assert metrics["plain"]["max"] == 7
    assert metrics["transaction_duration"]["count"] == 4
    assert metrics["transaction_failed"]["value"] == 0.5
    assert metrics["iterations"]["count"] == 12

    assert "ValueError: this one fails (scenario.py:" in said
    assert "in failing" in said
    for line in ("a debug line", "an info line", "a warning line", "an error line", "a printed line"):
        assert line in said
    assert "a line on standard error" in said
    assert "teardown has 7" in said
