"""Details: everything there is to know, in pages. Never a silent end.

Order (CARDS section 8): the operation whole with its digest, votes, what else people did, the
timeline once it is over, the whole context, whom it was sent to and what was answered, the rule and
its stages, hidden values, the id with a line to read it by. What is seldom done (more time,
override, the review) has its buttons below.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from approvals.escalation import Escalation, Option, Override, Vote
from approvals.events import Record
from approvals.people import People
from approvals.ports import Card, Delivery
from approvals.showing import visible
from approvals.snapshot import Step
from approvals.words import Effect, Friction
from bot.slack.drawing.about import (
    erased,
    hidden,
    in_stead,
    is_extendable,
    is_incident,
    may_decide,
    may_override,
    outcome_word,
    reason_of,
    said,
    severity_word,
    whose,
)
from bot.slack.drawing.buttons import actions, carried, extend_button, override_button
from bot.slack.drawing.closely import look_closely
from bot.slack.drawing.form import View, metadata, modal
from bot.slack.drawing.incident import resolution_lines
from bot.slack.drawing.learned import (
    hand_review_button,
    is_due,
    issue_lines,
    review_lines,
    timeline_lines,
    write_review_button,
)
from bot.slack.drawing.limits import characters
from bot.slack.drawing.looking import looking, time_given
from bot.slack.drawing.operation import MOST_CLOSELY, boxes, whole
from bot.slack.drawing.questions import question_lines
from bot.slack.drawing.record import state_lines
from bot.slack.drawing.sent import sent_lines
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    bold,
    context,
    duration,
    name_of,
    one_line,
    plain_text,
    preformatted,
    quoted,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import CLOSE, DETAILS, NO_REASON

#: Characters and blocks of one page; a view takes more, a phone does not.
PAGE, PAGE_BLOCKS = 30_000, 40


_ASKS = {
    Friction.TAP: "one tap",
    Friction.REASON: "a reason",
    Friction.TYPED: "a reason, and its target typed",
}


def details(
    e: Escalation,
    people: People,
    *,
    cards: Sequence[Card] = (),
    deliveries: Sequence[Delivery] = (),
    records: Sequence[Record] = (),
    page: int = 1,
    person: str | None = None,
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """One page of everything; `page` counts from 1 and is kept within what there is.

    What only this `person` may do, and seldom does, has its buttons here: more time, override.
    """
    every = list(_everything(e, people, cards, deliveries, records))
    pages = _paged(every)
    at = min(max(page, 1), len(pages))
    blocks = list(pages[at - 1])
    offered = _offered(e, people, person)
    blocks += [actions(offered, block_id="offered")] if offered else []
    if len(pages) > 1:
        blocks += [context(f"Page {at} of {len(pages)}", block_id="page"), _turn(e, at, len(pages))]
    numbered = [{**b, "block_id": f"{b.get('block_id', 'b')}_{n}"} for n, b in enumerate(blocks)]
    return modal(
        "details",
        DETAILS,
        numbered,
        metadata=metadata(e, channel=channel, ts=ts),
        close=CLOSE,
    )


def _offered(e: Escalation, people: People, person: str | None) -> list[Element]:
    """On every page: whoever looks for them reads no further first."""
    found: list[Element] = []
    if is_extendable(e) and person in may_decide(e, people):
        found.append(extend_button(e))
    if is_due(e):
        found += [write_review_button(e), hand_review_button(e)]
    return [*found, override_button(e)] if may_override(e, person, people) else found


def _everything(
    e: Escalation,
    people: People,
    cards: Sequence[Card],
    deliveries: Sequence[Delivery],
    records: Sequence[Record],
) -> Iterator[Block]:
    if not is_incident(e):
        yield from _operation(e)
        yield from _votes(e, people)
    elif closely := look_closely(e, MOST_CLOSELY):
        yield rich(*closely, block_id="closely")
    yield from _course(e, people)
    if e.ended_at is not None and records:
        yield _lines("Timeline", *timeline_lines(e, records, people))
    yield from _context(e)
    yield from _sent(e, people, cards, deliveries)
    yield from _rule(e)
    yield from _hidden(e)
    yield from _identity(e)


def _operation(e: Escalation) -> Iterator[Block]:
    operation = e.operation
    yield _lines("What would run", *([_pair("Name", operation.name)] if operation else []))
    yield from whole(e, None)
    facts: list[Line] = [["Digest ", e.digest]]
    if operation is not None and operation.target:
        facts.append([f"Target {operation.target}"])
    if operation is not None and operation.money is not None:
        money = operation.money
        facts.append([f"Amount as sent: {money.amount_minor} minor units of {money.currency}"])
    yield rich(section(*facts), block_id="digest")


def _votes(e: Escalation, people: People) -> Iterator[Block]:
    lines = [_vote(e, v, people) for v in e.votes]
    if e.decision is not None:
        lines.append([bold(outcome_word(e)), " at ", when(e.decision.at)])
        lines += state_lines(e, people)
    yield _lines("Votes", *(lines or [["Nobody has voted."]]))


def _vote(e: Escalation, vote: Vote, people: People) -> Line:
    option = e.option(vote.option)
    label = one_line(option.label if option else vote.option)
    reason = reason_of(e, vote)
    words: Span | str = quoted(reason, 1000) if reason else NO_REASON
    void = f" No longer counts: {vote.void}." if vote.void else ""
    who = f"{name_of(vote.person, people)}{in_stead(vote.stead, people)} "
    return [who, when(vote.at), f", {label}: ", words, void]


def _course(e: Escalation, people: People) -> Iterator[Block]:
    """What people did besides voting, and how an incident ended."""
    lines = [line for q in e.questions for line in question_lines(e, q, people, 1000)]
    if lines:
        yield _lines("Asked", *lines)
    overrides: list[Line] = [_override(e, o, people) for o in e.overrides]
    if overrides:
        yield _lines("Overrides of the policy", *overrides)
    course = [*time_given(e, people), *looking(e, people)] if e.ended_at is None else []
    if course:
        yield _lines("How it stands", *course)
    if e.resolution is not None:
        by, at = whose(e.resolution.by, people), when(e.resolution.at)
        yield _lines("Resolved", [f"By {by} ", at], *resolution_lines(e, 1000))
    for title, learned in (("Issue", issue_lines(e, people)), ("Review", review_lines(e, people))):
        if learned and e.erased is None:
            yield _lines(title, *learned)


def _override(e: Escalation, override: Override, people: People) -> Line:
    option = e.option(override.option)
    label = one_line(option.label if option else override.option)
    who = name_of(override.person, people)
    return [f"{who} ", when(override.at), f", {label}: ", quoted(override.reason, 1000)]


def _context(e: Escalation) -> Iterator[Block]:
    yield _lines(f"What {e.service} says")
    if e.summary:
        yield from _text("Summary", e.summary)
    error = said(e, "error")
    trace = error.get("traceback") if isinstance(error, dict) else None
    if trace:
        lines = str(trace).rstrip().splitlines()
        yield from _text("Traceback, last line first", "\n".join([lines[-1], *lines[:-1]]))
    for name in e.context:
        if said(e, name) is not None:
            yield from _text(name.replace("_", " "), _whole(e, name))
    if e.reference:
        yield from _text("Reference", e.reference)


def _whole(e: Escalation, name: str) -> str:
    found = e.context[name]
    if isinstance(found, str):
        return found
    if name == "error" and isinstance(found, dict):
        found = {key: value for key, value in found.items() if key != "traceback"}
    return json.dumps(found, indent=2, ensure_ascii=False)


def _text(label: str, text: str) -> Iterator[Block]:
    """Foreign text whole, in boxes, every line literal."""
    for n, box in enumerate(boxes(visible(text))):
        head: list[Element] = [section((bold(one_line(label, 60)),))] if n == 0 else []
        yield rich(*head, preformatted(box), block_id="says")


def _sent(
    e: Escalation, people: People, cards: Sequence[Card], deliveries: Sequence[Delivery]
) -> Iterator[Block]:
    yield _lines("Sent to", *sent_lines(e, people, cards, deliveries))


def _rule(e: Escalation) -> Iterator[Block]:
    wants = ", ".join(f"{r.needed} of {r.group}" for r in e.plan.requirements)
    choose = f" To choose: {_frictions(e)}" if e.options else ""
    yield _lines(
        "Rule",
        [f"{one_line(e.plan.rule, 80)}: {wants}. Policy {e.plan.policy_version}"],
        [f"Severity {severity_word(e.severity)}.{choose}"],
    )
    if e.plan.steps:
        yield _lines("Stages", *(_stage(n, step) for n, step in enumerate(e.plan.steps)))
    if e.plan.policy_text:
        yield from _text("As written in the policy", e.plan.policy_text)


def _stage(number: int, step: Step) -> Line:
    """`15 minutes later: approvers, owners; then 2 more times, every 15 minutes`."""
    at = f"{duration(timedelta(seconds=step.after_s))} later" if number else "At once"
    again = ""
    if step.repeat:
        times = "once more" if step.repeat == 1 else f"{step.repeat} more times"
        again = f"; then {times}, every {duration(timedelta(seconds=step.every_s))}"
    return [f"{at}: {one_line(', '.join(step.to), 150)}{again}"]


def _frictions(e: Escalation) -> str:
    return "; ".join(f"{one_line(o.label, 30)}: {_asks(o)}" for o in e.options)


def _asks(option: Option) -> str:
    """What choosing it asks of a person, in words."""
    return "two taps" if option.effect is Effect.ABORT else _ASKS[option.friction]


def _hidden(e: Escalation) -> Iterator[Block]:
    found = hidden(e)
    names: list[Line] = [[one_line(path, 200)] for path in found[:100]]
    more: list[Line] = [[f"and {len(found) - 100} more"]] if len(found) > 100 else []
    yield _lines(f"Hidden values: {len(found)}", *names, *more)


def _identity(e: Escalation) -> Iterator[Block]:
    yield _lines("Id", [e.id], *([erased(e)] if e.erased else []))
    read = f'curl -H "Authorization: Bearer $ANDON_KEY" "$ANDON_URL/v1/escalations/{e.id}"'
    yield rich(preformatted(read), block_id="curl")


def _lines(title: str, *lines: Line) -> Block:
    return rich(section((bold(title),), *lines), block_id="part")


def _pair(label: str, text: str) -> Line:
    return [f"{label} ", quoted(text, 300)]


def _paged(blocks: Sequence[Block]) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    for block in blocks:
        full = characters([*pages[-1], block]) > PAGE or len(pages[-1]) >= PAGE_BLOCKS
        if full and pages[-1]:
            pages.append([])
        pages[-1].append(block)
    return pages


def _turn(e: Escalation, at: int, last: int) -> Block:
    wanted = [("Back a page", at - 1)] if at > 1 else []
    wanted += [("Next page", at + 1)] if at < last else []
    buttons = [
        {
            "type": "button",
            "action_id": f"page:{number}",
            "text": plain_text(label),
            "value": carried(e, p=number),
        }
        for label, number in wanted
    ]
    return {"type": "actions", "block_id": "turn", "elements": buttons}
