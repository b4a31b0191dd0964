"""`with_fallbacks`: the first way that works; when all failed, people hear what each said."""

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from andon.attempting import Errors, Times
from andon.calling import name_of
from andon.context.failure import Attempt, in_words
from andon.context.gathering import Context
from andon.escalating import Escalates, Incident, Telling, moment_of_telling, note_on, told_of

log = logging.getLogger("andon")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Tries several functions in order, and tells people when none works."""

    ways: Sequence[Callable[..., Any]]
    on: Errors
    telling: Telling
    times: Times
    title: str | None
    category: str
    dedup_key: str | None
    asked: Mapping[str, Any]

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The first result; else the first way's error, once people were told."""
        since, failed = moment_of_telling(), list[Attempt]()
        for way in self.ways:
            begun = self.times.now()
            try:
                return way(*args, **kwargs)
            except self.on as error:
                failed.append(_failed(way, begun, error))
        first = self._said(failed)
        if not self._known(failed, since):
            note_on(first, self.telling.tell(self._incident(failed)))
        raise first

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """The same, awaited; ways that are not awaited are called as they are."""
        since, failed = moment_of_telling(), list[Attempt]()
        for way in self.ways:
            begun = self.times.now()
            try:
                result = way(*args, **kwargs)
                return await result if inspect.isawaitable(result) else result
            except self.on as error:
                failed.append(_failed(way, begun, error))
        first = self._said(failed)
        if not self._known(failed, since):
            note_on(first, await self.telling.atell(self._incident(failed)))
        raise first

    def _said(self, failed: Sequence[Attempt]) -> Exception:
        """The first way's error, with a note of what each of the others said."""
        first, *others = (cast(Exception, attempt.error) for attempt in failed)
        for way, error in zip(self.ways[1:], others, strict=True):
            if error is not first:
                first.add_note(f"Then {name_of(way)} failed: {in_words(error)}")
        return first

    def _known(self, failed: Sequence[Attempt], since: int) -> bool:
        """People were told of every one of them, further inside."""
        told = (told_of(cast(Exception, attempt.error), since) for attempt in failed)
        return all(one is not None and one.id is not None for one in told)

    def _incident(self, failed: Sequence[Attempt]) -> Incident:
        first = name_of(self.ways[0])
        return Incident(
            category=self.category,
            title=self.title or f"{first} and {_counted(len(failed) - 1)} failed",
            dedup_key=self.dedup_key or f"{self.category}:{self.ways[0].__module__}.{first}",
            error=cast(Exception, failed[0].error),
            attempts=failed,
            asked=self.asked,
        )


def _failed(way: Callable[..., Any], begun: Any, error: Exception) -> Attempt:
    log.warning("%s failed: %s", name_of(way), in_words(error))
    return Attempt(at=begun, action=name_of(way), error=error)


def _counted(fallbacks: int) -> str:
    return {0: "no fallback", 1: "its fallback"}.get(fallbacks, f"all {fallbacks} fallbacks")


def with_fallbacks(
    ways: Sequence[Callable[P, R]],
    *,
    on: Errors = Exception,
    title: str | None = None,
    category: str = "retries_exhausted",
    environment: str | None = None,
    severity: str | None = None,
    dedup_key: str | None = None,
    client: Escalates | None = None,
    context: Context | None = None,
    times: Times | None = None,
) -> Callable[P, R]:
    """One function out of several ways to the same result, the best first.

    It comes to the first result. A way that fails is logged; when all have failed, people are told
    what each said, and the first one's error is raised, the others noted on it. What is not of `on`
    passes at once. If any of them is a coroutine function, the one that is made is too.
    """
    if not ways:
        raise ValueError("with_fallbacks needs at least one way.")
    tried = Ways(
        ways=tuple(ways),
        on=on,
        telling=Telling(client, context),
        times=times or Times(),
        title=title,
        category=category,
        dedup_key=dedup_key,
        asked={"environment": environment, "severity": severity},
    )
    awaited = any(map(inspect.iscoroutinefunction, ways))
    return cast(Callable[P, R], tried.acall if awaited else tried.call)
