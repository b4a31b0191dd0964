"""Faults on order: what the app sees, what was done all the same, and how often they strike."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Running, Workspace
from tests.demo.world import BOT_TOKEN, CARD, OPEN, RAVI, BoltApp, a_card

METADATA = {"event_type": "card", "event_payload": {"id": "esc_1"}}


async def refused(call: Any) -> tuple[int, str]:
    """Status and error code this call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response.status_code, str(caught.value.response["error"])


async def posted(client: AsyncWebClient, text: str = "x") -> Any:
    return await client.chat_postMessage(channel=OPEN, text=text, metadata=METADATA)


ANSWERS = [
    ("ratelimited", 429, "ratelimited"),
    ("429", 429, "ratelimited"),
    ("http_500", 500, "internal_error"),
    ("500", 500, "internal_error"),
    ("http_503", 503, "service_unavailable"),
    ("invalid_auth", 200, "invalid_auth"),
    ("account_inactive", 200, "account_inactive"),
    ("message_not_found", 200, "message_not_found"),
    ("fatal_error", 200, "fatal_error"),
]


@pytest.mark.parametrize(("fault", "status", "code"), ANSWERS)
async def test_a_fault_answers_and_does_nothing(
    client: AsyncWebClient, workspace: Workspace, fault: str, status: int, code: str
) -> None:
    """Once, unless it was told to strike more often; then all is well again."""
    ordered = workspace.faults.add("chat.postMessage", fault)
    assert await refused(posted(client)) == (status, code)
    assert workspace.messages(OPEN) == []
    await posted(client)
    assert len(workspace.messages(OPEN)) == 1
    assert (ordered.struck, ordered.left) == (1, 0)


async def test_429_says_how_long_to_wait(client: AsyncWebClient, workspace: Workspace) -> None:
    """In `Retry-After`, whole seconds."""
    workspace.faults.add("chat.postMessage", "ratelimited", retry_after=12)
    with pytest.raises(SlackApiError) as caught:
        await posted(client)
    assert caught.value.response.headers["Retry-After"] == "12"


async def test_a_fault_strikes_its_own_method_so_often(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Other methods are well meanwhile."""
    workspace.faults.add("chat.postMessage", "http_500", times=2)
    assert (await client.auth_test())["ok"]
    assert [await refused(posted(client)) for _ in range(2)] == [(500, "internal_error")] * 2
    assert (await posted(client))["ok"]


async def test_a_fault_of_no_method_strikes_any(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """`*` is every method."""
    workspace.faults.add(fault="http_503", times=2)
    assert (await refused(client.auth_test()))[0] == 503
    assert (await refused(posted(client)))[0] == 503
    assert (await client.auth_test())["ok"]


async def test_faults_strike_in_the_order_they_were_ordered(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """The next waits until the first is used up."""
    workspace.faults.add("chat.postMessage", "http_500")
    workspace.faults.add("chat.postMessage", "ratelimited")
    assert [(await refused(posted(client)))[0] for _ in range(2)] == [500, 429]


async def test_faults_are_forgotten(client: AsyncWebClient, workspace: Workspace) -> None:
    """`clear` makes Slack well."""
    workspace.faults.add(times=100)
    workspace.faults.clear()
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "chat.postmessage"},
        {"fault": "no such fault"},
        {"fault": "404"},
        {"times": 0},
        {"fault": "ratelimited", "retry_after": 0},
    ],
)
async def test_a_fault_that_could_never_strike_is_refused(
    workspace: Workspace, wrong: dict[str, Any]
) -> None:
    """A test with a typing mistake in it fails, rather than proving nothing."""
    with pytest.raises(ValueError, match=r"method|kind of fault|at least"):
        workspace.faults.add(**wrong)


async def test_a_post_dropped_after_it_was_taken_is_there_once(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """The app sees a broken connection; the message can be found by its metadata."""
    workspace.faults.add("chat.postMessage", "drop_after")
    with pytest.raises(aiohttp.ClientConnectionError):
        await posted(client, "here all the same")
    assert [one.text for one in workspace.messages(OPEN)] == ["here all the same"]
    history = await client.conversations_history(channel=OPEN, include_all_metadata=True)
    assert [one["metadata"] for one in history["messages"]] == [METADATA]


async def test_slacks_own_retry_posts_twice_after_a_drop(
    running: Running, workspace: Workspace
) -> None:
    """The trap of the SDK's default retry handler, which a stand-in must not hide."""
    eager = AsyncWebClient(token=BOT_TOKEN, base_url=running.api_url)
    workspace.faults.add("chat.postMessage", "drop_after")
    await posted(eager)
    assert len(workspace.messages(OPEN)) == 2


async def test_a_post_dropped_before_it_was_taken_is_not_there(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """To the app it looks the same."""
    workspace.faults.add("chat.postMessage", "drop_before")
    with pytest.raises(aiohttp.ClientConnectionError):
        await posted(client)
    assert workspace.messages(OPEN) == []
    assert [one.outcome for one in workspace.calls] == ["drop_before"]


async def test_what_hangs_is_done_once_released(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """Until then nothing was done and nothing answered."""
    fault = workspace.faults.add("chat.postMessage", "hang")
    posting = asyncio.ensure_future(posted(client))
    await workspace.wait_for(lambda: fault.struck)
    assert (workspace.messages(OPEN), posting.done()) == ([], False)
    fault.release()
    assert (await posting)["ok"]
    assert len(workspace.messages(OPEN)) == 1


async def test_what_hangs_lets_go_by_itself(client: AsyncWebClient, workspace: Workspace) -> None:
    """After the seconds it was told."""
    fault = workspace.faults.add("auth.test", "hang", seconds=0.01)
    assert (await client.auth_test())["ok"]
    assert fault.struck == 1


async def test_a_client_that_gave_up_waiting_is_still_served(
    running: Running, workspace: Workspace
) -> None:
    """A hanging post that the app no longer waits for is taken all the same, later."""
    hasty = AsyncWebClient(
        token=BOT_TOKEN, base_url=running.api_url, timeout=0.05, retry_handlers=[]
    )  # type: ignore[arg-type]  # the SDK declares whole seconds, aiohttp takes parts
    fault = workspace.faults.add("chat.postMessage", "hang")
    with pytest.raises(asyncio.TimeoutError):
        await posted(hasty)
    fault.release()
    await workspace.wait_for(lambda: workspace.messages(OPEN))
    assert len(workspace.messages(OPEN)) == 1


async def test_a_slow_auth_test_loses_the_first_click(app: BoltApp, workspace: Workspace) -> None:
    """Bolt answers for the app while it does not know who it is: no listener runs."""

    @app.bolt.action("vote:migrate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    card = await a_card(app, workspace)
    workspace.faults.add("auth.test", "invalid_auth")
    first = await workspace.tap(RAVI, card, "Migrate")
    assert (first.acked, app.seen) == (True, [])
    await workspace.tap(RAVI, card, "Migrate")
    assert len(app.seen) == 1


async def test_a_struck_call_is_on_record(client: AsyncWebClient, workspace: Workspace) -> None:
    """With the fault as its outcome."""
    workspace.faults.add("chat.postMessage", "http_500")
    await refused(client.chat_postMessage(channel=OPEN, text="x", blocks=CARD))
    (call,) = workspace.calls
    assert (call.method, call.outcome, call.args["text"]) == ("chat.postMessage", "http_500", "x")
