"""Open, read, wait, list, withdraw, report, add context."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from andon.errors import UnavailableError
from andon.flow.hiding import hidden
from andon.flow.persisting import JSON, Patience, as_body, persist, read
from andon.flow.steps import Answer, Call, Flow, Pause, Tell
from andon.keeping import random_key
from andon.models import Escalation, EscalationList, Event, EventList

Until = Literal["decided", "ended", "changed"]

#: Seconds a request is parked; and where somebody is told about progress, which wakes no request.
PARK_S, PROGRESS_S = 30.0, 5.0

#: An answer without news that came within so many seconds was not parked (something on the way
#: does not pass that on); then so many pass before it is asked for again.
AT_ONCE_S, UNPARKED_S = 0.5, 1.0

#: Seconds an answer may take that nobody holds back.
CALL_S = 10.0

#: Bytes of a page of a list: a hundred of the largest.
PAGE_BYTES = 64 << 20

_ALL = "/v1/escalations"


def open_(
    body: Mapping[str, Any], patience: Patience, key: str | None = None, path: str = _ALL
) -> Flow[Escalation]:
    """Ask; the same key again is the same escalation."""
    key = random_key() if key is None else key
    if not (0 < len(key) <= 255 and all("!" <= c <= "~" for c in key)):
        raise ValueError("An idempotency key has 1 to 255 visible ASCII characters.")
    headers = {**JSON, "Idempotency-Key": key}
    call = Call(method="POST", path=path, body=as_body(body), headers=headers)
    answer = yield from persist(call, patience)
    return read(answer, Escalation)


def get(id: str, patience: Patience) -> Flow[Escalation]:
    """The escalation as it stands."""
    return _read_one(
        (yield from persist(Call(method="GET", path=path_of(id)), patience, id=id)), id
    )


def events(id: str, patience: Patience) -> Flow[Sequence[Event]]:
    """Its audit log."""
    call = Call(method="GET", path=path_of(id, "/events"), most_bytes=PAGE_BYTES)
    return read((yield from persist(call, patience, id=id)), EventList).items


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: Sequence[Escalation]
    next_path: str | None


def page(path: str, patience: Patience) -> Flow[Page]:
    """One page, and where the next one is."""
    call = Call(method="GET", path=path, most_bytes=PAGE_BYTES)
    answer = yield from persist(call, patience)
    return Page(read(answer, EscalationList).items, _next(answer))


def list_path(filters: Mapping[str, Any]) -> str:
    """Where the first page of a list is."""
    given = {name: value for name, value in filters.items() if value is not None}
    return f"{_ALL}?{urlencode(given)}" if given else _ALL


def _next(answer: Answer) -> str | None:
    """The path that `Link: rel="next"` names; never another host."""
    link = answer.headers.get("link", "")
    if 'rel="next"' not in link or not link.startswith("<"):
        return None
    parts = urlsplit(link[1 : link.index(">")])
    return f"{_ALL}?{parts.query}"


def wait(
    known: Escalation | str,
    patience: Patience,
    *,
    until: Until = "decided",
    timeout_s: float | None = None,
    on_change: Callable[[Escalation], Any] | None = None,
) -> Flow[Escalation]:
    """The escalation once it is so, or as it stands when the time is over.

    Restarts and dropped connections are waited out; only patience bounds them.
    """
    id = known if isinstance(known, str) else known.id
    found: Escalation | None = None if isinstance(known, str) else known
    if found is None:
        found = yield from get(id, patience)
    before, told = found, None
    left_s = float("inf") if timeout_s is None else timeout_s
    while True:
        if on_change is not None and found != told:
            yield Tell(on_change, found)
            told = found
        if _is_there(found, before, until) or left_s <= 0:
            return found
        park_s = min(PARK_S if on_change is None else PROGRESS_S, left_s)
        parked = yield from _parked(found, park_s, patience)
        left_s -= parked.took_s
        version = found.version
        found = _read_one(parked, id) if parked.status != 304 else found
        if parked.status == 304 and on_change is not None:
            found = yield from get(id, patience)  # progress alone wakes no parked request
        if found.version == version and parked.took_s < AT_ONCE_S and left_s > 0:
            left_s -= UNPARKED_S
            yield Pause(UNPARKED_S)


def _parked(found: Escalation, seconds: float, patience: Patience) -> Flow[Answer]:
    whole = max(1, int(seconds))
    headers = {"Prefer": f"wait={whole}", "If-None-Match": f'"{found.version}"'}
    call = Call(
        method="GET",
        path=path_of(found.id),
        headers=headers,
        timeout_s=whole + CALL_S,
        parked_s=float(whole),
    )
    return (yield from persist(call, patience, id=found.id))


def _is_there(found: Escalation, before: Escalation, until: Until) -> bool:
    if until == "changed":
        return found.version != before.version
    return found.is_ended if until == "ended" else found.is_decided


def withdraw(id: str, reason: str | None, patience: Patience) -> Flow[Escalation]:
    """Take it back."""
    return (yield from _post(id, "/withdraw", {"reason": reason}, patience))


def report(
    id: str, result: str, detail: str | None, undo: str | None, patience: Patience
) -> Flow[Escalation]:
    """Say what became of it."""
    body = {"result": result, "detail": detail, "undo": undo}
    return (yield from _post(id, "/outcome", body, patience))


def context(id: str, told: Mapping[str, Any], patience: Patience) -> Flow[Escalation]:
    """Add context, or answer a question."""
    return (yield from _post(id, "/context", told, patience))


def _post(id: str, verb: str, body: Mapping[str, Any], patience: Patience) -> Flow[Escalation]:
    said = {name: hidden(value) for name, value in body.items() if value is not None}
    call = Call(method="POST", path=path_of(id, verb), body=as_body(said), headers=JSON)
    return _read_one((yield from persist(call, patience, id=id)), id)


def _read_one(answer: Answer, id: str) -> Escalation:
    """The escalation that was asked for, and no other. Raises UnavailableError."""
    found = read(answer, Escalation)
    if found.id != id:
        raise UnavailableError(
            f"What answers is not Andon: asked for {id}, it told of {found.id[:80]}.", id=id
        )
    return found


def path_of(id: str, verb: str = "") -> str:
    """Where an escalation is, or what is done to it."""
    return f"{_ALL}/{quote(id, safe='')}{verb}"
