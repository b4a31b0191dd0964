"""The windows of what people do besides deciding: ask, answer, resolve, override the policy."""

from approvals.escalation import Escalation, Option, Question
from approvals.people import People
from approvals.tally import fewest_overrides
from bot.slack.drawing.about import (
    asker_name,
    is_incident,
    overriding,
    releases,
    row_of,
)
from bot.slack.drawing.counts import wanted
from bot.slack.drawing.form import (
    View,
    choice,
    metadata,
    modal,
    sentence,
    short,
    small_print,
)
from bot.slack.drawing.limits import VIEW, VIEW_BLOCKS, view_bytes
from bot.slack.drawing.operation import whole
from bot.slack.drawing.spans import (
    Block,
    Line,
    all_of,
    bold,
    name_of,
    one_line,
    quoted,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import (
    AUTOMATABLE,
    AUTOMATED,
    BY_HAND_DONE,
    CANNOT_BE_UNDONE,
    CLOSE,
    OPTION,
    ROOT_CAUSE,
)

#: Of overrides, as of votes.
DO_NOT_ADD_UP = "Overrides for different options do not add up."

_KEPT = "Kept with your name, for whoever has this the next time."


def ask_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """What is missing to decide; whoever can know is asked."""
    asked = all_of(_asked(e, people))
    said = f"{asked} {'are' if ' and ' in asked else 'is'} asked. The answer comes onto the card."
    on = "" if is_incident(e) else " The time goes on meanwhile."
    blocks = [
        rich(section((said, on)), block_id="consequence"),
        sentence(
            "What do you need to know?", hint="Kept with your name; the channel's card shows it."
        ),
        small_print(e, None if is_incident(e) else e.deadline_at),
    ]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("ask", "Ask for information", blocks, metadata=carries, submit="Ask")


def _asked(e: Escalation, people: People) -> list[str]:
    return [name for name in (asker_name(e, people), e.service) if name]


def answer_modal(
    e: Escalation,
    question: Question,
    people: People,
    *,
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """The question, and room for its answer."""
    by = name_of(question.by, people)
    asks: Line = [f"{by} asks ", when(question.at, near=e.created_at), ":"]
    hint = "Kept with your name. Whoever may decide will read it."
    blocks = [
        rich(section(asks, (quoted(question.text, 1000),)), block_id="consequence"),
        sentence(f"Your answer to {by}", hint=hint),
        small_print(e, None if is_incident(e) else e.deadline_at),
    ]
    carries = metadata(e, channel=channel, ts=ts, q=question.id)
    return modal("answer", "Answer", blocks, metadata=carries, submit="Send the answer")


def resolve_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """How the incident ended: the cause is asked for, the rest is welcome."""
    told: Line = [quoted(e.title, 150), f": {e.service} is told, and every card of it says so."]
    answers = {key: words for key, (words, _) in AUTOMATED.items()}
    blocks = [
        rich(section(told), block_id="consequence"),
        sentence("What was the cause?", block_id=ROOT_CAUSE, hint=_KEPT),
        sentence("What did you do by hand?", block_id=BY_HAND_DONE, optional=True),
        choice(AUTOMATABLE, "Could that be automated?", answers, optional=True),
        small_print(e),
    ]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("resolve", "Resolve", blocks, metadata=carries, submit="Resolve it")


def override_modal(
    e: Escalation,
    people: People,
    *,
    person: str | None = None,
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """Break-glass: around the policy, by several people, each with a reason; a review is due."""
    options = releases(e)
    only = options[0] if len(options) == 1 else None
    carries = metadata(e, only.key if only else None, channel=channel, ts=ts)
    blocks = [
        rich(section(*_warning(e, only, people, person)), block_id="consequence"),
        rich(section(*_runs(e, only)), block_id="runs"),
        *whole(e, only.key if only else None),
        *([] if only else [_which(options)]),
        sentence("Why can it not wait?", hint="Kept with your name, for the review."),
        small_print(e, e.deadline_at),
    ]
    place, needed = _place(e, only, people, person) if only else (0, 0)
    submit = f"Override ({place} of {needed})" if only else "Override"
    view = modal("break_glass", "Override the policy?", blocks, metadata=carries, submit=submit)
    fits = len(blocks) <= VIEW_BLOCKS and view_bytes(view) <= VIEW
    return view if fits else _too_large(e, carries)


def _warning(e: Escalation, only: Option | None, people: People, person: str | None) -> list[Line]:
    rule = f'Rule "{one_line(e.plan.rule, 80)}" wants {wanted(e.plan.requirements)}.'
    lines: list[Line] = [
        [bold("This overrides the policy. "), rule],
        ["Everyone concerned is told at once, by name, and a review is due."],
    ]
    for one in e.overrides:
        at = when(one.at, near=e.created_at)
        option = e.option(one.option)
        label = f": {one_line(option.label)}. " if option else ". "
        lines.append([f"{name_of(one.person, people)} asked ", at, label, quoted(one.reason, 300)])
    lines.append([_which_person(e, only, people, person)])
    return lines


def _which_person(e: Escalation, only: Option | None, people: People, person: str | None) -> str:
    """What this person's word would bring about; overrides for different options do not add up."""
    if only is None:
        needed = fewest_overrides(e.plan)
        return f"It takes {needed} people for one and the same. {DO_NOT_ADD_UP}"
    place, needed = _place(e, only, people, person)
    if person in overriding(e, only.key, people):
        return f"You have asked already, and count once: still {place} of {needed}."
    if place >= needed:
        return f"You would be person {place} of {needed}: it may run at once."
    left = "one more agrees" if needed - place == 1 else f"{needed - place} more agree"
    return f"You would be person {place} of {needed}: {row_of(e).nothing} until {left}."


def _place(e: Escalation, option: Option, people: People, person: str | None) -> tuple[int, int]:
    """With how many it would then be overridden, of how many."""
    needed, agreed = fewest_overrides(e.plan), {*overriding(e, option.key, people), person}
    return min(len(agreed), needed), needed


def _runs(e: Escalation, only: Option | None) -> list[Line]:
    if only is None:
        return [[bold(f"Would run in {e.environment}, by what you choose:")]]
    undone = f" {CANNOT_BE_UNDONE}" if only.irreversible else ""
    return [[bold(f"{one_line(only.label)}, in {e.environment}:{undone}")]]


def _which(options: tuple[Option, ...]) -> Block:
    labels = {o.key: _labelled(o) for o in options}
    return choice(OPTION, "What should run?", labels, optional=False)


def _labelled(option: Option) -> str:
    undone = ", cannot be undone" if option.irreversible else ""
    return f"{one_line(option.label, 75 - len(undone))}{undone}"


def _too_large(e: Escalation, carries: str) -> View:
    said = (
        "Written out, this is too long for one window. Nobody can see all of it here, so it cannot "
        "be released, only aborted. Ask for a shorter one."
    )
    blocks = [rich(section((said,)), block_id="consequence"), small_print(e)]
    title = short("Override the policy?")
    return modal("break_glass", title, blocks, metadata=carries, close=CLOSE)
