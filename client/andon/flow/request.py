"""The body of a request, from what a caller says in Python."""

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal, TypedDict

from andon.flow.hiding import hidden
from andon.operation import AnyOperation, AnyOptions, operation_as_sent, options_as_sent

Severity = Literal["critical", "high", "medium", "low"]

#: Characters of a title.
TITLE = 150

#: What is assumed where nobody says: the worst.
ENVIRONMENT = "production"


class Besides(TypedDict, total=False):
    """What may be said of any question or incident, besides what it is about."""

    environment: str  #: default ANDON_ENVIRONMENT, else `production`
    summary: str | None
    severity: Severity | None  #: may raise, never lower
    reference: str | None  #: a ticket, commit or deploy
    requested_by: str | Mapping[str, str] | None  #: on whose behalf
    approvers: Sequence[str] | None  #: groups of the policy, added to its requirement
    context: Mapping[str, Any] | None  #: what people need in order to judge
    dedup_key: str | None
    decide_within_s: int | None
    claim_within_s: int | None
    callback_url: str | None


class Request(Besides, total=False):
    """What may be said when asking, besides the title."""

    category: str  #: a slug such as `schema_migration`; default `other`
    operation: AnyOperation | None  #: what would run; an approval needs one
    options: AnyOptions | None  #: offered answers; default approve and reject


#: Members that go as they are: names, and what the digest covers.
_AS_IS = frozenset(
    {"category", "environment", "severity", "requested_by", "approvers", "dedup_key"}
    | {"decide_within_s", "claim_within_s", "callback_url"}
)


def body_of(title: str, kind: str, said: Request) -> dict[str, Any]:
    """The body: what was not said is left out, for null is refused."""
    body: dict[str, Any] = {
        "kind": kind,
        "title": hidden(title),
        "category": said.get("category") or "other",
        "environment": said.get("environment")
        or os.environ.get("ANDON_ENVIRONMENT")
        or ENVIRONMENT,
    }
    operation, options = said.get("operation"), options_as_sent(said.get("options"))
    if operation is not None:
        body["operation"] = deepcopy(operation_as_sent(operation))
    if options is not None:
        body["options"] = deepcopy(options)
    for name, value in said.items():
        if value is None or name in ("operation", "options", "category", "environment"):
            continue
        body[name] = value if name in _AS_IS else hidden(value)
    if isinstance(body.get("requested_by"), str):
        body["requested_by"] = {"id": body["requested_by"]}
    return body
