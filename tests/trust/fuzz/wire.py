"""HTTP as bytes: sends exactly what it is given, and reads the one answer."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

#: Seconds after which a server that neither answers nor hangs up is stuck; and those it is given
#: where it may be waiting for more of a request that has no end.
PATIENCE_S, TORN_S = 30.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    text: str


async def ask(
    port: int, raw: bytes, *, headless: bool = False, torn: bool = False
) -> Answer | None:
    """Send these bytes and read the answer. None when the other side hung up without a word.

    `headless` is for the method HEAD, whose answers have no body. After a `torn` request we hang up
    first. Raises TimeoutError when stuck.
    """
    async with asyncio.timeout(TORN_S if torn else PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            with suppress(ConnectionError):
                writer.write(raw)
                await writer.drain()
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                return await _answer(reader, headless)
            return None
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader, headless: bool) -> Answer:
    status = 100
    while status == 100:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        status = int(first.split(" ")[1])
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    bare = headless or status in (204, 304)
    length = 0 if bare else int(headers.get("content-length", 0))
    body = await reader.readexactly(length)
    return Answer(status=status, headers=headers, text=body.decode())
