"""Accepted rules: their text, when they are in force, and what ends them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from approvals.commands import Erase
from approvals.escalation import Escalation, Outcome
from approvals.events import sha256
from approvals.memory.accepted import (
    Accepted,
    Broken,
    Use,
    accepted,
    broken,
    in_force,
    key_of,
    parse_accepted,
    proposed,
    rests,
    use_of,
)
from approvals.memory.values import Fingerprint, Suspension
from approvals.words import DecidedBy, OperationState, Result, Severity, Status
from tests.approvals.memory.ruled import Ruled, rule_of
from tests.approvals.world import START

RULE = Accepted(
    name="search-api: refresh «mappings»",
    service="search-api",
    fingerprint="1:ab12",
    option="migrate",
    instead_of='the "usual"\nrule',
    people=1,
    severity=Severity.MEDIUM,
    until="2027-02-24",
    a_day=20,
)

TEXT = """[accepted]
name = "search-api: refresh «mappings»"
service = "search-api"
fingerprint = "1:ab12"
option = "migrate"
instead_of = "the \\"usual\\"\\nrule"
people = 1
severity = "medium"
until = "2027-02-24"
a_day = 20"""


def test_its_text_is_read_back_to_the_letter() -> None:
    assert RULE.text == TEXT
    assert parse_accepted(TEXT) == RULE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[accepted",
        '[accepted]\nname = "x"',
        TEXT.replace("a_day = 20", "a_day = 0"),
        TEXT.replace("a_day = 20", "a_day = 20\nforever = true"),
        TEXT.replace('"medium"', '"mild"'),
        TEXT.replace("2027-02-24", "2027-02-31"),
        TEXT.replace("1:ab12", "ab12"),
        TEXT + "\n",
        TEXT + "\n# fine",
    ],
)
def test_nothing_else_is_the_text_of_a_rule(text: str) -> None:
    with pytest.raises(ValueError, match=r"accepted rule|day|month"):
        parse_accepted(text)


def test_it_knows_its_fingerprint_and_no_other() -> None:
    found = Fingerprint(version=1, exact="ab12", template="t")
    assert key_of(found) == "1:ab12"
    assert RULE.knows(found)
    assert not RULE.knows(replace(found, version=2))
    assert not RULE.knows(replace(found, exact="ab13"))


def test_it_holds_through_its_last_day() -> None:
    assert not RULE.is_over(datetime(2027, 2, 24, 23, 59, 59, tzinfo=UTC))
    assert RULE.is_over(datetime(2027, 2, 25, tzinfo=UTC))


@pytest.mark.parametrize(("a_day", "burst"), [(1, 3), (12, 3), (16, 4), (100, 25)])
def test_a_burst_is_a_quarter_of_a_day_within_an_hour(a_day: int, burst: int) -> None:
    assert RULE.model_copy(update={"a_day": a_day}).burst == burst


# -- when it is in force ---------------------------------------------------------------------------


@pytest.fixture(scope="module", name="town")
def a_town() -> Ruled:
    """A rule was accepted in it."""
    town = Ruled()
    town.accepted()
    return town


@pytest.fixture(name="proposal")
def the_proposal(town: Ruled) -> Escalation:
    """The proposal of that rule."""
    ((id_, _),) = town.rules.values()
    return town.e(id_)


def test_it_is_in_force_from_the_report_of_andon_on(proposal: Escalation, town: Ruled) -> None:
    assert in_force(proposal, town.now) == proposed(proposal) == accepted(proposal)
    assert rule_of(proposal).name == "svc: sync orders"


def changed(proposal: Escalation, what: str) -> Escalation:
    """The proposal, as it is not in force."""
    decision, operation = proposal.decision, proposal.operation
    assert decision is not None
    assert operation is not None
    done = Outcome(result=Result.SUCCEEDED, at=START, by="andon")
    rule, hash_ = operation.arguments["rule"], operation.arguments["hash"]
    altered = {"rule": rule.replace("a_day = 20", "a_day = 900"), "hash": hash_}
    no_rule = {
        "rule": "x",
        "hash": sha256("x"),
    }
    changes: dict[str, dict[str, Any]] = {
        "of a service": {"service": "svc"},
        "of another kind": {"category": "deployment"},
        "nothing is held": {"operation": None},
        "altered": {"operation": replace(operation, arguments=altered)},
        "no rule": {"operation": replace(operation, arguments=no_rule)},
        "waits": {"status": Status.PENDING, "decision": None, "outcome": None},
        "not taken": {"outcome": None},
        "declined": {"status": Status.REJECTED},
        "overridden": {"decision": replace(decision, by=DecidedBy.BREAK_GLASS)},
        "by one": {"decision": replace(decision, people=("cem", "cem"))},
        "failed": {"outcome": replace(done, result=Result.FAILED)},
        "reported by a service": {"outcome": replace(done, by="svc")},
        "taken back": {"outcome": replace(done, undo="x")},
        "suspended": {"suspended": Suspension(at=START, why="burst", because="esc_1")},
    }
    return replace(proposal, **changes[what])


@pytest.mark.parametrize(
    "what",
    [
        "of a service",
        "of another kind",
        "nothing is held",
        "altered",
        "no rule",
        "waits",
        "not taken",
        "declined",
        "overridden",
        "by one",
        "failed",
        "reported by a service",
        "taken back",
        "suspended",
    ],
)
def test_nothing_else_is_in_force(proposal: Escalation, town: Ruled, what: str) -> None:
    assert in_force(changed(proposal, what), town.now) is None


def test_nothing_is_in_force_after_its_last_day(proposal: Escalation, town: Ruled) -> None:
    assert in_force(proposal, town.now + timedelta(days=92)) is None


def test_what_was_erased_is_no_rule_any_more() -> None:
    town = Ruled()
    proposal = town.accepted()
    town.send(Erase, proposal.id, by="operator:root", reason="kept long enough")
    assert accepted(town.e(proposal.id)) is None


# -- what ends it ----------------------------------------------------------------------------------

NOW = START + timedelta(days=10)


def use(state: str = "succeeded", *, minutes: float = 60 * 30, **more: Any) -> Use:
    """One that it decided so long ago."""
    given = {"id": "esc_1", "undone": False, "due_at": None, **more}
    at = NOW - timedelta(minutes=minutes)
    return Use(at=at, alone=True, state=OperationState(state), **given)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (use(), None),
        (use("lapsed"), None),
        (use("held", due_at=NOW), None),
        (use("released", due_at=NOW + timedelta(seconds=1)), None),
        (use("released", due_at=NOW), "unknown"),
        (use("unknown"), "unknown"),
        (use("failed"), "failed"),
        (use("failed", undone=True), "failed"),
        (use("succeeded", undone=True), "undone"),
        (use("aborted"), "undone"),
    ],
)
def test_the_first_that_goes_wrong_ends_it(one: Use, why: str | None) -> None:
    expected = Broken(why=why, because="esc_1") if why else None
    assert (
        broken(RULE, [use(id="esc_0"), one, use("failed", id="esc_2", minutes=1)][:2], NOW)
        == expected
    )


def test_the_first_of_several_is_named() -> None:
    later = use("failed", id="esc_9", minutes=5)
    assert broken(RULE, [later, use("unknown")], NOW) == Broken(why="unknown", because="esc_1")


def test_more_than_the_burst_within_an_hour_ends_it() -> None:
    five = [use(id=f"esc_{n}", minutes=59) for n in range(5)]
    assert broken(RULE, five[:4], NOW) is None
    assert broken(RULE, five, NOW) == Broken(why="burst")
    assert broken(RULE, five, NOW + timedelta(minutes=1)) is None


def test_it_rests_when_it_has_decided_often_enough_in_a_day() -> None:
    twenty = [use(id=f"esc_{n}", minutes=60 * 24 - 1) for n in range(20)]
    assert rests(RULE, twenty, 99, NOW)
    assert not rests(RULE, twenty[1:], 99, NOW)
    assert rests(RULE, twenty[:3], 3, NOW)
    assert not rests(RULE, twenty, 99, NOW + timedelta(minutes=1))


def test_a_use_is_read_off_the_escalation() -> None:
    town = Ruled()
    town.accepted()
    e = town.run(town.ask(), undo="set back")
    assert use_of(e) == Use(
        id=e.id, at=e.created_at, alone=True, state=OperationState.SUCCEEDED, undone=True
    )
