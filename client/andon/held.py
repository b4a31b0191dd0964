"""`with hold(...)`: the block runs once people released it, and never otherwise."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar, Unpack

from andon.client import AsyncClient, Client, default_client
from andon.flow import releasing
from andon.flow.releasing import Released
from andon.flow.request import Request, body_of
from andon.flow.steps import Flow
from andon.models import Escalation
from andon.operation import AnyOperation

C = TypeVar("C", Client, AsyncClient)


class _Held(Generic[C]):
    """What both twins know."""

    def __init__(
        self,
        client: C | None,
        title: str,
        operation: Callable[[], AnyOperation],
        said: Request,
        on_change: Callable[[Escalation], Any] | None,
    ) -> None:
        self._client: C | None = client
        self._operation, self._on_change = operation, on_change
        self._options = said.get("options")
        self._body = body_of(title, "approval", {**said, "operation": operation()})
        self._held: Released | None = None

    def _release(self, client: C) -> Flow[Released]:
        return releasing.released(
            self._body, self._operation, self._options, client.holding(), self._on_change
        )

    def _over(self, client: C, error: BaseException | None) -> Flow[None]:
        assert self._held is not None  # noqa: S101  it was entered
        return releasing.over(self._body, self._held, error, client.holding())


class Hold(_Held[Client]):
    """A held block. Make it with `hold`."""

    def __enter__(self) -> Released:
        self._client = client = self._client or default_client()
        self._held = client.run(self._release(client))
        return self._held

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._client is not None  # noqa: S101  it was entered
        self._client.run(self._over(self._client, error))


class AsyncHold(_Held[AsyncClient]):
    """A held block, awaited. Make it with `ahold`."""

    _own: AsyncClient | None = None  # made here, and closed here

    async def __aenter__(self) -> Released:
        if self._client is None:
            self._client = self._own = AsyncClient()
        try:
            self._held = await self._client.run(self._release(self._client))
        except BaseException:
            await self._close()
            raise
        return self._held

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._client is not None  # noqa: S101  it was entered
        try:
            await self._client.run(self._over(self._client, error))
        finally:
            await self._close()

    async def _close(self) -> None:
        if self._own is not None:
            await self._own.close()


def hold(
    title: str,
    *,
    client: Client | None = None,
    on_change: Callable[[Escalation], Any] | None = None,
    **said: Unpack[Request],
) -> Hold:
    """Hold a block until people released it::

        with hold("Drop column legacy_code", operation=Operation(…), category="schema_migration"):
            …

    Raises what `andon.errors` draws, and then the block does not run. Asked again with the same
    operation, the pending escalation is found again. How the block ends is reported.
    """
    return Hold(client, title, lambda: _needed(said), said, on_change)


def ahold(
    title: str,
    *,
    client: AsyncClient | None = None,
    on_change: Callable[[Escalation], Any] | None = None,
    **said: Unpack[Request],
) -> AsyncHold:
    """As `hold`: `async with ahold(…)`."""
    return AsyncHold(client, title, lambda: _needed(said), said, on_change)


def _needed(said: Request) -> AnyOperation:
    operation = said.get("operation")
    if operation is None:
        raise TypeError("Say what would run: operation=Operation(name, arguments).")
    return operation
