"""The chain of one escalation: no record changed, missing, swapped or put in between."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from approvals.auditing.findings import Finding
from approvals.codec import instant, parse_instant
from approvals.events import ERASED, GENESIS, Record, record_hash, sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as it lies in the store, believed in nothing."""

    escalation_id: str
    seq: int
    kind: str
    at: str
    by: str
    core: int
    prev: str
    hash: str
    body_hash: str
    command_id: str
    text: str | None  #: None where its body is gone

    @classmethod
    def of(cls, record: Record) -> "Entry":
        """The entry of a record that was read already; an erased one has no text."""
        return cls(
            escalation_id=record.escalation_id,
            seq=record.seq,
            kind=record.kind,
            at=instant(record.at),
            by=record.by,
            core=record.core,
            prev=record.prev,
            hash=record.hash,
            body_hash=record.body_hash,
            command_id=str(record.command.get("id", "")),
            text=record.text if record.command else None,
        )

    @property
    def where(self) -> str:
        """How a finding names it."""
        return f"escalation {self.escalation_id} record {self.seq}"

    def record(self) -> Record:
        """The record it claims to be. Raises ValueError, KeyError or TypeError where it is none."""
        said = json.loads(self.text or "null")
        return Record(
            escalation_id=self.escalation_id,
            seq=self.seq,
            kind=self.kind,
            at=parse_instant(self.at),
            by=self.by,
            core=self.core,
            prev=self.prev,
            hash=self.hash,
            body_hash=self.body_hash,
            text=self.text or "",
            body=said["body"],
            command=said["command"],
            facts=said["facts"],
        )


def check_chain(entries: Sequence[Entry]) -> Iterator[Finding]:
    """What is wrong with the records of one escalation, in their order."""
    erased = max((n for n, entry in enumerate(entries) if entry.kind == ERASED), default=0)
    seq, prev = 0, GENESIS
    for n, entry in enumerate(entries):
        for what in _wrong(entry, seq + 1, prev, is_erased=n < erased):
            yield Finding(where=entry.where, what=what)
        seq, prev = entry.seq, entry.hash


def _wrong(entry: Entry, seq: int, prev: str, *, is_erased: bool) -> Iterator[str]:
    if entry.seq != seq:
        yield f"record {seq} should stand here"
    elif entry.prev != prev:
        yield "it does not follow on the record before it"
    if entry.hash != _hash_of(entry):
        yield "it was changed: its hash is another one"
    if entry.text is None:
        if not is_erased:
            yield "its body is missing, and no later record says that it was erased"
    elif sha256(entry.text) != entry.body_hash:
        yield "its body was changed: its hash is another one"


def _hash_of(entry: Entry) -> str | None:
    try:
        return record_hash(
            entry.escalation_id,
            entry.seq,
            entry.kind,
            parse_instant(entry.at),
            entry.by,
            entry.core,
            entry.prev,
            entry.body_hash,
        )
    except (TypeError, ValueError):
        return None
