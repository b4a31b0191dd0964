"""Bodies of callers that are not known before all of it is there: what signs covers the body.

Each is bounded like any other. Together they may hold so much while they arrive, and no more:
strangers by the thousand, each with most of a body, would otherwise fill the memory.
"""

from aiohttp import web

from bot.bounds import MOST_BYTES

#: Bytes that bodies of strangers may hold together while they are not whole.
MOST_HELD = 64 << 20


class TooMuchError(Exception):
    """So much is arriving from callers who are not known yet. Send it again in a moment."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Arriving:
    """What arrives at one door."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most, self.held = most, 0

    async def body(self, request: web.Request) -> bytes:
        """The whole body. Raises TooMuchError, HTTPRequestEntityTooLarge, and RequestPayloadError
        where it ends too early.
        """
        parts = bytearray()
        try:
            async for chunk in request.content.iter_any():
                parts += chunk
                self.held += len(chunk)
                if len(parts) > MOST_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MOST_BYTES, len(parts))
                if self.held > self._most:
                    raise TooMuchError
        finally:
            self.held -= len(parts)
        return bytes(parts)
