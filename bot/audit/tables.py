"""Tables for a spreadsheet: what a row says, with every cell that could calculate defused."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TextIO

from approvals.codec import instant
from approvals.escalation import Escalation, Vote
from approvals.events import VOTE_CAST, Record
from approvals.showing import amount, visible

Cell = str | int | None

#: What a spreadsheet takes for the beginning of a formula, the full-width forms among them.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

#: Columns of the tables.
ESCALATIONS = (
    "escalation reference service kind category severity environment title requested_by opened_at "
    "deadline_at status state decided_at decided_by option effect by claimed_at result result_at "
    "amount digest rule policy records head erased_at"
)
DECISIONS = "escalation reference status option effect by at people reason head"
VOTES = "escalation person name groups for option at shown counts reason"
REFERENCES = "reference escalations approved released"


def write_head(file: TextIO, columns: str) -> None:
    """The first line of a table."""
    csv.writer(file).writerow(columns.split())


def write_row(file: TextIO, cells: Iterable[Cell]) -> None:
    """A line of a table."""
    csv.writer(file).writerow(map(defused, cells))


def defused(cell: Cell) -> str:
    """The cell as text that no spreadsheet calculates with, everything in it to be seen."""
    text = visible("" if cell is None else str(cell))
    return f"'{text}" if text.startswith(FORMULA) else text


def escalation_row(e: Escalation, records: int) -> tuple[Cell, ...]:
    """One line an escalation."""
    made, money = e.decision, e.operation.money if e.operation else None
    return (
        *(e.id, e.reference, e.service, e.kind, e.category, e.severity, e.environment, e.title),
        e.requester and (e.requester.person or e.requester.id),
        *map(_at, (e.created_at, e.deadline_at)),
        *(e.status, e.state, _at(e.ended_at)),
        _joined(made.people) if made else e.resolution and e.resolution.by,
        *((made.option, made.effect, made.by) if made else (None, None, None)),
        _at(e.claim.at if e.claim else None),
        *((e.outcome.result, _at(e.outcome.at)) if e.outcome else (None, None)),
        money and amount(money),
        *(e.digest, e.plan.rule, e.plan.policy_version, records, e.head),
        _at(e.erased.at if e.erased else None),
    )


def decision_row(e: Escalation) -> tuple[Cell, ...] | None:
    """One line a decision; nothing where there is none."""
    made = e.decision
    if made is None:
        return None
    whole = (e.id, e.reference, e.status, made.option, made.effect, made.by, _at(made.at))
    return (*whole, _joined(made.people), made.reason, made.head)


def vote_rows(e: Escalation, records: Iterable[Record]) -> Iterator[tuple[Cell, ...]]:
    """One line a person's last vote, with the name and groups they had then."""
    names = {r.body["person"]: r.body["name"] for r in records if r.kind == VOTE_CAST and r.body}
    for vote in e.votes:
        said = vote.rationale or _reasons(e, vote)
        groups, away = _joined(vote.groups), _joined(sorted({a for _, a in vote.stead}))
        whole = (e.id, vote.person, names.get(vote.person), groups, away, vote.option)
        yield (*whole, _at(vote.at), vote.shown, vote.void or "yes", said)


def _reasons(e: Escalation, vote: Vote) -> str | None:
    return "\n".join(r.text for r in e.reasons if r.person == vote.person) or None


def _at(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names)
