"""An auditor holds what rules decided against what people accepted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.auditing.ruled import RuleCheck
from approvals.commands import Erase
from approvals.escalation import Escalation
from approvals.memory.values import Fingerprint, Suspension
from tests.approvals.memory.ruled import Ruled


def found(*seen: Escalation) -> list[str]:
    """What is wrong with these, in a word."""
    check = RuleCheck()
    for e in seen:
        check.see(e)
    return [finding.what for finding in check.end()]


@pytest.fixture(scope="module", name="town")
def a_town() -> Ruled:
    """A rule decided twice in it, the second time badly."""
    town = Ruled()
    town.accepted()
    town.run(town.ask())
    town.run(town.pass_(minutes=30).ask(), "failed")
    town.ask()
    return town


def proposal_in(town: Ruled) -> Escalation:
    """The proposal."""
    ((id_, _),) = town.rules.values()
    return town.e(id_)


def ruled_in(town: Ruled) -> list[Escalation]:
    """What its rule decided."""
    return [e for e in town.rows.escalations.values() if e.decision and e.decision.rule]


def test_all_holds_whatever_order_it_is_seen_in(town: Ruled) -> None:
    everything = list(town.rows.escalations.values())
    assert len(ruled_in(town)) == 2
    assert found(*everything) == found(*reversed(everything)) == []


Change = Callable[[Ruled, Escalation, Escalation], tuple[Escalation, ...]]


def _suspended_before(town: Ruled, p: Escalation, e: Escalation) -> tuple[Escalation, ...]:
    before = e.created_at - timedelta(seconds=1)
    return replace(p, suspended=Suspension(at=before, why="burst", because="x")), e


def _decided_at(e: Escalation, by: timedelta) -> Escalation:
    assert e.decision is not None
    return replace(e, decision=replace(e.decision, at=e.decision.at + by))


NOT_THEN = "the rule of {} was not in force when it decided this"
NOT_THIS = "the rule of {} does not decide this"

FORGED: dict[str, tuple[Change, str]] = {
    "no such proposal": (lambda t, p, e: (e,), "a rule decided it that {} never accepted"),
    "declined": (
        lambda t, p, e: (replace(p, outcome=None), e),
        "a rule decided it that {} never accepted",
    ),
    "before it was accepted": (lambda t, p, e: (p, _decided_at(e, -timedelta(hours=2))), NOT_THEN),
    "after its last day": (lambda t, p, e: (p, _decided_at(e, timedelta(days=95))), NOT_THEN),
    "after it was suspended": (_suspended_before, NOT_THEN),
    "something else": (
        lambda t, p, e: (p, replace(e, fingerprint=Fingerprint(version=1, exact="x"))),
        NOT_THIS,
    ),
    "another option": (
        lambda t, p, e: (p, replace(e, decision=e.decision and replace(e.decision, option="no"))),
        NOT_THIS,
    ),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_no_rule_could_have_decided_is_found(town: Ruled, how: str) -> None:
    change, says = FORGED[how]
    proposal, e = replace(proposal_in(town), suspended=None), ruled_in(town)[0]
    assert found(*change(town, proposal, e)) == [says.format(proposal.id)]


def test_what_was_erased_is_not_held_against_anybody() -> None:
    """Neither the proposal, whose text is gone, nor what was decided."""
    town = Ruled()
    proposal = town.accepted()
    e = town.run(town.ask())
    town.send(Erase, e.id, by="operator:root", reason="kept long enough")
    assert found(town.e(proposal.id), replace(town.e(e.id), fingerprint=None)) == []
    town.send(Erase, proposal.id, by="operator:root", reason="kept long enough")
    assert found(*town.rows.escalations.values()) == []
