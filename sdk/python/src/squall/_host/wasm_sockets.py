"""Sockets of the real host: the component's imports."""

from wit_world.imports import sockets

from squall._host.wasm_streaming import drop, lifted

Tcp = sockets.Tcp
Udp = sockets.Udp

__all__ = ["Tcp", "Udp", "drop", "lifted"]
