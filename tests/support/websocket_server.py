"""Servers of WebSockets, by the package `websockets` of PyPI, at the port that is given."""

import asyncio
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def converse(socket):
    path = socket.request.path.partition("?")[0].removeprefix("/base")
    try:
        if path == "/echo":
            async for message in socket:
                await socket.send(message)
        elif path == "/ticks":
            for number in range(10):
                await socket.send(f"tick {number}")
                await asyncio.sleep(0.02)
        elif path == "/pings":
            pong = await socket.ping(b"are you there?")
            await socket.send(f"{await pong >= 0}")
        elif path == "/fault":
            await socket.send("soon")
            await socket.close(1011, "out of tickets")
        elif path == "/subprotocol":
            await socket.send(f"{socket.subprotocol} {socket.request.headers.get('X-Token')}")
        elif path == "/chat":
            await chat(socket)
    except ConnectionClosed:
        pass


MEMBERS = set()


async def chat(socket):
    """What one says, all hear."""
    MEMBERS.add(socket)
    try:
        async for message in socket:
            for member in list(MEMBERS):
                await member.send(message)
    finally:
        MEMBERS.discard(socket)


def refuse(connection, request):
    if request.path.startswith("/forbidden"):
        return connection.respond(403, "no ticket\n")
    return None


def choose(_connection, offered):
    return "superchat" if "superchat" in offered else offered[0] if offered else None


async def main():
    options = {"process_request": refuse, "select_subprotocol": choose, "max_size": 2**26}
    async with serve(converse, "127.0.0.1", int(sys.argv[1]), **options):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
