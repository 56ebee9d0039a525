"""A lighter way to drop the host's resources than componentize-py's own.

For every resource that the host hands out, a response above all, componentize-py makes a `weakref.finalize`: a weak
reference, a record, and an entry in a registry. Without them a request took a third less of the guest's time. But
a resource's finalizer has no other owner: it is deleted with the resource, and can then drop the host's part itself.

componentize-py looks for `weakref.finalize` after it has imported the scenario. So it is replaced by a subclass, which
is unchanged for all other uses.
"""

import weakref
from typing import Any

from componentize_py_runtime import drop_resource


class ResourceFinalizer:
    """Drops a resource when it is deleted itself."""

    __slots__ = ("drop", "handle")

    drop: int
    handle: int

    def detach(self) -> tuple[None, Any, tuple[int, int], dict[str, Any]]:
        """Leave the resource alone from now on; return the function that drops it."""
        drop, self.drop = self.drop, 0
        return None, drop_resource, (drop, self.handle), {}

    def __del__(self) -> None:
        if self.drop:
            drop_resource(self.drop, self.handle)


class finalize(weakref.finalize):  # type: ignore[type-arg]
    """`weakref.finalize`, except for the host's resources."""

    __slots__ = ()

    def __new__(cls, _obj: Any, func: Any, /, *args: Any, **_kwargs: Any) -> Any:
        if func is not drop_resource:
            return object.__new__(cls)
        finalizer = object.__new__(ResourceFinalizer)
        finalizer.drop, finalizer.handle = args
        return finalizer


weakref.finalize = finalize  # type: ignore[misc]
