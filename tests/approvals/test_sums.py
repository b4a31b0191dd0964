"""Keys under which amounts add up: the same whoever spells them, and never empty."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.people import People, Person
from approvals.sums import Move, move_of, sums_before
from tests.building import OPERATION, an_open

ANA = Person(id="ana", name="Ana", accounts=("UANA",), emails=("ana@x.com",))
BEN = Person(id="ben", name="Ben", accounts=("UBEN",))
PEOPLE = People(persons={"ana": ANA, "ben": BEN})


def moved(
    amount: int = 100,
    currency: str = "EUR",
    asked: Any = None,
    service: str = "data-sync",
    **who: str,
) -> Move:
    """What a request with this money would move."""
    money = {"amount_minor": amount, "currency": currency, **who}
    given = {"requested_by": asked} if asked else {}
    command = an_open(operation={**OPERATION, "money": money}, **given)
    move = move_of(replace(command, service=service), PEOPLE)
    assert move is not None
    return move


def key(kind: str, **what: Any) -> str:
    """The key of that kind."""
    return dict(moved(**what).keys)[kind]


def test_a_request_without_money_moves_nothing() -> None:
    """And has no key to look up."""
    assert move_of(an_open(), PEOPLE) is None


@pytest.mark.parametrize(
    "spelt",
    ["DE021203", "de02 1203", " DE02-1203 ", "DE02\u200b1203", "ＤＥ０２ 1203", "DE02.1203"],
)
@pytest.mark.parametrize("kind", ["account", "beneficiary"])
def test_one_account_is_one_key_however_it_is_spelt(kind: str, spelt: str) -> None:
    """Spaces, case, separators, invisible and full-width characters hide nothing."""
    assert key(kind, **{kind: spelt}) == key(kind, **{kind: "de021203"})


def test_other_accounts_currencies_and_kinds_are_other_keys() -> None:
    """Nothing is added up that does not belong together."""
    keys = {
        key("account", account="1"),
        key("account", account="2"),
        key("account", account="1", currency="USD"),
        key("beneficiary", beneficiary="1"),
    }
    assert len(keys) == 4
    assert moved(currency="USD").currency == "USD"


@pytest.mark.parametrize(
    "asked",
    [{"id": "ana"}, {"id": "Ana@X.com"}, {"id": "UANA"}, {"id": "someone", "slack": "UANA"}],
)
def test_a_requester_is_the_person_whatever_the_caller_calls_them(asked: Any) -> None:
    """By the policy's own identities."""
    assert key("requester", asked=asked) == key("requester", asked={"id": "ana"})


@pytest.mark.parametrize("asked", [None, {"id": "nobody@x.com"}, {"id": "somebody@x.com"}])
def test_who_is_not_known_adds_up_under_the_service(asked: Any) -> None:
    """An invented name makes room for nothing."""
    assert key("requester", asked=asked) == key("requester")
    assert key("requester", asked=asked) != key("requester", asked=asked, service="other")
    assert key("requester", asked=asked) != key("requester", asked={"id": "ana"})


def test_a_requester_who_may_be_two_people_adds_up_under_both() -> None:
    """And what is told is the larger sum."""
    move = moved(asked={"id": "ana", "slack": "UBEN"})
    keys = [k for kind, k in move.keys if kind == "requester"]
    assert keys == [key("requester", asked={"id": "ana"}), key("requester", asked={"id": "ben"})]
    for sums in ((5, 7), (7, 5)):
        assert dict(sums_before(move, dict(zip(keys, sums, strict=True))))["requester"] == 7


def test_an_account_of_signs_alone_is_still_a_name() -> None:
    """It is not taken for none."""
    assert key("account", account="***") != key("account")


@pytest.mark.parametrize("name", ["account", "beneficiary"])
def test_leaving_a_name_out_adds_up_under_the_service(name: str) -> None:
    """Each kind by itself."""
    assert key(name) != key(name, service="other")
    assert key(name) != key(name, **{name: "data-sync"})


def test_a_refund_moves_money_too() -> None:
    """It makes no room for a transfer."""
    assert moved(-500).amount_minor == 500


def test_before_anything_moved_every_sum_is_zero() -> None:
    """One for each kind."""
    found = dict(sums_before(moved(), {}))
    assert found == {"account": 0, "beneficiary": 0, "requester": 0}
    assert sums_before(None, {"k": 5}) == ()
