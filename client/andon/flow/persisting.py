"""One request until it is answered: what is worth repeating, how long, and what makes no sense.

Repeated with full jitter: what was lost on the way, 408, 429 and 5xx, and answers that are not
Andon's (a page of HTML, half a document: something stands in front of it, or it just restarts).
Every request of ours may be repeated: opens and claims carry their key, the rest changes nothing
the second time.
"""

import email.utils
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from typing import Any, TypeVar

from pydantic import ValidationError

from andon.errors import FieldProblem, Problem, RefusedRequestError, UnavailableError
from andon.flow.steps import Answer, Call, Flow, Lost, Pause
from andon.models import Told, ToldProblem

M = TypeVar("M", bound=Told)

#: Seconds of the first pause at most, doubled up to the longest.
FIRST_S, LONGEST_S = 0.25, 8.0

#: Statuses that may be another the next time.
_PASSING = frozenset({408, 425, 429})


@dataclass(slots=True)
class Patience:
    """How long nothing sensible may come, in seconds of calls and pauses; each good answer
    starts it anew.
    """

    most_s: float
    random: Callable[[], float] = random
    spent_s: float = 0.0
    tries: int = 0

    def renew(self) -> None:
        """Something sensible came."""
        self.spent_s, self.tries = 0.0, 0

    def pause(self, retry_after_s: float | None) -> Pause | None:
        """The next pause; None where patience is at its end."""
        most = min(LONGEST_S, FIRST_S * 2 ** min(self.tries, 16))
        seconds = self.random() * most
        if retry_after_s is not None:
            seconds += retry_after_s  # jitter on top, so that not all come back at once
        self.tries += 1
        if self.spent_s + seconds > self.most_s:
            return None
        self.spent_s += seconds
        return Pause(seconds)


def persist(call: Call, patience: Patience, *, id: str | None = None) -> Flow[Answer]:
    """The answer, 2xx or 304. Raises UnavailableError, RefusedRequestError."""
    while True:
        came: Answer | Lost = yield call
        patience.spent_s += max(0.0, came.took_s - call.parked_s)
        why = _trouble(came, id)
        if why is None:
            assert isinstance(came, Answer)  # noqa: S101  nothing lost is without trouble
            patience.renew()
            return came
        pause = None if _is_final(came) else patience.pause(_retry_after_s(came))
        if pause is None:
            raise UnavailableError(why, id=id)
        yield pause


def _trouble(came: Answer | Lost, id: str | None) -> str | None:
    """Why this is no answer yet; None where it is one. Raises RefusedRequestError."""
    if isinstance(came, Lost):
        return f"Andon cannot be reached: {came.why}."
    if came.status == 304:
        return None
    if 200 <= came.status < 300:
        return None if _is_object(came) else "What answers is not Andon: it sent no JSON."
    if 300 <= came.status < 400:
        return f"What answers is not Andon: it redirects ({came.status}); mend ANDON_URL."
    problem = problem_of(came)
    if problem is None:
        return f"What answers is not Andon: it says {came.status} and no more."
    if came.status < 500 and came.status not in _PASSING:
        raise RefusedRequestError(problem, id=id)
    return f"Andon cannot answer just now ({came.status}): {problem.detail}"


def _is_final(came: Answer | Lost) -> bool:
    if isinstance(came, Lost):
        return came.is_final
    return 300 <= came.status < 400


def _is_object(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return False
    try:
        return isinstance(json.loads(answer.body), dict)
    except (ValueError, RecursionError):
        return False


def problem_of(answer: Answer) -> Problem | None:
    """What the server says against a request; None where it is not Andon that answers."""
    try:
        told = ToldProblem.model_validate_json(answer.body)
    except ValidationError:
        return None
    errors = [FieldProblem(pointer=e.pointer, detail=e.detail) for e in told.errors]
    return Problem(answer.status, told.type, told.title, told.detail, errors)


def _retry_after_s(came: Answer | Lost) -> float | None:
    """What `Retry-After` asks for, in seconds or as a date."""
    said = "" if isinstance(came, Lost) else came.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def read(answer: Answer, model: type[M]) -> M:
    """The answer as what it should be. Raises UnavailableError for what makes no sense."""
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        where = "/".join(str(p) for p in error.errors()[0]["loc"])
        raise UnavailableError(
            "What answers is not Andon, or is too new or too old for this client: its answer "
            f"makes no sense at /{where}."
        ) from None


def as_body(value: Mapping[str, Any]) -> bytes:
    """A body as it is sent: canonical, so that the same request is the same bytes."""
    from andon.canonical import canonical

    return canonical(value)


JSON = {"Content-Type": "application/json"}
