"""Real sockets, and what may come out of them."""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from andon.flow.steps import Answer, Call, Do, Flow, Lost, Pause, Tell
from andon.settings import Settings
from andon.transport import AsyncDriver, Driver
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

JSON = json.dumps({"ok": True}).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
CALL = Call(method="GET", path="/v1/x", timeout_s=5)


@contextmanager
def answering(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Any:
    """A server that does that with each connection; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            try:
                with tls.wrap_socket(connection, server_side=True) if tls else connection as made:
                    made.recv(65536)
                    answer(made)
            except OSError:
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def whole(connection: socket.socket) -> None:
    connection.sendall(WHOLE % (len(JSON), JSON))


def truncated(connection: socket.socket) -> None:
    connection.sendall(WHOLE % (len(JSON) + 10, JSON))


def silent(connection: socket.socket) -> None:
    connection.recv(1)


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def encoded(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"
    )


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" " * 65536)


def dripping(head: bool) -> Callable[[socket.socket], None]:
    """A byte now and then, in the head or in the body: each read is in time, the whole never."""

    def drip(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" if head else WHOLE[:-2] % 10_000)
        while True:
            connection.sendall(b"X" if head else b" ")
            try:
                connection.recv(1)
                return
            except TimeoutError:
                pass

    return drip


@pytest.fixture(params=["blocking", "awaited"])
def run(request: pytest.FixtureRequest) -> Callable[[int, Call], Answer | Lost]:
    """One call to a port of this machine, by either driver."""

    def flow(call: Call) -> Flow[Any]:
        return (yield call)

    def blocking(port: int, call: Call, scheme: str = "http") -> Any:
        driver = Driver(_settings(port, scheme))
        try:
            return driver.run(flow(call))
        finally:
            driver.close()

    def awaited(port: int, call: Call, scheme: str = "http") -> Any:
        async def whole_() -> Any:
            driver = AsyncDriver(_settings(port, scheme))
            try:
                return await driver.run(flow(call))
            finally:
                await driver.close()

        return asyncio.run(whole_())

    return blocking if request.param == "blocking" else awaited


def _settings(port: int, scheme: str) -> Settings:
    return Settings(url=f"{scheme}://127.0.0.1:{port}", key="key", state=Path("/nowhere"))


def test_a_whole_answer_arrives(run: Any) -> None:
    """Status, headers in lower case, body."""
    with answering(whole) as port:
        came = run(port, CALL)
    assert (came.status, came.body) == (200, JSON)
    assert came.headers["content-type"] == "application/json"


@pytest.mark.parametrize("answer", [truncated, no_http, encoded, lambda c: None])
def test_what_is_no_whole_answer_is_lost(run: Any, answer: Any) -> None:
    """Cut off, another protocol, encoded, nothing."""
    with answering(answer) as port:
        assert isinstance(run(port, CALL), Lost)


def test_nobody_listens(run: Any) -> None:
    """Refused is lost, not an error of its own."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(run(port, CALL), Lost)


@pytest.mark.parametrize("answer", [silent, dripping(head=True), dripping(head=False)])
def test_an_answer_that_never_ends_is_given_up(run: Any, answer: Any) -> None:
    """Silence, and a byte now and then, whether in the head or in the body."""
    with answering(answer) as port:
        assert isinstance(run(port, Call(method="GET", path="/", timeout_s=0.3)), Lost)


def test_an_answer_is_read_no_further_than_it_may_go(run: Any) -> None:
    """Whatever it would still say."""
    with answering(endless) as port:
        came = run(port, Call(method="GET", path="/", timeout_s=20, most_bytes=100_000))
    assert isinstance(came, Lost)
    assert "longer than 100,000 bytes" in came.why


def test_a_certificate_nobody_vouches_for_is_final(run: Any, tmp_path: Path) -> None:
    """The key is not sent, and no second try is made."""
    with answering(whole, _self_signed(tmp_path)) as port:
        came = run(port, CALL, "https")
    assert isinstance(came, Lost)
    assert came.is_final


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(secret + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def _steps(seen: list[Any]) -> Flow[str]:
    paused = yield Pause(1.5)
    done = yield Do(lambda: "done")
    yield Tell(seen.append, "told")
    try:
        yield Do(lambda: 1 / 0)
    except ZeroDivisionError:
        seen.append("caught")
    return f"{paused} {done}"


def test_every_step_is_taken_blocking() -> None:
    """And what goes wrong is the flow's to catch."""
    seen: list[Any] = []
    driver = Driver(_settings(1, "http"), sleep=seen.append)
    assert driver.run(_steps(seen)) == "None done"
    assert seen == [1.5, "told", "caught"]
    driver.close()


async def test_every_step_is_taken_awaited() -> None:
    """A callback may be a coroutine function."""
    seen: list[Any] = []

    async def note(value: Any) -> None:
        seen.append(value)

    def flow() -> Flow[None]:
        yield Tell(note, "awaited")

    driver = AsyncDriver(_settings(1, "http"), sleep=note)
    assert await driver.run(_steps(seen)) == "None done"
    await driver.run(flow())
    assert seen == [1.5, "told", "caught", "awaited"]
    await driver.close()


def _closing(closed: list[str]) -> Flow[None]:
    try:
        yield Pause(1)
    finally:
        closed.append("closed")


def test_an_interrupted_flow_lets_go_of_what_it_held() -> None:
    """Locks, for one."""
    closed: list[str] = []

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    driver = Driver(_settings(1, "http"), sleep=interrupt)
    with pytest.raises(KeyboardInterrupt):
        driver.run(_closing(closed))
    assert closed == ["closed"]
    driver.close()


async def test_what_nobody_waits_for_any_more_is_undone() -> None:
    """A lock taken in a thread while its caller was cancelled."""
    begun, go_on, undone = threading.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow() -> str:
        begun.set()
        go_on.wait(10)
        return "lock"

    def undo(value: str) -> None:
        loop.call_soon_threadsafe(undone.set)

    def flow() -> Flow[None]:
        yield Do(slow, undo=undo)

    driver = AsyncDriver(_settings(1, "http"))
    task = asyncio.ensure_future(driver.run(flow()))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await asyncio.wait_for(undone.wait(), 10)
    await driver.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would take every call, if anyone asked it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
