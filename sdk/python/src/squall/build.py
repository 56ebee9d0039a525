"""Turns a scenario into a component: ``squall-build scenario.py -o scenario.wasm``, or ``python -m squall.build``.

The work is componentize-py's. This finds the scenario, reports mistakes in the words of the SDK, and asks
for a component with only the scenario's exports.
"""

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import squall
from squall._options import OptionsError
from squall._scenario import Scenario, ScenarioError

PACKAGE = Path(squall.__file__).parent
# The module for componentize-py: no other module may have this name.
APP = "squall_app"

APP_SOURCE = """\
import sys

# No files are left in the author's folder.
sys.dont_write_bytecode = True

from squall import _component, _random

_random.replace_standard()

import {module}

globals().update(_component.exports({module}))
_component.settle()
"""

# The interfaces that the scenario imports and exports besides those of every scenario.
WORLD = """\
package squall:sdk;

world component {{
  include squall:scenario/scenario@{version};
{interfaces}
}}
"""


class BuildError(Exception):
    """There is no component; the text has the reason, and the remedy."""


@dataclass(frozen=True)
class Source:
    """The place of a scenario."""

    folder: Path
    module: str

    @classmethod
    def find(cls, path: Path) -> "Source":
        """Return the scenario in a file, or in a project's folder."""
        if path.is_dir():
            path = path / _main_file(path)
        if not path.is_file():
            raise BuildError(f"there is no file {path}: name a scenario's file, or a folder with a scenario.py in it")
        if path.suffix != ".py" or not path.stem.isidentifier():
            raise BuildError(f"{path.name} cannot be imported: name it like a module, with letters, digits and '_'")
        if path.stem in sys.stdlib_module_names or path.stem in {"squall", APP, "wit_world"}:
            raise BuildError(f"{path.name} hides a module of that name: name it otherwise")
        return cls(path.parent.resolve(), path.stem)

    def load(self) -> ModuleType:
        """Import it here and now, to learn its exports."""
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True
        try:
            return importlib.import_module(self.module)
        except Exception as error:
            # From the beginning of the author's code, if it was reached.
            own = error.__traceback__
            while own and not own.tb_frame.f_code.co_filename.startswith(str(self.folder)):
                own = own.tb_next
            trace = "".join(traceback.format_exception(type(error), error, own)).rstrip()
            raise BuildError(f"{self.module}.py cannot be imported:\n{trace}") from error


def _main_file(folder: Path) -> str:
    """Return the value of ``[tool.squall] scenario`` in the project's pyproject.toml, or ``scenario.py``."""
    manifest = folder / "pyproject.toml"
    if manifest.is_file():
        try:
            tool = tomllib.loads(manifest.read_text()).get("tool", {})
        except tomllib.TOMLDecodeError as error:
            raise BuildError(f"{manifest} cannot be read: {error}") from error
        return str(tool.get("squall", {}).get("scenario", "scenario.py"))
    return "scenario.py"


class Reads:
    """The files that are opened from now on, and those of modules."""

    def __init__(self) -> None:
        self._opened: set[str] = set()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
            self._opened.add(os.path.abspath(arguments[0]))

    def by_author(self) -> list[str]:
        """Return those that belong neither to Python, nor to an installed package, nor to this SDK."""
        modules = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
        others = (str(PACKAGE), sys.prefix, sys.base_prefix, "/dev/", "/proc/")
        files = (os.path.abspath(path) for path in self._opened | {path for path in modules if path})
        packages = {"site-packages", "__pycache__"}
        return sorted({f for f in files if not f.startswith(others) and packages.isdisjoint(Path(f).parts)})


def build(path: Path, output: Path, inputs: Path | None = None) -> None:
    """Make a component of a scenario in a file or folder, and list the author's files of it in ``inputs``."""
    tool = _tool()
    source = Source.find(path)
    reads = Reads()
    try:
        scenario = Scenario.of(source.load())
        if inputs is not None:
            inputs.write_text(json.dumps(reads.by_author()))
    except (ScenarioError, OptionsError) as error:
        raise BuildError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="squall-build-") as folder:
        work = Path(folder)
        (work / f"{APP}.py").write_text(APP_SOURCE.format(module=source.module))
        world = work / "world.wit"
        interfaces = [*_imports(), *_exports(scenario)]
        world.write_text(WORLD.format(version=squall.__version__, interfaces="\n".join(interfaces)))
        component = work / "component.wasm"
        places = [work, source.folder, *_places()]
        command = [tool, "--quiet", "-d", str(PACKAGE / "wit"), "-d", str(world), "-w", "squall:sdk/component"]
        command += ["componentize", APP, "-o", str(component)]
        command += [argument for place in places for argument in ("-p", str(place))]
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "RUST_BACKTRACE": "0"}
        )
        if result.returncode != 0:
            raise BuildError(f"componentize-py failed:\n{(result.stderr or result.stdout).strip()}")
        with component.open("ab") as file:
            file.write(_custom_section("squall:sdk", f"python {squall.__version__}"))
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(component, output)


def _imports() -> list[str]:
    """Return the lines of the world for interfaces that only some scenarios need, now that this one was imported."""
    optional = ("grpc", "sockets", "streaming", "waiting", "websocket")
    needed = [name for name in optional if f"squall.{name}" in sys.modules]
    return [f"  import squall:scenario/{name}@{squall.__version__};" for name in needed]


def _exports(scenario: Scenario) -> list[str]:
    """Return the lines of the world for the scenario's exports.

    Virtual users receive the data of ``setup`` in ``start``, so there is no ``setup`` without it.
    """
    wanted = {
        "setup": scenario.setup is not None,
        "start": scenario.start is not None or scenario.setup is not None,
        "teardown": scenario.teardown is not None,
    }
    return [f"  export squall:scenario/{name}@{squall.__version__};" for name, is_wanted in wanted.items() if is_wanted]


def _tool() -> str:
    """Return the path of componentize-py: beside this Python, or on the PATH."""
    beside = shutil.which("componentize-py", path=str(Path(sys.executable).parent))
    tool = beside or shutil.which("componentize-py")
    if tool is None:
        raise BuildError(
            "componentize-py is not installed. `squall build` installs it; without that: "
            f"{sys.executable} -m pip install componentize-py"
        )
    return tool


def _places() -> list[str]:
    """Return the folders of Python's packages, this one's among them."""
    places = [place for place in sys.path if Path(place).name == "site-packages"]
    return list(dict.fromkeys([str(PACKAGE.parent), *places]))


def _custom_section(name: str, text: str) -> bytes:
    """Return a custom section of WebAssembly with a text, for ``squall inspect``."""
    content = bytes([len(name)]) + name.encode() + text.encode()
    return bytes([0, len(content)]) + content


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="squall-build", description="Make a component of a Squall scenario.")
    parser.add_argument("scenario", type=Path, help="a Python file, or a folder with a scenario.py in it")
    parser.add_argument("-o", "--output", type=Path, help="where to write the component (default: SCENARIO.wasm)")
    parser.add_argument("--inputs", type=Path, help="where to list the files that have gone into it, as JSON")
    said = parser.parse_args(arguments)
    output = said.output or said.scenario.with_suffix(".wasm")
    try:
        build(said.scenario, output, said.inputs)
    except BuildError as error:
        print(f"squall-build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
