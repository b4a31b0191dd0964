"""Functions that people release, call by call."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from andon import Money, Operation, Option, RejectedError, requires_approval
from andon.plain import plain
from andon.testing import FakeAndon

from tests.client.faked import aclient_of, client_of, last


@pytest.fixture
def fake() -> FakeAndon:
    """People who approve."""
    return FakeAndon()


def test_a_call_runs_once_people_released_it(fake: FakeAndon, tmp_path: Path) -> None:
    """With its own arguments, which the digest binds."""

    @requires_approval(title="Pay {amount} to {to}", client=client_of(fake, tmp_path))
    def pay(amount: Decimal, to: str, *, note: str = "none") -> str:
        """Pay somebody."""
        return f"{amount} to {to}"

    assert pay(Decimal("90000.00"), "ACME") == "90000.00 to ACME"
    told = last(fake)
    assert (told["title"], told["category"]) == ("Pay 90000.00 to ACME", "large_transaction")
    assert told["operation"]["arguments"] == {"amount": "90000.00", "to": "ACME", "note": "none"}
    assert told["operation"]["name"].endswith("pay")
    assert (pay.__name__, pay.__doc__) == ("pay", "Pay somebody.")


async def test_a_coroutine_is_held_alike(fake: FakeAndon, tmp_path: Path) -> None:
    """Awaited, with an AsyncClient."""
    async with aclient_of(fake, tmp_path) as client:

        @requires_approval(title="Pay {to}", client=client)
        async def pay(to: str) -> str:
            await asyncio.sleep(0)
            return to

        assert await pay(to="ACME") == "ACME"
    assert last(fake)["outcome"]["result"] == "succeeded"


def test_a_no_runs_nothing(fake: FakeAndon, tmp_path: Path) -> None:
    """And says who and why."""
    ran: list[str] = []
    fake.say("reject", reason="wrong beneficiary", by="mia")

    @requires_approval(title="Pay {to}", client=client_of(fake, tmp_path))
    def pay(to: str) -> None:
        ran.append(to)

    with pytest.raises(RejectedError, match="wrong beneficiary") as raised:
        pay("ACME")
    assert (ran, raised.value.who) == ([], "mia")


def test_what_needs_no_approval_is_not_asked(fake: FakeAndon, tmp_path: Path) -> None:
    """`when` sees the arguments of the call."""

    @requires_approval(
        title="Pay", when=lambda amount: amount > 100, client=client_of(fake, tmp_path)
    )
    def pay(amount: Decimal) -> Decimal:
        return amount

    assert pay(Decimal(100)) == 100
    assert fake.escalations == []
    assert pay(Decimal(101)) == 101
    assert len(fake.escalations) == 1


def test_a_condition_that_fails_runs_nothing(fake: FakeAndon, tmp_path: Path) -> None:
    """Its own error is raised."""

    @requires_approval(title="Pay", when=lambda to: 1 / 0, client=client_of(fake, tmp_path))
    def pay(to: str) -> None:
        pytest.fail("it ran")

    with pytest.raises(ZeroDivisionError):
        pay("ACME")


def test_what_people_chose_is_handed_on(fake: FakeAndon, tmp_path: Path) -> None:
    """To the parameter `option`, which nobody passes."""
    fake.say("approve", option="today")
    options = (
        Option("today", "Today", arguments={"on": "today"}),
        Option("monday", "On Monday", arguments={"on": "monday"}),
        Option("no", "No", effect="abort"),
    )

    @requires_approval(title="Pay {to}", options=options, client=client_of(fake, tmp_path))
    def pay(to: str, option: str) -> tuple[str, str]:
        return to, option

    assert pay("ACME") == ("ACME", "today")
    with pytest.raises(TypeError, match="leave it out"):
        pay("ACME", option="monday")
    with pytest.raises(TypeError, match="missing"):
        pay()


def test_money_among_the_arguments_is_the_operations(fake: FakeAndon, tmp_path: Path) -> None:
    """So that rules about amounts see it."""

    @requires_approval(title="Pay", client=client_of(fake, tmp_path))
    def pay(amount: Money) -> None: ...

    pay(Money(Decimal("12.50"), "EUR", beneficiary="ACME"))
    assert last(fake)["operation"]["money"]["amount_minor"] == 1250


def test_an_operation_of_ones_own_binds_every_argument_too(fake: FakeAndon, tmp_path: Path) -> None:
    """Whatever it shows."""

    @requires_approval(
        title=lambda to, batch: f"Pay {to}",
        operation=lambda to, batch: Operation("payout", {"to": to}, target="acme"),
        client=client_of(fake, tmp_path),
    )
    def pay(to: str, batch: int) -> None: ...

    pay("ACME", 7)
    arguments = last(fake)["operation"]["arguments"]
    assert arguments["to"] == "ACME"
    assert arguments["call"]["arguments"] == {"to": "ACME", "batch": 7}


def test_the_same_call_finds_its_pending_escalation(fake: FakeAndon, tmp_path: Path) -> None:
    """Another call does not."""
    fake.say("silent")
    calls: list[int] = []

    def impatient(seconds: float) -> None:
        raise KeyboardInterrupt

    client = client_of(fake, tmp_path, sleep=impatient)

    @requires_approval(title="Pay {to}", client=client)
    def pay(to: str) -> None:
        calls.append(1)

    for to in ("ACME", "ACME", "OTHER"):
        fake.go_away("refused", on="read")
        with pytest.raises(KeyboardInterrupt):
            pay(to)
        fake.come_back()
    assert len({e["id"] for e in fake.escalations}) == 2
    assert calls == []


def test_arguments_that_change_while_people_think_do_not_run(
    fake: FakeAndon, tmp_path: Path
) -> None:
    """They are digested again before the call."""
    from andon import GrantError

    batch = ["a"]

    @requires_approval(title="Delete", category="data_corruption", client=client_of(fake, tmp_path))
    def delete(names: list[str]) -> None:
        pytest.fail("it ran")

    fake.alter = lambda asked, told: (batch.append("b"), told)[1]
    with pytest.raises(GrantError, match="not the operation"):
        delete(batch)


@pytest.mark.parametrize("value", [0.1, [1, {"x": 0.5}]])
def test_a_float_never_moves_money(fake: FakeAndon, tmp_path: Path, value: Any) -> None:
    """Named, with what to pass instead."""

    @requires_approval(title="Pay", client=client_of(fake, tmp_path))
    def pay(amount: Any) -> None: ...

    with pytest.raises(TypeError, match="Decimal"):
        pay(value)
    assert fake.escalations == []


def test_what_people_cannot_be_shown_is_left_out_by_name(fake: FakeAndon, tmp_path: Path) -> None:
    """Or refused before anything is asked."""
    client = client_of(fake, tmp_path)

    class Bank:
        @requires_approval(title="Pay {to}", ignore=["session"], client=client)
        def pay(self, to: str, session: object = None) -> str:
            return to

        @requires_approval(title="Pay {to}", client=client)
        def send(self, to: str, session: object) -> None: ...

    assert Bank().pay("ACME", object()) == "ACME"
    assert last(fake)["operation"]["arguments"] == {"to": "ACME"}
    with pytest.raises(TypeError, match=r'ignore=\("session",\)'):
        Bank().send("ACME", object())


def test_a_client_of_the_wrong_kind_is_refused_at_once(fake: FakeAndon, tmp_path: Path) -> None:
    """When it is decorated, not when money moves."""
    with pytest.raises(TypeError, match="AsyncClient"):

        @requires_approval(title="x", client=client_of(fake, tmp_path))
        async def pay() -> None: ...


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: Decimal


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 11, 12, tzinfo=UTC), "2026-11-12T00:00:00+00:00"),
        (date(2026, 11, 12), "2026-11-12"),
        (Path("/etc/andon"), "/etc/andon"),
        (Colour.RED, "red"),
        (b"\x00\xff", {"base64": "AP8="}),
        (Point(1, Decimal("2.0")), {"x": 1, "y": "2.0"}),
        ({3, 1, 2}, [1, 2, 3]),
        ({1: {"a": (None, True)}}, {"1": {"a": [None, True]}}),
    ],
)
def test_arguments_are_shown_as_people_read_them(value: Any, shown: Any) -> None:
    """And always alike."""
    assert plain(value) == shown


@pytest.mark.parametrize("value", [object(), {1.5: 1}, {None: 1}, lambda: 1, type])
def test_what_has_no_plain_form_is_refused(value: Any) -> None:
    """A guess would bind nothing."""
    with pytest.raises(TypeError):
        plain(value, at="it")
