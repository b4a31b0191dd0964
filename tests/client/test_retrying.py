"""What is tried again, for how long, and that people are told once."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stamina
import tenacity
from andon.context import Context
from andon.errors import RejectedError
from andon.escalating import MOST_AT_ONCE, Incident, Telling
from andon.retryable import LASTING, is_retryable
from andon.retrying import escalate_after_retries

from tests.client.people import AwaitedPeople, People, Still, never

BARE: dict[str, Any] = {"host": False, "commits": 0, "packages": ()}


class Call:
    """A function that comes to these, one after the other; the last again and again."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes, self.made = list(outcomes), 0

    def __call__(self) -> Any:
        outcome = self.outcomes[min(self.made, len(self.outcomes) - 1)]
        self.made += 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class Tried:
    """A call under the decorator, sync or awaited, and all that stands around it."""

    def __init__(self, kind: str, *outcomes: Any, people: People | None = None, **how: Any) -> None:
        awaited = kind == "awaited"
        self.call, self.still = Call(*outcomes), Still()
        self.people = people or (AwaitedPeople() if awaited else People())
        how = {"times": self.still.times, "context": Context(**BARE)} | how

        def sync_data() -> Any:
            return self.call()

        async def async_sync_data() -> Any:
            return self.call()

        function: Callable[[], Any] = async_sync_data if awaited else sync_data
        self._tried = escalate_after_retries(client=self.people, **how)(function)
        self._awaited = awaited

    async def __call__(self) -> Any:
        return await self._tried() if self._awaited else self._tried()

    async def fails(self) -> Exception:
        """What is raised in the end."""
        with pytest.raises(Exception) as raised:  # noqa: PT011
            await self()
        return raised.value


@pytest.fixture(params=["blocking", "awaited"])
def kind(request: pytest.FixtureRequest) -> str:
    """Functions of both kinds keep the same rules."""
    return str(request.param)


async def test_a_call_that_works_in_the_end_tells_nobody(kind: str) -> None:
    tried = Tried(kind, ConnectionError("refused"), TimeoutError(), "done")
    assert await tried() == "done"
    assert (tried.call.made, tried.people.alerts, tried.still.pauses) == (3, [], [1.0, 2.0])


async def test_a_call_that_fails_every_time_tells_people_and_raises_its_own_error(
    kind: str,
) -> None:
    error = ConnectionError("refused")
    tried = Tried(kind, error, severity="medium", environment="staging")
    assert await tried.fails() is error
    (alert,) = tried.people.alerts
    name = "async_sync_data" if kind == "awaited" else "sync_data"
    assert alert["title"] == f"{name} failed 3 times: ConnectionError"
    assert alert["category"] == "retries_exhausted"
    assert (alert["severity"], alert["environment"]) == ("medium", "staging")
    assert alert["dedup_key"] == (
        f"retries_exhausted:tests.client.test_retrying.{name}:ConnectionError"
    )
    assert [a["action"] for a in alert["context"]["attempts"]] == [
        "attempt 1 of 3", "attempt 2 of 3", "attempt 3 of 3",
    ]  # fmt: skip
    assert alert["context"]["attempts"][1]["at"] == "2026-11-12T21:30:01.000Z"
    assert error.__notes__ == ["People were told: escalation esc_1."]


async def test_context_is_added_once_it_is_safely_opened(kind: str) -> None:
    tried = Tried(kind, OSError("gone"), attempts=1, context=Context(rollback="none", **BARE))
    await tried.fails()
    ((id_, context),) = tried.people.contexts
    assert (id_, context["rollback"]) == ("esc_1", "none")
    assert (
        "sync_data" in context["error"]["traceback"]
        or "async_sync_data" in context["error"]["traceback"]
    )
    assert "traceback" not in tried.people.alerts[0]["context"]["error"]


@pytest.mark.parametrize("error", [kind.types[0]() for kind in LASTING], ids=repr)
async def test_what_lasts_is_told_at_once(kind: str, error: Exception) -> None:
    tried = Tried(kind, error)
    assert await tried.fails() is error
    assert (tried.call.made, tried.still.pauses) == (1, [])
    (alert,) = tried.people.alerts
    assert alert["category"] != "retries_exhausted"
    assert alert["summary"].startswith("Not tried again: ")


async def test_the_callers_rule_stands_in_place_of_the_table(kind: str) -> None:
    again = Tried(kind, ValueError("half a reply"), "done", retryable=lambda error: True)
    never_again = Tried(kind, ConnectionError(), retryable=lambda error: False)
    assert await again() == "done"
    await never_again.fails()
    assert never_again.call.made == 1
    assert never_again.people.alerts[0]["summary"].endswith("the caller's own rule says so.")


async def test_other_errors_pass_untouched(kind: str) -> None:
    tried = Tried(kind, KeyError("no such customer"), on=ConnectionError)
    error = await tried.fails()
    assert (tried.call.made, tried.people.alerts, hasattr(error, "__notes__")) == (1, [], False)


async def test_when_a_person_said_no_nobody_is_asked_again(kind: str) -> None:
    tried = Tried(kind, RejectedError("Priya said no.", id="esc_7"))
    await tried.fails()
    assert (tried.call.made, tried.people.alerts) == (1, [])


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1), asyncio.CancelledError()])
async def test_an_end_is_no_failure(end: BaseException) -> None:
    tried = Tried("blocking", end)
    with pytest.raises(type(end)):
        await tried()
    assert (tried.call.made, tried.people.alerts) == (1, [])


async def test_no_attempt_begins_after_its_time(kind: str) -> None:
    tried = Tried(kind, ConnectionError(), attempts=100, within_s=10)
    await tried.fails()
    assert tried.still.pauses == [1.0, 2.0, 4.0]  # the next would be 8
    assert tried.people.titles[0].endswith("failed 4 times: ConnectionError")


async def test_pauses_are_drawn_from_the_whole_span(kind: str) -> None:
    tried = Tried(kind, ConnectionError(), attempts=4)
    tried.still.chance = 0.25
    await tried.fails()
    assert tried.still.pauses == [0.25, 0.5, 1.0]


# -- people are told once ------------------------------------------------------------------------


def nested(wrap: Callable[[Exception], Exception] | None = None) -> tuple[People, Call, Any]:
    """One decorated call within another, and what stands between them."""
    people, still, call = People(), Still(), Call(ConnectionError("refused"))
    how: dict[str, Any] = {"client": people, "times": still.times, "context": Context(**BARE)}

    @escalate_after_retries(**how)
    def inner() -> Any:
        return call()

    @escalate_after_retries(**how)
    def outer() -> Any:
        try:
            return inner()
        except ConnectionError as error:
            if wrap is None:
                raise
            raise wrap(error) from error

    return people, call, outer


@pytest.mark.parametrize(
    "wrap",
    [None, lambda e: RuntimeError("sync failed"), lambda e: ExceptionGroup("all", [e])],
    ids=["as it is", "raised from it", "in a group"],
)
def test_nested_calls_neither_multiply_nor_tell_twice(wrap: Any) -> None:
    people, call, outer = nested(wrap)
    with pytest.raises(Exception):  # noqa: B017, PT011
        outer()
    assert (call.made, len(people.alerts)) == (3, 1)


def test_what_merely_happened_while_another_was_handled_is_news() -> None:
    people, still, call = People(), Still(), Call(ConnectionError())
    how: dict[str, Any] = {"client": people, "times": still.times, "context": Context(**BARE)}
    inner = escalate_after_retries(**how)(call.__call__)

    @escalate_after_retries(**how)
    def outer() -> Any:
        try:
            return inner()
        except ConnectionError:
            raise ValueError("and cleaning up failed too")  # noqa: B904

    with pytest.raises(ValueError, match="cleaning"):
        outer()
    assert len(people.alerts) == 2


async def test_the_same_error_raised_in_the_next_call_is_told_again(kind: str) -> None:
    """Some libraries raise one error object again and again."""
    tried = Tried(kind, ConnectionError("refused"))
    first, second = await tried.fails(), await tried.fails()
    assert first is second
    assert (tried.call.made, len(tried.people.alerts)) == (6, 2)
    assert second.__notes__ == ["People were told: escalation esc_2."]


# -- telling never stands in the way --------------------------------------------------------------


async def test_while_andon_is_away_the_error_is_raised_all_the_same(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = ConnectionError("refused")
    tried = Tried(kind, error, people=People(away=OSError("no route")))
    assert await tried.fails() is error
    assert error.__notes__ == ["People were not told: OSError: no route."]
    assert "failed 3 times: ConnectionError (OSError: no route)" in caplog.text


async def test_context_that_cannot_be_added_costs_a_warning(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    people = People()
    people.context = lambda id, **context: 1 / 0  # type: ignore[method-assign,assignment]
    error = await Tried(kind, OSError("gone"), people=people).fails()
    assert error.__notes__ == ["People were told: escalation esc_1."]
    assert "Escalation esc_1 lacks its context" in caplog.text


def test_a_client_that_is_awaited_cannot_be_asked_by_a_function_that_is_not() -> None:
    tried = escalate_after_retries(client=AwaitedPeople(), attempts=1)(
        Call(OSError("gone")).__call__
    )
    with pytest.raises(OSError, match="gone") as raised:
        tried()
    assert "needs a Client" in raised.value.__notes__[0]


class Silent(People):
    """Takes every question and answers none until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.told = threading.Semaphore(0)

    def alert(self, **more: Any) -> Any:
        self.let_go.wait(30)
        return super().alert(**more)

    def context(self, id: str, **context: Any) -> None:
        super().context(id, **context)
        self.told.release()


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Let go in the end."""
    people = Silent()
    yield people
    people.let_go.set()


def test_a_silent_andon_does_not_hold_the_caller(
    silent: Silent, caplog: pytest.LogCaptureFixture
) -> None:
    telling = Telling(silent, Context(**BARE), within_s=3, wait=never)
    told = telling.tell(Incident(category="other", title="x"))
    assert told.why_not == "Andon has not answered within 3 s, and is still asked"
    silent.let_go.set()
    silent.told.acquire(timeout=30)
    assert "People were told after all: x (esc_1)" in caplog.text


async def test_a_silent_andon_does_not_hold_a_coroutine(silent: Silent) -> None:
    telling = Telling(silent, Context(**BARE), within_s=0)
    told = await telling.atell(Incident(category="other", title="x"))
    silent.let_go.set()
    assert told.why_not is not None


def test_tellings_do_not_pile_up_while_andon_is_silent(silent: Silent) -> None:
    telling = Telling(silent, Context(**BARE), wait=never)
    told = [telling.tell(Incident(category="other", title="x")) for _ in range(MOST_AT_ONCE + 1)]
    assert told[-1].why_not == "Andon has not answered earlier ones yet"


def test_without_settings_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANDON_URL", "ANDON_KEY", "ANDON_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    tried = escalate_after_retries(attempts=1)(Call(OSError("gone")).__call__)
    with pytest.raises(OSError, match="gone") as raised:
        tried()
    assert "ANDON_URL" in raised.value.__notes__[0]


async def test_secrets_do_not_leave_with_the_first_words(kind: str) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    tried = Tried(kind, OSError(f"token={secret}"), title=f"sync with {secret}")
    await tried.fails()
    assert secret not in str(tried.people.alerts) + str(tried.people.contexts)


# -- other libraries ------------------------------------------------------------------------------


@pytest.fixture
def quick() -> Iterator[None]:
    """Stamina's own way to wait for nothing in tests."""
    with stamina.set_testing(True, attempts=3):
        yield


def by_tenacity(**how: Any) -> Any:
    return tenacity.retry(stop=tenacity.stop_after_attempt(3), **how)


LIBRARIES = {
    "stamina": lambda: stamina.retry(on=Exception, attempts=3),
    "tenacity": by_tenacity,
    "tenacity, reraising": lambda: by_tenacity(reraise=True),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.usefixtures("quick")
async def test_another_library_tries_and_people_are_told(kind: str, library: str) -> None:
    original = ConnectionError("refused")
    tried = Tried(kind, original, using=LIBRARIES[library]())
    error = await tried.fails()
    assert original in (error, error.__cause__)
    assert tried.call.made == 3
    assert tried.people.titles[0].endswith("failed 3 times: ConnectionError")
    assert [a["action"] for a in tried.people.alerts[0]["context"]["attempts"]] == [
        "attempt 1", "attempt 2", "attempt 3",
    ]  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.usefixtures("quick")
async def test_no_library_tries_again_what_lasts(kind: str, library: str) -> None:
    original = TypeError("the code is wrong")
    tried = Tried(kind, original, using=LIBRARIES[library]())
    assert await tried.fails() is original
    assert (tried.call.made, len(tried.people.alerts)) == (1, 1)
    assert original.__cause__ is None


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.usefixtures("quick")
async def test_a_call_that_works_by_another_library_tells_nobody(kind: str, library: str) -> None:
    tried = Tried(kind, ConnectionError(), "done", using=LIBRARIES[library]())
    assert await tried() == "done"
    assert tried.people.alerts == []


@pytest.mark.usefixtures("quick")
async def test_what_the_library_itself_raises_passes(kind: str) -> None:
    def broken(function: Any) -> Any:
        def call(*args: Any) -> Any:
            raise LookupError("the library is set up wrongly")

        return call

    tried = Tried(kind, "done", using=broken)
    assert isinstance(await tried.fails(), LookupError)
    assert tried.people.alerts == []


# -- written wrongly ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"attempts": 0}, "at least once"),
        ({"within_s": float("inf")}, "how many seconds"),
        ({"within_s": float("nan")}, "how many seconds"),
        ({"on": KeyboardInterrupt}, "types of Exception"),
        ({"using": by_tenacity(), "attempts": 3}, "the library decides"),
    ],
)
def test_what_would_never_work_is_refused_where_it_is_written(how: Any, why: str) -> None:
    with pytest.raises((TypeError, ValueError), match=why):
        escalate_after_retries(**how)


def test_a_generator_is_refused() -> None:
    with pytest.raises(TypeError, match="generator"):

        @escalate_after_retries
        def rows() -> Iterator[int]:
            yield 1


def test_the_function_stays_itself() -> None:
    @escalate_after_retries
    def sync_data(batch: int) -> int:
        """Sync one batch."""
        return batch + 1

    assert (sync_data(1), sync_data.__name__, sync_data.__doc__) == (
        2,
        "sync_data",
        "Sync one batch.",
    )


# -- what is retryable ----------------------------------------------------------------------------


class AnswerError(Exception):
    """As libraries of HTTP raise it."""

    def __init__(self, status: int) -> None:
        self.status = status


class SaidError(Exception):
    """Says itself whether to try again."""

    retry = False


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectionError(), True), (TimeoutError(), True), (OSError(5, "I/O"), True),
        (OSError(28, "No space left"), False), (PermissionError(), False), (SaidError(), False),
        (AnswerError(503), True), (AnswerError(429), True), (AnswerError(403), False),
        (AnswerError(422), False), (AnswerError(200), True), (RuntimeError(), True),
        (ExceptionGroup("", [OSError(), TypeError()]), False),
        (ExceptionGroup("", [OSError(), TimeoutError()]), True),
    ],
    ids=repr,
)  # fmt: skip
def test_only_what_may_pass_is_tried_again(error: Exception, again: bool) -> None:
    assert is_retryable(error) is again
