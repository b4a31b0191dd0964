"""`Automation`: recoveries that run by themselves, each on the record before it runs.

::

    automation = Automation()

    @automation("restart", title="Restart web-3", verify=web_answers)
    def restart_web() -> None: ...

    with automation.running("cache", title="Clear the price cache", operation=clearing):
        cache.clear()

    known = automation.known(error)  # what a review confirmed, or None

Only `known_fix`, `idempotent`, `restart`, `cache`, `cleanup` and `retry` run so, and only from what
people need not decide: a migration, a schema, a breaking change, a deployment, security and
architecture never do, nor does anything of unknown kind. Those are held until people released
them, and so is a recovery that failed, whose `verify` said no, or that runs too often.
"""

import functools
import inspect
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from andon.flow.automating import Automating, Away, Manual, ManualError, Recovering, catch_up
from andon.flow.knowing import Known, renewed
from andon.flow.persisting import Patience
from andon.late import Late
from andon.operation import AnyOperation
from andon.recoveries import CATEGORY_OF, HARMLESS, Breaker
from andon.recovering import Running, VerificationError, Verify

if TYPE_CHECKING:
    from andon.client import AsyncClient, Client
    from andon.models import KnownError

__all__ = ["Automation", "ManualError", "Recovery", "Running", "VerificationError"]

log = logging.getLogger("andon")

P = ParamSpec("P")
R = TypeVar("R")

#: What may run by itself.
Recovery = Literal["known_fix", "idempotent", "restart", "cache", "cleanup", "retry"]

_UNKNOWN = "Whether the error is known could not be found: %s"

#: Seconds that Andon may not answer before it counts as away: a recovery is in a hurry.
PATIENCE_S = 10.0


class Automation:
    """Which recoveries run by themselves, how often, and what happens otherwise."""

    def __init__(
        self,
        client: "Client | AsyncClient | None" = None,
        *,
        environment: str | None = None,
        most: int = 5,
        within_s: float = 3600,
        manual_for_s: float = 24 * 3600,
        when_away: Away = "hold",
        when_manual: Manual = "hold",
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Without a client, one is made from the environment for each recovery.

        `most` of a kind `within_s` seconds run by themselves in this process, then people decide;
        so they do for `manual_for_s` after one that failed. The server counts besides, for all
        processes of the service. `when_away="hold"`: while Andon cannot be reached nothing runs;
        `"run"`: what is harmless runs, and is told later. `when_manual="hold"`: people are asked
        and waited for; `"raise"`: ManualError.
        """
        self._client, self._environment = client, environment
        self._when_away, self._when_manual = when_away, when_manual
        self._patience_s = patience_s
        within, manual_for = timedelta(seconds=within_s), timedelta(seconds=manual_for_s)
        self._new_breaker = functools.partial(Breaker, most, within, manual_for)
        self._breakers: dict[str, Breaker] = {}
        self._known = Known()

    def running(
        self,
        recovery: Recovery | str,
        *,
        title: str,
        operation: AnyOperation | Callable[[], AnyOperation],
        category: str | None = None,
        verify: Verify | None = None,
        when_away: Away | None = None,
        when_manual: Manual | None = None,
        summary: str | None = None,
        reference: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Running:
        """A block, `with` or `async with`, that is entered once it may run.

        The operation, or the function that gives it, is looked at again once people released it:
        what has become another does not run. `verify` is asked after the block; where it says no,
        or raises, the recovery has failed. What the block raises is a failure, too, and goes on.
        Raises ValueError for `when_away="run"` with a recovery that is not harmless.
        """
        if when_away == "run" and recovery not in HARMLESS:
            raise ValueError(
                f"{recovery!r} does not run while Andon is away: only "
                f"{', '.join(sorted(HARMLESS))} do no harm that nobody knows of."
            )
        said = {
            "category": category or CATEGORY_OF.get(recovery),
            "environment": self._environment,
            "summary": summary,
            "reference": reference,
            "context": context,
        }
        asked = Recovering(
            recovery=recovery,
            title=title,
            operation=operation if callable(operation) else lambda: operation,
            said=said,
            when_away=when_away or (self._when_away if recovery in HARMLESS else "hold"),
            when_manual=when_manual or self._when_manual,
        )
        breaker = self._breakers.setdefault(recovery, self._new_breaker())
        return Running(self._client, asked, functools.partial(self._by, breaker), verify)

    def __call__(
        self,
        recovery: Recovery | str,
        *,
        title: str | Callable[..., str],
        operation: AnyOperation | Callable[..., AnyOperation] | None = None,
        **more: Any,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """A decorator; `more` as for `running`.

        `title` and `operation` may be functions of the same arguments. Without an operation it is
        the function's name with the arguments; what JSON cannot say is named by its type.
        """

        def run(function: Callable[..., Any], args: Any, kwargs: Any) -> Running:
            def called() -> AnyOperation:
                made = operation(*args, **kwargs) if callable(operation) else operation
                return made if made is not None else called_as(function, args, kwargs)

            named = title(*args, **kwargs) if callable(title) else title
            return self.running(recovery, title=named, operation=called, **more)

        def decorated(function: Callable[P, R]) -> Callable[P, R]:
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def waits(*args: P.args, **kwargs: P.kwargs) -> Any:
                    async with run(function, args, kwargs):
                        return await function(*args, **kwargs)

                return waits  # type: ignore[return-value]

            @functools.wraps(function)
            def calls(*args: P.args, **kwargs: P.kwargs) -> R:
                with run(function, args, kwargs):
                    return function(*args, **kwargs)

            return calls

        return decorated

    def known(self, error: BaseException) -> "KnownError | None":
        """What a review confirmed of such an error: a `recovery` that may run by itself, `steps`.

        Asked of Andon once a minute. Where it is away or older than this nothing is known: what
        goes wrong here is logged, and never stands in the way of a recovery.
        """
        from andon.client import AsyncClient, Client

        if isinstance(self._client, AsyncClient):
            raise TypeError("This Automation has an AsyncClient: `await automation.aknown(error)`.")
        try:
            now = self._now()
            if self._known.is_due(now):
                with nullcontext(self._client) if self._client else Client() as client:
                    self._known = client.run(renewed(self._known, now))
            return self._known.of(error)
        except Exception as wrong:
            log.warning(_UNKNOWN, wrong)
            return None

    async def aknown(self, error: BaseException) -> "KnownError | None":
        """As `known`, awaited."""
        from andon.client import AsyncClient, Client

        if isinstance(self._client, Client):
            raise TypeError("This Automation has a Client: `automation.known(error)`.")
        try:
            now = self._now()
            if self._known.is_due(now):
                async with nullcontext(self._client) if self._client else AsyncClient() as client:
                    self._known = await client.run(renewed(self._known, now))
            return self._known.of(error)
        except Exception as wrong:
            log.warning(_UNKNOWN, wrong)
            return None

    def _now(self) -> datetime:
        return self._client._clock() if self._client is not None else datetime.now(UTC)

    def catch_up(self) -> int:
        """Tell Andon now what ran while it was away; how much was told.

        It also happens after every recovery that Andon took.
        """
        from andon.client import AsyncClient, Client

        if isinstance(self._client, AsyncClient):
            raise TypeError("This Automation has an AsyncClient: `await automation.acatch_up()`.")
        client = self._client or Client()
        try:
            return client.run(catch_up(self._by(self._new_breaker(), client)))
        finally:
            if self._client is None:
                client.close()

    async def acatch_up(self) -> int:
        """As `catch_up`, awaited."""
        from andon.client import AsyncClient, Client

        if isinstance(self._client, Client):
            raise TypeError("This Automation has a Client: `automation.catch_up()`.")
        client = self._client or AsyncClient()
        try:
            return await client.run(catch_up(self._by(self._new_breaker(), client)))
        finally:
            if self._client is None:
                await client.close()

    def _by(self, breaker: Breaker, client: "Client | AsyncClient") -> Automating:
        return Automating(
            holding=client.holding(),
            patience=lambda: Patience(self._patience_s, client._random),
            breaker=breaker,
            late=Late(client.settings.state / "late"),
        )


def called_as(function: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    """A call as an operation."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = {name: _plain(value) for name, value in bound.arguments.items()}
    return {"name": f"{function.__module__}.{function.__qualname__}", "arguments": arguments}


def _plain(value: Any) -> Any:
    """As JSON says it; what it cannot say by its type."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return f"<{type(value).__name__}>"
