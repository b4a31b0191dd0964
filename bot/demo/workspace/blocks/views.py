"""Views: a modal or App Home, whole."""

import json
from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.blocks.checks import Check, Place, boolean, by_type, shape, string
from bot.demo.workspace.blocks.layout import check_blocks
from bot.demo.workspace.blocks.objects import plain

#: Bytes of a view; above it Slack answers `view_too_large`.
VIEW_SIZE = 250_000


def _blocks(value: Any, place: Place) -> None:
    place.findings.extend(check_blocks(value, place.surface, place.pointer))


def _submit_for_inputs(view: Mapping[str, Any], place: Place) -> None:
    """What is typed has to be sent off by something."""
    asks = any(block["type"] == "input" for block in view["blocks"])
    if asks and "submit" not in view:
        place.refuse("missing required field: submit (the view has an input block)")


_BOTH: Mapping[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255),
    "external_id": string(255, least=0),
}

VIEWS: dict[str, Check] = {
    "modal": shape(
        {"title": plain(24), "blocks": _blocks},
        {
            **_BOTH,
            "close": plain(24),
            "submit": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
        },
        _submit_for_inputs,
    ),
    "home": shape({"blocks": _blocks}, _BOTH),
}


def check_view(view: Any, surface: str) -> list[str]:
    """What Slack would say against this view where a `surface` (modal or home) is wanted."""
    place = Place("/view", surface)
    by_type({surface: VIEWS[surface]})(view, place)
    return place.findings


def view_size(view: Any) -> int:
    """Bytes of a view as it travels."""
    return len(json.dumps(view, separators=(",", ":"), ensure_ascii=False).encode())
