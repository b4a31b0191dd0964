"""Telling people that something failed, without ever standing in the way of what failed.

The incident is opened first; only then its context is collected and added. It happens apart from
the caller, who waits for it so long and no longer; whatever goes wrong here is logged, and noted on
the error that the caller gets in any case.
"""

import asyncio
import inspect
import itertools
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from andon.context.failure import Attempt, in_words, told
from andon.context.gathering import Context
from andon.context.shapes import line, shaped
from andon.errors import NotReleasedError
from andon.redaction import redacted

log = logging.getLogger("andon")

#: Seconds a caller waits for people to be told.
WITHIN_S = 10.0

#: Tellings under way at once; while Andon is away, more of them would only pile up.
MOST_AT_ONCE = 8

#: What an error that came through here carries, and how the note on it begins.
_MARK, _NOTED = "__andon_told__", "People were "

_COUNT = itertools.count(1)


class Escalates(Protocol):
    """What is needed of a client: `Client` and `AsyncClient` have it."""

    @property
    def alert(self) -> Callable[..., Any]:
        """Opens an incident: `alert(title=…, category=…, …)`."""

    @property
    def context(self) -> Callable[..., Any]:
        """Adds context to it: `context(id, **fields)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What people are told."""

    category: str
    title: str
    summary: str = ""
    dedup_key: str | None = None  #: the same while it is pending: one incident, counted
    error: BaseException | None = None
    attempts: Sequence[Attempt] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)  #: environment, severity; None: not set

    def opening(self) -> dict[str, Any]:
        """What is said at once, before anything is collected."""
        first: dict[str, Any] = {}
        if self.error is not None:
            brief = {name: text for name, text in told(self.error).items() if name != "traceback"}
            first["error"] = shaped("error", [redacted(brief)])
        if self.attempts:
            tried = shaped("attempts", [[attempt.as_sent() for attempt in self.attempts]])
            first["attempts"] = shaped("attempts", [redacted(tried)])
        said = {"summary": redacted(self.summary), "context": first}
        if self.dedup_key is not None:
            said["dedup_key"] = line(self.dedup_key)
        return {
            "category": self.category,
            "title": line(redacted(self.title), 150),
            **{name: value for name, value in said.items() if value},
            **{name: value for name, value in self.asked.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class Told:
    """Whether people were told, and how that reads."""

    id: str | None = None  #: of the escalation
    why_not: str | None = None

    @property
    def note(self) -> str:
        """The line that is added to the error."""
        if self.id is not None:
            return f"People were told: escalation {self.id}."
        return f"People were not told: {self.why_not}."


class Telling:
    """Opens incidents with one client and one context, each within its time."""

    def __init__(
        self,
        client: Escalates | None = None,
        context: Context | None = None,
        *,
        within_s: float = WITHIN_S,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        """Without a client the one of the settings is made when it is needed."""
        self._client, self._context = client, context or Context()
        self._within_s, self._wait = within_s, wait
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def tell(self, incident: Incident) -> Told:
        """Tell people, apart from this thread; come back in time whether they were or not."""
        course = _Course(incident)
        if not self._places.acquire(blocking=False):
            return course.missed("Andon has not answered earlier ones yet")
        run = copy_context().run
        apart = threading.Thread(target=run, args=(self._tell, course), name="andon", daemon=True)
        try:
            apart.start()
        except RuntimeError as error:  # no thread is to be had
            self._places.release()
            return course.missed(in_words(error))
        self._wait(course.ended, self._within_s)
        return course.told or self._late(course)

    async def atell(self, incident: Incident) -> Told:
        """The same for a coroutine, on its loop."""
        course = _Course(incident)
        if not self._places.acquire(blocking=False):
            return course.missed("Andon has not answered earlier ones yet")
        task = asyncio.ensure_future(self._atell(course))
        _UNDER_WAY.add(task)
        task.add_done_callback(_UNDER_WAY.discard)
        task.add_done_callback(lambda _: self._places.release())  # also if it never began
        await asyncio.wait({task}, timeout=self._within_s)
        return course.told or self._late(course)

    def _late(self, course: "_Course") -> Told:
        course.is_late = True
        return course.missed(
            f"Andon has not answered within {self._within_s:g} s, and is still asked"
        )

    def _tell(self, course: "_Course") -> None:
        """Open, then collect and add; nothing is raised."""
        try:
            client = self._asked()
            if inspect.iscoroutinefunction(client.alert):
                raise TypeError("a function that is not awaited needs a Client, no AsyncClient")
            course.opened(client.alert(**course.incident.opening()))
            collected = self._context.collected(course.incident.error, course.incident.attempts)
            client.context(str(course.id), **collected)
        except BaseException as error:
            course.failed(error)
        finally:
            self._places.release()
            course.ended.set()

    async def _atell(self, course: "_Course") -> None:
        """The same, awaited; a blocking client is asked in a thread."""
        try:
            client = self._asked()
            course.opened(await _either(client.alert, **course.incident.opening()))
            about = course.incident
            collected = await self._context.acollected(about.error, about.attempts)
            await _either(client.context, str(course.id), **collected)
        except BaseException as error:
            course.failed(error)
            if not isinstance(error, Exception):
                raise

    def _asked(self) -> Escalates:
        if self._client is not None:
            return self._client
        from andon.client import default_client

        return default_client()


class _Course:
    """One telling: what came of it so far."""

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self.ended = threading.Event()
        self.told: Told | None = None
        self.is_late = False  #: the caller went on without it

    @property
    def id(self) -> str | None:
        return self.told.id if self.told else None

    def opened(self, escalation: Any) -> None:
        """It is safe in Andon."""
        self.told = Told(str(escalation.id))
        if self.is_late:
            log.warning("People were told after all: %s (%s)", self.incident.title, self.id)

    def failed(self, error: BaseException) -> None:
        """It could not be opened, or its context not be added."""
        if self.id is not None:
            log.warning("Escalation %s lacks its context: %s", self.id, in_words(error))
        else:
            self.told = self.missed(in_words(error))

    def missed(self, why: str) -> Told:
        """People were not told; that is logged, for the log may be all there is."""
        log.error("People were not told: %s (%s)", self.incident.title, why)
        return Told(why_not=why)


#: Tellings that go on after their caller went on.
_UNDER_WAY: set["asyncio.Task[None]"] = set()


async def _either(call: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
    if inspect.iscoroutinefunction(call):
        return await call(*args, **more)
    return await asyncio.to_thread(call, *args, **more)


def moment_of_telling() -> int:
    """A number that rises: what was told after it has a higher one."""
    return next(_COUNT)


def note_on(error: BaseException, told: Told) -> None:
    """Say on the error whether people were told, for whoever reads its traceback; remember it."""
    notes = getattr(error, "__notes__", [])
    notes[:] = [note for note in notes if not note.startswith(_NOTED)]  # raised before, once more
    error.add_note(told.note)
    vars(error)[_MARK] = (moment_of_telling(), told)


def told_of(error: BaseException | None, since: int) -> Told | None:
    """Whether this error, or one it was raised from, came through here since that moment.

    A group counts when all of its errors do. Only what was raised `from` another counts as the
    same: what merely happened while another was handled is news.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        at, told = vars(error).get(_MARK, (0, None))
        if told is not None and at > since:
            return cast(Told, told)
        if isinstance(error, NotReleasedError):
            return Told(error.id or "")  # people decided: that is no news to them
        if isinstance(error, BaseExceptionGroup):
            all_told = [told_of(one, since) for one in error.exceptions]
            if all(all_told):
                return all_told[0]
        error = error.__cause__
    return None
