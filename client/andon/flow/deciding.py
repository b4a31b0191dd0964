"""A question without a command: people choose, nothing runs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from andon.context.shapes import line
from andon.flow import releasing
from andon.flow.releasing import Holding
from andon.flow.request import TITLE, Besides, Request, body_of
from andon.flow.steps import Flow
from andon.models import Escalation
from andon.operation import Operation, Option

#: Offered besides, where nobody offers a way to say no.
NONE = Option("none", "None of these", effect="abort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What people answered."""

    option: str  #: the key of what they chose
    label: str  #: what they read
    why: str | None  #: their reason, word for word
    who: Sequence[str]  #: the people whose votes made it
    escalation: Escalation


def offered(options: Sequence[str | Option]) -> list[Option]:
    """Options of words: each releases its own answer, and one is none of them."""
    made: list[Option] = []
    for given in options:
        option = given if isinstance(given, Option) else _of(given, {o.key for o in made})
        made.append(option)
    if all(o.effect == "release" for o in made):
        made.append(NONE)
    return made


def _of(label: str, taken: set[str]) -> Option:
    base = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:30] or "option"
    key, n = base, 2
    while key in taken or key == NONE.key:
        key, n = f"{base}-{n}", n + 1
    return Option(key, label, arguments={"answer": label})


def decided(
    question: str,
    options: Sequence[str | Option],
    category: str,
    said: Besides,
    by: Holding,
) -> Flow[Answer]:
    """The answer. Raises RejectedError where people said none of these, and what holds raise."""
    choices = offered(options)
    operation = Operation("decide", {"question": question})
    asked: Request = {
        **said,
        "category": category,
        "operation": operation,
        "options": choices,
    }
    body = body_of(line(question, TITLE), "approval", asked)
    if len(question) > len(body["title"]):
        body.setdefault("summary", question)
    held = yield from releasing.released(body, lambda: operation, choices, by)
    yield from releasing.over(body, held, None, by)
    return _answer(held, choices)


def _answer(held: releasing.Released, choices: Sequence[Option]) -> Answer:
    vote = held.escalation.deciding_vote()
    labels: Mapping[str, Any] = {o.key: o.label for o in choices}
    return Answer(
        option=held.option,
        label=labels[held.option],
        why=vote.rationale if vote else None,
        who=tuple(held.grant.approvers),
        escalation=held.escalation,
    )
