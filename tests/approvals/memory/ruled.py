"""A town in which people decide, accept rules, and rules decide: batch by batch, in memory."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from approvals import commands
from approvals.canonical import operation_digest
from approvals.commands import Actor, Command
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.memory.accepted import OURSELVES, Accepted, proposed
from approvals.memory.backtest import backtest
from approvals.memory.proposal import (
    ACCEPT,
    SPANS,
    digest_of,
    digest_to_run,
    request,
    rule_for,
    rules_in_force,
)
from approvals.memory.remembering import Remembered, remembered
from approvals.memory.suggesting import Suggestion, candidates
from approvals.ports import Settled
from approvals.words import Result
from storage.batch import Pending
from storage.memory.rows import Rows
from tests.approvals.scene import parsed
from tests.approvals.world import POLICY, START

RECOVERIES = """
[[rules]]
name = "recoveries"
match = { category = "retries_exhausted" }
requirements = [{ group = "dba", needed = 1 }]
exclude_requester = false
"""

CHANGES = """
[[rules]]
name = "rules that people accept"
match = { category = "policy_change" }
requirements = [{ group = "sec", needed = 2 }]
exclude_requester = false
"""

RULED = POLICY + RECOVERIES + CHANGES

GO = {"key": "go", "label": "Sync again", "effect": "release", "arguments": {"argv": ["sync"]}}
NO = {"key": "no", "label": "Leave it", "effect": "abort"}

#: What a service asks again and again.
SYNC: dict[str, Any] = {
    "category": "retries_exhausted",
    "title": "Sync failed 3 times",
    "environment": "production",
    "operation": {"name": "sync orders", "arguments": {"argv": ["sync", "--to", "warehouse"]}},
    "options": [GO, NO],
}

_LOOP = asyncio.new_event_loop()


class NoSigner:
    """Grants need no signature here."""

    kid = "k1"

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims themselves, in a way."""
        return f"grant of {claims['sub']}"


class Ruled:
    """Time, rows, and the rules as they were last looked at."""

    def __init__(self, policy: str = RULED) -> None:
        self.now: datetime = START
        self.policy = parsed(policy)
        self.rows = Rows()
        self.rules: Mapping[str, tuple[str, Accepted]] = {}
        self._ids = 0

    @property
    def facts(self) -> Facts:
        """What is known now."""
        people = self.policy.file_people(self.now)
        return Facts(people=people, policy=self.policy, rules=self.rules)

    def under(self, policy: str) -> "Ruled":
        """Another policy counts from now on."""
        self.policy = parsed(policy)
        return self

    def pass_(self, **time: float) -> "Ruled":
        """Time passes."""
        self.now += timedelta(**time)
        return self

    def new_id(self, kind: str = "cmd") -> str:
        """Ids in order."""
        self._ids += 1
        return f"{kind}_{self._ids:06}"

    def e(self, id_: str) -> Escalation:
        """That escalation as it stands."""
        return self.rows.escalations[id_]

    def commit(self, *given: Command) -> list[Settled]:
        """One batch."""
        waiting = [Pending(command, _LOOP.create_future()) for command in given]
        batch = self.rows.load(waiting, self.facts, NoSigner(), self.now)
        for pending in waiting:
            batch.fold(pending, self.now)
        self.rows.keep(batch, self.now)
        found = [pending.settled for pending in waiting]
        assert None not in found, "a command could not be driven"
        return [settled for settled in found if settled is not None]

    def send(self, verb: type[Command], id_: str, **given: Any) -> Settled:
        """One command about an escalation."""
        return self.commit(verb(id=self.new_id(), escalation_id=id_, **given))[0]

    # -- what services and people do ---------------------------------------------------------------

    def opening(self, service: str = "svc", **changes: Any) -> commands.Open:
        """The command by which a service asks."""
        hidden = changes.pop("hidden", ())
        body = {**SYNC, **changes}
        id_ = self.new_id("esc")
        return commands.Open(
            id=self.new_id(),
            escalation_id=id_,
            group_id=f"grp_{id_}",
            service=service,
            idempotency_key=f"key_{id_}",
            body_hash=id_,
            digest=operation_digest(body["operation"], body["options"]),
            request=body,
            operation_redacted=hidden,
        )

    def ask(self, service: str = "svc", **changes: Any) -> Escalation:
        """A service asks; the answer must not be a refusal."""
        (settled,) = self.commit(self.opening(service, **changes))
        assert settled.refusal is None, settled.refusal
        assert settled.escalation is not None
        return self.e(settled.escalation.id)

    def vote(self, e: Escalation, account: str, option: str = "go") -> Settled:
        """Somebody decides, having read all of it."""
        return self.send(
            commands.Vote,
            e.id,
            actor=Actor(account=account),
            option=option,
            shown=e.shown,
            digest=e.digest,
            rationale="it is fine",
            read_whole=True,
        )

    def claim(self, e: Escalation, service: str = "svc", digest: str | None = None) -> Settled:
        """The service takes the release."""
        taken = {"key": f"c_{e.id}", "nonce": "n", "grant_id": f"gnt_{e.id}"}
        return self.send(commands.Claim, e.id, service=service, digest=digest or e.digest, **taken)

    def report(self, e: Escalation, result: str = "succeeded", **given: Any) -> Settled:
        """The service says what became of it."""
        given = {"service": "svc", "result": Result(result), **given}
        return self.send(commands.Report, e.id, **given)

    def stop(self, e: Escalation, account: str = "UANA", reason: str | None = None) -> Settled:
        """An approver stops it."""
        return self.send(commands.Stop, e.id, actor=Actor(account=account), reason=reason)

    def run(self, e: Escalation, result: str = "succeeded", **given: Any) -> Escalation:
        """It is taken, and ends so."""
        assert self.claim(e).refusal is None
        assert self.report(e, result, **given).refusal is None
        return self.e(e.id)

    def asked_and_allowed(self, account: str = "UBEN", **changes: Any) -> Escalation:
        """People allow one, and it goes well."""
        e = self.ask(**changes)
        assert self.vote(e, account).refusal is None
        return self.run(e)

    # -- what becomes a rule -----------------------------------------------------------------------

    @property
    def history(self) -> tuple[Remembered, ...]:
        """All that ended."""
        return tuple(filter(None, map(remembered, self.rows.escalations.values())))

    def decided_alike(self, times: int = 6, **changes: Any) -> Suggestion:
        """People decide alike so often that a rule is suggested."""
        for n in range(times):
            self.pass_(hours=5)
            self.asked_and_allowed(("UBEN", "UANA")[n % 2], **changes)
        *_, found = candidates(self.history, self.now)
        return found

    def proposal(self, found: Suggestion, **terms: Any) -> Escalation:
        """The rule is proposed, as Andon does it."""
        newest = self.e(found.newest.id)
        rule = rule_for(found, newest, self.policy.memory, self.now)
        rule = rule.model_copy(update=terms)
        tests = [backtest(rule, self.history, self.now, days) for days in SPANS]
        body = request(rule, found, newest, tests, {"ana": "Ana"})
        opened = self.opening(OURSELVES, **body)
        assert opened.digest == digest_of(body)
        (settled,) = self.commit(opened)
        assert settled.refusal is None, settled.refusal
        return self.e(opened.escalation_id)

    def take(self, proposal: Escalation) -> Escalation:
        """Andon takes what was accepted, and from then on it is in force."""
        digest = digest_to_run(self.e(proposal.id))
        assert self.claim(proposal, OURSELVES, digest).refusal is None
        assert self.report(proposal, service=OURSELVES).refusal is None
        return self.e(proposal.id)

    def look(self) -> "Ruled":
        """The rules are looked at anew."""
        ours = [e for e in self.rows.escalations.values() if e.service == OURSELVES]
        self.rules = rules_in_force(ours, self.now)
        return self

    def accepted(self, **terms: Any) -> Escalation:
        """Two people accepted a rule, and it is in force."""
        proposal = self.proposal(self.decided_alike(), **terms)
        for account in ("UCEM", "UDEE"):
            assert self.vote(proposal, account, ACCEPT).refusal is None
        done = self.take(proposal)
        self.look().pass_(hours=1)
        return done


def rule_of(proposal: Escalation) -> Accepted:
    """The rule that it proposes."""
    found = proposed(proposal)
    assert found is not None
    return found
