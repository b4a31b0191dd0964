"""`with hold(...)`: the block runs once people released it, and never otherwise."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Unpack

from andon.client import AsyncClient, Client, default_client
from andon.flow import releasing
from andon.flow.releasing import Released
from andon.flow.request import Request, body_of
from andon.models import Escalation
from andon.operation import AnyOperation


class Hold:
    """A held block. Make it with `hold`."""

    def __init__(
        self,
        client: Client | None,
        title: str,
        operation: Callable[[], AnyOperation],
        said: Request,
        on_change: Callable[[Escalation], Any] | None,
    ) -> None:
        self._client, self._operation, self._on_change = client, operation, on_change
        self._options = said.get("options")
        self._body = body_of(title, "approval", {**said, "operation": operation()})
        self._held: Released | None = None

    def __enter__(self) -> Released:
        self._client = client = self._client or default_client()
        flow = releasing.released(
            self._body, self._operation, self._options, client.holding(), self._on_change
        )
        self._held = client.run(flow)
        return self._held

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None and self._held is not None:
            by = self._client.holding()
            self._client.run(releasing.over(self._body, self._held, error, by))


class AsyncHold:
    """A held block, awaited. Make it with `ahold`."""

    def __init__(
        self,
        client: AsyncClient | None,
        title: str,
        operation: Callable[[], AnyOperation],
        said: Request,
        on_change: Callable[[Escalation], Any] | None,
    ) -> None:
        self._own = AsyncClient() if client is None else None
        self._client = client or self._own
        self._operation, self._on_change = operation, on_change
        self._options = said.get("options")
        self._body = body_of(title, "approval", {**said, "operation": operation()})
        self._held: Released | None = None

    async def __aenter__(self) -> Released:
        assert self._client is not None  # noqa: S101
        flow = releasing.released(
            self._body, self._operation, self._options, self._client.holding(), self._on_change
        )
        try:
            self._held = await self._client.run(flow)
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
        assert self._client is not None and self._held is not None  # noqa: S101,PT018
        try:
            by = self._client.holding()
            await self._client.run(releasing.over(self._body, self._held, error, by))
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
