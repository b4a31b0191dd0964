"""Our own limits of time, lifted: what is tried is what comes, not how soon on a busy machine."""

import pytest

#: Within which a click commits, and somebody or a room is looked up.
LIMITS = (
    "bot.slack.surface.COMMIT_WITHIN_S",
    "bot.slack.directory.LOOK_WITHIN_S",
    "bot.slack.rooms.HEAR_WITHIN_S",
)

PATIENCE_S = 60.0


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test ends."""
    for limit in LIMITS:
        monkeypatch.setattr(limit, PATIENCE_S)
