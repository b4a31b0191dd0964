"""What the breakers of accepted rules look back on: what each decided, as far as it counts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from approvals.codec import instant, load_text, parse_instant
from approvals.commands import Open
from approvals.facts import Facts
from approvals.memory.accepted import DAY, Use, use_of
from approvals.words import OperationState
from storage.among import among
from storage.batch import Batch, rule_row
from storage.links import Database, Link, Query, Row

#: Whatever became of these counts however long ago they were decided. What is undone later than a
#: day is noted at the proposal.
_LASTING = ", ".join(
    f"'{state.value}'"
    for state in OperationState
    if state not in (OperationState.SUCCEEDED, OperationState.LAPSED)
)

#: Stands in a document that names how it was undone, as a member; no text can say it.
UNDONE = '%"undo":"%'

_USES = (
    "SELECT by_rule, id, state, created_at, due_at, "  # noqa: S608
    "CASE WHEN created_at > ? AND body LIKE ? THEN body END FROM escalations "
    f"WHERE (created_at > ? OR state IN ({_LASTING})) AND by_rule"
)


def proposals(opens: Sequence[Open], facts: Facts) -> set[str]:
    """The proposals whose rules may decide these: they are read with all else, in one order."""
    return {row for row in (rule_row(command, facts) for command in opens) if row}


async def recall_uses(batch: Batch, rules: set[str], link: Link, now: datetime) -> None:
    """Load it, once the proposals are ours: in one hop, and in none where no rule may decide."""
    batch.uses = {rule: {} for rule in rules}
    if rules:
        wanted = _query(rules, now - DAY)
        (rows,) = await link.together(wanted)
        for rule, use in map(_use, rows):
            batch.uses[rule][use.id] = use


class SqlRulings:
    """Implements `approvals.memory.ports.Rulings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def uses(self, rules: Collection[str], since: datetime) -> Mapping[str, Sequence[Use]]:
        """What these rules decided."""
        found: dict[str, list[Use]] = {rule: [] for rule in rules}
        if rules:
            wanted = _query(rules, since)
            rows = await self._database.reader.rows(wanted.sql, wanted.values)
            for rule, use in map(_use, rows):
                found[rule].append(use)
        return found


def _query(rules: Collection[str], since: datetime) -> Query:
    wanted, at = among(_USES, rules), instant(since)
    return Query(wanted.sql, (at, UNDONE, at, *wanted.values))


def _use(row: Row) -> tuple[str, Use]:
    """The rule, and what it decided."""
    rule, id_, state, at, due_at, body = row
    return rule, Use(
        id=id_,
        at=parse_instant(at),
        alone=True,
        state=OperationState(state),
        due_at=parse_instant(due_at) if due_at else None,
        undone=body is not None and use_of(load_text(body)).undone,
    )
