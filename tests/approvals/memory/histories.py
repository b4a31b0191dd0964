"""Histories of what ended, with known answers: each by a seed, in many variants."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from approvals.escalation import Money, Operation, Option
from approvals.memory.remembering import Remembered
from approvals.memory.reserved import reserved
from approvals.memory.values import Fingerprint
from approvals.words import DecidedBy, Effect, Friction, Kind, Result, Severity, Status
from tests.approvals.world import START

#: The moment at which it is asked what to suggest.
NOW = START + timedelta(days=60)

PEOPLE = ("ana", "ben", "cem", "dee")
KINDS = ("retries_exhausted", "service_health", "resource_exhaustion", "other", "vacuuming")
DAYS = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """What is asked again and again."""

    name: str
    service: str
    category: str
    environment: str
    option: str

    def one(self, n: int, ended_at: datetime, **changes: Any) -> Remembered:
        """One of them: approved by ben and succeeded, unless told otherwise."""
        given: dict[str, Any] = {
            "id": f"esc_{self.name}_{n:03}",
            "service": self.service,
            "kind": Kind.APPROVAL,
            "category": self.category,
            "severity": Severity.MEDIUM,
            "environment": self.environment,
            "title": f"{self.name} again",
            "rule": "production",
            "status": Status.APPROVED,
            "created_at": ended_at - timedelta(minutes=10),
            "ended_at": ended_at,
            "fingerprint": Fingerprint(version=1, exact=self.name, template="t" + self.name),
            "operation": "refresh",
            "by": DecidedBy.VOTES,
            "option": self.option,
            "label": "Go",
            "effect": Effect.RELEASE,
            "people": ("ben",),
            "outcome": Result.SUCCEEDED,
        }
        found = Remembered(**(given | changes))
        return replace(found, reserved=changes.get("reserved", why(found)))


def why(one: Remembered, *, irreversible: bool = False) -> str | None:
    """Why it is reserved for people, as it would be for what was remembered."""
    money = Money(amount_minor=1, currency="EUR") if one.money else None
    friction = Friction.REASON if irreversible else Friction.TAP
    effect = one.effect or Effect.ABORT
    return reserved(
        kind=one.kind,
        category_slug=one.category,
        environment=one.environment,
        severity=one.severity,
        operation=Operation(name="refresh", money=money),
        option=Option(key="go", label="Go", effect=effect, friction=friction),
    )


@dataclass(frozen=True)
class History:
    """What ended, and which of it a rule or work should be suggested for."""

    ended: tuple[Remembered, ...]
    rule: str | None = None  #: by the name of what is asked
    by_hand: str | None = None


def asked(pick: Random, name: str = "refresh") -> Asked:
    """Something that a rule could decide."""
    return Asked(
        name=name,
        service=pick.choice(("search", "web", "orders")),
        category=pick.choice(KINDS),
        environment=pick.choice(("production", "staging")),
        option=pick.choice(("go", "migrate", "retry")),
    )


def moments(pick: Random, n: int) -> list[datetime]:
    """So many moments of the last 30 days, in order."""
    spans = sorted(pick.uniform(0.01, 29.9) for _ in range(n))
    return [NOW - timedelta(days=days) for days in reversed(spans)]


def good(pick: Random, what: Asked, least: int = 5) -> list[Remembered]:
    """Decided alike by two people or more, and it went well each time."""
    n = pick.randint(least, 30)
    people = pick.sample(PEOPLE, pick.randint(2, 4))
    ended = [
        what.one(i, at, people=(pick.choice(people),)) for i, at in enumerate(moments(pick, n))
    ]
    ended[0] = replace(ended[0], people=(people[0],))
    ended[-1] = replace(ended[-1], people=(people[1],))
    return ended


def spoil(pick: Random, ended: list[Remembered], **changes: Any) -> list[Remembered]:
    """One of them went differently."""
    at = pick.randrange(len(ended))
    ended[at] = replace(ended[at], **changes)
    return ended


# -- the histories --------------------------------------------------------------------------------

Planted = Callable[[Random], History]
HISTORIES: dict[str, Planted] = {}


def planted(made: Planted) -> Planted:
    """Put it on the list."""
    HISTORIES[made.__name__] = made
    return made


@planted
def a_real_candidate(pick: Random) -> History:
    return History(tuple(good(pick, asked(pick))), rule="refresh")


@planted
def a_real_candidate_that_was_once_decided_otherwise(pick: Random) -> History:
    """One of twenty or more: 95 % are enough."""
    what = asked(pick)
    other = {"option": "later", "effect": Effect.ABORT, "status": Status.REJECTED, "outcome": None}
    extra = what.one(99, NOW - DAYS, **other)
    return History((*good(pick, what, least=19), extra), rule="refresh")


@planted
def a_real_candidate_with_some_that_nobody_decided(pick: Random) -> History:
    """What ran out of time, was taken back, or was never taken, people did not decide otherwise."""
    what = asked(pick)
    nobody = {"option": None, "effect": Effect.ABORT, "people": (), "outcome": None}
    late = what.one(98, NOW - DAYS, status=Status.EXPIRED, by=DecidedBy.EXPIRY, **nobody)
    back = what.one(99, NOW - DAYS, status=Status.WITHDRAWN, by=DecidedBy.REQUESTER, **nobody)
    ended = spoil(pick, good(pick, what), outcome=None)
    return History((*ended, late, back), rule="refresh")


@planted
def always_the_same_person(pick: Random) -> History:
    who = pick.choice(PEOPLE)
    return History(tuple(replace(one, people=(who,)) for one in good(pick, asked(pick))))


@planted
def one_was_taken_back_after_it_ran(pick: Random) -> History:
    return History(tuple(spoil(pick, good(pick, asked(pick)), undone="restored from backup")))


@planted
def one_was_stopped(pick: Random) -> History:
    return History(tuple(spoil(pick, good(pick, asked(pick)), stopped=True, outcome=None)))


@planted
def one_became_void(pick: Random) -> History:
    return History(tuple(spoil(pick, good(pick, asked(pick)), void=True, outcome=None)))


@planted
def one_overrode_the_policy(pick: Random) -> History:
    return History(tuple(spoil(pick, good(pick, asked(pick), 6), by=DecidedBy.BREAK_GLASS)))


@planted
def one_failed(pick: Random) -> History:
    return History(tuple(spoil(pick, good(pick, asked(pick)), outcome=Result.FAILED)))


@planted
def one_ended_nobody_knows_how(pick: Random) -> History:
    return History(tuple(spoil(pick, good(pick, asked(pick)), outcome=Result.UNKNOWN)))


@planted
def what_a_rule_let_failed(pick: Random) -> History:
    what = asked(pick)
    alone = {"by": DecidedBy.POLICY, "people": (), "by_rule": "esc_1"}
    failed = what.one(99, NOW - DAYS, outcome=Result.FAILED, **alone)
    return History((*good(pick, what), failed))


@planted
def what_rules_decided_is_no_decision_of_people(pick: Random) -> History:
    what = asked(pick)
    ended = good(pick, what)[:4]
    alone = {"by": DecidedBy.POLICY, "people": (), "by_rule": "esc_1"}
    more = (what.one(90 + n, NOW - DAYS, **alone) for n in range(5))
    people = replace(ended[0], people=("cem",))
    return History((people, *ended[1:], *more))


@planted
def a_kind_that_people_decide(pick: Random) -> History:
    slug = pick.choice(
        (
            "data_migration", "schema_migration", "api_change", "security", "architecture",
            "compliance", "data_corruption", "large_transaction", "decision", "policy_change",
        )
    )  # fmt: skip
    what = replace(asked(pick), category=slug)
    return History(tuple(good(pick, what)))


@planted
def a_deployment_to_production(pick: Random) -> History:
    what = replace(asked(pick), category="deployment", environment="production")
    return History(tuple(good(pick, what)))


@planted
def a_deployment_elsewhere(pick: Random) -> History:
    what = replace(asked(pick), category="deployment", environment="staging")
    return History(tuple(good(pick, what)), rule="refresh")


@planted
def it_moves_money(pick: Random) -> History:
    return History(tuple(replace(one, money=True) for one in good(pick, asked(pick))))


@planted
def it_cannot_be_undone(pick: Random) -> History:
    ended = good(pick, asked(pick))
    return History(tuple(replace(one, reserved=why(one, irreversible=True)) for one in ended))


@planted
def one_was_critical(pick: Random) -> History:
    ended = good(pick, asked(pick))
    at = pick.randrange(len(ended))
    worse = replace(ended[at], severity=Severity.CRITICAL)
    ended[at] = replace(worse, reserved=why(worse))
    return History(tuple(ended))


@planted
def people_do_not_agree(pick: Random) -> History:
    """One of fewer than twenty is more than 5 %."""
    what = asked(pick)
    ended = good(pick, what)[:17]
    other = pick.choice((("later", Effect.ABORT), ("otherwise", Effect.RELEASE)))
    extra = what.one(99, NOW - DAYS, option=other[0], effect=other[1], people=("cem",))
    return History((*ended, extra))


@planted
def people_always_say_no(pick: Random) -> History:
    no = {"effect": Effect.ABORT, "status": Status.REJECTED, "outcome": None}
    return History(tuple(replace(one, **no) for one in good(pick, asked(pick))))


@planted
def only_four_times(pick: Random) -> History:
    ended = good(pick, asked(pick))[-4:]
    return History((replace(ended[0], people=("cem",)), *ended[1:]))


@planted
def it_was_long_ago(pick: Random) -> History:
    """All but four of them."""
    ended = good(pick, asked(pick))
    old = [replace(one, ended_at=one.ended_at - 30 * DAYS) for one in ended[:-4]]
    return History((*old, replace(ended[-4], people=("cem",)), *ended[-3:]))


@planted
def two_look_alikes(pick: Random) -> History:
    """They differ in a dangerous value alone: each is too few, together they would be enough."""
    what = asked(pick)
    here, there = replace(what, name="to staging"), replace(what, name="to production")
    ended = [*good(pick, here)[:4], *good(pick, there)[:4]]
    ended = [replace(one, people=(PEOPLE[n % 4],)) for n, one in enumerate(ended)]
    return History(tuple(_of_template(ended, "to")))


@planted
def two_look_alikes_of_which_one_is_a_candidate(pick: Random) -> History:
    """And the other failed."""
    what = asked(pick)
    here, there = replace(what, name="to staging"), replace(what, name="to production")
    bad = spoil(pick, good(pick, there), outcome=Result.FAILED)
    return History(tuple(_of_template([*good(pick, here), *bad], "to")), rule="to staging")


@planted
def alike_in_two_places(pick: Random) -> History:
    """The same fingerprint, in staging and in production: four times each."""
    what = asked(pick)
    here, there = replace(what, environment="staging"), replace(what, environment="production")
    ended = [*good(pick, here)[:4], *good(pick, there)[:4]]
    return History(tuple(replace(one, people=(PEOPLE[n % 4],)) for n, one in enumerate(ended)))


@planted
def of_two_versions(pick: Random) -> History:
    """Fingerprints of two versions are never compared."""
    ended = good(pick, asked(pick))[-8:]
    ended = [replace(one, people=(PEOPLE[n % 4],)) for n, one in enumerate(ended)]
    old = [replace(one, fingerprint=Fingerprint(version=0, exact="refresh")) for one in ended[4:]]
    return History((*ended[:4], *old))


@planted
def nothing_to_go_by(pick: Random) -> History:
    return History(tuple(replace(one, fingerprint=None) for one in good(pick, asked(pick))))


@planted
def work_by_hand(pick: Random) -> History:
    """Stopped by an option or a reason that says so, or resolved by hand."""
    what = asked(pick)
    said: list[dict[str, Any]] = [
        {"label": "I will resolve it by hand", "effect": Effect.ABORT},
        {"rationale": "I do it by hand. Restarted the shard", "effect": Effect.ABORT},
        {"effect": Effect.ABORT, "by_hand": "restarted the shard"},
        {"kind": Kind.INCIDENT, "by": None, "effect": None, "by_hand": "restarted it"},
    ]
    how = pick.choice(said)
    ended = [replace(one, option=None, outcome=None, **how) for one in good(pick, what)]
    return History(tuple(ended), by_hand="refresh")


@planted
def work_by_hand_with_other_values(pick: Random) -> History:
    ended = [
        replace(one, effect=Effect.ABORT, by_hand="moved it", fingerprint=_like(one, n))
        for n, one in enumerate(good(pick, asked(pick)))
    ]
    return History(tuple(ended), by_hand="refresh")


@planted
def by_hand_four_times(pick: Random) -> History:
    ended = good(pick, asked(pick))[:4]
    return History(tuple(replace(one, effect=Effect.ABORT, by_hand="moved it") for one in ended))


@planted
def resolved_but_not_by_hand(pick: Random) -> History:
    quiet: dict[str, Any] = {"kind": Kind.INCIDENT, "by": None, "effect": None, "outcome": None}
    return History(tuple(replace(one, **quiet) for one in good(pick, asked(pick))))


def _like(one: Remembered, n: int) -> Fingerprint:
    assert one.fingerprint is not None
    return replace(one.fingerprint, exact=f"{one.fingerprint.exact} {n}")


def _of_template(ended: list[Remembered], template: str) -> list[Remembered]:
    known = [one.fingerprint for one in ended]
    assert all(known)
    return [
        replace(one, fingerprint=replace(print_, template=template))
        for one, print_ in zip(ended, known, strict=True)
        if print_ is not None
    ]
