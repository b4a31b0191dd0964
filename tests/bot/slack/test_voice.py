"""What is said to a clicker finds a way, and later work ends before the store does."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from bot.messaging import Message, SlackAwayError, SlackError, SlackRefusedError
from bot.slack import voice as voices
from bot.slack.clicks import Click, of_button
from bot.slack.voice import Voice

HELLO = Message(text="Hello")


class Ears:
    """Takes messages as Slack would, or refuses as told."""

    def __init__(self, **refuses: SlackError) -> None:
        self.refuses: Mapping[str, SlackError] = refuses
        self.heard: list[tuple[str, str]] = []

    async def post(
        self, target: str, message: Message, *, key: str, thread_ts: str | None = None
    ) -> tuple[str, str]:
        self._take("post", target)
        return target, "1.1"

    async def ephemeral(
        self, channel: str, account: str, message: Message, thread_ts: str | None = None
    ) -> None:
        self._take("ephemeral", f"{account} in {channel}")

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        raise AssertionError("nobody is answered by a redrawing")

    async def find(self, target: str, key: str, thread_ts: str | None = None) -> None:
        raise AssertionError("nobody is answered by a search")

    def _take(self, how: str, where: str) -> None:
        if how in self.refuses:
            raise self.refuses[how]
        self.heard.append((how, where))


def a_click(channel: str | None = "C1") -> Click:
    """Sam pressed something."""
    payload: dict[str, Any] = {"user": {"id": "USAM"}, "actions": [{"action_id": "details"}]}
    return of_button(payload | ({"channel": {"id": channel}} if channel else {}), foreign=False)


async def test_a_whisper_is_heard_where_the_click_was() -> None:
    ears = Ears()
    await Voice(ears).whisper(a_click(), HELLO)
    assert ears.heard == [("ephemeral", "USAM in C1")]


@pytest.mark.parametrize(
    "error", [SlackRefusedError("user_not_in_channel"), SlackAwayError("http_503")]
)
async def test_what_cannot_be_whispered_comes_as_a_direct_message(error: SlackError) -> None:
    ears = Ears(ephemeral=error)
    await Voice(ears).whisper(a_click(), HELLO)
    assert ears.heard == [("post", "USAM")]


async def test_a_click_without_a_channel_is_answered_directly() -> None:
    ears = Ears()
    await Voice(ears).whisper(a_click(None), HELLO)
    assert ears.heard == [("post", "USAM")]


async def test_what_slack_does_not_take_at_all_harms_nobody() -> None:
    ears = Ears(ephemeral=SlackAwayError(), post=SlackAwayError())
    await Voice(ears).whisper(a_click(), HELLO)
    assert ears.heard == []


async def test_closing_waits_for_later_work_and_for_what_that_begins() -> None:
    voice, go, done = Voice(Ears()), asyncio.Event(), []

    async def last() -> None:
        done.append("last")

    async def first() -> None:
        await go.wait()
        done.append("first")
        voice.after(last())

    voice.after(first())
    closing = asyncio.create_task(voice.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go.set()
    await closing
    assert done == ["first", "last"]


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "CLOSE_WITHIN_S", 0.01)
    voice, never = Voice(Ears()), asyncio.Event()
    work = asyncio.ensure_future(never.wait())
    voice.mind(work)
    await voice.close()
    assert not work.done()
    work.cancel()


async def test_after_closing_nothing_is_begun() -> None:
    voice, done = Voice(Ears()), []

    async def work() -> None:
        done.append("work")

    await voice.close()
    voice.after(work())
    await asyncio.sleep(0)
    assert done == []


async def test_later_work_that_fails_is_logged_and_no_more() -> None:
    voice = Voice(Ears())

    async def fails() -> None:
        raise ValueError

    voice.after(fails())
    await voice.close()
