"""Blocks as a person would read them, and the walk over everything in them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.messaging import Message


def read(drawn: Message | Mapping[str, Any]) -> str:
    """A message or view as text, one line a line; `{…}` is a date element, `@U…` a person, and
    `[…](…)` a link.
    """
    if isinstance(drawn, Message):
        return "\n".join([f"text | {drawn.text}", *_blocks(drawn.blocks)]) + "\n"
    head = [
        f"{name} | {drawn[name]['text']}" for name in ("title", "submit", "close") if name in drawn
    ]
    return "\n".join([*head, *_blocks(drawn["blocks"])]) + "\n"


def _blocks(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line for block in blocks for line in _block(block)]


def _block(block: Mapping[str, Any]) -> list[str]:
    kind = block["type"]
    if kind == "rich_text":
        return [line for part in block["elements"] for line in _part(part)]
    if kind == "actions":
        return [f"actions | {' '.join(_button(b) for b in block['elements'])}"]
    if kind == "context":
        return [f"context | {e['text']}" for e in block["elements"]]
    if kind == "input":
        return _input(block)
    words = [block[name]["text"] for name in ("text",) if name in block]
    words += [f["text"] for f in block.get("fields", ())]
    words += [_button(block["accessory"])] if "accessory" in block else []
    return [f"{kind} | {' | '.join(words)}"]


def _part(part: Mapping[str, Any]) -> list[str]:
    kind = part["type"].removeprefix("rich_text_")
    if kind == "list":
        return [f"- {_inline(entry)}" for entry in part["elements"]]
    mark = {"section": "", "quote": "> ", "preformatted": "    "}[kind]
    return [f"{mark}{line}" for line in _inline(part).split("\n")]


def _inline(part: Mapping[str, Any]) -> str:
    return "".join(_element(e) for e in part["elements"])


def _element(element: Mapping[str, Any]) -> str:
    if element["type"] == "user":
        return f"@{element['user_id']}"
    if element["type"] == "channel":
        return f"#{element['channel_id']}"
    if element["type"] == "date":
        return "{" + f"{element['fallback']}" + "}"
    if element["type"] == "link":
        return f"[{element['text']}]({element['url']})"
    bold = element.get("style", {}).get("bold")
    return f"*{element['text']}*" if bold else str(element["text"])


def _button(button: Mapping[str, Any]) -> str:
    danger = "!" if button.get("style") == "danger" else ""
    return f"[ {button['text']['text']} ]{danger}"


def _input(block: Mapping[str, Any]) -> list[str]:
    optional = ", optional" if block.get("optional") else ""
    lines = [f"input | {block['label']['text']} ({block['element']['type']}{optional})"]
    lines += [f"  ( ) {o['text']['text']}" for o in block["element"].get("options", ())]
    return [*lines, f"  hint: {block['hint']['text']}"] if "hint" in block else lines


def everything(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object anywhere in the drawing."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from everything(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from everything(inner)
