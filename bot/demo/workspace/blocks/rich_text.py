"""rich_text: sections, lists, quotes and preformatted text, whose text elements are literal."""

import re
from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.blocks.checks import (
    Check,
    Place,
    array,
    boolean,
    by_type,
    integer,
    one_of,
    shape,
    string,
    url,
)
from bot.demo.workspace.blocks.elements import ACCOUNT
from bot.demo.workspace.blocks.objects import IDENTIFIER

#: Longest single text; Slack names none for rich_text, so the one of a section holds.
TEXT = string(3000)

#: The tokens a date may be written with.
DATE_TOKENS = frozenset(
    {
        "date_num",
        "date_slash",
        "date",
        "date_short",
        "date_long",
        "date_long_full",
        "date_pretty",
        "date_short_pretty",
        "date_long_pretty",
        "day_divider_pretty",
        "time",
        "time_secs",
        "ago",
    }
)

_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_MENTION_STYLE = shape(
    {},
    dict.fromkeys(("bold", "italic", "strike", "highlight", "client_highlight", "unlink"), boolean),
)


def date_format(value: Any, place: Place) -> None:
    """At least one token, each of them known."""
    tokens = re.findall(r"\{([^}]*)\}", value) if isinstance(value, str) else []
    if not tokens:
        place.refuse("must contain at least one date token")
    for token in tokens:
        if token not in DATE_TOKENS:
            place.refuse(f"unknown date token: {token}")


INLINE: dict[str, Check] = {
    "text": shape({"text": TEXT}, {"style": _STYLE}),
    "emoji": shape(
        {"name": string(100, pattern=r"[a-z0-9_+'-]+")},
        {"unicode": string(100), "skin_tone": integer(1, 6), "style": _STYLE},
    ),
    "link": shape({"url": url()}, {"text": TEXT, "unsafe": boolean, "style": _STYLE}),
    "user": shape({"user_id": ACCOUNT}, {"style": _MENTION_STYLE}),
    "usergroup": shape(
        {"usergroup_id": string(255, pattern=r"S[A-Z0-9]+")}, {"style": _MENTION_STYLE}
    ),
    "channel": shape(
        {"channel_id": string(255, pattern=r"[CGD][A-Z0-9]+")}, {"style": _MENTION_STYLE}
    ),
    "date": shape(
        {"timestamp": integer(1, 10**10), "format": date_format},
        {"url": url(), "fallback": string(3000), "style": _STYLE},
    ),
    "broadcast": shape({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
    "color": shape({"value": string(7, pattern=r"#[0-9A-Fa-f]{6}")}, {"style": _STYLE}),
}

_ALL_INLINE = array(by_type(INLINE), 1, 1000)
_LITERAL = array(by_type({kind: INLINE[kind] for kind in ("text", "link")}), 1, 1000)
_BORDER: Mapping[str, Check] = {"border": integer(0, 1)}

SECTION = shape({"elements": _ALL_INLINE})

PARTS: dict[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_list": shape(
        {
            "style": one_of("bullet", "ordered"),
            "elements": array(by_type({"rich_text_section": SECTION}), 1, 1000),
        },
        {**_BORDER, "indent": integer(0, 8), "offset": integer(0, 10_000)},
    ),
    "rich_text_quote": shape({"elements": _ALL_INLINE}, _BORDER),
    "rich_text_preformatted": shape({"elements": _LITERAL}, {**_BORDER, "language": string(50)}),
}

RICH_TEXT = shape({"elements": array(by_type(PARTS), 1, 1000)}, {"block_id": IDENTIFIER})
