"""The errors of failed builds. (The conformance suite shows successful ones.)"""

from pathlib import Path

import pytest

from squall.build import main


def failure(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([str(path), "-o", str(path.parent / "out.wasm")]) == 1
    assert not (path.parent / "out.wasm").exists()
    return capsys.readouterr().err


def test_what_is_wrong_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no file" in failure(tmp_path / "none.py", capsys)
    for name, text, told in [
        ("two-words.py", "", "name it like a module"),
        ("json.py", "", "hides a module of that name"),
        ("empty_scenario.py", "", "has no flow: put @flow before a function"),
        ("broken_scenario.py", "def x(:", "SyntaxError"),
        ("raising_scenario.py", "\nraise ValueError('at once')", "line 2"),
        ("bad_options.py", "import squall\noptions = 3\n@squall.flow\ndef x(): pass", "is not a dictionary"),
    ]:
        path = tmp_path / name
        path.write_text(text)
        assert told in failure(path, capsys)


def test_a_folder_says_which_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.squall]\nscenario = "shop_of_mine.py"')
    assert main([str(tmp_path)]) == 1
    assert "shop_of_mine.py" in capsys.readouterr().err
