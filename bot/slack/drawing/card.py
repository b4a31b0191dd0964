"""The card while it waits: one drawing for the channel, one for each direct message.

Both come from one state and share every block but the line of counts, so that a direct message is
redrawn only when what is to be judged changes, and at the end (CARDS section 1).
"""

from collections.abc import Sequence

from approvals.escalation import Escalation, Option
from approvals.memory.accepted import proposed
from approvals.memory.remembering import Remembered
from approvals.people import People
from approvals.ports import Card
from approvals.showing import is_shown_whole
from approvals.typing_target import word_to_type
from approvals.words import Effect, Friction, Status
from bot.messaging import Message
from bot.slack.drawing import lockscreen, questions, record, runbooks
from bot.slack.drawing.about import (
    asker,
    asker_name,
    fewest,
    hidden,
    is_incident,
    may_decide,
    needed,
    row_of,
    severity_word,
    short_digest,
    short_id,
)
from bot.slack.drawing.buttons import actions, beside, option_button
from bot.slack.drawing.counts import counts, wanted_at_least
from bot.slack.drawing.incident import incident_card
from bot.slack.drawing.limits import CARD, characters
from bot.slack.drawing.looking import like_it, looking, overrides_asked, time_given
from bot.slack.drawing.operation import on_card
from bot.slack.drawing.recalled import recalled
from bot.slack.drawing.service_says import attempts, context_lines
from bot.slack.drawing.spans import (
    Block,
    Line,
    Span,
    bold,
    bullets,
    context,
    header,
    one_line,
    quoted,
    rich,
    section,
    when,
)

#: Characters of a line of context and of an option's description, from roomy to tight.
ROOMS = ((200, 150), (120, 80), (60, 40))


def channel_card(
    escalation: Escalation,
    people: People,
    *,
    cards: Sequence[Card] = (),
    earlier: Sequence[Remembered] = (),
) -> Message:
    """The card in the channel, pending or over. `cards` say whom it was sent to, `earlier` what
    people wrote in those it recalls.
    """
    reader = lockscreen.reader_of(escalation, people)
    if is_incident(escalation):
        return incident_card(escalation, people, reader, earlier, in_channel=True)
    if escalation.status is not Status.PENDING:
        return record.decided_card(escalation, people, reader, cards)
    lines = [
        *counts(escalation, people),
        *overrides_asked(escalation, people),
        *looking(escalation, people),
    ]
    return _pending(escalation, people, reader, lines, earlier, in_channel=True)


def direct_card(
    escalation: Escalation,
    people: People,
    person: str,
    *,
    cards: Sequence[Card] = (),
    earlier: Sequence[Remembered] = (),
) -> Message:
    """The same card for one person: their zone on the lock screen, no counts, no progress."""
    reader = lockscreen.reader_of(escalation, people, person)
    if is_incident(escalation):
        return incident_card(escalation, people, reader, earlier, in_channel=False)
    if escalation.status is not Status.PENDING:
        return record.decided_card(escalation, people, reader, cards)
    asked = "you are asked as one of them"
    if person not in may_decide(escalation, people):
        asked = f"you are told, as {_standing_of(escalation, person)}"
    lines: list[Line] = [(f"Needs {wanted_at_least(escalation)}; {asked}.",)]
    return _pending(escalation, people, reader, lines, earlier, in_channel=False)


def _standing_of(e: Escalation, person: str) -> str:
    """What somebody who cannot decide it is called for."""
    if person in e.plan.owners:
        return f"one of those who answer for {e.service}"
    return "somebody who can find those who may decide"


def _pending(
    e: Escalation,
    people: People,
    reader: lockscreen.Reader,
    lines: Sequence[Line],
    earlier: Sequence[Remembered],
    *,
    in_channel: bool,
) -> Message:
    """The roomiest drawing that stays within a card."""
    blocks: list[Block] = []
    for rooms in ROOMS:
        blocks = _blocks(e, people, lines, earlier, rooms, in_channel=in_channel)
        if characters(blocks) <= CARD:
            break
    return Message(text=lockscreen.pending(e, people, reader), blocks=tuple(blocks))


def _blocks(
    e: Escalation,
    people: People,
    lines: Sequence[Line],
    earlier: Sequence[Remembered],
    rooms: tuple[int, int],
    *,
    in_channel: bool,
) -> list[Block]:
    context_room, option_room = rooms
    row = f"{severity_word(e.severity)} · {e.environment} · {row_of(e).name}"
    found = [
        context(row, block_id="row"),
        header(e.title, block_id="title"),
        rich(section(who_asks(e, people, in_channel=in_channel)), block_id="asks"),
        rich(context_lines(e, context_room), block_id="says"),
        *runbooks.on_card(e),
        rich(*on_card(e, _what_would(e)), block_id="run"),
    ]
    tried = attempts(e)
    found += [rich(tried, block_id="tried")] if tried else []
    before = recalled(e, earlier, people, context_room)
    found += [rich(before, block_id="recalled")] if before else []
    asked = questions.on_card(e, people, context_room, answered_only=not in_channel)
    found += [rich(asked, block_id="questions")] if asked else []
    found += [
        rich(bullets(option_line(e, o, option_room) for o in e.options), block_id="options"),
        rich(section(until_when(e), *time_given(e, people), *lines), block_id="until"),
        actions([option_button(e, o) for o in e.options]),
        actions(beside(e), block_id="beside"),
        context(small_print(e), block_id="print"),
    ]
    return found


def _what_would(e: Escalation) -> str:
    return "What would be in force" if proposed(e) else "What would run"


def who_asks(e: Escalation, people: People, *, in_channel: bool = True) -> Line:
    """`payments asks, for @Lena. Rule "…" wants 2 of finance. Lena cannot count as one.`

    How often it was asked is progress: it stands in the channel alone.
    """
    who = asker(e, people)
    for_whom: list[Span | str] = [" asks, for ", who, "."] if who else [" asks. No person named."]
    rule = f' Rule "{one_line(e.plan.rule, 80)}" wants {wanted_at_least(e)}.'
    alone = fewest(e) > 1 and e.requester is not None and e.requester.person in e.plan.excluded
    left_out = f" {asker_name(e, people)} cannot count as one." if alone else ""
    often = f" Asked {e.occurrences} times." if in_channel and e.occurrences > 1 else ""
    return [bold(e.service), *for_whom, rule, left_out, often, *like_it(e)]


def option_line(e: Escalation, option: Option, most: int) -> Line:
    """`Recreate index (data loss): «…» Cannot be undone: asks you why.`"""
    label, does = one_line(option.label), does_what(e, option)
    said: list[Span | str] = [bold(label), ": "]
    if option.description:
        said += [quoted(option.description, most), f" {does[:1].upper()}{does[1:]}"]
    else:
        said.append(does)
    return said


def does_what(e: Escalation, option: Option) -> str:
    """What the button does, beside what the service says of it."""
    if option.effect is Effect.ABORT:
        alone = " One person is enough." if fewest(e) > 1 else ""
        return f"aborts, {row_of(e).nothing}.{alone}"
    several = f" Needs {needed(e, option)} people." if needed(e, option) > 1 else ""
    if option.friction is Friction.TYPED:
        return f"cannot be undone; asks you to type {word_to_type(e)}, and why.{several}"
    if option.friction is Friction.REASON:
        return f"cannot be undone; asks you why.{several}"
    if not is_shown_whole(e):
        return f"opens all of it first.{several}"
    then = "the rule is in force" if proposed(e) else "it may run once"
    return f"one tap, then {then}.{several}"


def until_when(e: Escalation) -> Line:
    """`Decide by 23:30. No decision: aborted, nothing runs.`"""
    no = f". No decision: aborted, {row_of(e).nothing}."
    return [bold("Decide by "), when(e.deadline_at, near=e.created_at), no]


def small_print(e: Escalation) -> str:
    """`7f3a9c · sha256:3f9ac41e… · policy 1f2e3d4c · 0 values hidden`."""
    count = len(hidden(e))
    values = "1 value hidden" if count == 1 else f"{count} values hidden"
    policy = short_digest(e.plan.policy_version).removeprefix("sha256:").rstrip("…")
    return f"{short_id(e)} · {short_digest(e.digest)} · policy {policy} · {values}"
