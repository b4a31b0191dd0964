"""Block Kit by its smallest parts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from approvals.facts import People
from approvals.showing import visible

Block = dict[str, Any]
Element = dict[str, Any]

#: Slack's limits for a button's text and its spoken label.
BUTTON, SPOKEN = 75, 75


def text(said: str, *, bold: bool = False, italic: bool = False) -> Element:
    """Literal text; never parsed."""
    style = {name: True for name, on in (("bold", bold), ("italic", italic)) if on}
    return {"type": "text", "text": said, **({"style": style} if style else {})}


def foreign(said: str, most: int = 200) -> Element:
    """Somebody else's words: between guillemets, nothing hidden, cut with an ellipsis."""
    return text(f"«{cut(visible(' '.join(said.split())), most)}»")


def cut(said: str, most: int) -> str:
    """At most so many characters, cut at a word, with an ellipsis."""
    if len(said) <= most:
        return said
    kept = said[: most - 1]
    return (kept.rsplit(" ", 1)[0] if " " in kept[most // 2 :] else kept) + "…"


def moment(at: datetime, *, day: bool = False) -> Element:
    """A point in time, in the reader's own zone."""
    fallback = at.strftime("%d %b %H:%M UTC" if day else "%H:%M UTC")
    shape = "{date_short_pretty} {time}" if day else "{time}"
    return {"type": "date", "timestamp": int(at.timestamp()), "format": shape, "fallback": fallback}


def who(person: str, people: People) -> Element:
    """A person: a user element where they have an account, their name otherwise."""
    known = people.persons.get(person)
    if known is None:
        return text(person)
    if known.accounts:
        return {"type": "user", "user_id": known.accounts[0]}
    return text(known.name)


def rich(*parts: Element | Sequence[Element], block_id: str) -> Block:
    """A rich_text block; each part is a section's elements, or a finished element."""
    made = [
        part if isinstance(part, dict) else {"type": "rich_text_section", "elements": list(part)}
        for part in parts
    ]
    return {"type": "rich_text", "block_id": block_id, "elements": made}


def code(said: str) -> Element:
    """Preformatted text, literal."""
    return {"type": "rich_text_preformatted", "elements": [text(said or " ")]}


def quote(elements: Sequence[Element]) -> Element:
    """A quotation."""
    return {"type": "rich_text_quote", "elements": list(elements)}


def bullets(items: Iterable[Sequence[Element]]) -> Element:
    """A list."""
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [{"type": "rich_text_section", "elements": list(i)} for i in items],
    }


def header(said: str) -> Block:
    """A headline, without emoji."""
    shown = cut(visible(said), 150)
    return {
        "type": "header",
        "block_id": "title",
        "text": {"type": "plain_text", "text": shown, "emoji": False},
    }


def context(said: str, block_id: str) -> Block:
    """Small print, literal."""
    return {
        "type": "context",
        "block_id": block_id,
        "elements": [{"type": "plain_text", "text": cut(said, 300), "emoji": False}],
    }


def plain(said: str, most: int) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": cut(visible(said), most), "emoji": False}


def button(
    label: str, action_id: str, value: str, *, spoken: str = "", danger: bool = False
) -> Element:
    """A button that says what happens."""
    made: Element = {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, BUTTON),
        "value": value,
    }
    if spoken:
        made["accessibility_label"] = cut(visible(spoken), SPOKEN)
    if danger:
        made["style"] = "danger"
    return made


def actions(elements: Sequence[Element], block_id: str) -> Block:
    """A row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def joined(elements: Iterable[Element], between: str = ", ") -> list[Element]:
    """Elements with something between them."""
    made: list[Element] = []
    for element in elements:
        made += [text(between), element] if made else [element]
    return made


def escaped(said: str) -> str:
    """For top-level text, which Slack parses."""
    safe = visible(said).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(safe.split())


def json_text(values: Mapping[str, Any]) -> str:
    """Compact JSON for values and metadata of ours."""
    return json.dumps(values, separators=(",", ":"))
