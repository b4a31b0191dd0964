"""What a caller asked for, as the opening event says it, and the request made again from that.

The escalation holds what the policy made of a request; this is the rest, so that the same question
can be put to another policy.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from approvals.codec import instant
from approvals.commands import Open
from approvals.escalation import Json
from approvals.events import Record
from approvals.words import Kind

#: Members of a request that the escalation does not keep as they were sent.
_ASKED = ("severity", "approvers", "decide_within_s", "claim_within_s")

#: Members of a request that the escalation keeps under the same name.
_KEPT = (
    "kind",
    "category",
    "title",
    "summary",
    "environment",
    "reference",
    "operation",
    "context",
    "dedup_key",
    "callback_url",
)

#: What the policy adds to an option.
_JUDGED = frozenset({"irreversible", "friction", "people"})


def kept(command: Open, group_id: str, now: datetime) -> dict[str, Any]:
    """What the new escalation holds of the request, as JSON; what is not given is left out."""
    request = command.request
    fields = {name: request[name] for name in _KEPT if request.get(name) is not None}
    if "operation" in fields:
        redacted = list(command.operation_redacted)
        fields["operation"] = {**fields["operation"], "redacted": redacted}
    return fields | {
        "id": command.escalation_id,
        "group_id": group_id,
        "service": command.service,
        "kind": request.get("kind", Kind.APPROVAL),
        "digest": command.digest,
        "created_at": instant(now),
        "context": fields.get("context") or {},
        "context_redacted": list(command.context_redacted),
    }


def asked(command: Open, sums: tuple[tuple[str, int], ...]) -> dict[str, Json]:
    """What the opening event says of the request besides the escalation; what is not given is
    left out.
    """
    request = command.request
    given: dict[str, Json] = {name: request[name] for name in _ASKED if name in request}
    if command.owners:
        given["owners"] = list(command.owners)
    if sums:
        given["sums"] = dict(sums)
    irreversible = [o["key"] for o in request["options"] if o.get("irreversible")]
    if irreversible:
        given["irreversible"] = irreversible
    return given


def asked_again(record: Record) -> tuple[Open, tuple[tuple[str, int], ...]] | None:
    """The request of an opening event and the sums it was judged by; None where the event does not
    say what was asked: its body was erased, or it is older than this.
    """
    said = record.facts.get("asked")
    if said is None or "escalation" not in record.body:
        return None
    fields, command = record.body["escalation"], record.command
    request = {name: fields[name] for name in _KEPT if name in fields}
    request |= {name: said[name] for name in _ASKED if name in said}
    request["options"] = [_offered(o, said.get("irreversible", ())) for o in fields["options"]]
    if fields.get("requester"):
        given = fields["requester"]
        request["requested_by"] = {k: v for k, v in given.items() if k != "person" and v}
    opened = Open(
        id=command["id"],
        escalation_id=record.escalation_id,
        service=fields["service"],
        group_id=fields["group_id"],
        idempotency_key=command["idempotency_key"],
        body_hash=command["body_hash"],
        digest=fields["digest"],
        request=request,
        owners=tuple(said.get("owners", ())),
        join_key=fields.get("join_key"),
    )
    return opened, tuple(said.get("sums", {}).items())


def _offered(option: Mapping[str, Any], irreversible: tuple[str, ...]) -> dict[str, Any]:
    sent = {name: value for name, value in option.items() if name not in _JUDGED}
    return sent | ({"irreversible": True} if option["key"] in irreversible else {})
