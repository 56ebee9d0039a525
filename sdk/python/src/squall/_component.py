"""Makes a component of a scenario: its exports, as componentize-py looks for them. Called by `squall.build`."""

import gc
from types import ModuleType
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
            try:
                plan = scenario.suggest()
            except BaseException as error:
                # The contract has no error here, so this traps. The log has the reason.
                log.error(describe(error))
                raise
            return Description([Flow(flow.name, flow.weight) for flow in scenario.flows], plan)

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
                # The contract has no error here, so this traps, and the log has the reason.
                log.error(describe(error))
                raise

    return {"WitWorld": WitWorld, "Setup": Setup, "Start": Start, "Teardown": Teardown}


def settle() -> None:
    """Keep virtual users small: they share the memory of all existing objects as long as it is not written to.

    The garbage collector writes to each object that it visits, so it is told to ignore these.
    """
    gc.collect()
    _fillers.extend(_fill_the_gaps())
    gc.freeze()


_MEBIBYTE = 1 << 20
# The allocator's blocks are multiples of it.
_GRAIN = 16
_LARGEST = 4096

_fillers: list[object] = []


def _fill_the_gaps() -> list[object]:
    """Take up the free blocks between existing objects, so that an iteration's objects lie together.

    Loading leaves gaps of all sizes on hundreds of pages, and each of these would become every virtual user's own when
    a gap is used. Objects larger than the largest gap are put after all others, at the top.
    """
    top = id(bytes(_MEBIBYTE))
    taken: list[object] = []
    # Plain loops: other temporary objects would leave gaps.
    for size in range(_LARGEST, 0, -_GRAIN):
        while id(block := bytes(size)) < top:
            taken.append(block)
    while id(smallest := object()) < top:
        taken.append(smallest)
    return taken
