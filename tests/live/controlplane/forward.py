"""Carries TCP connections into a network namespace: ``python forward.py FD…``.

Each descriptor is a socket that listens outside. A socket belongs to the namespace that it was made in, so this
process, which runs inside, accepts the connections from outside and opens their other half to the same port of
its own loopback.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import sys

CHUNK = 1 << 18


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """One direction, until its end; a half-closed connection stays open the other way."""
    try:
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
    except OSError:
        target.transport.abort()


async def carry(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection; refused inside means closed outside."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port, limit=CHUNK)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))
    for end in (writer, inner_writer):
        end.close()


async def main(descriptors: list[int]) -> None:
    """Serve every listening socket until killed."""
    for descriptor in descriptors:
        listening = socket.socket(fileno=descriptor)
        carry_there = functools.partial(carry, listening.getsockname()[1])
        await asyncio.start_server(carry_there, sock=listening, limit=CHUNK)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main([int(word) for word in sys.argv[1:]]))
