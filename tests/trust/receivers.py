"""Receivers of callbacks, good and bad in every way a receiver can be bad: real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(status: str, *headers: str) -> Behaviour:
    """Says that, at once."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", "Content-Length: 0", "Connection: close", *headers, "", ""]
        writer.write("\r\n".join(lines).encode())

    return answer


async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes it and never says a word."""
    await reader.read()


async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers a byte at a time, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.2)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says yes, and then a body without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hangs up."""
    writer.transport.abort()


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers something that is no HTTP."""
    writer.write(b"\x00\xffyes, fine\r\n\r\n")


@dataclass
class Receiver:
    """One of them, and what reached it."""

    name: str
    behaviour: Behaviour
    port: int = 0
    heard: list[str] = field(default_factory=list)  #: escalations, in order
    ids: list[str] = field(default_factory=list)  #: `webhook-id`s, in order

    @property
    def pair(self) -> str:
        """As the settings allow it."""
        return f"127.0.0.1:{self.port}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One callback."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = await reader.readexactly(int(fields["content-length"]))
            self.heard.append(json.loads(body)["data"]["id"])
            self.ids.append(fields["webhook-id"])
            await self.behaviour(reader, writer)
        writer.close()


def all_sorts(canary: "Receiver") -> list[Receiver]:
    """Every bad one. `canary` is where a redirect would lead."""
    elsewhere = f"Location: http://{canary.pair}/"
    return [
        Receiver("hangs", hanging),
        Receiver("trickles", trickling),
        Receiver("endless", endless),
        Receiver("resets", resetting),
        Receiver("babbles", babbling),
        Receiver("302", answering("302 Found", elsewhere)),
        Receiver("307", answering("307 Temporary Redirect", elsewhere)),
        Receiver("500", answering("500 Oops")),
        Receiver("410", answering("410 Gone")),
        Receiver("429", answering("429 Slow down", "Retry-After: 3600")),
    ]


@asynccontextmanager
async def listening(*receivers: Receiver) -> AsyncIterator[None]:
    """Let them listen for as long as the block lasts."""
    servers = []
    tasks: set[asyncio.Task[None]] = set()
    transports: set[asyncio.WriteTransport] = set()

    def taking(receiver: Receiver) -> Callable[..., None]:
        def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            transports.add(writer.transport)
            task = asyncio.ensure_future(receiver.take(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        return take

    for receiver in receivers:
        server = await asyncio.start_server(taking(receiver), "127.0.0.1", receiver.port)
        receiver.port = server.sockets[0].getsockname()[1]
        servers.append(server)
    try:
        yield
    finally:
        for server in servers:
            server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in transports:
            transport.abort()  # whoever trickles has more to say than anybody takes
        await asyncio.sleep(0)
