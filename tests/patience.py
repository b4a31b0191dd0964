"""Our own limits of time, lifted: what is tried is what comes, not how soon on a busy machine."""

import pytest
from slack_bolt.listener.async_listener import AsyncCustomListener

#: Within which a click commits, and somebody or a room is looked up.
LIMITS = (
    "bot.slack.surface.COMMIT_WITHIN_S",
    "bot.slack.directory.LOOK_WITHIN_S",
    "bot.slack.rooms.HEAR_WITHIN_S",
)

PATIENCE_S = 60.0


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test ends."""
    monkeypatch.setattr(AsyncCustomListener, "ack_timeout", _bolts, raising=False)
    for limit in LIMITS:
        monkeypatch.setattr(limit, PATIENCE_S)


def _kept(listener: AsyncCustomListener, seconds: int) -> None:
    vars(listener)["ack_timeout"] = seconds


#: Bolt gives up on a click, too, after three seconds: it knows them, and they do not matter.
_bolts = property(lambda listener: PATIENCE_S, _kept)
