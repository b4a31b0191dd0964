"""Thread lines, one a fact, mentioning nobody; and the direct messages that say the same."""

from collections.abc import Mapping
from typing import Any

from approvals.categories import category
from approvals.escalation import Escalation
from approvals.facts import People
from bot.messaging import Message
from bot.slack.texts import lockscreen
from bot.slack.texts.card import value_of
from bot.slack.texts.elements import (
    Element,
    actions,
    button,
    cut,
    escaped,
    foreign,
    rich,
    text,
)
from bot.slack.texts.phrases import name, option_label

Values = Mapping[str, Any]


def thread_line(e: Escalation, case: str, values: Values, people: People) -> Message:
    """One fact in the thread."""
    line = _line(e, case, values, people)
    return Message(text=_spoken(line), blocks=(rich(line, block_id="line"),))


def direct(e: Escalation, case: str, values: Values, people: People) -> Message:
    """The same fact to one person, with its question and a way to see it."""
    line = _line(e, case, values, people)
    see = actions([button("Details", "details", value_of(e))], "see")
    shown = [foreign(e.title, 150), text(f" ({e.environment}). "), *line]
    lock = _spoken([text(f"{e.environment}: {cut(e.title, 70)}. "), *line])
    if case == "one-more":
        lock = lockscreen.one_more(e, values["have"], values["needed"])
    return Message(text=lock, blocks=(rich(shown, block_id="line"), see))


def _spoken(line: list[Element]) -> str:
    return cut(escaped("".join(str(part.get("text", "")) for part in line)), 150)


def _line(e: Escalation, case: str, values: Values, people: People) -> list[Element]:
    nothing = category(e.category).nothing_past
    fixed = {
        "started": f"{e.service} started.",
        "lapsed": f"Approved, but {e.service} did not start in time. It must ask again.",
        "void": "Approved, but a needed approver may no longer decide. Nothing ran.",
        "decided-approved": f"Released to {e.service}.",
        "decided-expired": f"Nobody decided in time. {nothing}",
        "decided-rejected": f"Aborted. {nothing}",
        "decided-withdrawn": f"{e.service} took it back. {nothing}",
        "reported-unknown": f"{e.service} reported no result in time.",
    }
    if case in fixed:
        return [text(fixed[case]), *_because(values.get("reason"))]
    if case in ("voted", "one-more"):
        return _voted(e, values, people)
    if case == "voided":
        return [text(f"{values['name']}'s vote no longer counts: {values['why']}.")]
    if case == "stopped":
        return [text(f"Stopped by {values['name']}. Nothing ran."), *_because(values.get("reason"))]
    if case == "reported-succeeded":
        return [text("Succeeded."), *_because(values.get("detail"))]
    return [text("Approved, but it failed."), *_because(values.get("detail"))]


def _voted(e: Escalation, values: Values, people: People) -> list[Element]:
    return [
        text(f"{name(values['person'], people)} chose "),
        foreign(option_label(e, values["option"]), 75),
        text(f" ({values['have']} of {values['needed']})"),
        *_because(values.get("rationale")),
    ]


def _because(reason: str | None) -> list[Element]:
    return [text(": "), foreign(reason, 300)] if reason else []
