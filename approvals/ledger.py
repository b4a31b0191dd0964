"""Rows that belong to no single escalation, loaded in the same transaction: what an idempotency
key already opened, which group a `dedup_key` has, what came lately. `evolve` never reads them;
`post` updates them, so that two opens of one batch see each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from approvals.automatic import Past
from approvals.escalation import Json
from approvals.events import JOINED, OPENED, Record
from approvals.flows import Flow, flowed
from approvals.words import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a service's idempotency key opened, and the hash of the body it was sent with."""

    escalation_id: str
    body_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The rows one command needs. Empty for every command but `Open`."""

    opened: Opened | None = None
    group_id: str | None = None
    pending_twin: str | None = None  #: pending escalation an equal request would join
    sums: tuple[tuple[str, int], ...] = ()  #: moved in the day before, by kind (`approvals.sums`)
    pending: int = 0  #: escalations of the service that wait for people
    past: tuple[Past, ...] = ()  #: of an automation: the same recovery of the service, lately
    flow: Flow = field(default_factory=Flow)
    gathers: tuple[str, ...] = ()  #: earlier ones that join the storm this opening began
    #: what ended and is like it, by `approvals.memory.recalling.keys_of`: to be shown, never to be
    #: decided by
    recollections: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


def post(ledger: Ledger, record: Record) -> Ledger:
    """The rows after the record."""
    if record.kind not in (OPENED, JOINED):
        return ledger
    asks = record.kind == OPENED and record.body["escalation"].get("kind") != Kind.AUTOMATION
    flow, gathers = ledger.flow, ledger.gathers
    if asks:
        flow, gathers = flowed(flow, record.body["escalation"], record.at)
    return Ledger(
        opened=Opened(
            escalation_id=record.escalation_id, body_hash=str(record.command["body_hash"])
        ),
        group_id=str(record.command["group_id"]) if record.kind == OPENED else ledger.group_id,
        pending_twin=record.escalation_id,
        sums=ledger.sums,
        pending=ledger.pending + asks,
        past=ledger.past,
        flow=flow,
        gathers=gathers,
        recollections=ledger.recollections,
    )
