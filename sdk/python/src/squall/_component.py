"""How a scenario becomes a component: its exports, as componentize-py looks for them. Made by `squall.build`."""

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
                # The contract has no error here: a trap it is. The log says why.
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
                # The contract has no error here: a trap it is, and the log says why.
                log.error(describe(error))
                raise

    return {"WitWorld": WitWorld, "Setup": Setup, "Start": Start, "Teardown": Teardown}


def settle() -> None:
    """Keep virtual users small: they share the memory of what exists by now for as long as nobody writes to it.

    The garbage collector writes to all that it looks at, so it is told to leave all of that alone.
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
    """Take up the free blocks between what exists, so that all that an iteration makes lies together.

    Loading leaves gaps of all sizes on hundreds of pages, and each of these would become every virtual user's own when
    a gap is used. What needs more than the largest gap is put behind everything else: that is where the top is.
    """
    top = id(bytes(_MEBIBYTE))
    taken: list[object] = []
    # Plain loops: whatever else were made here would leave gaps when it goes.
    for size in range(_LARGEST, 0, -_GRAIN):
        while id(block := bytes(size)) < top:
            taken.append(block)
    while id(smallest := object()) < top:
        taken.append(smallest)
    return taken
