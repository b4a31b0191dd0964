"""The parts modals are made of: the view itself, what is typed or chosen, its private metadata."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from approvals.escalation import Escalation, Option
from approvals.showing import amount
from bot.slack.drawing.about import is_incident, short_digest, short_id
from bot.slack.drawing.buttons import carried
from bot.slack.drawing.spans import Block, date_markup, one_line, plain_text
from bot.slack.drawing.words import BACK, CHIP, CHIPS, REASON, TICKED, TITLE, TYPED

View = dict[str, Any]


def modal(
    callback: str,
    title: str,
    blocks: Sequence[Block],
    *,
    metadata: str,
    submit: str | None = None,
    close: str = BACK,
) -> View:
    """A modal. Without `submit` it only shows."""
    found: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain_text(short(title)),
        "close": plain_text(close),
        "private_metadata": metadata,
        "blocks": list(blocks),
    }
    return found | {"submit": plain_text(short(submit))} if submit else found


def metadata(
    e: Escalation,
    option: str | None = None,
    *,
    channel: str | None = None,
    ts: str | None = None,
    **more: Any,
) -> str:
    """What a modal carries: it knows neither channel nor message when it is sent off."""
    return carried(e, option, c=channel, t=ts, **more)


def short(label: str, most: int = TITLE) -> str:
    """A label for a title or a button of a modal: whole if it fits, without what stands in
    parentheses if that fits, else its first words.
    """
    label = one_line(label)
    if len(label) <= most:
        return label
    label = label.partition(" (")[0]
    if len(label) <= most:
        return label
    first, _, _ = label[: most + 1].rpartition(" ")
    return first.rstrip(" ,;:·") or label[:most]


def question(label: str) -> str:
    """`Recreate index?`."""
    return f"{short(label, TITLE - 1)}?"


def title_of(e: Escalation, option: Option) -> str:
    """`Release 90,000.00 EUR?`, or the label's own question where an amount does not fit."""
    money = e.operation.money if e.operation else None
    verb = option.label.partition(" ")[0]
    asked = f"{verb} {amount(money)}?" if money else ""
    return asked if 0 < len(asked) <= TITLE else question(option.label)


def sentence(
    label: str, *, hint: str | None = None, optional: bool = False, block_id: str = REASON
) -> Block:
    """A text of several lines. Lengths are checked by the core, whose words say what is wrong."""
    found = _input(block_id, label, {"type": "plain_text_input", "multiline": True}, optional)
    return found | {"hint": plain_text(hint)} if hint else found


def typed_word(word: str) -> Block:
    """The target, typed."""
    found = _input(TYPED, f"Type {word}", {"type": "plain_text_input"}, False)
    return found | {"hint": plain_text("Capitals and spaces around it do not matter.")}


def chips() -> Block:
    """Reasons to abort; none is preselected and none is needed."""
    return choice(CHIP, "Reason", CHIPS, optional=True)


def choice(block_id: str, label: str, options: Mapping[str, str], *, optional: bool) -> Block:
    """One of a few, none preselected: words by the key that is sent."""
    offered = [{"text": plain_text(words), "value": key} for key, words in options.items()]
    return _input(block_id, label, {"type": "radio_buttons", "options": offered}, optional)


def menu(block_id: str, label: str, options: Mapping[str, str]) -> Block:
    """One of several, behind a menu, or none: words by the key that is sent."""
    offered = [{"text": plain_text(words), "value": key} for key, words in options.items()]
    return _input(block_id, label, {"type": "static_select", "options": offered}, True)


def tick(block_id: str, label: str, words: str, ticked: bool) -> Block:
    """One thing that is so, or not."""
    offered = [{"text": plain_text(words), "value": TICKED}]
    element: View = {"type": "checkboxes", "options": offered}
    return _input(block_id, label, element | ({"initial_options": offered} if ticked else {}), True)


def chosen_person(block_id: str, label: str, account: str | None, *, optional: bool) -> Block:
    """Somebody of the workspace."""
    before = {"initial_user": account} if account else {}
    return _input(block_id, label, {"type": "users_select", **before}, optional)


def chosen_day(block_id: str, label: str, day: str | None) -> Block:
    """A day, or none."""
    before = {"initial_date": day} if day else {}
    return _input(block_id, label, {"type": "datepicker", **before}, True)


def filled(block: Block, before: str | None) -> Block:
    """The field with what is known already; people correct it."""
    if not before:
        return block
    element = block["element"]
    options = [one for one in element.get("options", ()) if one["value"] == before]
    known = {"initial_option": options[0]} if options else {"initial_value": before}
    return block | {"element": element | known}


def small_print(e: Escalation, by: datetime | None = None) -> Block:
    """`7f3a9c · sha256:3f9ac41e… · decide by 23:30`; nothing foreign, so it may be parsed."""
    decide = f" · decide by {date_markup(by, near=e.created_at)}" if by else ""
    digest = "" if is_incident(e) else f" · {short_digest(e.digest)}"
    text = f"{short_id(e)}{digest}{decide}"
    return {
        "type": "context",
        "block_id": "print",
        "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}],
    }


def _input(block_id: str, label: str, element: View, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": plain_text(label),
        "element": {"action_id": block_id, **element},
    }
