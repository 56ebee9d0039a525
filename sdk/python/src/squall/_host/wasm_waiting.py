"""Waiting in the real host."""

from wit_world.imports.waiting import next_of

__all__ = ["next_of"]
