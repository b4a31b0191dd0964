"""Slack's rate limits, where they are switched on: tiers a minute, posts a second and channel."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Running, serve
from bot.demo.workspace.methods import METHODS
from bot.demo.workspace.rates import TIERS, Rates
from tests.demo.world import BOT_TOKEN, INES, OPEN, RAVI, Clock, a_workspace

COUNTED = {name: one.tier for name, one in METHODS.items() if one.tier is not None}


@pytest.fixture
async def limited(clock: Clock) -> AsyncIterator[Running]:
    """A workspace with the real limits."""
    async with serve(a_workspace(clock, rate_limits=True)) as running:
        yield running


@pytest.fixture
def hurried(limited: Running) -> AsyncWebClient:
    """Slack's own client, which retries nothing by itself."""
    return AsyncWebClient(token=BOT_TOKEN, base_url=limited.api_url, retry_handlers=[])


async def retry_after(call: Any) -> str:
    """What a call refused for its rate is told to wait."""
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    return str(response.headers["Retry-After"])


@pytest.mark.parametrize(("name", "tier"), COUNTED.items())
def test_each_method_has_the_calls_of_its_tier(name: str, tier: int) -> None:
    """A minute, as a sliding window; one more is told when the first of them is forgotten."""
    clock = Clock()
    rates = Rates(clock, on=True)
    for _ in range(TIERS[tier]):
        assert rates.wait(name, tier, None) == 0
    clock.pass_by(18)
    assert rates.wait(name, tier, None) == 42
    clock.pass_by(42)
    assert rates.wait(name, tier, None) == 0


def test_the_tiers_are_those_slack_documents() -> None:
    """Of the methods the app uses."""
    assert TIERS == {1: 1, 2: 20, 3: 50, 4: 100}
    assert COUNTED["chat.update"] == COUNTED["conversations.history"] == 3
    assert COUNTED["views.open"] == COUNTED["users.info"] == COUNTED["chat.postEphemeral"] == 4
    assert COUNTED["usergroups.users.list"] == 2
    assert "auth.test" not in COUNTED


def test_switched_off_nothing_is_counted() -> None:
    """As in most tests."""
    rates = Rates(Clock(), on=False)
    assert [rates.wait("users.list", 2, None) for _ in range(30)] == [0] * 30


async def test_posts_are_counted_by_channel(hurried: AsyncWebClient, clock: Clock) -> None:
    """A short burst, then one a second; another channel has its own count."""
    for number in range(3):
        await hurried.chat_postMessage(channel=OPEN, text=str(number))
    assert await retry_after(hurried.chat_postMessage(channel=OPEN, text="3")) == "3"
    assert (await hurried.chat_postMessage(channel=INES, text="elsewhere"))["ok"]
    clock.pass_by(3)
    assert (await hurried.chat_postMessage(channel=OPEN, text="3"))["ok"]


async def test_a_person_and_their_direct_message_are_one_channel(hurried: AsyncWebClient) -> None:
    """Posting by turns to `U…` and `D…` wins nothing."""
    direct = (await hurried.conversations_open(users=RAVI))["channel"]["id"]
    for address in (RAVI, direct, RAVI):
        await hurried.chat_postMessage(channel=address, text="x")
    assert await retry_after(hurried.chat_postMessage(channel=direct, text="x")) == "3"


async def test_a_refused_call_was_not_done(hurried: AsyncWebClient, limited: Running) -> None:
    """And is on record."""
    for number in range(3):
        await hurried.chat_postMessage(channel=OPEN, text=str(number))
    await retry_after(hurried.chat_postMessage(channel=OPEN, text="3"))
    assert len(limited.workspace.messages(OPEN)) == 3
    assert limited.workspace.calls[-1].outcome == "ratelimited"


async def test_slacks_own_handler_waits_as_long_as_it_is_told(limited: Running) -> None:
    """One second by order, and the post is there once."""
    patient = AsyncWebClient(
        token=BOT_TOKEN,
        base_url=limited.api_url,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)],
    )
    limited.workspace.faults.add("chat.postMessage", "ratelimited", retry_after=1)
    assert (await patient.chat_postMessage(channel=OPEN, text="x"))["ok"]
    outcomes = [one.outcome for one in limited.workspace.calls]
    assert outcomes == ["ratelimited", "ok"]
