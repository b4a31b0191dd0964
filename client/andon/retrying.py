"""`escalate_after_retries`: try what may pass, ask people about what does not.

```
attempt ── works ──> its result
   │ fails
   ├─ lasting (retryable.LASTING) ───────────────┐
   ├─ no attempt or no time left ────────────────┤──> people are told, once ──> the error is raised
   └─ else: wait (full jitter), next attempt     │
      people know already (nested) ──> raised ───┘ without telling them again
```

Sync and coroutine functions alike. With `using=` another library tries (stamina, tenacity); this
one keeps the log of attempts, stops what lasts, and tells people.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, overload

from andon.attempting import Course, Errors, Rules, Times
from andon.calling import name_of, through
from andon.context.failure import chained
from andon.context.gathering import Context
from andon.escalating import Escalates, Incident, Telling, note_on
from andon.retryable import Retryable

P = ParamSpec("P")
R = TypeVar("R")

#: A decorator that tries again.
Library = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Stopped(BaseException):
    """Carries an error past a library that would try again: it takes Exceptions alone."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Retrying:
    """Calls functions by its rules, and tells people of what they came to."""

    def __init__(
        self,
        rules: Rules,
        telling: Telling,
        using: Library | None = None,
        *,
        title: str | None = None,
        category: str | None = None,
        dedup_key: str | None = None,
        **asked: Any,
    ) -> None:
        self._rules, self._telling, self._using = rules, telling, using
        self._title, self._category, self._dedup_key = title, category, dedup_key
        self._asked = asked

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Its result, or its error."""
        if self._using is not None:
            return self._through(self._using, function, args, kwargs)
        course = Course(self._rules)
        while True:
            course.begin()
            try:
                return function(*args, **kwargs)
            except self._rules.on as error:
                course.failed(error, self._rules.attempts)
                pause = course.pause_s()
                if pause is None:
                    self._end(function, course, error)
                    raise
            self._rules.times.sleep(pause)

    async def acall(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The same, awaited."""
        if self._using is not None:
            return await self._athrough(self._using, function, args, kwargs)
        course = Course(self._rules)
        while True:
            course.begin()
            try:
                return await function(*args, **kwargs)
            except self._rules.on as error:
                course.failed(error, self._rules.attempts)
                pause = course.pause_s()
                if pause is None:
                    await self._aend(function, course, error)
                    raise
            await self._rules.times.asleep(pause)

    def _through(self, using: Library, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        course = Course(self._rules)

        @wraps(function)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            with _recording(course):
                return function(*args, **kwargs)

        try:
            return using(recorded)(*args, **kwargs)
        except (Exception, _Stopped) as raised:
            error = _original(raised, course)
            if error is None:
                raise
        self._end(function, course, error)
        raise error

    async def _athrough(
        self, using: Library, function: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        course = Course(self._rules)

        @wraps(function)
        async def recorded(*args: Any, **kwargs: Any) -> Any:
            with _recording(course):
                return await function(*args, **kwargs)

        try:
            return await using(recorded)(*args, **kwargs)
        except (Exception, _Stopped) as raised:
            error = _original(raised, course)
            if error is None:
                raise
        await self._aend(function, course, error)
        raise error

    def _end(self, function: Callable[..., Any], course: Course, error: Exception) -> None:
        if course.known is None or course.known.id is None:
            note_on(error, self._telling.tell(self._incident(function, course)))

    async def _aend(self, function: Callable[..., Any], course: Course, error: Exception) -> None:
        if course.known is None or course.known.id is None:
            note_on(error, await self._telling.atell(self._incident(function, course)))

    def _incident(self, function: Callable[..., Any], course: Course) -> Incident:
        """What people are told of a call that failed for good."""
        name, kind, lasts = name_of(function), type(course.last).__name__, course.lasting
        times = f" {len(course.attempts)} times" if len(course.attempts) > 1 else ""
        category = self._category or (lasts.category if lasts else "retries_exhausted")
        return Incident(
            category=category,
            title=self._title or f"{name} failed{times}: {kind}",
            summary=f"Not tried again: {lasts.why}." if lasts else "",
            dedup_key=self._dedup_key or f"{category}:{function.__module__}.{name}:{kind}",
            error=course.last,
            attempts=tuple(course.attempts),
            asked=self._asked,
        )


@contextmanager
def _recording(course: Course) -> Iterator[None]:
    """One attempt that a library makes."""
    course.begin()
    try:
        yield
    except course.rules.on as error:
        course.failed(error)
        if course.is_over:
            raise _Stopped(error) from None
        raise


def _original(raised: BaseException, course: Course) -> Exception | None:
    """The error to raise, where it comes from an attempt; the library's own is raised from it."""
    if isinstance(raised, _Stopped):
        return raised.error
    of_ours = bool(course.attempts) and any(one is course.last for one in chained(raised))
    return raised if of_ours and isinstance(raised, Exception) else None


@overload
def escalate_after_retries(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def escalate_after_retries(
    *,
    attempts: int | None = None,
    within_s: float | None = None,
    on: Errors = Exception,
    retryable: Retryable | None = None,
    using: Library | None = None,
    title: str | None = None,
    category: str | None = None,
    environment: str | None = None,
    severity: str | None = None,
    dedup_key: str | None = None,
    client: Escalates | None = None,
    context: Context | None = None,
    times: Times | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def escalate_after_retries(
    function: Callable[..., Any] | None = None,
    /,
    *,
    attempts: int | None = None,
    within_s: float | None = None,
    on: Errors = Exception,
    retryable: Retryable | None = None,
    using: Library | None = None,
    title: str | None = None,
    category: str | None = None,
    environment: str | None = None,
    severity: str | None = None,
    dedup_key: str | None = None,
    client: Escalates | None = None,
    context: Context | None = None,
    times: Times | None = None,
) -> Any:
    """Try a call again while that may help; when it does not, tell people and raise its error.

    At most `attempts` calls (3), none begun later than `within_s` seconds (60) after the first; a
    call that runs is not cut short, so give it a time limit of its own. `on` are the errors that
    count as failing; others pass untouched. `retryable` says of those whether to try again, in
    place of `andon.retryable.LASTING`. `using` is a decorator such as `stamina.retry(…)` or
    `tenacity.retry(…)`, that tries in place of this one.

    People get the error with all that caused it, every attempt, and what `context` collects. The
    same failure again, while people look at it, is counted on the same incident.
    """
    if using is not None and (attempts is not None or within_s is not None):
        raise TypeError("With using= the library decides: give it the attempts and the time.")
    rules = Rules(
        attempts=3 if attempts is None else attempts,
        within_s=60.0 if within_s is None else within_s,
        on=on,
        retryable=retryable,
        times=times or Times(),
    )
    retrying = Retrying(
        rules,
        Telling(client, context),
        using,
        title=title,
        category=category,
        dedup_key=dedup_key,
        environment=environment,
        severity=severity,
    )
    decorate = partial(_decorated, retrying)
    return decorate if function is None else decorate(function)


def _decorated(retrying: Retrying, function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{name_of(function)} is a generator: what it has yielded cannot be undone."
        )
    return through(function, retrying.call, retrying.acall)
