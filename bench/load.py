"""A lean HTTP/1.1 client: keep-alive connections that each send the next request after an answer.

Leaner than any client library, so that the server is what is measured.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: Makes the n-th request of a connection, whole, as bytes.
Requests = Callable[[int], bytes]


@dataclass
class Measured:
    """What a run of load gave."""

    seconds: float
    took: list[float] = field(default_factory=list)  #: seconds of each answered request
    wrong: int = 0  #: answers outside 2xx

    @property
    def per_second(self) -> float:
        """Right answers a second."""
        return (len(self.took) - self.wrong) / self.seconds

    def quantile(self, q: float) -> float:
        """The q-quantile of the answer time in milliseconds."""
        ordered = sorted(self.took)
        return 1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Requests, until: float, measured: Measured) -> None:
        self._requests, self._until, self._measured = requests, until, measured
        self._buffer = b""
        self._n = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests(self._n))  # type: ignore[attr-defined]
        self._n += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._buffer = body[length:]
        now = time.perf_counter()
        self._measured.took.append(now - self._sent)
        self._measured.wrong += not head.startswith(b"HTTP/1.1 2")
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load(
    port: int, requests: Callable[[int], Requests], *, connections: int, seconds: float
) -> Measured:
    """Load a server on loopback for some seconds; it stops by itself."""
    loop, measured = asyncio.get_running_loop(), Measured(seconds=0)
    started = time.perf_counter()
    made = [
        await loop.create_connection(
            lambda i=i: _Connection(requests(i), started + seconds, measured), "127.0.0.1", port
        )
        for i in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    measured.seconds = time.perf_counter() - started
    return measured


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as bytes; underscores in header names become dashes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Line:
    """One keep-alive connection that asks one thing after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        """Connect to a server on loopback."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, sent: bytes) -> tuple[int, bytes]:
        """Send a request; the status and body of its answer."""
        self._writer.write(sent)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return int(head.split(b" ", 2)[1]), await self._reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
