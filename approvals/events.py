"""The audit log: what may stand in it, and how its records are chained.

Grammar of an event's kind, `subject:action`::

    escalation:opened  joined  looked  decided  acknowledged  let-go  resolved
    escalation:gathered
    chain:stepped  ended                            deadline:reminded  extended  held
    question:asked  answered                        delivery:arrived  missed
    vote:cast  reasoned  voided                     override:asked
    operation:claimed  stopped  lapsed  reported    context:added  refusal:recorded
    issue:written                                   review:opened  handed  reminded  written
    work:proposed                                   rule:suspended
    record:erased

Each escalation has its own chain. The body is hashed apart from the record, so that retention can
erase a body and keep the proof::

    body_hash = sha256(text)                 text: the body as stored, sorted keys, no spaces
    hash      = sha256({"at","body","by","core","escalation","kind","prev","seq"})
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from approvals import CORE_VERSION
from approvals.codec import instant
from approvals.escalation import Json

#: What the first record of a chain names as its predecessor.
GENESIS = "sha256:" + "0" * 64

OPENED = "escalation:opened"
JOINED = "escalation:joined"
LOOKED = "escalation:looked"
DECIDED = "escalation:decided"
CONTEXT_ADDED = "context:added"
VOTE_CAST = "vote:cast"
VOTE_REASONED = "vote:reasoned"
VOTE_VOIDED = "vote:voided"
REFUSED = "refusal:recorded"
CLAIMED = "operation:claimed"
STOPPED = "operation:stopped"
LAPSED = "operation:lapsed"
REPORTED = "operation:reported"
CHAIN_STEPPED = "chain:stepped"
CHAIN_ENDED = "chain:ended"
REMINDED = "deadline:reminded"
EXTENDED = "deadline:extended"
DEADLINE_HELD = "deadline:held"
ACKNOWLEDGED = "escalation:acknowledged"
LET_GO = "escalation:let-go"
GATHERED = "escalation:gathered"
RESOLVED = "escalation:resolved"
ASKED = "question:asked"
ANSWERED = "question:answered"
ARRIVED = "delivery:arrived"
MISSED = "delivery:missed"
OVERRIDE_ASKED = "override:asked"
ISSUE_WRITTEN = "issue:written"
REVIEW_OPENED = "review:opened"
REVIEW_HANDED = "review:handed"
REVIEW_REMINDED = "review:reminded"
REVIEW_WRITTEN = "review:written"
WORK_PROPOSED = "work:proposed"
RULE_SUSPENDED = "rule:suspended"
ERASED = "record:erased"

#: Kinds that change nothing anybody may act on: the public version stays.
QUIET = frozenset(
    {LOOKED, REFUSED, CHAIN_STEPPED, REMINDED, GATHERED, REVIEW_REMINDED, WORK_PROPOSED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, before it has its place in a chain.

    `by` says who: `person:ravi`, `service:payments`, `operator:root` (at the command line),
    `policy:NAME` (a rule that people accepted), `clock` or `andon`. `body` is all that `evolve`
    reads; `facts` is what the verdict relied on, for the auditor.
    """

    kind: str
    at: datetime
    by: str
    body: Mapping[str, Json] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An event in its place: what is stored, hashed and refolded."""

    escalation_id: str
    seq: int  #: 1, 2, 3 … without a gap
    kind: str
    at: datetime
    by: str
    core: int
    prev: str
    hash: str
    body_hash: str  #: of `text`; stays when the text is erased
    text: str  #: {"body", "command", "facts"} as canonical text; empty once erased
    body: Mapping[str, Json]
    command: Mapping[str, Json]
    facts: Mapping[str, Json]


def link(
    event: Event, *, escalation_id: str, seq: int, prev: str, command: Mapping[str, Json]
) -> Record:
    """Give an event its place after `prev`."""
    text = canonical_text({"body": event.body, "command": command, "facts": event.facts})
    body_hash = sha256(text)
    return Record(
        escalation_id=escalation_id,
        seq=seq,
        kind=event.kind,
        at=event.at,
        by=event.by,
        core=CORE_VERSION,
        prev=prev,
        hash=record_hash(
            escalation_id, seq, event.kind, event.at, event.by, CORE_VERSION, prev, body_hash
        ),
        body_hash=body_hash,
        text=text,
        body=event.body,
        command=command,
        facts=event.facts,
    )


def record_hash(
    escalation_id: str,
    seq: int,
    kind: str,
    at: datetime,
    by: str,
    core: int,
    prev: str,
    body_hash: str,
) -> str:
    """The chain's hash of one record; needs the body's hash only, never the body."""
    return sha256(
        canonical_text(
            {
                "at": instant(at),
                "body": body_hash,
                "by": by,
                "core": core,
                "escalation": escalation_id,
                "kind": kind,
                "prev": prev,
                "seq": seq,
            }
        )
    )


def canonical_text(value: Any) -> str:
    """JSON with sorted keys, no spaces and literal characters: the same value, the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def sha256(text: str) -> str:
    """`sha256:` and 64 hex digits of the text in UTF-8."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
