"""Facts about people: who an account or a name means, and how long they are good for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.escalation import Requester
from approvals.facts import Facts
from approvals.people import MAX_AGE, People, Person
from approvals.policy.asking import Ask
from approvals.words import Kind
from tests.approvals.world import START, WRITTEN

ASK = Ask(
    service="svc",
    kind=Kind.INCIDENT,
    category="deployment",
    environment="production",
    operation_name="",
    requester=Requester(id="req", person="req"),
)

ANA = Person(id="ana", name="Ana", accounts=("UANA", "UANA2"), emails=("Ana@x.com",))
BEN = Person(id="ben", name="Ben", accounts=("UBEN",))
PEOPLE = People(
    persons={"ana": ANA, "ben": BEN}, groups={"dba": frozenset({"ana", "gone"})}, as_of=START
)


@pytest.mark.parametrize(
    ("seconds", "known"), [(0, True), (900, True), (901, False), (-900, True), (-901, False)]
)
def test_facts_are_good_for_fifteen_minutes(seconds: int, known: bool) -> None:
    """In either direction: a clock that was wrong renews nothing."""
    assert MAX_AGE == timedelta(minutes=15)
    assert PEOPLE.known_at(START + timedelta(seconds=seconds)) == known


def test_who_was_never_looked_up_is_not_known() -> None:
    """At no time."""
    assert not People().known_at(START)


def test_every_account_of_a_person_is_that_person() -> None:
    """And no other text is."""
    assert {PEOPLE.of_account(a) for a in ("UANA", "UANA2")} == {ANA}
    assert [PEOPLE.of_account(a) for a in ("", "ana", "UCEM")] == [None, None, None]


@pytest.mark.parametrize("name", ["ana", "ANA", " ana ", "ana@x.com", "ANA@X.COM", "uana2"])
def test_a_name_means_a_person_however_it_is_written(name: str) -> None:
    """By id, address or account."""
    assert PEOPLE.named(name) == ANA


@pytest.mark.parametrize("name", ["", "an", "anna", "ana@y.com", "Ana B"])
def test_another_name_means_nobody(name: str) -> None:
    """Nothing is guessed."""
    assert PEOPLE.named(name) is None


def test_a_requester_may_mean_nobody_one_or_two() -> None:
    """By the id and by the account."""
    assert PEOPLE.meant_by(Requester(id="x", slack="UX")) == ()
    assert PEOPLE.meant_by(Requester(id="ana", slack="UANA2")) == (ANA,)
    assert PEOPLE.meant_by(Requester(id="ana", slack="UBEN")) == (ANA, BEN)


@pytest.mark.parametrize(
    ("person", "groups", "may"),
    [
        ("ana", ["dba"], True),
        ("ana", ["sec", "dba"], True),
        ("ana", [], False),
        ("ana", ["sec"], False),
        ("ben", ["dba"], False),
        ("gone", ["dba"], False),
    ],
)
def test_members_of_the_group_may_decide(person: str, groups: list[str], may: bool) -> None:
    """Known ones only."""
    assert PEOPLE.may_decide(person, groups) == may


@pytest.mark.parametrize(
    "gone",
    [
        Person(id="ana", name="Ana", accounts=("UANA",), active=False),
        Person(id="ana", name="Ana"),
    ],
)
def test_who_cannot_be_reached_may_not_decide(gone: Person) -> None:
    """Deactivated, or without an account."""
    people = People(persons={"ana": gone}, groups=PEOPLE.groups, as_of=START)
    assert not people.may_decide("ana", ["dba"])


def test_a_plan_is_remembered_with_the_facts_it_rests_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services ask the same again and again; what is remembered has a bound."""
    monkeypatch.setattr("approvals.facts.MOST_REMEMBERED", 2)
    facts = Facts(people=WRITTEN.file_people(START), policy=WRITTEN)
    asks = [replace(ASK, operation_name=name) for name in ("a", "b", "c")]
    plans = [facts.plan(ask) for ask in asks]
    assert facts.plan(asks[2]) is plans[2]
    assert facts.plan(asks[0]) == plans[0]
    assert facts.plan(asks[0]) is not plans[0]
