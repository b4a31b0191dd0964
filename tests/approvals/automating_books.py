"""Nothing that people decide runs by itself: reckoned with books of its own, with bugs to plant.

Instances of two services recover, report, ask people and wait, in any order. The books know only
what was sent and what was answered, the seed's two lists, and the terms of the policy.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from random import Random
from typing import Any

import pytest

from approvals import automatic, categories, commands, decide
from approvals.decide import State
from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.ledger import Ledger
from approvals.owes import SignGrant
from approvals.policy.load import parse_policy
from approvals.step import Step, step
from approvals.verdict import Verdict
from approvals.words import Kind, OperationState, Result
from tests.approvals.world import POLICY, START

automating = import_module("approvals.decide.automate")
claiming = import_module("approvals.decide.claim")
reporting = import_module("approvals.decide.report")

#: From the seed: what may be automated, and when; what never is.
RECOVERIES = ("known_fix", "idempotent", "restart", "cache", "cleanup", "retry")
FAILING = ("service_health", "service_outage", "retries_exhausted", "resource_exhaustion")
DECIDED = ("schema_migration", "api_change", "deployment", "security", "architecture", "unheard_of")

MOST, WITHIN, REST = 2, timedelta(seconds=100), timedelta(seconds=400)
POLICY_THEN = parse_policy(
    POLICY
    + "\n[automation]\nmost = 2\nwithin_s = 100\nmanual_for_s = 400\nreport_within_s = 50\n"
    + '[automation.services]\nother = ["restart"]\n'
)


class BrokenError(AssertionError):
    """Something ran by itself that should not have, or the other way round."""


def must(holds: bool, what: str) -> None:
    """Say what broke."""
    if not holds:
        raise BrokenError(what)


@dataclass
class Ran:
    """What the books know of one recovery: when, and how it ended."""

    at: datetime
    alone: bool
    ended: str | None = None


@dataclass
class Books:
    """Two services and their recoveries, as they were answered."""

    now: datetime = START
    escalations: dict[str, Escalation] = field(default_factory=dict)
    ran: dict[tuple[str, str], dict[str, Ran]] = field(default_factory=dict)

    def may(self, service: str, recovery: str, category: str, *, shown: str = "") -> bool:
        """Whether it may run by itself now, by the seed and the policy alone."""
        never = recovery not in RECOVERIES or category not in FAILING or bool(shown)
        if never or (service == "other" and recovery != "restart"):
            return False
        past = list(self.ran.get((service, recovery), {}).values())
        good = [r.at for r in past if not r.alone and r.ended == "succeeded"]
        alone = [r for r in past if r.alone and (not good or r.at > max(good))]
        failed = [r for r in alone if self.failed(r) and r.at > self.now - REST]
        return not failed and sum(r.at > self.now - WITHIN for r in alone) < MOST

    def failed(self, one: Ran) -> bool:
        """Badly, or nobody said how and the time for it is over."""
        silent = one.ended is None and self.now >= one.at + timedelta(seconds=50)
        return one.ended in ("failed", "unknown") or silent

    def send(self, command: commands.Command, ledger: Ledger | None = None) -> Step:
        """One command; no clock has come by before it."""
        facts = Facts(people=POLICY_THEN.file_people(self.now), policy=POLICY_THEN)
        about = self.escalations.get(command.escalation_id)
        if isinstance(command, commands.Open):
            key = (command.service, command.request.get("dedup_key"))
            known = [e for e in self.escalations.values() if (e.service, e.dedup_key) == key]
            ledger = Ledger(past=tuple(map(automatic.past_of, known)))
        done = step(State(escalation=about, ledger=ledger or Ledger()), command, facts, self.now)
        grants = [work for work in done.work if isinstance(work, SignGrant)]
        kind = done.escalation.kind if done.escalation else ""
        must(not grants or kind == "approval", "grant: signed for what nobody approved")
        return self.keep(done)

    def keep(self, done: Step) -> Step:
        """Remember what became of it."""
        if done.escalation is not None:
            self.escalations[done.escalation.id] = done.escalation
        return done


def a_name(books: Books, kind: str) -> str:
    """Ids in order."""
    return f"{kind}_{len(books.escalations) + 1}"


def automate(books: Books, pick: Random) -> None:
    """A service is about to recover by itself, or pretends that it only recovers."""
    service, recovery = pick.choice(("svc", "svc", "other")), pick.choice((*RECOVERIES, "migrate"))
    recovery = pick.choice((recovery, "restart", "restart"))
    category = pick.choice((*FAILING, pick.choice(DECIDED)))
    shown = pick.choice(("", "", "", "", "money", "sql"))
    operation = {
        "": {"name": "restart"},
        "money": {"name": "pay", "money": {"amount_minor": 1, "currency": "EUR"}},
        "sql": {"name": "x", "arguments": {"sql": "DROP TABLE t"}},
    }[shown]
    body = {"kind": "automation", "recovery": recovery, "category": category, "options": []}
    body |= {"title": "x", "environment": "production", "operation": operation}
    expected = books.may(service, recovery, category, shown=shown)
    done = books.send(opening(books, service, {**body, "dedup_key": f"automation:{recovery}"}))
    ran = bool(done.records)
    what = f"{recovery} of {service} from {category}"
    must(ran <= (category in FAILING), f"never: {what} ran by itself")
    must(ran <= (recovery in RECOVERIES), f"never: {what} is no recovery")
    must(not (ran and shown), f"never: {shown} moved by itself")
    must(ran <= expected, f"breaker: {what} ran, and it was manual")
    must(ran >= expected, f"breaker: {what} was kept from running")
    if done.escalation is not None and ran:
        mine = books.ran.setdefault((service, recovery), {})
        mine[done.escalation.id] = Ran(at=books.now, alone=True)


def opening(books: Books, service: str, body: dict[str, Any]) -> commands.Open:
    """The command that opens it."""
    return commands.Open(
        id=a_name(books, "cmd"),
        escalation_id=a_name(books, "esc"),
        group_id="grp_1",
        service=service,
        idempotency_key=a_name(books, "key"),
        body_hash="b",
        digest="sha256:" + "0" * 64,
        request=body,
    )


def report(books: Books, pick: Random) -> None:
    """Somebody says how one ended: mostly the service it is of, and mostly for the first time."""
    alone = [(s, r, i) for (s, r), found in books.ran.items() for i in found]
    if not alone:
        return
    service, recovery, id_ = pick.choice(alone[-3:])
    caller, result = pick.choice((service, service, "svc")), pick.choice(list(Result))
    command = commands.Report(
        id=a_name(books, "cmd"), escalation_id=id_, service=caller, result=result
    )
    one, taken = books.ran[service, recovery][id_], books.send(command).refusal is None
    must(taken <= (caller == service), "reported: another service said how it ended")
    if taken and one.alone:
        one.ended = one.ended or result.value


def ask_people(books: Books, pick: Random) -> None:
    """People release one after it was turned manual, and it ends somehow, or is not released."""
    option = [
        {"key": "go", "label": "Go", "effect": "release"},
        {"key": "no", "label": "Stop", "effect": "abort"},
    ]
    body = {"category": "deployment", "title": "x", "environment": "production"}
    body |= {"operation": {"name": "restart"}, "dedup_key": "automation:restart"}
    body |= {"options": option, "requested_by": {"id": "req@example.com"}}
    opened = books.send(opening(books, "svc", body)).escalation
    must(opened is not None and opened.state is OperationState.HELD, "asked: nobody was asked")
    assert opened is not None
    what = pick.choice(("succeeded", "succeeded", "failed", "held", "claimed"))
    if what == "held":
        return
    vote = commands.Vote(
        id=a_name(books, "vote"), escalation_id=opened.id, actor=commands.Actor(account="UBEN"),
        option="go", shown=0, digest=opened.digest, rationale="it is fine", read_whole=True
    )  # fmt: skip
    books.send(vote)
    taken = books.send(a_claim(books, opened))
    must(taken.refusal is None, "asked: what people released is not to be had")
    if what != "claimed":
        done = commands.Report(
            id=a_name(books, "cmd"), escalation_id=opened.id, service="svc", result=Result(what)
        )
        books.send(done)
        mine = books.ran.setdefault(("svc", "restart"), {})
        mine[opened.id] = Ran(at=books.now, alone=False, ended=what)


def a_claim(books: Books, e: Escalation) -> commands.Claim:
    """The service takes what was released."""
    return commands.Claim(
        id=a_name(books, "cmd"), escalation_id=e.id, service=e.service, key="c", digest=e.digest,
        nonce="n", grant_id=f"gnt_{e.id}"
    )  # fmt: skip


def take(books: Books, pick: Random) -> None:
    """A service takes what it was never given."""
    alone = [e for e in books.escalations.values() if e.kind == "automation"]
    if alone:
        done = books.send(a_claim(books, pick.choice(alone)))
        must(done.refusal is not None, "grant: an automation was claimed")


def wait(books: Books, pick: Random) -> None:
    """Time passes."""
    books.now += timedelta(seconds=pick.choice((1, 20, 49, 50, 99, 100, 399, 400)))


ACTS = (automate, automate, automate, automate, report, report, ask_people, take, wait, wait)


def live(seed: int, acts: int = 60) -> None:
    """One life of two services. Raises BrokenError."""
    pick, books = Random(seed), Books()
    for _ in range(acts):
        pick.choice(ACTS)(books, pick)
        books.now += timedelta(seconds=1)


# -- bugs to plant ---------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]
PLANTED: dict[str, tuple[Plant, tuple[str, ...]]] = {}


def breaks(*what: str) -> Callable[[Plant], Plant]:
    """Put the bug on the list, with what has to break first."""

    def listed(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = (plant, what)
        return plant

    return listed


@breaks("never")
def whatever_the_service_says_runs(m: pytest.MonkeyPatch) -> None:
    m.setattr(automating, "never", lambda request: ())


@breaks("never")
def an_unheard_of_category_is_like_any_other(m: pytest.MonkeyPatch) -> None:
    known = replace(categories.CATEGORIES["other"], automatic=True)
    real = categories.category
    m.setattr(automatic, "category", lambda s: real(s) if s in categories.CATEGORIES else known)


@breaks("never")
def a_migration_is_idempotent(m: pytest.MonkeyPatch) -> None:
    real = categories.category
    m.setattr(automatic, "category", lambda s: replace(real(s), automatic="security" not in s))


@breaks("never")
def money_is_just_an_argument(m: pytest.MonkeyPatch) -> None:
    real = automatic.never
    m.setattr(automating, "never", lambda r: [e for e in real(r) if "money" not in e.pointer])


@breaks("never")
def a_statement_is_just_an_argument(m: pytest.MonkeyPatch) -> None:
    real = automatic.never
    m.setattr(automating, "never", lambda r: [e for e in real(r) if "sql" not in e.pointer])


@breaks("breaker")
def it_runs_however_often(m: pytest.MonkeyPatch) -> None:
    m.setattr(automating, "turned", lambda *a: None)


@breaks("breaker")
def failures_are_forgotten(m: pytest.MonkeyPatch) -> None:
    m.setattr(automatic, "_BAD", ())


@breaks("breaker")
def silence_is_known_only_by_the_clock(m: pytest.MonkeyPatch) -> None:
    m.setattr(automatic.Past, "went_wrong", lambda one, now: one.state in automatic._BAD)


@breaks("breaker")
def silence_is_fine(m: pytest.MonkeyPatch) -> None:
    m.setattr(automatic.Past, "went_wrong", lambda one, now: one.state == "failed")


@breaks("breaker")
def whatever_people_released_is_taken_to_work(m: pytest.MonkeyPatch) -> None:
    real, good = automatic.past_of, OperationState.SUCCEEDED

    def past(e: Escalation) -> automatic.Past:
        return real(e) if real(e).alone else replace(real(e), state=good)

    m.setattr(automatic, "past_of", past)


@breaks("breaker")
def it_vouches_for_itself(m: pytest.MonkeyPatch) -> None:
    real, good = automatic.past_of, OperationState.SUCCEEDED
    m.setattr(automatic, "past_of", lambda e: replace(real(e), alone=real(e).state is not good))


@breaks("breaker")
def the_policy_of_a_service_is_not_read(m: pytest.MonkeyPatch) -> None:
    m.setattr(type(POLICY_THEN.automation), "lets", lambda *a: True)


@breaks("grant")
def an_automation_is_released_like_an_approval(m: pytest.MonkeyPatch) -> None:
    real = claiming.claim

    def loose(e: Escalation, *rest: Any) -> Verdict:
        verdict: Verdict = real(replace(e, kind=Kind.APPROVAL), *rest)
        return verdict

    m.setitem(decide._VERBS, commands.Claim, loose)


@breaks("reported")
def any_service_reports(m: pytest.MonkeyPatch) -> None:
    real = reporting.report

    def loose(e: Escalation, command: commands.Report, *rest: Any) -> Verdict:
        verdict: Verdict = real(e, replace(command, service=e.service), *rest)
        return verdict

    m.setitem(decide._VERBS, commands.Report, loose)
