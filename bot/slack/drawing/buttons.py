"""Buttons: what they say, what they carry, and how a screen reader names them."""

import json
from collections.abc import Sequence
from typing import Any

from approvals.escalation import Escalation, Option
from approvals.words import Effect
from bot.slack.drawing.about import bare, is_incident, longer, recalls, subject
from bot.slack.drawing.limits import ACCESSIBILITY
from bot.slack.drawing.spans import Block, Element, cut, one_line, plain_text
from bot.slack.drawing.words import (
    ACKNOWLEDGE,
    ANSWER,
    ASK,
    BUTTON,
    DETAILS,
    EARLIER,
    OVERRIDE,
    RESOLVE,
    SHOW,
    VOTE,
)

#: Hex digits of the digest that a button carries.
DIGEST_DIGITS = 16


def carried(e: Escalation, option: str | None = None, **more: Any) -> str:
    """What a button or modal names: escalation, option, what was shown, which digest."""
    said = {"e": e.id, "o": option, "s": e.shown, "d": bare(e.digest)[:DIGEST_DIGITS], **more}
    return json.dumps({k: v for k, v in said.items() if v is not None}, separators=(",", ":"))


def button(
    e: Escalation,
    action_id: str,
    label: str,
    *,
    option: str | None = None,
    danger: bool = False,
    **more: Any,
) -> Element:
    """One button. `style` only marks what cannot be undone; nothing is recommended."""
    found: Element = {
        "type": "button",
        "action_id": action_id,
        "text": plain_text(cut(one_line(label), BUTTON)),
        "value": carried(e, option, **more),
        "accessibility_label": spoken_label(e, label),
    }
    return found | {"style": "danger"} if danger else found


def option_button(e: Escalation, option: Option) -> Element:
    """The button of an offered answer."""
    danger = option.effect is Effect.RELEASE and option.irreversible
    return button(e, f"{VOTE}:{option.key}", option.label, option=option.key, danger=danger)


def details_button(e: Escalation) -> Element:
    """Everything there is to know."""
    return button(e, "details", DETAILS)


def show_button(e: Escalation) -> Element:
    """The card itself, wherever one is."""
    return button(e, f"show:{e.id}", SHOW)


def show_other_button(id_: str, label: str, spoken: str) -> Element:
    """The card of another one; it carries the id alone, for there is nothing to decide."""
    return {
        "type": "button",
        "action_id": f"show:{id_}",
        "text": plain_text(cut(label, BUTTON)),
        "value": json.dumps({"e": id_}, separators=(",", ":")),
        "accessibility_label": cut(spoken, ACCESSIBILITY),
    }


def acknowledge_button(e: Escalation) -> Element:
    """ "I am looking": others are not called meanwhile."""
    return button(e, "acknowledge", ACKNOWLEDGE)


def beside(e: Escalation) -> list[Element]:
    """What can be done besides deciding; of an incident, all that can be done."""
    over = [button(e, "resolve", RESOLVE)] if is_incident(e) else []
    before = [button(e, "earlier", EARLIER)] if recalls(e) else []
    return [acknowledge_button(e), button(e, "ask", ASK), *over, *before, details_button(e)]


def answer_button(e: Escalation, question: str) -> Element:
    """For whoever was asked."""
    return button(e, "answer", ANSWER, q=question)


def extend_button(e: Escalation) -> Element:
    """`Give it 30 more minutes`."""
    return button(e, "extend", f"Give it {longer(e)}")


def override_button(e: Escalation) -> Element:
    """For those whom the policy names; it only opens a window."""
    return button(e, "break_glass", OVERRIDE)


def actions(buttons: Sequence[Element], *, block_id: str = "actions") -> Block:
    """A row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def spoken_label(e: Escalation, label: str) -> str:
    """`Recreate index, data loss: documents_v3, production`, at most 75 characters."""
    ending = f": {cut(subject(e), 24)}, {cut(e.environment, 24)}"
    spoken = one_line(label).replace(" (", ", ").replace("(", "").replace(")", "")
    return cut(spoken, ACCESSIBILITY - len(ending)) + ending
