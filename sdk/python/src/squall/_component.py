"""How a scenario becomes a component: its exports, as componentize-py looks for them. Made by `squall.build`."""

import gc
import sys
from types import FunctionType, ModuleType
from typing import Any

from componentize_py_types import Err
from wit_world.imports.types import Description, Flow

from squall import _shared, log
from squall._failure import describe
from squall._scenario import Scenario


def exports(module: ModuleType) -> dict[str, type]:
    """Return the classes of which the component's exports are methods, by the names that they are looked for under."""
    scenario = Scenario.of(module)
    runs = [flow.run for flow in scenario.flows]

    class WitWorld:
        def describe(self) -> Any:
            return Description([Flow(flow.name, flow.weight) for flow in scenario.flows], scenario.plan)

        def run(self, flow: int) -> None:
            try:
                runs[flow]()
            except BaseException as error:
                text = describe(error)
            else:
                return
            raise Err(text)

    class Setup:
        def setup(self) -> bytes:
            try:
                return _shared.pack(scenario.setup() if scenario.setup else None)
            except BaseException as error:
                text = describe(error)
            raise Err(text)

    class Start:
        def start(self, shared: bytes) -> None:
            _shared.store(shared)
            try:
                if scenario.start:
                    scenario.start()
            except BaseException as error:
                text = describe(error)
            else:
                return
            raise Err(text)

    class Teardown:
        def teardown(self, shared: bytes) -> None:
            _shared.store(shared)
            try:
                if scenario.teardown:
                    scenario.teardown()
            except BaseException as error:
                # The contract has no error here, and the run is over: a line in its log is all that is left to do.
                log.error(describe(error))

    return {"WitWorld": WitWorld, "Setup": Setup, "Start": Start, "Teardown": Teardown}


def settle() -> None:
    """Keep virtual users small: those who only read what exists by now share its memory.

    Calling a function writes to it, and so takes a page of 4 KiB for each virtual user. So the code of the functions that
    run is moved together. And the collector, who writes to all that it looks at, is told to leave it alone.
    """
    for module in list(sys.modules.values()):
        if not getattr(module, "__file__", "/python/").startswith("/python/"):
            _move_code(vars(module))
    gc.collect()
    gc.freeze()


def _move_code(names: dict[str, Any]) -> None:
    for value in list(names.values()):
        if isinstance(value, FunctionType):
            value.__code__ = value.__code__.replace()
        elif isinstance(value, property) and value.fget:
            value.fget.__code__ = value.fget.__code__.replace()
        elif isinstance(value, type) and value.__module__.partition(".")[0] in {"squall", "wit_world"}:
            _move_code(dict(vars(value)))
