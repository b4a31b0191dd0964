"""Every error as the server tells it: RFC 9457 problem+json, under the same types."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from andon.testing.wire import HEADERS, Told

#: Status, title and detail of what is refused, by the name in its type.
TABLE: Mapping[str, tuple[int, str, str]] = {
    "not-strict-json": (400, "Not strict JSON", "Readers could understand it differently."),
    "idempotency-key-missing": (
        400,
        "Idempotency key missing",
        "Send `Idempotency-Key` with 1 to 255 visible ASCII characters, the same for retries.",
    ),
    "unauthorized": (401, "Who is calling?", "Send `Authorization: Bearer KEY`, once."),
    "scope-missing": (403, "Scope missing", "This key may not do this."),
    "not-found": (404, "Not found", "There is no such escalation of your service."),
    "no-such-address": (404, "Not Found", "There is nothing here."),
    "method-not-allowed": (405, "Method Not Allowed", "`Allow` lists those that do something."),
    "turned-manual": (409, "Turned manual", "People decide now. Do not run it; ask for it."),
    "not-approved": (409, "Not approved", "Nobody has released this operation. Do not run it."),
    "digest-mismatch": (
        409,
        "Digest mismatch",
        "This is not the operation that was shown to people. Do not run it; ask for it.",
    ),
    "stopped": (409, "Stopped", "An approver stopped it after the approval. Do not run it."),
    "approval-void": (
        409,
        "Approval void",
        "What people agreed to no longer stands. Do not run it; ask again.",
    ),
    "already-claimed": (
        409,
        "Already claimed",
        "Another call has taken the release; it is given once. Do not run it.",
    ),
    "already-terminal": (409, "Already over", "It is decided already; read it to see how."),
    "not-claimed": (409, "Not claimed", "Only a claimed operation has an outcome."),
    "outcome-differs": (409, "Outcome differs", "Another outcome was reported before."),
    "not-held": (409, "Not held", "An incident holds nothing: resolve or withdraw it."),
    "not-an-incident": (409, "Not an incident", "Only an incident is resolved."),
    "no-question": (409, "No question", "Nobody has asked this; `questions` says what was."),
    "already-answered": (409, "Already answered", "To tell more, send context."),
    "lapsed": (410, "Lapsed", "The approval was not taken in time. Do not run it; ask again."),
    "too-large": (413, "Too large", "A body has at most 1 MiB."),
    "not-json": (415, "Not JSON", "Send `Content-Type: application/json`."),
    "encoded": (415, "Encoded", "Send the body as it is, without Content-Encoding."),
    "unprocessable": (422, "The request cannot be taken", "Mend what `errors` names."),
    "not-automatable": (422, "Not automatable", "This never runs by itself. Ask for an approval."),
    "idempotency-key-reused": (
        422,
        "Idempotency key reused",
        "This key was used with another body. Use a new key for a new request.",
    ),
    "too-many-requests": (429, "Too many requests", "Wait as long as `Retry-After` says."),
    "internal": (500, "Andon failed", "Tell the operators."),
    "not-saved": (503, "Not saved", "Nothing was stored; ask again with the same key."),
    "people-unknown": (
        503,
        "People unknown",
        "Andon cannot check just now who may decide. It stays held; ask again.",
    ),
}

#: What passes by itself says when it is worth asking again.
PASSING = frozenset({429, 503})


def problem(
    name: str,
    detail: str = "",
    *,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Told:
    """The problem of that name. `errors` are JSON pointers and what to do about each."""
    status, title, usual = TABLE[name]
    body: dict[str, Any] = {
        "type": f"/problems/{name}",
        "title": title,
        "status": status,
        "detail": detail or usual,
    }
    if errors:
        body["errors"] = [{"pointer": pointer, "detail": said} for pointer, said in errors]
    retry = {"Retry-After": "1"} if status in PASSING else {}
    kind = {"Content-Type": "application/problem+json; charset=utf-8"}
    return Told(
        status=status,
        body=json.dumps(body).encode(),
        headers={**HEADERS, **kind, **retry, **(headers or {})},
    )


class RefusedError(Exception):
    """Carries a problem out of where it is found."""

    def __init__(self, name: str, detail: str = "", **more: Any) -> None:
        super().__init__(name)
        self.told = problem(name, detail, **more)
