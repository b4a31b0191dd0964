"""Ask and find again: the same question of the same caller is one escalation, over restarts.

The idempotency key is kept under what is asked before it is sent. Asked again, the escalation is
found by it: pending, it is waited for; approved, taken; rejected, the no stands. What is over
without an answer (expired, withdrawn, lapsed, run long ago) is asked anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from andon.errors import RefusedRequestError
from andon.flow import asking
from andon.flow.persisting import Patience
from andon.flow.steps import Do, Flow
from andon.keeping import Asked, Keeper
from andon.models import ENDED, Escalation

#: What makes a question the same; title and context may be worded anew.
_SAME = (
    "kind",
    "operation",
    "options",
    "category",
    "environment",
    "requested_by",
    "approvers",
    "dedup_key",
    "callback_url",
    "reference",
)

#: States of an operation after which the answer is used up; a no stands.
_USED = ENDED - {"aborted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and where keys are kept."""

    url: str
    keeper: Keeper
    patience: Patience


def identity(body: Mapping[str, Any], url: str) -> dict[str, Any]:
    """What is asked of whom: what a key is kept under."""
    return {"url": url, **{name: body[name] for name in _SAME if name in body}}


def resumed(body: Mapping[str, Any], by: Asking) -> Flow[Escalation]:
    """The escalation of this question: the earlier one, or a new one."""
    what = identity(body, by.url)
    asked: Asked = yield Do(lambda: by.keeper.asked(what))
    if asked.escalation is not None:
        found = yield from _earlier(asked.escalation, by.patience)
        if found is not None:
            return found
        asked = yield from _anew(what, by)
    try:
        made = yield from asking.open_(body, by.patience, asked.key)
    except RefusedRequestError as error:
        if error.problem.name != "idempotency-key-reused":
            raise
        # It was asked in other words before, and the answer to that never came.
        asked = yield from _anew(what, by)
        made = yield from asking.open_(body, by.patience, asked.key)
    yield Do(lambda: by.keeper.answered(what, replace(asked, escalation=made.id)))
    return made


def _anew(what: Mapping[str, Any], by: Asking) -> Flow[Asked]:
    yield Do(lambda: by.keeper.forget_asked(what))
    asked: Asked = yield Do(lambda: by.keeper.asked(what))
    return asked


def _earlier(id: str, patience: Patience) -> Flow[Escalation | None]:
    """The earlier escalation, where it still is an answer."""
    try:
        found = yield from asking.get(id, patience)
    except RefusedRequestError as error:
        if error.problem.status != 404:
            raise
        return None
    if found.status in ("expired", "withdrawn"):
        return None
    is_used = found.operation is not None and found.operation.state in _USED
    return None if is_used else found
