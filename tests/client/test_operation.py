"""Operations, options and money, as they are sent and digested."""

from decimal import Decimal
from typing import Any

import pytest
from andon import Money, Operation, Option, digest_of

from approvals.canonical import operation_digest
from approvals.currencies import decimals_of


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("90000.00", "EUR", 9_000_000),
        ("90000", "EUR", 9_000_000),
        ("-0.01", "USD", -1),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("1E+3", "EUR", 100_000),
        ("0.10000000000000000000", "EUR", 10),
    ],
)
def test_an_amount_is_exact_in_minor_units(amount: str, currency: str, minor: int) -> None:
    """However the Decimal is written."""
    money = Money(Decimal(amount), currency)
    assert (money.amount_minor, money.amount) == (minor, Decimal(amount))


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CLF", "XPF", "UYI", "USD"])
def test_decimals_are_those_of_the_server(currency: str) -> None:
    """Both sides mean the same by a cent."""
    assert Money(Decimal(1), currency).amount_minor == 10 ** (decimals_of(currency) or 0)


@pytest.mark.parametrize("amount", [12.5, 12, "12.50", True])
def test_what_is_no_decimal_is_refused_with_what_to_write(amount: Any) -> None:
    """A float is never money."""
    with pytest.raises(TypeError, match=r'Money\(Decimal\("12.50"\), "EUR"\)'):
        Money(amount, "EUR")


@pytest.mark.parametrize("minor", [12.0, "12", True, Decimal(12)])
def test_minor_units_are_whole_numbers(minor: Any) -> None:
    """And nothing that only looks like one."""
    with pytest.raises(TypeError):
        Money(amount_minor=minor, currency="EUR")


@pytest.mark.parametrize(
    "amount", ["0.001", "NaN", "Infinity", "1E+999999999", "1E-999999999", "1." + "0" * 40 + "1"]
)
def test_an_amount_that_is_not_exact_in_the_currency_is_refused(amount: str) -> None:
    """Nothing is rounded, however long the tail."""
    with pytest.raises(ValueError):  # noqa: PT011  each says its own
        Money(Decimal(amount), "EUR")


def test_money_is_given_once() -> None:
    """Two amounts could differ, none is no money."""
    for given in ({}, {"amount": Decimal(1), "amount_minor": 100}):
        with pytest.raises(TypeError, match="either"):
            Money(currency="EUR", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R"])
def test_a_currency_is_a_code(currency: str) -> None:
    """ISO 4217, in capitals."""
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(Decimal(1), currency)


def test_an_operation_says_only_what_it_was_given() -> None:
    """Null would be refused, and the digest covers what is sent."""
    money = Money(Decimal("12.50"), "EUR", beneficiary="ACME")
    operation = Operation("pay", {"invoice": "I-1"}, target="acme", money=money)
    assert operation.as_sent() == {
        "name": "pay",
        "arguments": {"invoice": "I-1"},
        "target": "acme",
        "money": {"amount_minor": 1250, "currency": "EUR", "beneficiary": "ACME"},
    }


def test_money_of_an_operation_is_money() -> None:
    """A number in its place is refused before anything is asked."""
    with pytest.raises(TypeError, match="Money"):
        Operation("pay", money=12.5).as_sent()  # type: ignore[arg-type]


def test_the_digest_covers_options_in_their_order() -> None:
    """Another order is another question."""
    one, two = Option("a", "A", arguments={"x": 1}), Option("b", "B", effect="abort")
    operation = Operation("x")
    sent = [one.as_sent(), two.as_sent()]
    assert digest_of(operation, [one, two]) == operation_digest(operation.as_sent(), sent)
    assert digest_of(operation, [one, two]) != digest_of(operation, [two, one])
