"""Every documented limit of Block Kit is refused one step beyond it, and taken at it."""

from typing import Any

import pytest

from bot.demo.workspace.blocks import check_blocks, check_view, text_length, with_ids
from tests.demo.world import CARD, actions, button, modal, plain, typed

Block = dict[str, Any]

LONG = "x" * 10_000


def section(**fields: Any) -> Block:
    return {"type": "section", **fields}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def rich(*parts: Block) -> Block:
    return {"type": "rich_text", "elements": list(parts)}


def line(*inline: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(inline)}


def word(text: str = "word", **more: Any) -> Block:
    return {"type": "text", "text": text, **more}


def options(count: int, **more: Any) -> list[Block]:
    return [{"text": plain(f"option {n}"), "value": str(n), **more} for n in range(count)]


def select(**more: Any) -> Block:
    return {"type": "static_select", "action_id": "s", **more}


def confirm(**more: Any) -> Block:
    words = {"title": "Sure?", "text": "It cannot be undone.", "confirm": "Yes", "deny": "No"}
    return {name: plain(text) for name, text in {**words, **more}.items()}


DATE = {"type": "date", "timestamp": 1_800_000_000, "format": "{date_short} {time}"}

TAKEN = {
    "a card": CARD,
    "a message of no blocks": [],
    "fifty blocks": [{"type": "divider"}] * 50,
    "a section of 3,000": [section(text=mrkdwn(LONG[:3000]))],
    "ten fields of 2,000": [section(fields=[plain(LONG[:2000])] * 10)],
    "a header of 150": [{"type": "header", "text": plain(LONG[:150])}],
    "ten in a context": [{"type": "context", "elements": [mrkdwn("x")] * 10}],
    "25 buttons": [actions(*(button("b", f"b{n}") for n in range(25)))],
    "a long button": [
        actions(button(LONG[:75], LONG[:255], value=LONG[:2000], accessibility_label=LONG[:75]))
    ],
    "a confirm": [actions(button("b", "b", confirm=confirm()))],
    "a select of 100": [actions(select(options=options(100)))],
    "an overflow of 5": [
        section(text=plain("x"), accessory={"type": "overflow", "options": options(5)})
    ],
    "ten radio buttons": [actions({"type": "radio_buttons", "options": options(10)})],
    "markdown of 12,000": [{"type": "markdown", "text": "x" * 12_000}],
    "an image": [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}],
    "all of rich text": [
        rich(
            line(
                word(style={"bold": True}),
                {"type": "emoji", "name": "white_check_mark"},
                {"type": "link", "url": "https://example.com", "text": "there"},
                {"type": "user", "user_id": "U0RAVI"},
                {"type": "usergroup", "usergroup_id": "S0DBA"},
                {"type": "channel", "channel_id": "C0OPEN"},
                {"type": "broadcast", "range": "here"},
                {"type": "color", "value": "#a30200"},
                DATE,
            ),
            {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [line(word())]},
            {"type": "rich_text_quote", "elements": [word()]},
            {
                "type": "rich_text_preformatted",
                "elements": [word("alembic upgrade\n")],
                "border": 0,
            },
        )
    ],
}

REFUSED = {
    "no array": ({"type": "divider"}, "must provide an array", ""),
    "51 blocks": ([{"type": "divider"}] * 51, "no more than 50 items allowed", ""),
    "an unknown block": ([{"type": "jumbotron"}], "unsupported type: jumbotron", "/0"),
    "no type": ([{}], "unsupported type: None", "/0"),
    "an unknown field": (
        [{"type": "divider", "colour": "red"}],
        "invalid additional property: colour",
        "/0",
    ),
    "a section of 3,001": (
        [section(text=mrkdwn(LONG[:3001]))],
        "must be less than 3001 characters",
        "/0/text/text",
    ),
    "an empty text": ([section(text=plain(""))], "must be more than 0 characters", "/0/text/text"),
    "a section of nothing": ([section()], "must define either `text` or `fields`", "/0"),
    "text that is a string": ([section(text="hello")], "unsupported type: None", "/0/text"),
    "emoji in mrkdwn": (
        [section(text={**mrkdwn("x"), "emoji": True})],
        "invalid additional property: emoji",
        "/0/text",
    ),
    "eleven fields": (
        [section(fields=[plain("x")] * 11)],
        "no more than 10 items allowed",
        "/0/fields",
    ),
    "a field of 2,001": (
        [section(fields=[plain(LONG[:2001])])],
        "must be less than 2001 characters",
        "/0/fields/0/text",
    ),
    "a header of 151": (
        [{"type": "header", "text": plain(LONG[:151])}],
        "must be less than 151 characters",
        "/0/text/text",
    ),
    "a header in mrkdwn": (
        [{"type": "header", "text": mrkdwn("x")}],
        "unsupported type: mrkdwn",
        "/0/text",
    ),
    "a header without text": ([{"type": "header"}], "missing required field: text", "/0"),
    "eleven in a context": (
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
        "no more than 10 items allowed",
        "/0/elements",
    ),
    "a button in a context": (
        [{"type": "context", "elements": [button("b", "b")]}],
        "unsupported type: button",
        "/0/elements/0",
    ),
    "26 buttons": (
        [actions(*(button("b", f"b{n}") for n in range(26)))],
        "no more than 25 items allowed",
        "/0/elements",
    ),
    "actions of nothing": ([actions()], "no less than 1 items allowed", "/0/elements"),
    "an image among actions": (
        [actions({"type": "image", "image_url": "https://a.example/a.png", "alt_text": "a"})],
        "unsupported type: image",
        "/0/elements/0",
    ),
    "a label of 76": (
        [actions(button(LONG[:76], "b"))],
        "must be less than 76 characters",
        "/0/elements/0/text/text",
    ),
    "a label in mrkdwn": (
        [actions({"type": "button", "text": mrkdwn("x")})],
        "unsupported type: mrkdwn",
        "/0/elements/0/text",
    ),
    "a value of 2,001": (
        [actions(button("b", "b", value=LONG[:2001]))],
        "must be less than 2001 characters",
        "/0/elements/0/value",
    ),
    "a spoken label of 76": (
        [actions(button("b", "b", accessibility_label=LONG[:76]))],
        "must be less than 76 characters",
        "/0/elements/0/accessibility_label",
    ),
    "an action id of 256": (
        [actions(button("b", LONG[:256]))],
        "must be less than 256 characters",
        "/0/elements/0/action_id",
    ),
    "a link that is code": (
        [actions(button("b", "b", url="javascript:alert(1)"))],
        "must match the expected format",
        "/0/elements/0/url",
    ),
    "an unknown style": (
        [actions(button("b", "b", style="warning"))],
        "must be one of: primary, danger",
        "/0/elements/0/style",
    ),
    "two primary buttons": (
        [actions(*(button("b", f"b{n}", style="primary") for n in range(2)))],
        "only one button may have the style primary",
        "/0/elements",
    ),
    "the same action id twice": (
        [actions(button("a", "same"), button("b", "same"))],
        "`action_id` `same` already exists",
        "/0/elements",
    ),
    "the same block id twice": (
        [actions(button("a", "a")), actions(button("b", "b"))],
        "`block_id` `choices` already exists",
        "",
    ),
    "a block id of 256": (
        [{"type": "divider", "block_id": LONG[:256]}],
        "must be less than 256 characters",
        "/0/block_id",
    ),
    "a confirm title of 101": (
        [actions(button("b", "b", confirm=confirm(title=LONG[:101])))],
        "must be less than 101 characters",
        "/0/elements/0/confirm/title/text",
    ),
    "a confirm text of 301": (
        [actions(button("b", "b", confirm=confirm(text=LONG[:301])))],
        "must be less than 301 characters",
        "/0/elements/0/confirm/text/text",
    ),
    "a confirm button of 31": (
        [actions(button("b", "b", confirm=confirm(confirm=LONG[:31])))],
        "must be less than 31 characters",
        "/0/elements/0/confirm/confirm/text",
    ),
    "a select of 101": (
        [actions(select(options=options(101)))],
        "no more than 100 items allowed",
        "/0/elements/0/options",
    ),
    "a select of nothing": (
        [actions(select())],
        "must define either `options` or `option_groups`",
        "/0/elements/0",
    ),
    "an option text of 76": (
        [actions(select(options=options(1, text=plain(LONG[:76]))))],
        "must be less than 76 characters",
        "/0/elements/0/options/0/text/text",
    ),
    "an option value of 151": (
        [actions(select(options=options(1, value=LONG[:151])))],
        "must be less than 151 characters",
        "/0/elements/0/options/0/value",
    ),
    "the same option twice": (
        [actions(select(options=options(2, value="same")))],
        "`value` `same` already exists",
        "/0/elements/0/options",
    ),
    "a choice that is not offered": (
        [actions(select(options=options(1), initial_option=options(2)[1]))],
        "initial option must be one of the options",
        "/0/elements/0",
    ),
    "an overflow of 6": (
        [actions({"type": "overflow", "options": options(6)})],
        "no more than 5 items allowed",
        "/0/elements/0/options",
    ),
    "eleven checkboxes": (
        [actions({"type": "checkboxes", "options": options(11)})],
        "no more than 10 items allowed",
        "/0/elements/0/options",
    ),
    "a field in a message": ([typed()], "unsupported type: input in a message", "/0"),
    "markdown of 12,001": (
        [{"type": "markdown", "text": "x" * 12_001}],
        "must be less than 12001 characters",
        "/0/text",
    ),
    "rich text of nothing": ([rich()], "no less than 1 items allowed", "/0/elements"),
    "an empty word": (
        [rich(line(word("")))],
        "must be more than 0 characters",
        "/0/elements/0/elements/0/text",
    ),
    "a word outside a section": ([rich(word())], "unsupported type: text", "/0/elements/0"),
    "a mention in preformatted text": (
        [
            rich(
                {
                    "type": "rich_text_preformatted",
                    "elements": [{"type": "user", "user_id": "U0RAVI"}],
                }
            )
        ],
        "unsupported type: user",
        "/0/elements/0/elements/0",
    ),
    "a list of words": (
        [rich({"type": "rich_text_list", "style": "bullet", "elements": [word()]})],
        "unsupported type: text",
        "/0/elements/0/elements/0",
    ),
    "an unknown list": (
        [rich({"type": "rich_text_list", "style": "stars", "elements": [line(word())]})],
        "must be one of: bullet, ordered",
        "/0/elements/0/style",
    ),
    "an unknown word style": (
        [rich(line(word(style={"loud": True})))],
        "invalid additional property: loud",
        "/0/elements/0/elements/0/style",
    ),
    "a date in words": (
        [rich(line({**DATE, "timestamp": "soon"}))],
        "must provide an integer",
        "/0/elements/0/elements/0/timestamp",
    ),
    "a date of no token": (
        [rich(line({**DATE, "format": "soon"}))],
        "must contain at least one date token",
        "/0/elements/0/elements/0/format",
    ),
    "an unknown date token": (
        [rich(line({**DATE, "format": "{fortnight}"}))],
        "unknown date token: fortnight",
        "/0/elements/0/elements/0/format",
    ),
    "a mention by name": (
        [rich(line({"type": "user", "user_id": "@ravi"}))],
        "must match the expected format",
        "/0/elements/0/elements/0/user_id",
    ),
}


@pytest.mark.parametrize("blocks", TAKEN.values(), ids=TAKEN.keys())
def test_what_slack_takes_is_taken(blocks: list[Block]) -> None:
    assert check_blocks(blocks) == []


@pytest.mark.parametrize(("blocks", "message", "where"), REFUSED.values(), ids=REFUSED.keys())
def test_what_slack_refuses_is_refused_in_its_place(blocks: Any, message: str, where: str) -> None:
    assert check_blocks(blocks) == [f"{message} [json-pointer:/blocks{where}]"]


def test_markdown_stands_in_messages_only() -> None:
    view = modal({"type": "markdown", "text": "x"})
    assert "markdown in a modal" in check_view(view, "modal")[0]


def test_all_texts_of_a_payload_are_counted() -> None:
    assert text_length(CARD) == len("Schema conflict" + "Migrate" + "Recreate")
    assert text_length([rich(line(word("abc"), word("de")))]) == 5


def test_missing_ids_are_made_up_and_given_ones_kept() -> None:
    blocks = with_ids([actions(button("b", "b")), {"type": "divider"}])
    assert blocks[0]["block_id"] == "choices"
    assert blocks[1]["block_id"]
    nameless = with_ids([{"type": "actions", "elements": [{"type": "button", "text": plain("b")}]}])
    assert nameless[0]["elements"][0]["action_id"]
