"""The whole way: a scenario of Python's own features, built, run by the real `squall` against a real server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from squall.build import build

sys.path.insert(0, str(Path(__file__).parent / "whole"))

import server

SQUALL = os.environ.get("SQUALL") or shutil.which("squall")

pytestmark = pytest.mark.skipif(
    SQUALL is None, reason="squall is not on the PATH: cargo install --path runtime/cli, or set SQUALL"
)


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("build") / "whole.wasm"
    build(Path(__file__).parent / "whole" / "scenario.py", output)
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
    assert len(checks) >= 20
    assert status == 0, said

    metrics = summary["metrics"]
    assert metrics["transaction_duration"]["count"] == 2
    assert metrics["iterations"]["count"] == 8

    assert "ValueError: this one fails (scenario.py:" in said
    assert "in failing" in said
    assert "a printed line" in said
    assert "a line on standard error" in said
    assert "teardown has 7" in said
