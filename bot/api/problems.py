"""Every error as RFC 9457 problem+json, with one sentence that says what to do."""

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from aiohttp import web

from approvals.refusals import FieldError, Refusal, Why
from bot.api.limits import Standing
from bot.bounds import BODY_S

_TABLE: Mapping[Why, tuple[int, str, str]] = {
    Why.NOT_FOUND: (404, "Not found", "There is no such escalation of your service."),
    Why.UNPROCESSABLE: (422, "The request cannot be taken", "Mend what `errors` names."),
    Why.KEY_REUSED: (
        422,
        "Idempotency key reused",
        "This key was used with another body. Use a new key for a new request.",
    ),
    Why.TOO_MANY_PENDING: (429, "Too many pending", "So many wait for people already."),
    Why.NOT_AUTOMATABLE: (
        422,
        "Not automatable",
        "This never runs by itself. Ask for an approval, or open an incident.",
    ),
    Why.TURNED_MANUAL: (409, "Turned manual", "People decide now. Do not run it; ask for it."),
    Why.NOT_APPROVED: (
        409,
        "Not approved",
        "Nobody has released this operation. Do not run it.",
    ),
    Why.DIGEST_MISMATCH: (
        409,
        "Digest mismatch",
        "This is not the operation that was shown to people. Do not run it; ask for it.",
    ),
    Why.STOPPED: (409, "Stopped", "An approver stopped it after the approval. Do not run it."),
    Why.APPROVAL_VOID: (
        409,
        "Approval void",
        "What people agreed to no longer stands. Do not run it; ask again.",
    ),
    Why.LAPSED: (410, "Lapsed", "The approval was not taken in time. Do not run it; ask again."),
    Why.ALREADY_CLAIMED: (
        409,
        "Already claimed",
        "Another call has taken the release; it is given once. Do not run it.",
    ),
    Why.ALREADY_TERMINAL: (409, "Already over", "It is decided already; read it to see how."),
    Why.NOT_CLAIMED: (409, "Not claimed", "Only a claimed operation has an outcome."),
    Why.OUTCOME_DIFFERS: (409, "Outcome differs", "Another outcome was reported before."),
    Why.NOT_HELD: (
        409,
        "Not held",
        "Only an approval is claimed. An incident is resolved or withdrawn; an automation runs "
        "already, and its outcome is reported.",
    ),
    Why.NOT_AN_INCIDENT: (
        409,
        "Not an incident",
        "Only an incident is resolved. An approval is decided by people, or withdrawn.",
    ),
    Why.NO_QUESTION: (409, "No question", "Nobody has asked this; `questions` says what was."),
    Why.ALREADY_ANSWERED: (
        409,
        "Already answered",
        "It was answered with other words; to tell more, send context.",
    ),
    Why.REASON_NEEDED: (422, "Too short", "Say it in a few words more."),
    Why.REASON_TOO_LONG: (
        422,
        "Too long",
        "What it says has at most 1,000 characters, after secrets were hidden. Say it shorter.",
    ),
    Why.PEOPLE_UNKNOWN: (
        503,
        "People unknown",
        "Andon cannot check just now who may decide. It stays held; ask again.",
    ),
}


#: Seconds until it is worth asking whether people have decided some of what waits.
CROWDED_RETRY_S = 30

#: What the `Server` header says: not how we are built.
SERVER = "Andon"

#: Headers of every answer, also of those that no handler made.
HEADERS = {"Server": SERVER, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def problem(
    status: int,
    name: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    retry_after_s: float | None = None,
) -> web.Response:
    """A problem document. `name` becomes its stable type, `/problems/NAME`."""
    body: dict[str, Any] = {
        "type": f"/problems/{name}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in errors]
    retry = {} if retry_after_s is None else {"Retry-After": str(max(1, ceil(retry_after_s)))}
    return web.Response(
        status=status,
        text=json.dumps(body),
        content_type="application/problem+json",
        headers={**HEADERS, **retry, **(headers or {})},
    )


def sentence(refusal: Refusal) -> str:
    """What happened and what to do."""
    return refusal.detail or _TABLE[refusal.why][2]


def of_refusal(
    refusal: Refusal, retry_after_s: float | None = None, *, status: int | None = None
) -> web.Response:
    """The problem of a refusal by the core; `retry_after_s` is for what passes by itself."""
    usual, title, _ = _TABLE[refusal.why]
    status = status or usual
    return problem(
        status,
        refusal.why.value,
        title,
        sentence(refusal),
        errors=refusal.errors,
        retry_after_s={503: retry_after_s, 429: CROWDED_RETRY_S}.get(status),
    )


class ProblemError(Exception):
    """Carries a problem out of a handler."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(str(response.status))
        self.response = response


def slow() -> web.Response:
    """It did not come in time; the connection is not kept."""
    detail = f"A request's head and its body each have {BODY_S:g} seconds to arrive. Send it again."
    answer = problem(408, "too-slow", "Too slow", detail)
    answer.force_close()
    return answer


def too_many(standing: Standing, *, status: int = 429, force_close: bool = False) -> ProblemError:
    """A limit is reached; with `force_close` the connection is not kept either."""
    detail = (
        f"More than {standing.quota:,} {standing.name} a minute. Wait as long as `Retry-After` "
        "says; who needs more asks the operators."
    )
    error = stop(
        status, "too-many-requests", "Too many requests", detail, retry_after_s=standing.reset_s
    )
    if force_close:
        error.response.force_close()
    return error


def stop(status: int, name: str, title: str, detail: str, **more: Any) -> ProblemError:
    """A problem to raise."""
    return ProblemError(problem(status, name, title, detail, **more))
