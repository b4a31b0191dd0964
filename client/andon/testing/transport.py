"""The fake behind an HTTP client, without a network: for both twins."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, NoReturn

import httpx2

from andon.testing.troubles import Broken
from andon.testing.wire import Asked, Told

if TYPE_CHECKING:
    from andon.testing.fake import FakeAndon

_ERRORS = {
    "refused": (httpx2.ConnectError, "Connection refused"),
    "reset": (httpx2.ReadError, "Connection reset by peer"),
    "lost": (httpx2.ReadError, "Connection reset by peer"),
    "slow": (httpx2.ReadTimeout, "No answer in time"),
}


class FakeTransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Hands requests to a fake. What is slow is given up at once: nobody waits in a test."""

    def __init__(self, fake: "FakeAndon") -> None:
        self._fake = fake

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a client."""
        request.read()
        return _response(self._fake.answer(_asked(request)), request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer an async client; other tasks go on while it is parked."""
        await request.aread()
        parts = self._fake.answering(_asked(request))
        while True:
            try:
                pause = next(parts)
            except StopIteration as done:
                return _response(done.value, request)
            await asyncio.sleep(pause)


def _asked(request: httpx2.Request) -> Asked:
    headers = list(request.headers.multi_items())
    return Asked.at(request.method, str(request.url), headers, request.content)


def _response(answer: Told | Broken, request: httpx2.Request) -> httpx2.Response:
    if isinstance(answer, Told):
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)
    if answer.how in _ERRORS or answer.told is None:
        error, said = _ERRORS.get(answer.how, _ERRORS["reset"])
        raise error(said, request=request)
    headers = {**answer.told.headers, "Content-Length": str(len(answer.told.body))}
    half = _Half(answer.told.body[: len(answer.told.body) // 2])
    return httpx2.Response(answer.told.status, headers=headers, stream=half)


class _Half(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body whose connection ends in the middle."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        _end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body
        _end()


def _end() -> NoReturn:
    raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")
