"""What Slack takes, counted before anything is sent: a validation error is a lost card.

Numbers from Slack's block and view reference, as of 2026-11; CARD is our own, below the limit of
about 13,200 characters that Slack does not document.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Characters of all text on a card, and its blocks (CARDS section 1).
CARD, CARD_BLOCKS = 8_000, 20

#: Characters all blocks of a message share; the hard stop.
MESSAGE = 10_000

#: Characters of the top-level text: what a lock screen shows.
LOCK_SCREEN = 150

#: Bytes of a view.
VIEW = 250_000

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
TEXT, HEADER, SECTION, FIELD, FIELDS = 3000, 150, 3000, 2000, 10
ACTIONS, CONTEXT, IDENTIFIER = 25, 10, 255
BUTTON, BUTTON_VALUE, ACCESSIBILITY = 75, 2000, 75
VIEW_TITLE, METADATA, LABEL, PLACEHOLDER, INPUT = 24, 3000, 2000, 150, 3000
OPTION, OPTION_VALUE, CHOICES = 75, 75, 10

Found = Iterator[str]
Part = Mapping[str, Any]


def check(payload: Any) -> tuple[str, ...]:
    """Every limit the message or view breaks, in words; empty when Slack will take it.

    A message is anything with `text` and `blocks`, a view a mapping with `type`.
    """
    if isinstance(payload, Mapping):
        return tuple(_view(payload) if "type" in payload else _message(**payload))
    return tuple(_message(payload.text, payload.blocks))


def characters(blocks: Any) -> int:
    """Characters of all texts in the blocks."""
    if isinstance(blocks, Mapping):
        own = blocks.get("text")
        mine = len(own) if isinstance(own, str) else 0
        return mine + sum(characters(v) for v in blocks.values() if not isinstance(v, str))
    if isinstance(blocks, Sequence) and not isinstance(blocks, str):
        return sum(characters(b) for b in blocks)
    return 0


def view_bytes(view: Any) -> int:
    """Bytes of a view as it travels: compact JSON in UTF-8."""
    return len(json.dumps(view, separators=(",", ":"), ensure_ascii=False).encode())


def _message(text: str = "", blocks: Sequence[Part] = (), **_: Any) -> Found:
    if not text.strip():
        yield "text: empty"
    yield from _most("text", text, LOCK_SCREEN)
    yield from _most("blocks", blocks, MESSAGE_BLOCKS)
    if characters(blocks) > MESSAGE:
        yield f"blocks: {characters(blocks)} characters, at most {MESSAGE}"
    yield from _blocks(blocks)


def _view(view: Part) -> Found:
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _plain(name, view[name], VIEW_TITLE)
    yield from _most("private_metadata", view.get("private_metadata", ""), METADATA)
    yield from _most("callback_id", view.get("callback_id", ""), IDENTIFIER)
    blocks = view.get("blocks", ())
    yield from _most("blocks", blocks, VIEW_BLOCKS)
    if view_bytes(view) > VIEW:
        yield f"view: {view_bytes(view)} bytes, at most {VIEW}"
    if not blocks:
        yield "blocks: none"
    if view["type"] == "modal" and "title" not in view:
        yield "title: missing"
    if any(b["type"] == "input" for b in blocks) and "submit" not in view:
        yield "submit: missing, though something is asked"
    yield from _blocks(blocks)


def _blocks(blocks: Sequence[Part]) -> Found:
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    yield from _unique("block_id", ids)
    actions = [e["action_id"] for b in blocks for e in _interactive(b)]
    yield from _unique("action_id", actions)
    for n, block in enumerate(blocks):
        at = f"blocks[{n}] {block['type']}"
        yield from _most(f"{at} block_id", block.get("block_id", ""), IDENTIFIER)
        found = _CHECKS.get(block["type"])
        yield from found(at, block) if found else iter((f"{at}: not a block we use",))


def _interactive(block: Part) -> list[Part]:
    held = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
    return [e for e in held if isinstance(e, Mapping) and "action_id" in e]


def _unique(name: str, ids: Sequence[str]) -> Found:
    for twice in sorted({i for i in ids if ids.count(i) > 1}):
        yield f"{name}: {twice} stands twice"


def _most(at: str, value: Any, most: int) -> Found:
    if len(value) > most:
        yield f"{at}: {len(value)}, at most {most}"


def _plain(at: str, value: Part, most: int) -> Found:
    if value.get("type") != "plain_text":
        yield f"{at}: must be plain_text"
    yield from _words(at, value, most)


def _words(at: str, value: Part, most: int) -> Found:
    if not value.get("text"):
        yield f"{at}: empty"
    yield from _most(at, value.get("text", ""), most)


def _header(at: str, block: Part) -> Found:
    yield from _plain(at, block["text"], HEADER)


def _section(at: str, block: Part) -> Found:
    if "text" in block:
        yield from _words(at, block["text"], SECTION)
    yield from _most(f"{at} fields", block.get("fields", ()), FIELDS)
    for one in block.get("fields", ()):
        yield from _words(f"{at} field", one, FIELD)
    if "accessory" in block:
        yield from _button(f"{at} accessory", block["accessory"])


def _context(at: str, block: Part) -> Found:
    yield from _most(at, block["elements"], CONTEXT)
    for one in block["elements"]:
        yield from _words(at, one, TEXT)


def _actions(at: str, block: Part) -> Found:
    yield from _most(at, block["elements"], ACTIONS)
    if not block["elements"]:
        yield f"{at}: no buttons"
    for one in block["elements"]:
        yield from _button(at, one)


def _button(at: str, button: Part) -> Found:
    yield from _plain(f"{at} button", button["text"], BUTTON)
    yield from _most(f"{at} value", button.get("value", ""), BUTTON_VALUE)
    yield from _most(f"{at} action_id", button["action_id"], IDENTIFIER)
    yield from _most(f"{at} label", button.get("accessibility_label", ""), ACCESSIBILITY)
    if button.get("style", "danger") not in ("danger", "primary"):
        yield f"{at}: style {button['style']}"


def _input(at: str, block: Part) -> Found:
    yield from _plain(f"{at} label", block["label"], LABEL)
    if "hint" in block:
        yield from _plain(f"{at} hint", block["hint"], LABEL)
    element = block["element"]
    if "placeholder" in element:
        yield from _plain(f"{at} placeholder", element["placeholder"], PLACEHOLDER)
    yield from _most(f"{at} initial_value", element.get("initial_value", ""), INPUT)
    yield from _most(f"{at} options", element.get("options", ()), CHOICES)
    for one in element.get("options", ()):
        yield from _plain(f"{at} option", one["text"], OPTION)
        yield from _most(f"{at} option value", one["value"], OPTION_VALUE)


def _rich_text(at: str, block: Part) -> Found:
    if not block["elements"]:
        yield f"{at}: empty"
    for part in block["elements"]:
        entries = part["elements"] if part["type"] == "rich_text_list" else [part]
        for entry in entries:
            if not entry["elements"]:
                yield f"{at} {part['type']}: empty"
            for one in entry["elements"]:
                if one["type"] == "text":
                    yield from _words(f"{at} {part['type']}", one, TEXT)


def _divider(at: str, block: Part) -> Found:
    return iter(())


_CHECKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich_text,
    "divider": _divider,
}
