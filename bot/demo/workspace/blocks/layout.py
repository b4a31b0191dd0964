"""Blocks: which there are, what they hold, and what holds for all of a payload together."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.demo.workspace.blocks.checks import (
    Check,
    Place,
    array,
    boolean,
    by_type,
    only,
    shape,
    string,
    unique,
    url,
)
from bot.demo.workspace.blocks.elements import (
    IMAGE,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
)
from bot.demo.workspace.blocks.objects import IDENTIFIER, plain, text
from bot.demo.workspace.blocks.rich_text import RICH_TEXT

#: Blocks on each surface.
MOST = {"message": 50, "modal": 100, "home": 100}

_ID: Mapping[str, Check] = {"block_id": IDENTIFIER}


def _text_or_fields(block: Mapping[str, Any], place: Place) -> None:
    if "text" not in block and "fields" not in block:
        place.refuse("must define either `text` or `fields`")


def _one_primary(block: Mapping[str, Any], place: Place) -> None:
    """Slack asks for one primary button in a set; here it is a rule."""
    styles = [element.get("style") for element in block["elements"]]
    if styles.count("primary") > 1:
        place.at("elements").refuse("only one button may have the style primary")


def _actions_once(block: Mapping[str, Any], place: Place) -> None:
    ids = [element.get("action_id") for element in block["elements"]]
    unique(ids, place.at("elements"), "action_id")


_IN_CONTEXT = {
    "image": IMAGE,
    "plain_text": text(2000),
    "mrkdwn": text(2000),
}

BLOCKS: dict[str, Check] = {
    "section": shape(
        {},
        {
            **_ID,
            "text": text(3000),
            "fields": array(text(2000), 1, 10),
            "accessory": by_type(IN_SECTION),
            "expand": boolean,
        },
        _text_or_fields,
    ),
    "header": shape({"text": plain(150)}, _ID),
    "context": shape({"elements": array(by_type(_IN_CONTEXT), 1, 10)}, _ID),
    "actions": shape(
        {"elements": array(by_type(IN_ACTIONS), 1, 25)}, _ID, _one_primary, _actions_once
    ),
    "divider": shape({}, _ID),
    "image": shape({"image_url": url(), "alt_text": string(2000)}, {**_ID, "title": plain(2000)}),
    "rich_text": RICH_TEXT,
    "markdown": only(("message",), shape({"text": string(12_000)}, _ID)),
    "input": only(
        ("modal", "home"),
        shape(
            {"label": plain(2000), "element": by_type(IN_INPUT)},
            {**_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        ),
    ),
}


def check_blocks(blocks: Any, surface: str = "message", pointer: str = "/blocks") -> list[str]:
    """What Slack would say against these blocks; nothing when it would take them.

    Each finding ends in the JSON pointer of what it is about, as Slack's own do.
    """
    place = Place(pointer, surface)
    least = 0 if surface == "message" else 1
    array(by_type(BLOCKS), least, MOST[surface])(blocks, place)
    if not place.findings:
        unique([block.get("block_id") for block in blocks], place, "block_id")
    return place.findings


def text_length(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Characters of all texts in these blocks together."""
    return sum(len(text) for text in _texts(blocks))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def elements_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The interactive elements of one block."""
    if block["type"] == "actions":
        return list(block["elements"])
    held = block.get("element") or block.get("accessory")
    return [held] if held and held["type"] != "image" else []


def with_ids(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The blocks as Slack keeps them: each block and element has an id, made up where absent."""
    return [_with_ids(dict(block)) for block in blocks]


def _with_ids(block: dict[str, Any]) -> dict[str, Any]:
    block.setdefault("block_id", secrets.token_hex(3))
    if block["type"] == "actions":
        block["elements"] = [_with_action(element) for element in block["elements"]]
    for name in ("element", "accessory"):
        if name in block and block[name]["type"] != "image":
            block[name] = _with_action(block[name])
    return block


def _with_action(element: Mapping[str, Any]) -> dict[str, Any]:
    return {**element, "action_id": element.get("action_id") or secrets.token_hex(3)}
