"""Flows and the life cycle: the decorators that mark them, and the scenario that a module's marked functions make.

A decorator returns the function itself, with a note. So flows stay plain functions: tests call them, modules import
them from one another, and nothing is registered anywhere.
"""

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar, overload

from squall import _options

Function = TypeVar("Function", bound=Callable[[], Any])

_FLOW = "__squall_flow__"
_HOOK = "__squall_hook__"
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_MOST_WEIGHT = 2**32 - 1


@overload
def flow(function: Function, /) -> Function: ...
@overload
def flow(*, weight: int = 1, name: str | None = None) -> Callable[[Function], Function]: ...
def flow(
    function: Function | None = None, /, *, weight: int = 1, name: str | None = None
) -> Function | Callable[[Function], Function]:
    """Mark a function as a flow: a journey through the target, of which each iteration is one.

    ``weight`` is its share of the traffic, relative to the other flows' weights; 0: only when the run asks for it by
    name (``--flow``). Its name is the function's, unless another is given.
    """

    def mark(function: Function) -> Function:
        setattr(function, _FLOW, Flow(name or function.__name__, weight, function))
        return function

    return mark if function is None else mark(function)


def setup(function: Function) -> Function:
    """Mark the function that is called once for the whole run, before the first virtual user starts.

    What it returns reaches every virtual user through `squall.shared`: anything that can be pickled. An exception ends
    the run.
    """
    return _hook(function, "setup")


def start(function: Function) -> Function:
    """Mark the function that each virtual user calls once, before its first iteration (and again after a trap).

    An exception is counted, shown, and the function is called again a little later.
    """
    return _hook(function, "start")


def teardown(function: Function) -> Function:
    """Mark the function that is called once for the whole run, after the last iteration, whatever its result."""
    return _hook(function, "teardown")


def _hook(function: Function, hook: str) -> Function:
    setattr(function, _HOOK, hook)
    return function


class ScenarioError(Exception):
    """A module is not a scenario; the text has the remedy."""


@dataclass(frozen=True)
class Flow:
    """One journey through the target, and its share of the traffic."""

    name: str
    weight: int
    run: Callable[[], Any]


@dataclass(frozen=True)
class Scenario:
    """A module's marked functions and its ``options``: a dictionary, or a function that returns one."""

    flows: tuple[Flow, ...]
    suggest: Callable[[], str] = str
    """Returns the suggested plan when the run asks for it: a JSON object, or empty."""
    setup: Callable[[], Any] | None = None
    start: Callable[[], Any] | None = None
    teardown: Callable[[], Any] | None = None

    @classmethod
    def of(cls, module: ModuleType) -> "Scenario":
        """Return the scenario in a module: its marked functions, in order, and the imported ones that are marked."""
        functions = list({id(value): value for value in vars(module).values() if inspect.isfunction(value)}.values())
        flows = tuple(vars(function)[_FLOW] for function in functions if _FLOW in vars(function))
        _check_flows(module.__name__, flows)
        hooks = {hook: _only(hook, functions) for hook in ("setup", "start", "teardown")}
        for function in (*(flow.run for flow in flows), *filter(None, hooks.values())):
            _check_function(function)
        return cls(flows, _suggestion(getattr(module, "options", {}), module.__name__), **hooks)


def _suggestion(options: Any, module: str) -> Callable[[], str]:
    """Return a function that gives the plan. A dictionary is checked now, a function called when the run asks."""

    def word(options: Any) -> str:
        plan = _options.checked(options, module)
        return json.dumps(plan) if plan else ""

    if callable(options):
        return lambda: word(options())
    plan = word(options)
    return lambda: plan


def _check_flows(module: str, flows: tuple[Flow, ...]) -> None:
    if not flows:
        raise ScenarioError(f"{module} has no flow: put @flow before a function")
    names = [flow.name for flow in flows]
    for flow in flows:
        if names.count(flow.name) > 1:
            raise ScenarioError(f"two flows are named {flow.name!r}: give one another name, @flow(name=...)")
        if not _NAME.fullmatch(flow.name):
            raise ScenarioError(f"a flow cannot be named {flow.name!r}: use letters, digits, '-', '_' and '.'")
        weight: object = flow.weight
        if not isinstance(weight, int) or isinstance(weight, bool) or not 0 <= weight <= _MOST_WEIGHT:
            raise ScenarioError(f"the weight of flow {flow.name!r} is {weight!r}: use a whole number from 0")


def _only(hook: str, functions: list[Any]) -> Callable[[], Any] | None:
    marked = [function for function in functions if vars(function).get(_HOOK) == hook]
    if len(marked) > 1:
        names = " and ".join(function.__name__ for function in marked)
        raise ScenarioError(f"there is more than one @{hook}: {names}. Keep one, and have it call the other")
    return marked[0] if marked else None


def _check_function(function: Callable[[], Any]) -> None:
    name = getattr(function, "__name__", repr(function))
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ScenarioError(f"{name} is not a plain function: write `def {name}()`, without `async` and `yield`")
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise ScenarioError(f"{name} cannot be called: {error}. Flows and hooks are called without arguments") from None
