"""What the real server makes of it: one incident, with all that people need to judge it."""

import asyncio

import pytest
from andon import AsyncClient, Client
from andon.breaker import CircuitBreaker
from andon.context import Context
from andon.fallbacks import with_fallbacks
from andon.retrying import escalate_after_retries

from approvals.words import Kind
from tests.client.people import Still
from tests.client.serving import Served

SECRET = "gh" + "p_" + "a1B2" * 9


def test_a_failing_call_is_one_incident_however_often_it_fails(
    client: Client, served: Served
) -> None:
    context = Context(environment=["HOME"], rollback="nothing was written")
    context.collects("user_impact")(lambda: "41 carts cannot be paid")
    context.collects("affected_services", name="who calls us")(lambda: 1 / 0)

    @escalate_after_retries(client=client, context=context, times=Still().times)
    def sync_orders() -> None:
        raise ConnectionError(f"refused, token={SECRET}")

    for _ in range(2):
        with pytest.raises(ConnectionError, match="refused"):
            sync_orders()
    (listed,) = client.list()
    seen = served.read(listed.id)
    assert seen.title == "sync_orders failed 3 times: ConnectionError"
    assert (seen.kind, seen.category, seen.occurrences) == (Kind.INCIDENT, "retries_exhausted", 2)
    assert len(seen.context["attempts"]) == 3
    assert "in sync_orders" in seen.context["error"]["traceback"]
    assert seen.context["user_impact"] == "41 carts cannot be paid"
    missed = seen.context["system_state"]["not collected"]
    assert missed == "who calls us: ZeroDivisionError: division by zero"
    assert SECRET not in str(seen)
    assert seen.context_redacted == (), "the client hid it before the server had to"


async def test_the_same_from_coroutines(aclient: AsyncClient, served: Served) -> None:
    context, here = Context(), asyncio.get_running_loop()

    @context.collects("user_impact")
    async def carts() -> str:
        return f"on the caller's loop: {asyncio.get_running_loop() is here}"

    breaker = CircuitBreaker("search", failures=1, openings=1, client=aclient, context=context)

    @breaker
    async def find() -> None:
        raise TimeoutError("no answer")

    with pytest.raises(TimeoutError) as raised:
        await find()
    id_ = raised.value.__notes__[0].removeprefix("People were told: escalation ").rstrip(".")
    seen = served.read(id_)
    assert seen.title == "search keeps failing: its circuit opened"
    assert seen.context["user_impact"] == "on the caller's loop: True"


def test_while_the_server_is_down_the_error_comes_through(served: Served) -> None:
    """It is noted that nobody was told; the call itself ends as it would have."""

    def primary() -> None:
        raise ConnectionError("refused")

    with Client(served.url, served.key, state=served.folder / "state", patience_s=0) as client:
        served.stop()
        found = with_fallbacks([primary, primary], client=client, context=Context(host=False))
        with pytest.raises(ConnectionError, match="refused") as raised:
            found()
    assert raised.value.__notes__[-1].startswith("People were not told: ")
