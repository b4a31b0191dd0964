"""`Client` and `AsyncClient`: the same, once blocking and once awaited."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from random import random as random_
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from andon.errors import SettingsError
from andon.flow import asking, claiming, deciding, holding
from andon.flow.deciding import Answer
from andon.flow.persisting import Patience
from andon.flow.releasing import Holding
from andon.flow.request import Besides, Request, body_of
from andon.flow.steps import Flow
from andon.grants import Grant
from andon.keeping import Keeper
from andon.models import Escalation, Event
from andon.operation import AnyOperation, AnyOptions, Option
from andon.settings import Settings, read_settings
from andon.transport import AsyncDriver, Driver

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

#: Seconds that nothing sensible may come before Andon counts as unavailable: a restart fits in.
PATIENCE_S = 120.0

#: Public keys, or the file a pinned copy of them lies in.
Jwks = Mapping[str, Any] | str | PathLike[str]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class _Base:
    """What both twins know."""

    def __init__(
        self,
        url: str | None,
        key: str | None,
        jwks: Jwks | None,
        state: str | PathLike[str] | None,
        patience_s: float,
        clock: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        known = jwks if isinstance(jwks, Mapping) else None
        file = None if isinstance(jwks, Mapping) else jwks
        self.settings: Settings = read_settings(
            url, key, jwks_file=file, state=state, is_pinned=known is not None
        )
        self._patience_s, self._clock, self._random = patience_s, clock, random
        self._keeper = Keeper(self.settings.state)
        path = self.settings.jwks_file
        pinned = (lambda: known) if known is not None else path and (lambda: _pinned(path))
        self._keys = claiming.KeySet(pinned=pinned or None)

    def _patience(self) -> Patience:
        return Patience(self._patience_s, self._random)

    def _claiming(self) -> claiming.Claiming:
        return claiming.Claiming(
            keeper=self._keeper, keys=self._keys, clock=self._clock, patience=self._patience()
        )

    def _asking(self) -> holding.Asking:
        return holding.Asking(url=self.settings.url, keeper=self._keeper, patience=self._patience())

    def holding(self) -> Holding:
        """What a hold needs of this client; for `hold` and its like."""
        return Holding(asking=self._asking(), claiming=self._claiming())


def _pinned(path: Path) -> Mapping[str, Any]:
    """The pinned keys. Raises SettingsError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise SettingsError(f"ANDON_JWKS_FILE: {path}: {reason}.") from None
    if not isinstance(found, dict):
        raise SettingsError(f"ANDON_JWKS_FILE: {path}: it is no set of keys.")
    return found


class Client(_Base):
    """Asks people through Andon. Keep one and close it, or use it in a `with` block."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        jwks: Jwks | None = None,
        state: str | PathLike[str] | None = None,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Any] = time.sleep,
        random: Callable[[], float] = random_,
        transport: "httpx2.BaseTransport | None" = None,
        trust_env: bool = False,
    ) -> None:
        """What is not given comes from the environment. Raises SettingsError."""
        super().__init__(url, key, jwks, state, patience_s, clock, random)
        self._driver = Driver(self.settings, sleep=sleep, transport=transport, trust_env=trust_env)

    def open(
        self,
        title: str,
        *,
        kind: str = "approval",
        key: str | None = None,
        resume: bool = False,
        **said: Unpack[Request],
    ) -> Escalation:
        """Ask. `key` again is the same escalation; with `resume` it is found by what is asked."""
        body = body_of(title, kind, said)
        if resume:
            return self.run(holding.resumed(body, self._asking()))
        return self._driver.run(asking.open_(body, self._patience(), key))

    def get(self, id: str) -> Escalation:
        """The escalation as it stands."""
        return self._driver.run(asking.get(id, self._patience()))

    def list(self, **filters: Any) -> Iterator[Escalation]:
        """What there is, newest first; filters as the API names them (`status="pending"` …)."""
        path: str | None = asking.list_path(filters)
        while path is not None:
            page = self._driver.run(asking.page(path, self._patience()))
            yield from page.items
            path = page.next_path

    def events(self, id: str) -> Sequence[Event]:
        """Its audit log."""
        return self._driver.run(asking.events(id, self._patience()))

    def wait(
        self,
        escalation: Escalation | str,
        *,
        until: asking.Until = "decided",
        timeout_s: float | None = None,
        on_change: Callable[[Escalation], Any] | None = None,
    ) -> Escalation:
        """The escalation once it is so, or as it stands after `timeout_s`.

        Restarts of the server and dropped connections are waited out.
        """
        flow = asking.wait(
            escalation, self._patience(), until=until, timeout_s=timeout_s, on_change=on_change
        )
        return self._driver.run(flow)

    def claim(
        self,
        escalation: Escalation | str,
        operation: AnyOperation,
        *,
        options: AnyOptions | None = None,
        nonce: str | None = None,
    ) -> Grant:
        """The verified grant for what is about to run; raises where it may not.

        `options` as they were opened with. Handed out once: run it now, then `report`.
        """
        return self.run(claiming.claim(escalation, operation, options, nonce, self._claiming()))

    def report(
        self, id: str, result: str, detail: str | None = None, undo: str | None = None
    ) -> Escalation:
        """Say what became of it: `succeeded`, `failed` or `unknown`."""
        return self._driver.run(claiming.report(id, result, detail, undo, self._claiming()))

    def withdraw(self, id: str, reason: str | None = None) -> Escalation:
        """Take it back; an incident is over."""
        return self._driver.run(asking.withdraw(id, reason, self._patience()))

    def context(self, id: str, **told: Any) -> Escalation:
        """Add context, or with `answer=` answer what somebody asked."""
        return self._driver.run(asking.context(id, told, self._patience()))

    def ask(
        self,
        question: str,
        options: Sequence[str | Option],
        *,
        category: str = "decision",
        **said: Unpack[Besides],
    ) -> Answer:
        """Let people decide something that runs nothing; waits for their answer."""
        flow = deciding.decided(question, options, category, said, self.holding())
        return self.run(flow)

    def alert(self, title: str, *, category: str, **said: Unpack[Besides]) -> Escalation:
        """Tell people of an incident, and return once it is stored."""
        return self.open(title, kind="incident", category=category, **said)

    def run(self, flow: Flow[T]) -> T:
        """What a flow ends in; for `hold` and its like."""
        return self._driver.run(flow)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(_Base):
    """As `Client`, awaited: `async with AsyncClient() as andon: …`."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        jwks: Jwks | None = None,
        state: str | PathLike[str] | None = None,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Any] = asyncio.sleep,
        random: Callable[[], float] = random_,
        transport: "httpx2.AsyncBaseTransport | None" = None,
        trust_env: bool = False,
    ) -> None:
        """What is not given comes from the environment. Raises SettingsError."""
        super().__init__(url, key, jwks, state, patience_s, clock, random)
        self._driver = AsyncDriver(
            self.settings, sleep=sleep, transport=transport, trust_env=trust_env
        )

    async def open(
        self,
        title: str,
        *,
        kind: str = "approval",
        key: str | None = None,
        resume: bool = False,
        **said: Unpack[Request],
    ) -> Escalation:
        """Ask. `key` again is the same escalation; with `resume` it is found by what is asked."""
        body = body_of(title, kind, said)
        if resume:
            return await self._driver.run(holding.resumed(body, self._asking()))
        return await self._driver.run(asking.open_(body, self._patience(), key))

    async def get(self, id: str) -> Escalation:
        """The escalation as it stands."""
        return await self._driver.run(asking.get(id, self._patience()))

    async def list(self, **filters: Any) -> AsyncIterator[Escalation]:
        """What there is, newest first; filters as the API names them (`status="pending"` …)."""
        path: str | None = asking.list_path(filters)
        while path is not None:
            page = await self._driver.run(asking.page(path, self._patience()))
            for item in page.items:
                yield item
            path = page.next_path

    async def events(self, id: str) -> Sequence[Event]:
        """Its audit log."""
        return await self._driver.run(asking.events(id, self._patience()))

    async def wait(
        self,
        escalation: Escalation | str,
        *,
        until: asking.Until = "decided",
        timeout_s: float | None = None,
        on_change: Callable[[Escalation], Any] | None = None,
    ) -> Escalation:
        """The escalation once it is so, or as it stands after `timeout_s`.

        Restarts of the server and dropped connections are waited out.
        """
        flow = asking.wait(
            escalation, self._patience(), until=until, timeout_s=timeout_s, on_change=on_change
        )
        return await self._driver.run(flow)

    async def claim(
        self,
        escalation: Escalation | str,
        operation: AnyOperation,
        *,
        options: AnyOptions | None = None,
        nonce: str | None = None,
    ) -> Grant:
        """The verified grant for what is about to run; raises where it may not.

        `options` as they were opened with. Handed out once: run it now, then `report`.
        """
        return await self.run(
            claiming.claim(escalation, operation, options, nonce, self._claiming())
        )

    async def report(
        self, id: str, result: str, detail: str | None = None, undo: str | None = None
    ) -> Escalation:
        """Say what became of it: `succeeded`, `failed` or `unknown`."""
        return await self._driver.run(claiming.report(id, result, detail, undo, self._claiming()))

    async def withdraw(self, id: str, reason: str | None = None) -> Escalation:
        """Take it back; an incident is over."""
        return await self._driver.run(asking.withdraw(id, reason, self._patience()))

    async def context(self, id: str, **told: Any) -> Escalation:
        """Add context, or with `answer=` answer what somebody asked."""
        return await self._driver.run(asking.context(id, told, self._patience()))

    async def ask(
        self,
        question: str,
        options: Sequence[str | Option],
        *,
        category: str = "decision",
        **said: Unpack[Besides],
    ) -> Answer:
        """Let people decide something that runs nothing; waits for their answer."""
        flow = deciding.decided(question, options, category, said, self.holding())
        return await self.run(flow)

    async def alert(self, title: str, *, category: str, **said: Unpack[Besides]) -> Escalation:
        """Tell people of an incident, and return once it is stored."""
        return await self.open(title, kind="incident", category=category, **said)

    async def run(self, flow: Flow[T]) -> T:
        """What a flow ends in; for `hold` and its like."""
        return await self._driver.run(flow)

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class _Default:
    """The client of the environment's settings; another one when those change."""

    made: Client | None = None
    lock = Lock()


def default_client() -> Client:
    """The client of `hold`, `ask` and their like, where none is given. Raises SettingsError."""
    with _Default.lock:
        if _Default.made is None or _Default.made.settings != read_settings():
            if _Default.made is not None:
                _Default.made.close()
            _Default.made = Client()
        return _Default.made
