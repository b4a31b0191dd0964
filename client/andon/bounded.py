"""A blocking transport whose calls end in time, however slowly the other side drips.

HTTP clients bound each read, so a byte every few seconds holds a call for ever: before the answer's
head has come, nobody of ours looks. Here no read outlives the deadline of the whole call.
"""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpcore2
import httpx2

#: Connections kept open for the next call.
KEPT = 8


class _Call(threading.local):
    """When the call of this thread must be over."""

    ends: float = float("inf")


class _Stream(httpcore2.NetworkStream):
    """A connection that knows the deadline of the call it serves."""

    def __init__(self, inner: httpcore2.NetworkStream, call: _Call) -> None:
        self._inner, self._call = inner, call

    def _left_s(self, timeout: float | None) -> float:
        left = self._call.ends - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("it did not answer in time")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left_s(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._left_s(timeout))
        return _Stream(inner, self._call)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    """Opens connections that know their deadline."""

    def __init__(self, call: _Call) -> None:
        self._inner, self._call = httpcore2.SyncBackend(), call

    def connect_tcp(self, *args: Any, **more: Any) -> httpcore2.NetworkStream:
        return _Stream(self._inner.connect_tcp(*args, **more), self._call)


class _Body(httpx2.SyncByteStream):
    """The answer's body, as it comes."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class Bounded(httpx2.BaseTransport):
    """Sends requests of httpx2, each of its calls within its time."""

    def __init__(self) -> None:
        self._call = _Call()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=None,
            max_keepalive_connections=KEPT,
            keepalive_expiry=5.0,
            network_backend=_Backend(self._call),
        )

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What this thread sends and reads inside is over by then."""
        self._call.ends = time.monotonic() + seconds
        try:
            yield
        finally:
            self._call.ends = float("inf")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=cast(Iterable[bytes], request.stream),
            extensions=request.extensions,
        )
        came = self._pool.handle_request(sent)
        return httpx2.Response(
            status_code=came.status,
            headers=came.headers,
            stream=_Body(cast(Iterable[bytes], came.stream)),
            extensions=came.extensions,
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
