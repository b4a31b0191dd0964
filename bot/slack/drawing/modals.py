"""The windows that ask before something happens. Only a modal's own button decides.

Stopping is never more work than releasing: an abort needs no choice and no typing.
"""

import json
from collections.abc import Iterable
from typing import Any

from approvals.escalation import Escalation, Option
from approvals.memory.accepted import can_be_ended, proposed
from approvals.people import People
from approvals.tally import standing_shown
from approvals.typing_target import word_to_type
from approvals.words import Effect, Friction
from bot.messaging import Message
from bot.slack.drawing.about import (
    asker_name,
    chosen,
    hidden,
    may_still,
    needed,
    row_of,
    short_id,
    subject,
)
from bot.slack.drawing.counts import MOST_NAMED
from bot.slack.drawing.form import (
    View,
    chips,
    metadata,
    modal,
    sentence,
    short,
    small_print,
    title_of,
    typed_word,
)
from bot.slack.drawing.limits import VIEW, VIEW_BLOCKS, view_bytes
from bot.slack.drawing.operation import whole
from bot.slack.drawing.service_says import given
from bot.slack.drawing.spans import (
    Block,
    Line,
    Span,
    all_of,
    bold,
    name_of,
    one_line,
    quoted,
    rich,
    section,
)
from bot.slack.drawing.words import ADD_REASON, CANNOT_BE_UNDONE, CLOSE, END_RULE, STOP_IT

#: What a modal also shows where more than one person is needed, beside the operation.
_MORE_TO_JUDGE = ("State", "Changed")


def vote_modal(
    e: Escalation,
    option: Option,
    people: People,
    *,
    person: str | None = None,
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """The modal of an option: abort, irreversible, typed target, or all of a long operation.

    Carries `shown` of the escalation as drawn here. A release too large for any window has no
    submit: it cannot be shown whole, so it cannot be released.
    """
    carries = metadata(e, option.key, channel=channel, ts=ts)
    if option.effect is Effect.ABORT:
        return _abort(e, option, people, carries)
    blocks = [
        rich(*_consequence(e, option, person), block_id="consequence"),
        *whole(e, option.key),
        *_hidden(e),
        *_asked(e, option, people, person),
        small_print(e, e.deadline_at),
    ]
    submit = _submit(e, option, person)
    view = modal("vote", title_of(e, option), blocks, metadata=carries, submit=submit)
    fits = len(blocks) <= VIEW_BLOCKS and view_bytes(view) <= VIEW
    return view if fits else _too_large(e, option, carries)


def _consequence(e: Escalation, option: Option, person: str | None) -> list[Any]:
    lines: list[Line] = []
    money = title_of(e, option).removesuffix("?") != short(option.label)
    if option.irreversible:
        lines.append([bold(CANNOT_BE_UNDONE), *_which_person(e, option, person)])
    elif needed(e, option) > 1:
        lines.append(_which_person(e, option, person))
    if option.description:
        lines.append([f"{e.service} says: ", quoted(option.description, 500)])
    if needed(e, option) > 1 or money:
        judged = [(label, text) for label, text in given(e) if label in _MORE_TO_JUDGE]
        lines += [[bold(label), " ", quoted(text, 300)] for label, text in judged]
    decides = _decides(e, option, person)
    how, at_once = ("Runs", ", at once") if decides else ("Would run", "")
    return [section(*lines, [bold(f"{how} in {e.environment}{at_once}:")])]


def _which_person(e: Escalation, option: Option, person: str | None) -> list[Span | str]:
    """`You would be person 1 of 2: nothing runs until one more agrees.`"""
    stands = standing_shown(e, option)
    if stands.needed < 2:
        return []
    if person in stands.people:
        still = f"{stands.have} of {stands.needed}"
        return [f" You have agreed already, and count once: still {still}."]
    place = min(stands.have + 1, stands.needed)
    left = stands.needed - place
    if not left:
        return [f" You would be person {place} of {stands.needed}: it may run at once."]
    groups = all_of(r.group for r in e.plan.requirements)
    nothing = row_of(e).nothing
    more = f"one more of {groups} agrees" if left == 1 else f"{left} more of {groups} agree"
    return [f" You would be person {place} of {stands.needed}: {nothing} until {more}."]


def _decides(e: Escalation, option: Option, person: str | None) -> bool:
    stands = standing_shown(e, option)
    return person not in stands.people and stands.have + 1 >= stands.needed


def _hidden(e: Escalation) -> list[Block]:
    """A hidden value counts as shown when its name and the count are."""
    found = hidden(e)
    if not found:
        return []
    names = ", ".join(one_line(path, 80) for path in found[:20])
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    count = "1 value hidden" if len(found) == 1 else f"{len(found)} values hidden"
    return [rich(section((f"{count}: {names}{more}",)), block_id="hidden")]


def _asked(e: Escalation, option: Option, people: People, person: str | None) -> list[Block]:
    if option.friction is Friction.TAP:
        return []
    found = [typed_word(word_to_type(e))] if option.friction is Friction.TYPED else []
    readers = all_of(_readers(e, option, people, person))
    hint = f"Kept with your name. {readers} will read it."
    return [*found, sentence(row_of(e).question, hint=hint)]


def _readers(e: Escalation, option: Option, people: People, person: str | None) -> Iterable[str]:
    """Who reads a reason: whoever may still agree, who asked, and the service."""
    asked = asker_name(e, people)
    still = [p for p in may_still(e, people, option) if p != person]
    if needed(e, option) > 1 and still:
        many = len(still) > MOST_NAMED
        yield from ["the other approvers"] if many else [name_of(p, people) for p in still]
    yield from [asked] if asked else []
    yield e.service


def _submit(e: Escalation, option: Option, person: str | None) -> str:
    """The option's label where it fits; `Agree (1 of 2)` where more than one is needed."""
    stands = standing_shown(e, option)
    if stands.needed < 2:
        return short(option.label)
    counted = person in stands.people
    place = min(stands.have + (not counted), stands.needed)
    return f"Agree ({place} of {stands.needed})"


def _too_large(e: Escalation, option: Option, carries: str) -> View:
    said = (
        "Written out with everything invisible in it, this is too long for one window. Nobody can "
        "see all of it here, so it cannot be released, only aborted. Ask for a shorter one."
    )
    blocks = [rich(section((said,)), block_id="consequence"), small_print(e)]
    return modal("vote", title_of(e, option), blocks, metadata=carries, close=CLOSE)


def _abort(e: Escalation, option: Option, people: People, carries: str) -> View:
    nothing = row_of(e).nothing
    title = short(f"Abort: {nothing}")
    told = f"{e.service} is told: aborted; {nothing}."
    told += f" {subject(e)} stays as it is." if nothing == "nothing runs" else ""
    asked = asker_name(e, people) or e.service
    blocks = [
        rich(section((told,), _chosen(option)), block_id="consequence"),
        chips(),
        sentence(f"A sentence for {asked}", hint="Only needed with Other.", optional=True),
        small_print(e),
    ]
    return modal("vote", title, blocks, metadata=carries, submit="Abort it")


def _chosen(option: Option) -> Line:
    return ["You choose: ", bold(one_line(option.label)), "."]


def stop_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """Until the claim, what was approved can be stopped; a rule, as long as it decides."""
    option = chosen(e)
    ends_rule = not e.can_be_stopped and can_be_ended(e)
    title, submit = ("End this rule?", END_RULE) if ends_rule else ("Stop it?", STOP_IT)
    reader = "everyone who is told" if ends_rule else asker_name(e, people) or e.service
    blocks = [
        rich(section((_rule_ends(e) if ends_rule else _stops(e, option),)), block_id="t"),
        sentence(f"Why, for {reader}", optional=True),
        small_print(e),
    ]
    carries = metadata(e, option.key if option else None, channel=channel, ts=ts)
    return modal("stop", title, blocks, metadata=carries, submit=submit)


def _stops(e: Escalation, option: Option | None) -> str:
    label = one_line(option.label) if option else "it"
    return (
        f"Approved: {label}. {e.service} has not started. If you stop it, {row_of(e).nothing}, "
        f"the approval is void and {e.service} must ask again."
    )


def _rule_ends(e: Escalation) -> str:
    rule = proposed(e)
    what = one_line(rule.name, 120) if rule else "This"
    return (
        f"{what}: from now on people are asked again. What the rule has allowed already goes on. "
        "It comes back only when people accept it anew."
    )


def reason_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """Why, said within ten minutes after the vote."""
    who = all_of(n for n in (asker_name(e, people), e.service) if n)
    hint = f"Kept with your name. {who} will read it."
    blocks = [sentence(row_of(e).question, hint=hint), small_print(e)]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("add_reason", ADD_REASON, blocks, metadata=carries, submit="Keep it")


def withdraw_modal(
    e: Escalation, people: People, *, channel: str | None = None, ts: str | None = None
) -> View:
    """The requester takes it back."""
    said = f"{e.service} is told: withdrawn. {row_of(e).nothing_past} Nobody needs to decide."
    blocks = [
        rich(section((said,)), block_id="consequence"),
        sentence("Why", optional=True),
        small_print(e),
    ]
    carries = metadata(e, channel=channel, ts=ts)
    return modal("withdraw", "Take it back?", blocks, metadata=carries, submit="Take it back")


def card(e: Escalation, drawn: Message) -> View:
    """The card in a window: its buttons decide as they do on a message."""
    blocks = [dict(block) for block in drawn.blocks]
    return modal("card", f"Escalation {short_id(e)}", blocks, metadata=metadata(e), close=CLOSE)


def notice(
    message: Message,
    *,
    title: str = "Andon",
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """An answer in the open modal, in place of what was asked. Its buttons stay."""
    came_from = {k: v for k, v in (("c", channel), ("t", ts)) if v}
    said = str(message.text)
    heading = next((w for w in ("Not recorded", "Recorded") if said.startswith(w)), title)
    blocks = [dict(block) for block in message.blocks]
    return modal("notice", heading, blocks, metadata=json.dumps(came_from), close=CLOSE)
