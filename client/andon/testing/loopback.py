"""The fake on loopback, for what calls from another process: a real HTTP server."""

import os
import socket
import struct
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from andon.testing.troubles import Broken
from andon.testing.wire import Asked, Told

#: Seconds between two looks whether to stop listening.
STEP_S = 0.01

#: Ends a connection at once, with a reset instead of a farewell.
_RESET = struct.pack("ii", 1, 0)


class Answers(Protocol):
    """Whoever knows what to answer, and may take its time: it is asked in a thread of its own."""

    def answer(self, asked: Asked) -> Told | Broken:
        """The answer."""


class Loopback:
    """Listens, or not, always at the same address."""

    def __init__(self, answers: Answers) -> None:
        self._answers, self._server = answers, _Server(answers, 0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._port = self._server.server_port
        self._thread: threading.Thread | None = None
        self._start()

    def listen(self, wanted: bool) -> None:
        """Begin or stop to listen; whoever is connected is cut off."""
        if wanted and self._thread is None:
            self._server = _Server(self._answers, self._port)
            self._start()
        elif not wanted and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
            self._server.cut_off()
            self._server.server_close()

    def _start(self) -> None:
        serve, every = self._server.serve_forever, {"poll_interval": STEP_S}
        self._thread = threading.Thread(target=serve, kwargs=every, name="andon fake", daemon=True)
        self._thread.start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # one that is parked does not keep the address

    def __init__(self, answers: Answers, port: int) -> None:
        self.answers, self.connected = answers, set[socket.socket]()
        self.is_over = threading.Event()
        super().__init__(("127.0.0.1", port), _Caller)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that is gone is nobody's fault; anything else is told."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def cut_off(self) -> None:
        """End what is connected."""
        self.is_over.set()
        for connection in tuple(self.connected):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Caller(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        self.server.connected.add(self.connection)

    def finish(self) -> None:
        self.server.connected.discard(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def handle_one_request(self) -> None:
        """Read, ask the fake, answer; a connection that breaks is nobody's fault here."""
        with suppress(OSError):
            super().handle_one_request()
            return
        self.close_connection = True

    def answer(self) -> None:
        """Any method."""
        length = int(self.headers.get("Content-Length") or 0)
        headers = [(name, value) for name, value in self.headers.items()]
        asked = Asked.at(self.command, self.path, headers, self.rfile.read(length))
        answer = self.server.answers.answer(asked)
        if isinstance(answer, Told):
            self._send(answer, answer.body)
        else:
            self._break(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def _send(self, answer: Told, body: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status != 304:
            self.wfile.write(body)
        self.wfile.flush()

    def _break(self, answer: Broken) -> None:
        """Leave the caller with half an answer, or with none."""
        self.close_connection = True
        if answer.how == "slow":
            self.server.is_over.wait()
        elif answer.told is not None and answer.how == "truncated":
            self._send(answer.told, answer.told.body[: len(answer.told.body) // 2])
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.server.connected.discard(self.connection)
            os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Tests have their own output."""
