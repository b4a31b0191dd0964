"""Stored copies of what is drawn: as read by a person, and as sent to Slack.

`ANDON_STORE_DRAWINGS=1 pytest tests/bot/slack/drawing` writes them anew; then read the difference.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.messaging import Message
from tests.bot.slack.drawing.reading import read

FOLDER = Path(__file__).parent / "stored"
#: A head hashes every event before it in the format of its day, a version the whole sample policy:
#: no business of a drawing.
_HASHES = (
    (re.compile(r"head [0-9a-f]{8}…"), "head {8 digits}…"),
    (re.compile(r"policy [0-9a-f]{8}"), "policy {8 digits}"),
    (re.compile(r"Policy sha256:[0-9a-f]{64}"), "Policy {version}"),
)
WRITE = bool(os.environ.get("ANDON_STORE_DRAWINGS"))


def assert_stored(name: str, drawn: Message | Mapping[str, Any], *, payload: bool = False) -> None:
    """The drawing equals its stored copy; with `payload`, also the very JSON."""
    _compare(FOLDER / f"{name}.txt", read(drawn))
    if payload:
        sent = (
            {"text": drawn.text, "blocks": list(drawn.blocks)}
            if isinstance(drawn, Message)
            else drawn
        )
        _compare(FOLDER / f"{name}.json", json.dumps(sent, indent=1, ensure_ascii=False) + "\n")


def _compare(path: Path, drawn: str) -> None:
    now = drawn
    for pattern, stands in _HASHES:
        now = pattern.sub(stands, now)
    if WRITE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now, f"{path.name} is drawn differently now"
