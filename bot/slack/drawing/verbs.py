"""What people did besides deciding, as the thread and direct messages tell it."""

from collections.abc import Callable, Mapping
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from approvals.tally import fewest_overrides
from bot.slack.drawing.about import chosen, deciders, row_of, whose
from bot.slack.drawing.chain import who
from bot.slack.drawing.questions import question_of
from bot.slack.drawing.spans import Line, Span, all_of, name_of, one_line, quoted, when

Values = Mapping[str, Any]
Pieces = list[Span | str]
Teller = Callable[[Escalation, Values, People], Line]


def asked(e: Escalation, values: Values, people: People) -> Line:
    """`Ravi asks: «Is the downgrade tested?»`"""
    return [f"{who(e, values, people)} asks: ", quoted(str(values.get("text") or ""), 500)]


def answered(e: Escalation, values: Values, people: People) -> Line:
    """`search-api answers Ravi: «Twice, on a copy.»`"""
    ids = [str(one) for one in values.get("ids") or ()]
    found = [q for q in e.questions if q.id in ids]
    by = values.get("name") or whose(found[-1].answered_by if found else None, people)
    asker = all_of(dict.fromkeys(name_of(q.by, people) for q in found))
    to = f" answers {asker}: " if asker else " answers: "
    return [f"{one_line(str(by), 60)}{to}", quoted(str(values.get("text") or ""), 500)]


def resolved(e: Escalation, values: Values, people: People) -> Line:
    """`Sam resolved it. Cause: «…»`"""
    by = e.resolution.by if e.resolution else str(values.get("by") or "")
    cause = quoted(str(values.get("root_cause") or ""), 500)
    line: Pieces = [f"{whose(by, people)} resolved it. Cause: ", cause]
    done = values.get("by_hand")
    return [*line, " Done by hand: ", quoted(str(done), 300)] if done else line


def override_asked(e: Escalation, values: Values, people: People) -> Line:
    """`Mia asks to override the policy: Migrate. «…» Nothing runs until one more agrees.`"""
    option = e.option(str(values.get("option")))
    what = f": {one_line(option.label)}. " if option else ". "
    reason = quoted(str(values.get("reason") or ""), 500)
    then = f" {still_needed(e, values)}."
    return [f"{who(e, values, people)} asks to override the policy{what}", reason, then]


def still_needed(e: Escalation, values: Values) -> str:
    """`Nothing runs until one more of directors agrees`."""
    needed = int(values.get("needed") or fewest_overrides(e.plan))
    left = max(1, needed - int(values.get("have") or 1))
    of, nothing = f" of {e.plan.break_glass.group}" if e.plan.break_glass else "", row_of(e).nothing
    more = f"one more{of} agrees" if left == 1 else f"{left} more{of} agree"
    return f"{nothing[:1].upper()}{nothing[1:]} until {more}"


def overridden(e: Escalation, values: Values, people: People) -> Line:
    """`Mia and Tom overrode the policy: Migrate. search-api may start until 22:56. …`"""
    option = chosen(e)
    names = all_of(name_of(p, people) for p in deciders(e)) or "Somebody"
    line: Pieces = [f"{names} overrode the policy: {one_line(option.label) if option else 'it'}. "]
    line.append(f"Released to {e.service}, which may start")
    line += [" until ", when(e.claim_until, near=e.created_at)] if e.claim_until else []
    line.append(". A review is due.")
    for one in e.overrides:
        line += [f" {name_of(one.person, people)}: ", quoted(one.reason, 200)]
    return line


def open_question(e: Escalation, values: Values) -> str | None:
    """The id of the question told, while nobody has answered it."""
    found = question_of(e, str(values.get("id") or ""))
    return found.id if found is not None and found.answer is None else None


TOLD: Mapping[str, Teller] = {
    "question": asked,
    "answered": answered,
    "resolved": resolved,
    "override-asked": override_asked,
    "overridden": overridden,
}
