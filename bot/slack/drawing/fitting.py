"""The last look before sending: a drawing over Slack's limits is not lost, it loses its parts.

What is left says that something is missing, and its buttons open all of it before they decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog

from bot.messaging import Message
from bot.slack.drawing.limits import LOCK_SCREEN, MESSAGE, MESSAGE_BLOCKS, characters, check
from bot.slack.drawing.spans import Block, cut, rich, section
from bot.slack.drawing.words import CLOSE, READ_WHOLE, VOTE

log = structlog.get_logger(__name__)

View = Mapping[str, Any]

_MISSING = (
    "A part of this does not fit into what Slack takes and is left out here. "
    "A button opens all of it first."
)
_NO_WINDOW = (
    "This does not fit into what Slack takes, so it cannot be shown here and nothing is recorded. "
    "Read it with the API; tell the operators."
)


def fitting(message: Message) -> Message:
    """The message if Slack will take it; else what is left of it, saying so."""
    findings = check(message)
    if not findings:
        return message
    log.error("drawing-over-limits", findings=findings[:5])
    text = cut(message.text.strip() or "Andon", LOCK_SCREEN)
    if not check(Message(text=text, blocks=message.blocks)):
        return Message(text=text, blocks=message.blocks)
    note = rich(section((_MISSING,)), block_id="missing")
    left = Message(text=text, blocks=(note, *map(_opening, _few(list(_sound(message.blocks))))))
    return left if not check(left) else Message(text=text, blocks=(note,))


def fitting_view(view: View) -> dict[str, Any]:
    """The view if Slack will take it; else a window that says why it cannot be shown."""
    findings = check(view)
    if not findings:
        return dict(view)
    log.error("window-over-limits", findings=findings[:5])
    said = [rich(section((_NO_WINDOW,)), block_id="missing")]
    plain = {"type": "plain_text", "emoji": False}
    home: dict[str, Any] = {"type": view.get("type", "modal"), "blocks": said}
    if home["type"] == "home":
        return home
    return home | {"title": plain | {"text": "Andon"}, "close": plain | {"text": CLOSE}}


def _sound(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """Those that break no limit of their own, each name once."""
    seen: set[str] = set()
    for block in blocks:
        name = str(block.get("block_id") or len(seen))
        if name not in seen and not check(Message(text="fine", blocks=(block,))):
            seen.add(name)
            yield dict(block)


def _few(blocks: list[Block]) -> list[Block]:
    """Without the largest, until the rest fits beside the note."""
    while characters(blocks) > MESSAGE - len(_MISSING) or len(blocks) >= MESSAGE_BLOCKS:
        blocks.remove(max(blocks, key=characters))
    return blocks


def _opening(block: Block) -> Block:
    """Its buttons open the whole before they decide: not all of it is shown here."""
    if block["type"] != "actions":
        return block
    return block | {"elements": [_opener(button) for button in block["elements"]]}


def _opener(button: Mapping[str, Any]) -> dict[str, Any]:
    kind, colon, option = str(button.get("action_id")).partition(":")
    opens = {"action_id": f"{READ_WHOLE}:{option}"} if kind == VOTE and colon else {}
    return {**button, **opens}
