"""The invariants, asked of a database file and of what clients and people saw.

Each is a function that yields what it finds wrong; none believes a column that it can reckon
itself. Numbers are those of the design: I5 is "acknowledged means durable".
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import rfc8785

from approvals import events
from approvals.canonical import DEFAULT_OPTIONS
from approvals.codec import dump_text, instant
from approvals.escalation import Escalation
from approvals.events import GENESIS, Record, record_hash, sha256
from approvals.evolve import evolve
from approvals.words import DecidedBy, Effect, OperationState, Status
from bot.demo.workspace.workspace import Workspace
from tests.trust.crashing.clicks import (
    about_messages,
    answers_to,
    asks,
    clicks,
    refused_windows,
    unopened,
)
from tests.trust.crashing.journal import Call, Journal
from tests.trust.crashing.stored import Row, Stored


@dataclass
class Case:
    """Everything there is to judge by. `ends` grows from check to check."""

    stored: Stored
    journal: Journal
    workspace: Workspace
    public: dict[str, Any] = field(default_factory=dict)  #: kid -> public key
    ends: dict[str, str] = field(default_factory=dict)  #: terminal statuses seen before
    settled: bool = False  #: nothing is owed any more, so all of it must have arrived
    #: Answers under way at a kill, and at how many: so often they may come once more.
    owed: Counter[str] = field(default_factory=Counter)
    #: Escalations that messages showed before it was read; None: nothing is posted any more.
    showing: set[str] | None = None


Check = Callable[[Case], Iterator[str]]


def check(case: Case) -> list[str]:
    """What is wrong; nothing if all holds."""
    return case.journal.wrong + [found for one in CHECKS for found in one(case)]


def one_end(case: Case) -> Iterator[str]:
    """I1: one terminal decision, and it never changes."""
    decided = {row["escalation_id"]: row["status"] for row in case.stored["decisions"]}
    for id_, e in case.stored.escalations.items():
        ended = [r for r in case.stored.chains[id_] if r.kind in (events.DECIDED, events.RESOLVED)]
        status = str(e.status)
        if len(ended) != (e.status is not Status.PENDING):
            yield f"I1: {id_} is {status} with {len(ended)} ends"
        if e.decision and decided.get(id_) != status:
            yield f"I1: {id_} is {status}, decided {decided.get(id_)}"
        if case.ends.setdefault(id_, status) != status and case.ends[id_] != "pending":
            yield f"I1: {id_} was {case.ends[id_]} and is {status}"
        case.ends[id_] = status
    yield from (
        f"I1: {id_} had ended and is gone" for id_ in case.ends.keys() - case.stored.chains.keys()
    )


def enough_votes(case: Case) -> Iterator[str]:
    """I2, I3, I15: an approval has its people, none of them the requester; no later vote."""
    for id_, chain in case.stored.chains.items():
        e = case.stored.escalations[id_]
        votes: dict[str, Record] = {}
        for record in chain:
            if record.kind == events.VOTE_CAST:
                votes[record.body["person"]] = record
            if record.kind == events.DECIDED:
                break
        late = [r for r in chain if r.kind == events.VOTE_CAST and r.seq > record.seq]
        if e.status is not Status.PENDING and late:
            yield f"I15: {id_} took a vote after its end"
        if e.decision and e.decision.by is DecidedBy.VOTES:
            yield from _short(e, {p: r for p, r in votes.items() if _counts(e, r)})


def _counts(e: Escalation, vote: Record) -> bool:
    assert e.decision is not None
    return vote.body["option"] == e.decision.option and vote.body["digest"] == e.digest


def _short(e: Escalation, votes: dict[str, Record]) -> Iterator[str]:
    assert e.decision is not None
    if e.decision.effect is Effect.ABORT:
        if not votes:
            yield f"I2: {e.id} was aborted by nobody"
        return
    for need in e.plan.requirements:
        people = set(votes) & set(e.plan.members[need.group]) - set(e.plan.excluded)
        if len(people) < need.needed:
            yield f"I2: {e.id} was approved by {sorted(people)} of {need.group}"
    if e.requester is not None and e.requester.person in e.decision.people:
        yield f"I3: {e.id} was approved by who asked"
    if set(e.decision.people) != set(votes):
        yield f"I2: {e.id} names {e.decision.people}, {sorted(votes)} voted so"


def bound(case: Case) -> Iterator[str]:
    """I4, I6: each stands for one request that was sent, and its digest is of that."""
    sent = {_row(call): call for call in case.journal.of("open")}
    for row in case.stored["idempotency"]:
        call = sent.get(row["id"])
        if call is None:
            yield f"I6: nobody sent {row['id']}"
            continue
        e = case.stored.escalations[row["escalation_id"]]
        if e.digest != _digest(call.body) or e.title != call.body["title"]:
            yield f"I4: {e.id} is not what {row['id']} asked"
    opened = {row["escalation_id"] for row in case.stored["idempotency"]}
    yield from (f"I6: nobody opened {id_}" for id_ in case.stored.escalations.keys() - opened)


def _row(call: Call) -> str:
    """Under which name the store keeps a key: hashed."""
    return f"{call.service}:{hashlib.sha256(call.key.encode()).hexdigest()}"


def _digest(body: dict[str, object]) -> str:
    incident = body.get("kind") == "incident"
    options = body.get("options", [] if incident else DEFAULT_OPTIONS)
    said = {"operation": body.get("operation"), "options": options}
    return "sha256:" + hashlib.sha256(rfc8785.dumps(said)).hexdigest()  # type: ignore[arg-type]


def durable(case: Case) -> Iterator[str]:
    """I5: what was acknowledged is there, and so is what anybody was shown."""
    keys = {row["id"]: row["escalation_id"] for row in case.stored["idempotency"]}
    for call in case.journal.of("open", acked=True):
        if keys.get(_row(call)) != call.answer["id"]:
            yield f"I5: {call.key} was acknowledged as {call.answer['id']} and is not there"
    for verb, kept in _KEPT.items():
        for call in case.journal.of(verb, acked=True):
            e = case.stored.escalations.get(call.about)
            if e is None or not kept(e):
                yield f"I5: {verb} of {call.about} was acknowledged and is not there"
    for id_, seen in case.journal.seen.items():
        e = case.stored.escalations.get(id_)
        if e is None or any(s.version > e.version for s in seen):
            yield f"I5: {id_} was shown at a version that is not there"
        elif any(s.status not in ("pending", str(e.status)) for s in seen):
            yield f"I5: {id_} was shown {seen[-1].status} and is {e.status}"


_KEPT: dict[str, Callable[[Escalation], bool]] = {
    "claim": lambda e: e.claim is not None,
    "withdraw": lambda e: e.status is Status.WITHDRAWN,
    "outcome": lambda e: e.outcome is not None,
    "context": lambda e: bool(e.context),
}


def clicked(case: Case) -> Iterator[str]:
    """I5, I6: a vote that Slack was told of is answered from the store; every vote was clicked."""
    owed = {row["id"] for row in case.stored["deliveries"]}
    made = clicks(case.workspace)
    for click in made:
        if click.acked and click.decides and f"ans_{click.command_id}" not in owed:
            yield f"I5: {click.person}'s {click.option} of {click.escalation} has no answer"
    known = {(c.command_id, c.escalation, c.option) for c in made}
    for record in case.stored.records:
        if record.kind == events.VOTE_CAST:
            vote = (record.command["id"], record.escalation_id, record.body["option"])
            if vote not in known:
                yield f"I6: nobody clicked {vote}"


def asked_once(case: Case) -> Iterator[str]:
    """I7, I8: a key opens one escalation; a person has one vote that counts."""
    opened: dict[str, set[str]] = {}
    for call in case.journal.of("open", acked=True):
        opened.setdefault(_row(call), set()).add(call.answer["id"])
    yield from (f"I7: {key} opened {ids}" for key, ids in opened.items() if len(ids) > 1)
    effective = [(v["escalation_id"], v["person"]) for v in case.stored["votes"] if v["effective"]]
    if len(effective) != len(set(effective)):
        yield "I8: somebody has two votes that count"


def refolds(case: Case) -> Iterator[str]:
    """I9: the records alone give the stored state, and its columns say the same."""
    for row in case.stored["escalations"]:
        state: Escalation | None = None
        for record in case.stored.chains.get(row["id"], []):
            state = evolve(state, record)
        if state is None or dump_text(state) != row["body"]:
            yield f"I9: {row['id']} is not what its records say"
        elif (row["status"], row["version"]) != (state.status, state.version):
            yield f"I9: {row['id']} is {row['status']} in its columns"
        elif row["decided_at"] != (instant(state.ended_at) if state.ended_at else None):
            yield f"I9: {row['id']} ended at {row['decided_at']}"
    yield from _rows_agree(case.stored)


def _rows_agree(stored: Stored) -> Iterator[str]:
    """Votes and decisions stand beside the records that made them."""
    cast = {(r.escalation_id, r.seq) for r in stored.records if r.kind == events.VOTE_CAST}
    decided = {(r.escalation_id, r.seq) for r in stored.records if r.kind == events.DECIDED}
    if not {(v["escalation_id"], v["seq"]) for v in stored["votes"]} <= cast:
        yield "I9: a vote has no record"
    if {(d["escalation_id"], d["seq"]) for d in stored["decisions"]} != decided:
        yield "I9: decisions and their records differ"


def chained(case: Case) -> Iterator[str]:
    """I10: records without a gap, each naming the one before, each hash its own."""
    for id_, chain in case.stored.chains.items():
        prev = GENESIS
        for n, r in enumerate(chain, start=1):
            hash_ = record_hash(id_, n, r.kind, r.at, r.by, r.core, prev, sha256(r.text))
            if (r.seq, r.prev, r.hash) != (n, prev, hash_):
                yield f"I10: record {n} of {id_} does not follow"
                break
            prev = r.hash


def released_once(case: Case) -> Iterator[str]:
    """I12, I13: one grant a claim, one claim an approval, and none without a decision."""
    grants = {row["escalation_id"]: row for row in case.stored["grants"]}
    for id_, e in case.stored.escalations.items():
        claims = [r for r in case.stored.chains[id_] if r.kind == events.CLAIMED]
        if (len(claims), id_ in grants) != ((1, True) if e.claim else (0, False)):
            yield f"I12: {id_} has {len(claims)} claims, grant {id_ in grants}"
        if claims and (e.status is not Status.APPROVED or not e.decision):
            yield f"I13: {id_} was claimed and is {e.status}"
        ran = e.state not in (OperationState.HELD, OperationState.ABORTED, OperationState.LAPSED)
        if ran and not claims:
            yield f"I13: {id_} is {e.state} without a claim"
    for call in case.journal.of("claim", acked=True):
        e = case.stored.escalations[call.about]
        key = hashlib.sha256(call.key.encode()).hexdigest()
        grant = grants.get(call.about)
        if e.claim is None or e.claim.key != key:
            yield f"I12: {call.about} was claimed by {call.key} and belongs to another"
        elif grant is None or grant["jws"] != call.answer["grant"]:
            yield f"I12: {call.about} has another grant than {call.key} was given"
        else:
            yield from _grant(case, e, call.answer["grant"])


def _grant(case: Case, e: Escalation, grant: str) -> Iterator[str]:
    """I4: the grant verifies by another library, and names what was decided."""
    if not case.public:
        return
    key = case.public[jwt.get_unverified_header(grant)["kid"]]
    verifier = jwt.PyJWS(algorithms=[])
    verifier.register_algorithm("Ed25519", jwt.algorithms.OKPAlgorithm())
    try:
        said = json.loads(verifier.decode(grant, key, algorithms=["Ed25519"]))
    except jwt.InvalidTokenError as error:
        yield f"I4: the grant of {e.id}: {error}"
        return
    assert e.decision is not None
    named = (said["sub"], said["digest"], said["option"], said["head"])
    if named != (e.id, e.digest, e.decision.option, e.decision.head):
        yield f"I4: the grant of {e.id} names {named}"


def called_back(case: Case) -> Iterator[str]:
    """I14: each end owes its callback from the same commit on; ids and bodies never change."""
    rows = {r["id"]: r for r in case.stored["deliveries"] if r["kind"] == "callback"}
    for id_, e in case.stored.escalations.items():
        own = e.resolution is not None and e.resolution.by.startswith("service:")
        if e.callback_url is None or e.status is Status.PENDING or own:
            continue
        if not any(r["escalation_id"] == id_ and _tells(r, e) for r in rows.values()):
            yield f"I14: {id_} is {e.status} and owes no callback"
    for id_, came in case.journal.callbacks.items():
        if id_ not in rows:
            yield f"I6: {id_} was called back and is not there"
        if any(one != came[0] for one in came):
            yield f"I14: {id_} said one thing and then another"
    for id_ in rows.keys() - case.journal.arrived:
        if case.settled or rows[id_]["state"] == "delivered":
            yield f"I14: {id_} never arrived and is {rows[id_]['state']}"


def _tells(row: Row, e: Escalation) -> bool:
    return f'"type":"escalation.{e.status}"' in row["payload"]


def apart(case: Case) -> Iterator[str]:
    """I16: what is another's does not exist."""
    for id_, status in case.journal.foreign:
        if status not in (404, 503):
            yield f"I16: {id_} answered {status} to another service"


def shown(case: Case) -> Iterator[str]:
    """I6: people see only what is there. I19: in the end they see all of it, as it is."""
    cards = {(row["channel"], row["ts"]): row for row in case.stored["cards"] if row["ts"]}
    showing = about_messages(case.workspace) if case.showing is None else case.showing
    for about in showing - case.stored.escalations.keys():
        yield f"I6: a message shows {about}, which is not there"
    if not case.settled:
        return
    for (channel, ts), row in cards.items():
        e = case.stored.escalations[row["escalation_id"]]
        message = case.workspace.conversations[channel].messages.get(ts)
        if message is None:
            yield f"I19: the card of {e.id} is gone"
        elif e.status is not Status.PENDING and asks(message):
            yield f"I19: {e.id} is {e.status}, and its card still asks"
    posted = {row["escalation_id"] for row in cards.values()}
    for id_, e in case.stored.escalations.items():
        if e.status is Status.PENDING and id_ not in posted and e.storm_id is None:
            yield f"I19: {id_} waits, and nobody is shown it"


def answered(case: Case) -> Iterator[str]:
    """Every click has exactly one visible answer, or more where kills left it unclear.

    What opens a window is no command and owes nothing; where Slack refused the window, that is said
    instead, and no oftener than it was refused.
    """
    if not case.settled:
        return
    for person, owed, seen in answers(case):
        without = len(unopened(case.workspace, person))
        if without > (refused := refused_windows(case.workspace, person)):
            yield f"I5: {person} was told of {without} windows that did not open, not {refused}"
        twice = sum(case.owed[id_] for id_ in owed)
        if not len(owed) <= seen <= len(owed) + twice:
            yield f"I5: {person} was owed {len(owed)} answers (+{twice}) and saw {seen}"


def answers(case: Case) -> Iterator[tuple[str, list[str], int]]:
    """Each person who is owed answers, the ids of those, and how many were seen, but for what told
    of a window that did not open.
    """
    rows = [row for row in case.stored["deliveries"] if row["kind"] == "answer"]
    made = clicks(case.workspace)
    for person in {row["target"] for row in rows}:
        owed = [row["id"] for row in rows if row["target"] == person]
        seen = len(case.workspace.ephemerals(person)) + len(answers_to(case.workspace, person))
        seen += sum(click.answered_at_once for click in made if click.person == person)
        yield person, owed, seen - len(unopened(case.workspace, person))


CHECKS: tuple[Check, ...] = (
    one_end,
    enough_votes,
    bound,
    durable,
    clicked,
    asked_once,
    refolds,
    chained,
    released_once,
    called_back,
    apart,
    shown,
    answered,
)
