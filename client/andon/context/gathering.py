"""`Context`: which things are collected, by whom, and what became of them."""

import asyncio
import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from andon.context import surroundings
from andon.context.collecting import Collecting, Collector, Found, failed, too_long
from andon.context.failure import Attempt, told
from andon.context.plain import plain
from andon.context.shapes import FIELDS, shaped
from andon.redaction import redacted

Collects = TypeVar("Collects", bound=Callable[[], Any])

#: Seconds a collector has.
WITHIN_S = 2.0


class Context:
    """What people need in order to judge: what is known already, and what is found out then.

    ```python
    context = Context(environment=["REGION", "RELEASE"], runbook="https://wiki.example/sync")

    @context.collects("user_impact")
    def carts_waiting() -> str:
        return f"{count()} carts cannot be paid"
    ```
    """

    def __init__(
        self,
        *,
        environment: Sequence[str] = (),
        packages: Sequence[str] | None = None,
        checkout: str | os.PathLike[str] | None = None,
        commits: int = 5,
        host: bool = True,
        within_s: float = WITHIN_S,
        collecting: Collecting | None = None,
        **known: Any,
    ) -> None:
        """`environment` names the variables that are told, `packages` the distributions (None:
        those the error came through); `checkout` is where git looks, `commits` how far back.
        `known` are fields that need no finding out, such as `runbook=` or `rollback=`.
        """
        for field in known:
            _check(field)
        self._known = {field: plain(value) for field, value in known.items()}
        for field, value in self._known.items():
            shaped(field, [value])
        self._environment, self._packages = tuple(environment), packages
        self._checkout, self._commits, self._host = checkout, commits, host
        self._within_s = within_s
        self._collecting = collecting or Collecting()
        self._registered: list[Collector] = []

    def collects(
        self, field: str, *, name: str | None = None, within_s: float | None = None
    ) -> Callable[[Collects], Collects]:
        """Register a function, or coroutine function, that finds out a field when it is needed."""
        _check(field)

        def register(function: Collects) -> Collects:
            known_as = name or getattr(function, "__name__", field).replace("_", " ")
            limit = self._within_s if within_s is None else within_s
            self._registered.append(
                Collector(field=field, name=known_as, collect=function, within_s=limit)
            )
            return function

        return register

    def collected(
        self, error: BaseException | None = None, attempts: Iterable[Attempt] = ()
    ) -> dict[str, Any]:
        """All of it, redacted and bounded, as the contract takes it. Never raises, never hangs."""
        found = self._collecting.collect([*self._own(error), *self._registered])
        return self._put_together(found, attempts)

    async def acollected(
        self, error: BaseException | None = None, attempts: Iterable[Attempt] = ()
    ) -> dict[str, Any]:
        """The same, where coroutine functions run on this loop."""
        here = [c for c in self._registered if inspect.iscoroutinefunction(c.collect)]
        apart = [*self._own(error), *(c for c in self._registered if c not in here)]
        found, others = await asyncio.gather(
            asyncio.to_thread(self._collecting.collect, apart),
            asyncio.gather(*map(_within_its_time, here)),
        )
        return self._put_together([*found, *others], attempts)

    def _own(self, error: BaseException | None) -> list[Collector]:
        """What is collected without being registered."""
        make = partial(Collector, within_s=self._within_s)
        own = [
            make(
                field="configuration",
                name="versions",
                collect=lambda: {"versions": surroundings.versions(self._packages, error)},
            )
        ]
        if error is not None:
            own.append(make(field="error", name="the error", collect=partial(told, error)))
        if self._environment:
            named = partial(surroundings.variables, self._environment)
            own.append(
                make(
                    field="configuration",
                    name="environment",
                    collect=lambda: {"environment": named()},
                )
            )
        if self._host:
            own.append(make(field="system_state", name="the host", collect=surroundings.host))
        if self._commits:
            own.append(make(field="recent_changes", name="commits", collect=self._last_commits))
        return own

    def _last_commits(self) -> list[str]:
        folder = surroundings.checkout(self._checkout)
        if folder is None:
            return []
        return surroundings.commits(folder, self._commits, self._within_s)

    def _put_together(self, found: list[Found], attempts: Iterable[Attempt]) -> dict[str, Any]:
        """What was found, each by itself in the shape of its field; the rest has its line."""
        values: dict[str, list[Any]] = {field: [value] for field, value in self._known.items()}
        tried = [attempt.as_sent() for attempt in attempts]
        if tried:
            values["attempts"] = [shaped("attempts", [tried])]
        missed: list[str] = []
        for one in found:
            if one.why_not is None:
                one = _fitting(one)
            if one.why_not is not None:
                missed.append(one.missed)
            elif one.value not in (None, "", [], {}):
                values.setdefault(one.collector.field, []).append(one.value)
        if missed:
            values.setdefault("system_state", []).append({"not collected": "; ".join(missed)})
        return {field: shaped(field, redacted(given)) for field, given in values.items()}


def _check(field: str) -> None:
    if field not in FIELDS:
        raise ValueError(f"{field!r} is no field of the context; there are {', '.join(FIELDS)}.")


def _fitting(found: Found) -> Found:
    """The same, unless its field does not take such a value."""
    try:
        if found.value is not None:
            shaped(found.collector.field, [found.value])
    except ValueError as error:
        return Found(found.collector, why_not=str(error))
    return found


async def _within_its_time(collector: Collector) -> Found:
    """A coroutine that ignores its end is left behind."""
    task = asyncio.ensure_future(collector.collect())
    done, _ = await asyncio.wait({task}, timeout=collector.within_s)
    if not done:
        task.cancel()
        return too_long(collector)
    try:
        return Found(collector, plain(task.result()))
    except (Exception, asyncio.CancelledError) as error:
        return failed(collector, error)
