"""A batch in memory: what was loaded, the fold over its commands, and what is to be written."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from approvals.automatic import Past, past_of
from approvals.commands import Claim, Command, Gather, Open, Tick
from approvals.decide import State
from approvals.escalation import Escalation, Json
from approvals.events import MISSED, OPENED, Record
from approvals.facts import Facts
from approvals.flows import Flow
from approvals.grants import Signer
from approvals.ledger import Ledger, Opened
from approvals.memory.fingerprint import fingerprint
from approvals.memory.recalling import keys_of
from approvals.owes import SignGrant, Work
from approvals.ports import NotSavedError, Settled
from approvals.refusals import Refusal
from approvals.step import Step, is_overdue, step
from approvals.sums import Move, move_of, sums_before
from approvals.verdict import Answer
from approvals.words import Kind, Status
from storage.clicks import answer_row
from storage.known import Known

log = structlog.get_logger(__name__)

#: Nothing came lately.
NO_FLOW = Flow()


class Pending:
    """A command and the future of whoever waits for it."""

    __slots__ = ("command", "future", "settled", "tries")

    def __init__(self, command: Command, future: "asyncio.Future[Settled]") -> None:
        self.command, self.future = command, future
        self.settled: Settled | None = None
        self.tries = 0  #: alone, after a batch failed

    def fail(self, error: Exception) -> None:
        """Tell whoever still waits."""
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # seen: nobody may be waiting any more

    def answer(self) -> None:
        """Tell whoever still waits, after the commit."""
        if not self.future.done() and self.settled is not None:
            self.future.set_result(self.settled)


def key_row(command: Open) -> str:
    """Names the row of an idempotency key; service names hold no colon."""
    return f"{command.service}:{command.idempotency_key}"


def group_row(command: Open) -> str | None:
    """Names the row of a dedup_key's group."""
    dedup_key = command.request.get("dedup_key")
    return f"{command.service}:{dedup_key}" if dedup_key else None


def recovery_row(command: Open) -> str | None:
    """Names the breaker of an automation: its group; None for what asks people."""
    is_automation = command.request.get("kind") == Kind.AUTOMATION
    return group_row(command) if is_automation else None


def flow_row(command: Open) -> str:
    """Names the row of what came lately; none of the three holds a vertical bar alone between."""
    body = command.request
    return f"{command.service}|{body['category']}|{body['environment']}"


def looks_for(command: Open) -> Iterable[str]:
    """Names the summaries it may be shown; an automation is shown to nobody."""
    if command.request.get("kind") == Kind.AUTOMATION:
        return ()
    return keys_of(fingerprint(command.request, command.service))


@dataclass
class Batch:
    """Rows loaded, and what the fold made of them. Commands see what earlier ones did."""

    facts: Facts
    signer: Signer
    commands: list[Pending]
    escalations: dict[str, Escalation] = field(default_factory=dict)
    keys: dict[str, Opened] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)  #: join_key -> pending escalation
    flows: dict[str, Flow] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)  #: escalation -> compact JWS
    sums: dict[str, int] = field(default_factory=dict)  #: key -> moved in the last day
    #: summaries of what ended, by `keys_of`
    recollections: dict[str, Json] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)  #: of what is to be erased, in memory
    past: dict[str, dict[str, Past]] = field(default_factory=dict)  #: group -> by escalation
    #: clicks carried out before, by their answer's row
    answered: dict[str, Answer] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)  #: how many wait, of services asked for
    changed: dict[str, None] = field(default_factory=dict)  #: ids, in order
    records: list[Record] = field(default_factory=list)
    work: list[tuple[str, int, Work]] = field(default_factory=list)  #: escalation, seq, work
    new_keys: list[tuple[str, str, str]] = field(default_factory=list)
    new_groups: list[tuple[str, str]] = field(default_factory=list)
    new_moves: list[tuple[str, str, datetime, int]] = field(default_factory=list)
    new_flows: dict[str, None] = field(default_factory=dict)  #: rows that changed
    new_grants: list[tuple[str, str, str, str]] = field(default_factory=list)
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)

    def no_earlier(self, now: datetime) -> datetime:
        """Now, or when one of those that were loaded changed last: by a clock ahead of ours."""
        return max(now, *(e.updated_at or now for e in self.escalations.values()), now)

    @property
    def news(self) -> dict[str, None]:
        """Those with more to show than a way that failed, in order."""
        return {r.escalation_id: None for r in self.records if r.kind != MISSED}

    def awaited(self) -> list[str]:
        """Ids of what changed that somebody may wait for: nobody knows of what is new."""
        return [id_ for id_ in self.changed if self.escalations[id_].version > 1]

    def fold(self, pending: Pending, now: datetime) -> None:
        """Drive one command. One that cannot be driven fails alone and leaves no trace."""
        try:
            pending.settled = self._driven(pending.command, now)
        except Exception:
            log.exception("command-failed", command=pending.command.id)
            pending.fail(NotSavedError())

    def answer(self) -> None:
        """The commit is on disk: tell everyone."""
        for pending in self.commands:
            pending.answer()

    def _driven(self, command: Command, now: datetime) -> Settled:
        row = answer_row(command)
        if row in self.answered:
            return self._again(command, self.answered[row], now)
        settled = self._settled(command, self._step(command, now))
        if row is not None and settled.refusal is None:
            self.answered[row] = settled.answer
        return settled

    def _again(self, command: Command, before: Answer, now: datetime) -> Settled:
        """A click that was carried out: what is true of it now, else what it was told then."""
        escalation = self.escalations.get(command.escalation_id)
        done = step(State(escalation=escalation), command, self.facts, now)
        return Settled(escalation=escalation, answer=before, refusal=done.refusal)

    def _step(self, command: Command, now: datetime) -> Step:
        if not isinstance(command, Open):
            state = State(escalation=self.escalations.get(command.escalation_id))
            done = step(state, command, self.facts, now)
            self._keep(done)
            return done
        twin = self._twin(command, now)
        group, move = group_row(command), move_of(command, self.facts.people)
        ledger = Ledger(
            opened=self.keys.get(key_row(command)),
            group_id=self.groups.get(group) if group else None,
            pending_twin=twin.id if twin else None,
            sums=sums_before(move, self.sums),
            pending=self.pending.get(command.service, 0),
            past=tuple(self.past.get(group or "", {}).values()),
            flow=self.flows.get(flow_row(command), NO_FLOW),
            recollections=self.recollections,
        )
        done = step(State(escalation=twin, ledger=ledger), command, self.facts, now)
        self._keep(done)
        self._post(command, done, group, ledger)
        self._add(done, move)
        self._gather(command, done, now)
        return done

    def _twin(self, command: Open, now: datetime) -> Escalation | None:
        """The pending escalation an equal request joins; what is due of it is done first."""
        found = self.twins.get(command.join_key or "")
        twin = self.escalations.get(found or "")
        if twin is not None and is_overdue(twin, now):
            tick = Tick(id=command.id, escalation_id=twin.id)
            done = step(State(escalation=twin), tick, self.facts, now)
            self._keep(done)
            twin = done.escalation
        return twin if twin is not None and not twin.status.is_terminal else None

    def _keep(self, done: Step) -> None:
        """Remember what a step did, for the commands after it and for writing."""
        escalation = done.escalation
        if escalation is None:
            return
        # Signing may fail, and nothing is claimed without a grant: so it comes first.
        signed = [
            (work.grant_id, self.signer.sign(work.claims))
            for work in done.work
            if isinstance(work, SignGrant)
        ]
        if done.changed:
            self._count_waiting(escalation)
            self.escalations[escalation.id] = escalation
            self.changed[escalation.id] = None
            self._recall(escalation)
            self.records += done.records
        self._count(escalation, done.refusal)
        for grant_id, jws in signed:
            self.grants[escalation.id] = jws
            self.new_grants.append((escalation.id, grant_id, self.signer.kid, jws))
        self.work += [
            (escalation.id, escalation.seq, work)
            for work in done.work
            if not isinstance(work, SignGrant)
        ]

    def _count_waiting(self, after: Escalation) -> None:
        """One more waits for people, or one less, or neither."""
        before = self.escalations.get(after.id)
        waited = before is not None and before.status is Status.PENDING
        if after.service in self.pending:
            self.pending[after.service] += (after.status is Status.PENDING) - waited

    def _recall(self, escalation: Escalation) -> None:
        """What an earlier command made of a recovery counts for the automations after it."""
        known = self.past.get(f"{escalation.service}:{escalation.dedup_key}")
        if known is not None:
            known[escalation.id] = past_of(escalation)

    def _count(self, escalation: Escalation, refusal: Refusal | None) -> None:
        if refusal is not None and refusal.who:
            self.refusals.append((escalation.id, refusal.who, refusal.why.value))

    def _post(self, command: Open, done: Step, group: str | None, before: Ledger) -> None:
        """Ledger rows after an open or a join."""
        escalation, opened, row = done.escalation, done.ledger.opened, key_row(command)
        # A key that was used before may still have changed the twin: by what was due, or by a no.
        if escalation is None or opened is None or self.keys.get(row) == opened:
            return
        self.keys[row] = opened
        self.new_keys.append((row, opened.escalation_id, opened.body_hash))
        if command.join_key:
            self.twins[command.join_key] = escalation.id
        if group and group not in self.groups:
            self.groups[group] = escalation.group_id
            self.new_groups.append((group, escalation.group_id))
        if done.ledger.flow is not before.flow:
            self.flows[flow_row(command)] = done.ledger.flow
            self.new_flows[flow_row(command)] = None
        self.policies.add(self.facts.policy.version)

    def _add(self, done: Step, move: Move | None) -> None:
        """What a new escalation moves counts for the opens after it; joins and repeats never."""
        escalation = done.escalation
        opened = bool(done.records) and done.records[0].kind == OPENED
        if move is None or escalation is None or not opened:
            return
        for _, key in move.keys:
            self.sums[key] = self.sums.get(key, 0) + move.amount_minor
            row = (escalation.id, key, escalation.created_at, move.amount_minor)
            self.new_moves.append(row)

    def _gather(self, command: Open, done: Step, now: datetime) -> None:
        """Those just before an opening that made a storm belong to it."""
        storm = done.escalation.storm_id if done.escalation else None
        for place, id_ in enumerate(done.ledger.gathers if storm else (), start=1):
            early = self.escalations.get(id_)
            if early is not None and storm is not None:
                gather = Gather(id=command.id, escalation_id=id_, storm=storm, place=place)
                self._keep(step(State(escalation=early), gather, self.facts, now))

    def _settled(self, command: Command, done: Step) -> Settled:
        escalation = done.escalation
        if isinstance(command, Open) and escalation is None and done.ledger.opened is not None:
            escalation = self.escalations.get(done.ledger.opened.escalation_id)
        claimed = isinstance(command, Claim) and done.refusal is None and escalation is not None
        return Settled(
            escalation=escalation,
            answer=done.answer,
            refusal=done.refusal,
            grant=self.grants.get(escalation.id) if claimed and escalation else None,
        )
