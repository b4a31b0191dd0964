"""The rows beside the chain: votes, decision, grant and callbacks say what the records say."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from approvals.auditing.chain import Entry
from approvals.auditing.findings import Finding
from approvals.auditing.kept import Kept, Keys
from approvals.codec import instant, unpadded
from approvals.escalation import Escalation
from approvals.events import DECIDED, ERASED, VOTE_CAST
from approvals.grants import grant_claims


def check_rows(kept: Kept, folded: Escalation, keys: Keys | None) -> Iterator[Finding]:
    """Where a row says something else than the records; without keys no signature is checked."""
    yield from _votes(kept, folded)
    yield from _decision(kept, folded)
    yield from _grant(kept, folded, keys)
    yield from _callbacks(kept, folded)


def _votes(kept: Kept, folded: Escalation) -> Iterator[Finding]:
    cast = {e.seq: e for e in kept.entries if e.kind == VOTE_CAST}
    rows = {row[0]: row for row in kept.votes}
    for seq in sorted(cast.keys() | rows.keys()):
        wrong = _vote(cast.get(seq), rows.get(seq))
        if wrong:
            yield Finding(where=f"escalation {kept.id} record {seq}", what=wrong)
    counted = Counter((v.person, v.option, instant(v.at)) for v in folded.votes if not v.void)
    effective = Counter((person, option, at) for _, person, option, n, at in kept.votes if n == 1)
    if counted != effective:
        what = "the votes that count in its table are not those of its records"
        yield Finding(where=f"escalation {kept.id}", what=what)


def _vote(entry: Entry | None, row: tuple[Any, ...] | None) -> str:
    if row is None:
        return "the vote is missing in the table of votes"
    if entry is None:
        return "the table of votes has a vote that no record has cast"
    _, person, option, _, at = row
    said = json.loads(entry.text)["body"] if entry.text else {"person": person, "option": option}
    same = (said["person"], said["option"], entry.at) == (person, option, at)
    return "" if same else "the table of votes has another vote"


def _decision(kept: Kept, folded: Escalation) -> Iterator[Finding]:
    made, seqs = folded.decision, [e.seq for e in kept.entries if e.kind == DECIDED]
    expected = []
    if made is not None and seqs:
        row = (seqs[-1], folded.status.value, made.option, made.by.value, instant(made.at))
        expected = [row]
    if list(kept.decisions) != expected:
        where = f"escalation {kept.id}" + (f" record {seqs[-1]}" if seqs else "")
        yield Finding(where=where, what="the table of decisions says something else")


def _grant(kept: Kept, folded: Escalation, keys: Keys | None) -> Iterator[Finding]:
    where = f"grant of escalation {kept.id}"
    taken = folded.claim
    ids = [row[0] for row in kept.grants]
    if ids != ([taken.grant_id] if taken else []):
        what = "it is missing or another one" if taken else "nothing was claimed, yet it is there"
        yield Finding(where=where, what=what)
        return
    for _, kid, jws in kept.grants:
        assert taken is not None  # noqa: S101  the ids agree
        wrong = _wrong_grant(jws, kid, grant_claims(folded, taken.at), keys)
        if wrong:
            yield Finding(where=where, what=wrong)


def _wrong_grant(jws: str, kid: str, claims: dict[str, Any], keys: Keys | None) -> str:
    try:
        signed, _, signature = jws.rpartition(".")
        header, payload = (json.loads(unpadded(part)) for part in signed.split("."))
    except (ValueError, RecursionError):
        return "it is no signed token"
    if payload != claims:
        return "it says something else than the records"
    if header.get("kid") != kid:
        return "its key is not the one it is kept under"
    if keys is not None and not keys.has_signed(kid, signed, signature):
        return "its signature is not by a key given here"
    return ""


def _callbacks(kept: Kept, folded: Escalation) -> Iterator[Finding]:
    """A callback names the deciding record, or one of the chain before there was a decision."""
    heads = {entry.hash for entry in kept.entries}
    is_erased = any(entry.kind == ERASED for entry in kept.entries)
    for delivery_id, payload in kept.callbacks:
        said = _payload(payload)
        head, status = said.get("head"), said.get("status")
        if head is None and is_erased:
            continue
        decided = folded.decision is not None and status == folded.status.value
        if head not in ({folded.decision.head} if folded.decision and decided else heads):
            where = f"escalation {kept.id} callback {delivery_id}"
            yield Finding(where=where, what="it names no record that it could be about")


def _payload(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
