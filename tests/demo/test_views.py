"""Every documented limit of modals and App Home is refused one step beyond it, and taken at it."""

from typing import Any

import pytest

from bot.demo.workspace.blocks import check_view
from tests.demo.world import button, modal, plain, typed

VIEWS_REFUSED = {
    "a message": ({"type": "message"}, "unsupported type: message", ""),
    "no title": (
        {"type": "modal", "blocks": [{"type": "divider"}]},
        "missing required field: title",
        "",
    ),
    "a title of 25": (
        modal(title=plain("x" * 25)),
        "must be less than 25 characters",
        "/title/text",
    ),
    "a submit of 25": (
        modal(submit=plain("x" * 25)),
        "must be less than 25 characters",
        "/submit/text",
    ),
    "a close of 25": (
        modal(close=plain("x" * 25)),
        "must be less than 25 characters",
        "/close/text",
    ),
    "metadata of 3,001": (
        modal(private_metadata="x" * 3001),
        "must be less than 3001 characters",
        "/private_metadata",
    ),
    "a callback id of 256": (
        modal(callback_id="x" * 256),
        "must be less than 256 characters",
        "/callback_id",
    ),
    "no blocks": ({**modal(), "blocks": []}, "no less than 1 items allowed", "/blocks"),
    "101 blocks": (
        modal(*[{"type": "divider"}] * 101),
        "no more than 100 items allowed",
        "/blocks",
    ),
    "a field of 3,001": (
        modal(typed(element={"max_length": 3001})),
        "must be between 1 and 3000",
        "/blocks/0/element/max_length",
    ),
    "a field nobody can fill": (
        modal(typed(element={"min_length": 9, "max_length": 3})),
        "min_length must be at most max_length",
        "/blocks/0/element",
    ),
    "a placeholder of 151": (
        modal(typed(element={"placeholder": plain("x" * 151)})),
        "must be less than 152 characters".replace("152", "151"),
        "/blocks/0/element/placeholder/text",
    ),
    "a button as a field": (
        modal(typed(element=button("b", "b"))),
        "unsupported type: button",
        "/blocks/0/element",
    ),
    "what Slack itself adds": (
        modal(id="V123", hash="1.2"),
        None,
        "",
    ),
}


@pytest.mark.parametrize(("view", "message", "where"), VIEWS_REFUSED.values(), ids=VIEWS_REFUSED)
def test_a_modal_beyond_the_limits_is_refused(view: Any, message: str | None, where: str) -> None:
    findings = check_view(view, "modal")
    if message is None:
        assert {"id", "hash"} == {one.split(": ")[1].split(" ")[0] for one in findings}
    else:
        assert findings == [f"{message} [json-pointer:/view{where}]"]


def test_a_modal_that_asks_needs_a_submit() -> None:
    view = modal()
    del view["submit"]
    assert "submit" in check_view(view, "modal")[0]


def test_a_modal_that_only_shows_needs_none() -> None:
    view = modal({"type": "divider"})
    del view["submit"]
    assert check_view(view, "modal") == []


def test_app_home_has_neither_title_nor_submit() -> None:
    blocks = [{"type": "divider"}]
    assert check_view({"type": "home", "blocks": blocks}, "home") == []
    findings = check_view({"type": "home", "title": plain("x"), "blocks": blocks}, "home")
    assert findings == ["invalid additional property: title [json-pointer:/view]"]
