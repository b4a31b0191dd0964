"""What a batch reads and writes: a constant number of statements, rows as plain tuples."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from approvals import events
from approvals.codec import dump_text, instant, load_text
from approvals.commands import Claim, Erase, Open
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.facts import Facts
from approvals.flows import dump_flow, load_flow
from approvals.grants import Signer
from approvals.ledger import Opened
from approvals.sums import DROPPED, WINDOW, move_of
from storage.among import among
from storage.batch import Batch, Pending, flow_row, group_row, key_row, looks_for
from storage.clicks import ANSWERS, answer_row, answered
from storage.erasing import erasing
from storage.links import Begin, Link, Many, Query, Row
from storage.locking import IN_TURN, MEMORY, ledger_rows
from storage.owed import card_rows, delivery_rows
from storage.recoveries import recall
from storage.remembering import KNOWN, known_in
from storage.rulings import proposals, recall_uses

LATEST_SEEN = "SELECT value FROM notes WHERE name = 'latest'"
LATEST = (
    "INSERT INTO notes (name, value) VALUES ('latest', ?) ON CONFLICT (name) DO UPDATE SET "
    "value = CASE WHEN excluded.value > notes.value THEN excluded.value ELSE notes.value END"
)

#: The columns of an escalation, the document last.
COLUMNS = (
    "id, suffix, service, group_id, kind, category, severity, environment, reference, dedup_key, "
    "join_key, title, status, state, version, created_at, deadline_at, due_at, decided_at, "
    "storm_id, by_rule, body"
)
_CHANGING = (
    "status",
    "state",
    "version",
    "deadline_at",
    "due_at",
    "decided_at",
    "storm_id",
    "by_rule",
    "body",
)
_ESCALATION = (
    f"INSERT INTO escalations ({COLUMNS}) VALUES ({', '.join('?' * 22)}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _CHANGING)}"
)
_EVENT = (
    "INSERT INTO events (escalation_id, seq, kind, at, by, core, prev, hash, body_hash, command_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_BODY = "INSERT INTO event_bodies (escalation_id, seq, text) VALUES (?, ?, ?)"
#: Touches a row that is there: whoever seals it just now is waited for, and then it is made anew.
_UNSEALED = (
    "INSERT INTO unsealed (escalation_id, since) VALUES (?, ?) "
    "ON CONFLICT (escalation_id) DO UPDATE SET since = unsealed.since"
)
#: The same of what ended, for memory.
_UNREMEMBERED = (
    "INSERT INTO unremembered (escalation_id, since) VALUES (?, ?) "
    "ON CONFLICT (escalation_id) DO UPDATE SET since = excluded.since"
)
_VOTE_OVER = "UPDATE votes SET effective = 0 WHERE escalation_id = ? AND person = ? AND seq < ?"
_VOTE = (
    "INSERT INTO votes (escalation_id, seq, person, option, effective, at)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_DECISION = (
    "INSERT INTO decisions (escalation_id, seq, status, option, by, at) VALUES (?, ?, ?, ?, ?, ?)"
)
_KEY = "INSERT INTO idempotency (id, escalation_id, body_hash) VALUES (?, ?, ?)"
_GROUP = "INSERT INTO groups (id, group_id) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
_MOVE = "INSERT INTO money_moves (escalation_id, key, at, amount_minor) VALUES (?, ?, ?, ?)"
_FLOW = (
    "INSERT INTO flows (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)
_STORM = (
    "INSERT INTO storms (id, began_at, version) VALUES (?, ?, 1) "
    "ON CONFLICT (id) DO UPDATE SET version = storms.version + 1"
)
_GRANT = "INSERT INTO grants (escalation_id, id, kid, jws) VALUES (?, ?, ?, ?)"
_REFUSAL = (
    "INSERT INTO refusals (escalation_id, who, why, times) VALUES (?, ?, ?, 1) "
    "ON CONFLICT (escalation_id, who, why) DO UPDATE SET times = refusals.times + 1"
)
_CARDS_DUE = "UPDATE cards SET due_at = ? WHERE escalation_id = ? AND storm_id IS NULL"
#: A way that failed is no reason to try it again: only what is posted is drawn anew.
_POSTED_CARDS_DUE = f"{_CARDS_DUE} AND ts IS NOT NULL"
#: A storm's card rests between two drawings; one that is looked at already is looked at again.
_STORM_CARDS_DUE = (
    "UPDATE cards SET due_at = CASE WHEN due_at IS NOT NULL THEN due_at "
    "WHEN rest_until > ? THEN rest_until ELSE ? END WHERE storm_id = ?"
)
_CARD = (
    "INSERT INTO cards (id, escalation_id, surface, target, storm_id, version, attempts, due_at)"
    " VALUES (?, ?, ?, ?, ?, 0, 0, ?) ON CONFLICT (id) DO NOTHING"
)
_DELIVERY = (
    "INSERT INTO deliveries (id, escalation_id, kind, target, payload, attempts, state, created_at,"
    " due_at) VALUES (?, ?, ?, ?, ?, 0, 'pending', ?, ?) ON CONFLICT (id) DO NOTHING"
)
_POLICY = (
    "INSERT INTO policies (version, text, first_used_at) VALUES (?, ?, ?) "
    "ON CONFLICT (version) DO NOTHING"
)


_KEYS = "SELECT id, escalation_id, body_hash FROM idempotency WHERE id"
_GROUPS = "SELECT id, group_id FROM groups WHERE id"
_TWINS = "SELECT join_key, id FROM escalations WHERE status = 'pending' AND join_key"
_BODIES = "SELECT body FROM escalations WHERE id"
_FLOWS = "SELECT id, body FROM flows WHERE id"
_SUMMARIES = "SELECT id, body FROM recollections WHERE id"
_WAITING = "SELECT service, COUNT(*) FROM escalations WHERE status = 'pending' AND service"
_GRANTS = "SELECT escalation_id, jws FROM grants WHERE escalation_id"
_DROPPED = ", ".join(f"'{state.value}'" for state in DROPPED)
# With a point the sum never overflows, and is exact far beyond any amount a gate is set at.
_SUMS = (
    "SELECT m.key, SUM(m.amount_minor * 1.0) FROM money_moves m "  # noqa: S608
    "JOIN escalations e ON e.id = m.escalation_id "
    f"WHERE e.state NOT IN ({_DROPPED}) "
    "AND m.at > ? AND m.key"
)


async def load(
    link: Link,
    commands: list[Pending],
    facts: Facts,
    signer: Signer,
    now: datetime,
    pending: Mapping[str, int],
    alone: bool,
) -> Batch:
    """Begin, and read everything the commands concern.

    In one hop; or two, where opens meet, or where how many of a service wait (`pending`) was not
    counted yet; and one more for automations, or where an accepted rule may decide. Among several
    writers escalations are read last, all at once: so they are locked in one order, and read as the
    writer before left them.
    """
    batch = Batch(facts=facts, signer=signer, commands=commands, pending=dict(pending))
    opens = [p.command for p in commands if isinstance(p.command, Open)]
    asked = {p.command.escalation_id for p in commands if not isinstance(p.command, Open)}
    claimed = {p.command.escalation_id for p in commands if isinstance(p.command, Claim)}
    clicked = {answer_row(p.command) for p in commands}
    at_once = (asked, claimed, clicked) if alone or not opens else ((), (), ())
    erased = {p.command.escalation_id for p in commands if isinstance(p.command, Erase)}
    (
        _,
        bodies,
        grants,
        answers,
        keys,
        groups,
        twins,
        flows,
        summaries,
        known,
        *sums,
    ) = await link.together(
        Begin((*ledger_rows(opens, facts.people), *((MEMORY,) if erased else ()))),
        among(_BODIES, at_once[0], IN_TURN),
        among(_GRANTS, at_once[1]),
        among(ANSWERS, at_once[2]),
        among(_KEYS, map(key_row, opens)),
        among(_GROUPS, map(group_row, opens)),
        among(_TWINS, (command.join_key for command in opens)),
        among(_FLOWS, map(flow_row, opens)),
        among(_SUMMARIES, {key for command in opens for key in looks_for(command)}),
        among(KNOWN, erased),
        *_summed(opens, facts, now),
    )
    batch.recollections = {id_: json.loads(body) for id_, body in summaries if body}
    batch.known = known_in(known)
    batch.groups, batch.twins = _pairs(groups), _pairs(twins)
    batch.sums = {key: int(total) for rows in sums for key, total in rows}
    batch.keys = {row: Opened(escalation_id=id_, body_hash=hash_) for row, id_, hash_ in keys}
    batch.flows = {id_: load_flow(body) for id_, body in flows}
    found = {*batch.twins.values(), *(opened.escalation_id for opened in batch.keys.values())}
    found |= {id_ for flow in batch.flows.values() for id_ in flow.nearly}
    rules = proposals(opens, facts)
    left = (asked | found | rules).difference(at_once[0])
    bounded = {command.service for command in opens if command.most_pending is not None}
    uncounted = bounded - pending.keys()
    if left or uncounted:
        more, given, said, waiting = await link.together(
            among(_BODIES, left, IN_TURN),
            among(_GRANTS, claimed.difference(at_once[1])),
            among(ANSWERS, clicked.difference(at_once[2])),
            among(_WAITING, uncounted, " GROUP BY service"),
        )
        bodies, grants, answers = [*bodies, *more], [*grants, *given], [*answers, *said]
        batch.pending |= dict.fromkeys(uncounted, 0)
        batch.pending.update((row[0], row[1]) for row in waiting)
    batch.grants = _pairs(grants)
    batch.answered = answered(_pairs(answers))
    await recall(batch, opens, link, facts, now)
    await recall_uses(batch, rules, link, now)
    batch.escalations = {e.id: e for e in (load_text(body) for (body,) in bodies)}
    return batch


def _summed(opens: Sequence[Open], facts: Facts, now: datetime) -> Iterator[Query]:
    """What moved in the last day under the keys of these opens; nothing where none moves money."""
    moves = (move_of(command, facts.people) for command in opens)
    keys = {key for move in moves if move for _, key in move.keys}
    if keys:
        wanted = among(_SUMS, keys, " GROUP BY m.key")
        since = instant(now - WINDOW)
        yield Query(wanted.sql, (since, *wanted.values))


def _pairs(rows: Sequence[Row]) -> dict[str, str]:
    return {row[0]: row[1] for row in rows}


def written(batch: Batch, now: datetime, known_policies: set[str]) -> Iterator[Many]:
    """What the fold made, as statements. The order satisfies foreign keys and fences."""
    at = instant(now)
    changed, news = [batch.escalations[i] for i in batch.changed], batch.news
    for statement, rows in (
        (_ESCALATION, [(*columns_of(e), dump_text(e)) for e in changed]),
        (_BODY, [(r.escalation_id, r.seq, r.text) for r in batch.records]),
        (_EVENT, [_event_row(r) for r in batch.records]),
        *erasing(batch, at),
        (_UNSEALED, [(id_, at) for id_ in batch.changed]),
        (_UNREMEMBERED, [(e.id, at) for e in changed if e.status.is_terminal]),
        (_VOTE_OVER, [_vote_over(r) for r in batch.records if r.kind in _VOTING]),
        (_VOTE, [_vote_row(r, batch.records) for r in batch.records if r.kind == events.VOTE_CAST]),
        (_DECISION, [_decision_row(r) for r in batch.records if r.kind == events.DECIDED]),
        (_KEY, batch.new_keys),
        (_GROUP, batch.new_groups),
        (_MOVE, [(id_, key, instant(moved), n) for id_, key, moved, n in batch.new_moves]),
        (_FLOW, [(id_, dump_flow(batch.flows[id_])) for id_ in batch.new_flows]),
        (_STORM, sorted(storm_rows(changed))),  # in one order, as all that is locked
        (_GRANT, batch.new_grants),
        (_REFUSAL, batch.refusals),
        (_CARDS_DUE, [(at, id_) for id_ in news if batch.escalations[id_].version > 1]),
        (_POSTED_CARDS_DUE, [(at, id_) for id_ in batch.changed if id_ not in news]),
        (_STORM_CARDS_DUE, [(at, at, storm) for storm, _ in storm_rows(changed)]),
        (_CARD, list(card_rows(batch, at))),
        (_DELIVERY, list(delivery_rows(batch, now))),
        (_POLICY, [(v, batch.facts.policy.text, at) for v in batch.policies - known_policies]),
    ):
        if rows:
            yield Many(statement, rows)


def columns_of(e: Escalation) -> tuple[Any, ...]:
    """What stands in the columns beside the document."""
    due_at = e.due_at  # reckoned anew each time
    return (
        e.id,
        e.id[-6:],
        e.service,
        e.group_id,
        e.kind.value,
        e.category,
        e.severity.value,
        e.environment,
        e.reference,
        e.dedup_key,
        e.join_key,
        e.title,
        e.status.value,
        e.state.value,
        e.version,
        instant(e.created_at),
        instant(e.deadline_at),
        instant(due_at) if due_at else None,
        instant(e.ended_at) if e.ended_at else None,
        e.storm_id,
        e.decision.rule if e.decision else None,
    )


def _event_row(r: Record) -> tuple[Any, ...]:
    return (
        r.escalation_id,
        r.seq,
        r.kind,
        instant(r.at),
        r.by,
        r.core,
        r.prev,
        r.hash,
        r.body_hash,
        r.command["id"],
    )


_VOTING = frozenset({events.VOTE_CAST, events.VOTE_VOIDED})


def _vote_over(r: Record) -> tuple[Any, ...]:
    return r.escalation_id, r.body["person"], r.seq


def _is_last(record: Record, records: Sequence[Record]) -> bool:
    """Whether it is the person's last vote in this batch; no other is effective."""
    mine = (record.escalation_id, record.body["person"])
    return not any(
        r.kind in _VOTING and r.seq > record.seq and (r.escalation_id, r.body["person"]) == mine
        for r in records
    )


def _vote_row(r: Record, records: Sequence[Record]) -> tuple[Any, ...]:
    body, effective = r.body, int(_is_last(r, records))
    return r.escalation_id, r.seq, body["person"], body["option"], effective, instant(r.at)


def _decision_row(r: Record) -> tuple[Any, ...]:
    body = r.body
    return r.escalation_id, r.seq, body["status"], body.get("option"), body["by"], instant(r.at)


def storm_rows(changed: Iterable[Escalation]) -> Iterator[tuple[str, str]]:
    """The storms of what changed, each once, with when its first in this batch was opened."""
    began: dict[str, datetime] = {}
    for e in changed:
        if e.storm_id is not None:
            began[e.storm_id] = min(e.created_at, began.get(e.storm_id, e.created_at))
    return ((storm, instant(at)) for storm, at in began.items())
