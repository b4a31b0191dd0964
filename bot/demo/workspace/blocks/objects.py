"""Composition objects: text, confirm dialogs, options."""

from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.blocks.checks import (
    Check,
    Place,
    array,
    boolean,
    by_type,
    one_of,
    shape,
    string,
    unique,
    url,
)

#: action_id and block_id.
IDENTIFIER = string(255)


def plain(most: int) -> Check:
    """A plain_text object."""
    return by_type({"plain_text": shape({"text": string(most)}, {"emoji": boolean})})


def text(most: int) -> Check:
    """A plain_text or mrkdwn object."""
    return by_type(
        {
            "plain_text": shape({"text": string(most)}, {"emoji": boolean}),
            "mrkdwn": shape({"text": string(most)}, {"verbatim": boolean}),
        }
    )


CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def option(words: Check, *, link: bool = False) -> Check:
    """One entry of a menu. Sources differ on the value's limit; 150 is the later one."""
    more: dict[str, Check] = {"description": words}
    if link:
        more["url"] = url()
    return shape({"text": words, "value": string(150)}, more)


#: Menus take plain text only; radio buttons and checkboxes mrkdwn too.
MENU_OPTION = option(plain(75))
CHOICE_OPTION = option(text(75))
OVERFLOW_OPTION = option(plain(75), link=True)

OPTION_GROUP = shape({"label": plain(75), "options": array(MENU_OPTION, 1, 100)})


def options_once(element: Mapping[str, Any], place: Place) -> None:
    """Every option's value is its own, and what is preselected is on offer."""
    groups = element.get("option_groups", [element])
    offered = [entry for group in groups for entry in group.get("options", [])]
    unique([entry["value"] for entry in offered], place.at("options"), "value")
    chosen = element.get("initial_options", [element.get("initial_option")])
    for entry in chosen:
        if entry is not None and entry not in offered:
            place.refuse("initial option must be one of the options")


def options_or_groups(element: Mapping[str, Any], place: Place) -> None:
    """A static menu has options or groups of them, not both and not neither."""
    if ("options" in element) == ("option_groups" in element):
        place.refuse("must define either `options` or `option_groups`")
