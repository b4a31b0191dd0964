"""The card of an incident: nothing is held, somebody is to look, and to say how it ended."""

from collections.abc import Sequence

from approvals.escalation import Escalation, Resolution
from approvals.memory.remembering import Remembered
from approvals.people import People
from approvals.words import Status
from bot.messaging import Message
from bot.slack.drawing import lockscreen, questions, runbooks
from bot.slack.drawing.about import (
    asker,
    bare,
    erased,
    hidden,
    may_decide,
    outcome_word,
    row_of,
    severity_word,
    short_id,
    whose,
)
from bot.slack.drawing.buttons import actions, beside, details_button
from bot.slack.drawing.closely import look_closely
from bot.slack.drawing.counts import named
from bot.slack.drawing.learned import learned, learned_buttons
from bot.slack.drawing.limits import CARD, characters
from bot.slack.drawing.looking import like_it, looking
from bot.slack.drawing.recalled import recalled
from bot.slack.drawing.service_says import attempts, context_lines
from bot.slack.drawing.spans import (
    Block,
    Line,
    Span,
    bold,
    context,
    duration,
    header,
    one_line,
    person,
    quote,
    quoted,
    rich,
    section,
    when,
)

#: Characters of a line of context and of a question, from roomy to tight.
ROOMS = ((200, 200), (120, 120), (60, 60))

LOOK_THEN_RESOLVE = "Nothing is held. Look, then resolve it when it is over."


def incident_card(
    e: Escalation,
    people: People,
    reader: lockscreen.Reader,
    earlier: Sequence[Remembered] = (),
    *,
    in_channel: bool,
) -> Message:
    """The card, waiting or over. Who looks and how often it happened stand in the channel alone."""
    if e.status is not Status.PENDING:
        return Message(text=lockscreen.ended(e, people, reader), blocks=tuple(_ended(e, people)))
    blocks: list[Block] = []
    for rooms in ROOMS:
        blocks = _blocks(e, people, earlier, rooms, in_channel=in_channel)
        if characters(blocks) <= CARD:
            break
    return Message(text=lockscreen.pending(e, people, reader), blocks=tuple(blocks))


def _blocks(
    e: Escalation,
    people: People,
    earlier: Sequence[Remembered],
    rooms: tuple[int, int],
    *,
    in_channel: bool,
) -> list[Block]:
    context_room, question_room = rooms
    row = f"{severity_word(e.severity)} · {e.environment} · {row_of(e).name}"
    tried, before = attempts(e), recalled(e, earlier, people, context_room)
    asked = questions.on_card(e, people, question_room, answered_only=not in_channel)
    return [
        context(row, block_id="row"),
        header(e.title, block_id="title"),
        rich(section(_who_reports(e, people, in_channel=in_channel)), block_id="asks"),
        rich(context_lines(e, context_room), *look_closely(e), block_id="says"),
        *runbooks.on_card(e),
        *([rich(tried, block_id="tried")] if tried else []),
        *([rich(before, block_id="recalled")] if before else []),
        *([rich(asked, block_id="questions")] if asked else []),
        rich(section(*_who_looks(e, people, in_channel=in_channel)), block_id="until"),
        actions(beside(e)),
        context(_small_print(e), block_id="print"),
    ]


def _who_reports(e: Escalation, people: People, *, in_channel: bool) -> Line:
    """`data-sync reports, for @Dana. Rule "recoveries" calls platform-oncall.`"""
    who = asker(e, people)
    for_whom: list[Span | str] = [" reports, for ", who, "."] if who else [" reports."]
    calls = ", ".join(r.group for r in e.plan.requirements) or "nobody by itself"
    rule = f' Rule "{one_line(e.plan.rule, 80)}" calls {calls}.'
    often = f" Reported {e.occurrences} times." if in_channel and e.occurrences > 1 else ""
    return [bold(e.service), *for_whom, rule, often, *like_it(e)]


def _who_looks(e: Escalation, people: People, *, in_channel: bool) -> list[Line]:
    found: list[Line] = [[LOOK_THEN_RESOLVE]]
    if not in_channel:
        return found
    if e.acknowledged is None:
        may = may_decide(e, people)
        called: list[Span | str] = [" Called: ", *named(may, people), "."] if may else []
        found.append(["Nobody is looking yet.", *called])
    return [*found, *looking(e, people)]


def _ended(e: Escalation, people: People) -> list[Block]:
    was = f"{outcome_word(e)} · was {severity_word(e.severity)} · {e.environment}"
    tried = attempts(e)
    asked = questions.on_card(e, people, 120)
    return [
        context(f"{was} · {row_of(e).name}", block_id="row"),
        header(e.title, block_id="title"),
        rich(*_how_it_ended(e, people), block_id="decided"),
        rich(section(_course(e, people)), block_id="course"),
        rich(context_lines(e, 120), block_id="says"),
        *([rich(tried, block_id="tried")] if tried else []),
        *([rich(asked, block_id="questions")] if asked else []),
        *learned(e, people),
        actions([*learned_buttons(e), details_button(e)]),
        context(_small_print(e), block_id="print"),
    ]


def _how_it_ended(e: Escalation, people: People) -> list[Block]:
    gone = [section(erased(e))] if e.erased else []
    if e.resolution is not None:
        return [section(_resolved_by(e, e.resolution, people)), quote(*resolution_lines(e)), *gone]
    return [section(recovered(e, people)), *gone]


def _resolved_by(e: Escalation, resolution: Resolution, people: People) -> Line:
    """`Resolved by @Sam 22:58, 28 minutes after it was reported.`"""
    kind, _, name = resolution.by.partition(":")
    who: Span | str = person(name, people) if kind == "person" else whose(resolution.by, people)
    took = duration(resolution.at - e.created_at)
    at = when(resolution.at, near=e.created_at)
    return [bold("Resolved"), " by ", who, " ", at, f", {took} after it was reported."]


def resolution_lines(e: Escalation, most: int = 300) -> list[Line]:
    """The cause, what was done by hand, whether it could be automated: what was said of each."""
    told = e.resolution
    if told is None:
        return []
    lines: list[Line] = [[bold("Cause "), quoted(told.root_cause, most)]]
    if told.by_hand:
        lines.append([bold("Done by hand "), quoted(told.by_hand, most)])
    if told.automatable is not None:
        lines.append([bold("Could be automated "), "yes" if told.automatable else "no"])
    return lines


def recovered(e: Escalation, people: People) -> Line:
    """`data-sync says that it recovered by itself 22:50: «…».`"""
    decision = e.decision
    at: list[Span | str] = [" ", when(decision.at, near=e.created_at)] if decision else []
    why: list[Span | str] = [": ", quoted(decision.reason)] if decision and decision.reason else []
    who: Span | str = e.service
    if decision and decision.people:
        who = person(decision.people[0], people)
    return [who, " says that it recovered by itself", *at, *why, "."]


def _course(e: Escalation, people: People) -> Line:
    """`Reported by data-sync for @Dana 22:30 · looked at by Sam 22:40`."""
    who = asker(e, people)
    for_whom: list[Span | str] = [" for ", who] if who else []
    said: list[Span | str] = [f"Reported by {e.service}", *for_whom, " "]
    said.append(when(e.created_at))
    for look in e.looks[:1]:
        said += [f" · looked at by {whose(f'person:{look.person}', people)} "]
        said.append(when(look.at, near=e.created_at))
    return said


def _small_print(e: Escalation) -> str:
    count = len(hidden(e))
    values = "1 value hidden" if count == 1 else f"{count} values hidden"
    return f"{short_id(e)} · policy {bare(e.plan.policy_version)[:8]} · {values}"
