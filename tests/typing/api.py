"""What callers write, and what a type checker must say of it. Never run: mypy reads it.

A line that ends in `# type: ignore[…]` is an error that callers must be told of: if the checker
stops telling, the comment is unused, and that is an error.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import assert_type

import andon
from andon import (
    Answer,
    AsyncClient,
    Client,
    Escalation,
    Grant,
    Money,
    Operation,
    Option,
    Released,
    aask,
    ahold,
    alert,
    ask,
    escalate,
    hold,
    requires_approval,
)

OPERATION = Operation("x", {"a": 1}, target="t", money=Money(Decimal("1.00"), "EUR"))
OPTIONS = [Option("a", "A", "release", arguments={}), Option("b", "B", effect="abort")]


def blocking(client: Client) -> None:
    """The client, once blocking."""
    made = client.open("T", category="deployment", operation=OPERATION, options=OPTIONS)
    assert_type(made, Escalation)
    assert_type(client.wait(made, until="ended", timeout_s=3), Escalation)
    assert_type(client.claim(made, OPERATION, options=OPTIONS), Grant)
    assert_type(client.list(status="pending"), Iterator[Escalation])
    assert_type(client.report("esc_1", "succeeded"), Escalation)
    assert_type(client.alert("T", category="security"), Escalation)
    client.open("T", operation=OPERATION, severity="worst")  # type: ignore[typeddict-item,arg-type]
    client.open("T", operation=OPERATION, colour="red")  # type: ignore[call-arg]
    client.open(operation=OPERATION)  # type: ignore[call-arg]
    client.wait(made, until="tomorrow")  # type: ignore[arg-type]
    client.alert("T")  # type: ignore[call-arg]


async def awaiting(client: AsyncClient) -> None:
    """And once awaited."""
    made = await client.open("T", operation=OPERATION)
    assert_type(made, Escalation)
    assert_type(await client.claim(made, OPERATION), Grant)
    assert_type(await aask("Which?", ["a", "b"]), Answer)
    async with ahold("T", operation=OPERATION) as held:
        assert_type(held, Released)
    async for each in client.list():
        assert_type(each, Escalation)


def holding() -> None:
    """Blocks and questions."""
    with hold("T", operation=OPERATION, options=OPTIONS) as held:
        assert_type(held.option, str)
        assert_type(held.grant, Grant)
    answer = ask("Which?", ["a", Option("b", "B", effect="abort")])
    assert_type(answer.who, Sequence[str])
    assert_type(alert("T", category="security"), Escalation)
    assert_type(escalate(ValueError(), uncertain=True), Escalation)
    hold(operation=OPERATION)  # type: ignore[call-arg]
    alert("T")  # type: ignore[call-arg]


@requires_approval(title="Pay {to}", when=lambda amount, to: amount > 100)
def pay(amount: Decimal, to: str) -> str:
    """A function keeps what it returns."""
    return to


@requires_approval(title="Pay {to}")
async def send(to: str) -> int:
    """A coroutine, too."""
    return len(to)


async def calling() -> None:
    """What a decorated function gives."""
    assert_type(pay(Decimal(1), "a"), str)
    assert_type(await send("a"), int)


def wrong() -> None:
    """What callers must be told of before it runs."""
    Money(12.5, "EUR")  # type: ignore[arg-type]
    Option("a", "A", effect="maybe")  # type: ignore[arg-type]
    Operation()  # type: ignore[call-arg]
    requires_approval()  # type: ignore[call-arg]
    requires_approval(title="T", titel="T")  # type: ignore[call-arg]


def caught(error: andon.RejectedError) -> None:
    """What an error tells."""
    assert_type(error.who, str | None)
    assert_type(error.id, str | None)
    assert_type(error.why, str)
    assert_type(error.retry, bool)
    assert_type(error.escalation, Escalation | None)
