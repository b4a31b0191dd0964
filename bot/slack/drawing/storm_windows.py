"""The windows of a storm: its list, abort these, retry the others, and how far that has come."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals.batches import Others
from approvals.escalation import Escalation
from approvals.refusals import Why
from approvals.storms import Listed, Storm
from approvals.words import Status
from bot.messaging import Message
from bot.slack.drawing.about import outcome_word, row_of, short_id
from bot.slack.drawing.answers import said
from bot.slack.drawing.buttons import actions, show_button
from bot.slack.drawing.form import View, chips, modal, sentence
from bot.slack.drawing.spans import (
    Block,
    Line,
    bold,
    context,
    date_markup,
    one_line,
    plain_text,
    preformatted,
    rich,
    section,
)
from bot.slack.drawing.storm import LIST, carried, list_print, others_label
from bot.slack.drawing.words import CLOSE

#: Members a page of the list.
PAGE = 20

#: Callback ids of the windows that are sent off.
ABORT_THESE, RELEASE_OTHERS = "storm_abort", "storm_others"

#: Counted as a reason beside the core's.
NOT_SAVED = "not-saved"

_ANOTHER = "for another reason: see List"

#: Why some votes were not recorded, in words; what is not here is `for another reason`.
_REASONS: Mapping[str, str] = {
    Why.ALREADY_DECIDED: "decided already",
    Why.ALREADY_VOTED: "you had voted so already",
    Why.EXPIRED: "ran out of time before",
    Why.WITHDRAWN: "taken back before",
    Why.REQUESTER: "you asked for them yourself",
    Why.NOT_IN_GROUP: "you may not decide them",
    Why.NO_LONGER_ELIGIBLE: "you may not decide them any more",
    Why.UNKNOWN_ACCOUNT: "Andon does not know your Slack account",
    Why.NOT_A_MEMBER: "only members of this workspace can decide",
    Why.PEOPLE_UNKNOWN: "Andon cannot check just now who may decide",
    Why.OUT_OF_DATE: "changed since you looked",
    Why.REASON_TOO_LONG: "your sentence is longer than 1,000 characters",
    NOT_SAVED: "could not be saved; try again in a minute",
}


def list_window(
    storm: Storm,
    shown: Sequence[Escalation],
    *,
    page: int,
    channel: str | None = None,
    ts: str | None = None,
) -> View:
    """A page of the members that this person may read, each with its own card behind `Show`."""
    last = max(0, (len(shown) - 1) // PAGE)
    at = min(max(page, 0), last)
    blocks: list[Block] = [
        context(
            f"{len(shown)} of {one_line(storm.first.service, 40)}, oldest first", block_id="head"
        )
    ]
    blocks += [_entry(e, n) for n, e in enumerate(shown[at * PAGE : (at + 1) * PAGE])]
    turns = [("Back a page", at - 1)] * (at > 0) + [("Next page", at + 1)] * (at < last)
    if turns:
        blocks.append(actions([_turn(storm, *turn) for turn in turns], block_id="turn"))
        blocks.append(context(f"Page {at + 1} of {last + 1}", block_id="page"))
    carries = carried(storm, c=channel, t=ts)
    return modal("storm_list", "List", blocks, metadata=carries, close=CLOSE)


def _entry(e: Escalation, n: int) -> Block:
    block: Block = {"type": "section", "block_id": f"entry_{n}"}
    block["text"] = plain_text(f"{short_id(e)} · {one_line(e.title, 150)}")
    stands = f"decide by {date_markup(e.deadline_at, near=e.created_at)}"
    if e.status is not Status.PENDING:
        stands = outcome_word(e).capitalize()
    block["fields"] = [{"type": "mrkdwn", "text": stands, "verbatim": True}]
    return block | {"accessory": show_button(e)}


def _turn(storm: Storm, label: str, page: int) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": f"{LIST}:{page}",
        "text": plain_text(label),
        "value": carried(storm),
    }


def abort_window(
    storm: Storm, list_: Listed, *, channel: str | None = None, ts: str | None = None
) -> View:
    """Abort exactly these: two taps, and no choice is needed."""
    n, e = len(list_.members), storm.first
    told = f"{e.service} is told of each: aborted; {row_of(e).nothing}."
    once = f"You choose once for {n:,}; each is recorded as a vote of yours."
    blocks = [
        rich(section((told,), (once,)), block_id="consequence"),
        chips(),
        sentence("A sentence for all of them", hint="Only needed with Other.", optional=True),
        context(list_print(list_), block_id="print"),
    ]
    carries = carried(storm, list_, c=channel, t=ts)
    label = f"Abort these {n:,}"
    return modal(ABORT_THESE, f"{label}?", blocks, metadata=carries, submit=label)


def others_window(
    storm: Storm, found: Others, *, channel: str | None = None, ts: str | None = None
) -> View:
    """Release the others: how many, what runs, and everything in which they differ."""
    n, e = len(found.listed.members), storm.first
    one: Line = [
        "One of these succeeded. You choose ",
        bold(one_line(found.option.label)),
        f" for {n:,} more; each is recorded as a vote of yours.",
    ]
    blocks = [
        rich(
            section(one, [bold(f"Runs in {e.environment}, {n:,} times:")]),
            preformatted(found.template),
            block_id="consequence",
        )
    ]
    if any(found.values):
        blocks += _values(found)
    blocks.append(context(list_print(found.listed), block_id="print"))
    carries = carried(storm, found.listed, c=channel, t=ts, o=found.option.key)
    verb = others_label(storm, found).partition(" ")[0]
    return modal(
        RELEASE_OTHERS, f"{verb} {n:,}?", blocks, metadata=carries, submit=f"{verb} these {n:,}"
    )


def _values(found: Others) -> list[Block]:
    """Every value, in boxes that Slack takes."""
    title = rich(section([bold("They differ in … alone:")]), block_id="differ")
    lines, boxes = "", []
    for value in found.values:
        if len(lines) + len(value) > 2800:
            boxes.append(lines)
            lines = ""
        lines = f"{lines}; {value}" if lines else value
    boxes.append(lines)
    return [
        title,
        *(rich(preformatted(box), block_id=f"values_{n}") for n, box in enumerate(boxes)),
    ]


def progress_window(done: int, of: int, *, carries: str) -> View:
    """While the votes are recorded."""
    told = f"Recording {done:,} of {of:,}. You may close this window: it goes on by itself."
    blocks = [rich(section((told,)), block_id="progress")]
    return modal("storm_progress", "Recording", blocks, metadata=carries, close=CLOSE)


def outcome(done: str, recorded: int, refused: Mapping[str, int]) -> Message:
    """How many were recorded, how many not, and why."""
    missed = sum(refused.values())
    ranked = sorted(refused.items(), key=lambda one: -one[1])
    whys = "; ".join(f"{n:,} {_REASONS.get(why, _ANOTHER)}" for why, n in ranked)
    if not recorded:
        return said(f"Not recorded: none of {missed:,} {done}. {whys}.")
    told = f"Recorded: {recorded:,} of {recorded + missed:,} {done}."
    return said(f"{told} Not recorded: {whys}." if missed else told)


def partly() -> Message:
    """The net below the answer to many votes: it comes where the door could not say more."""
    return said(
        "Your click was being recorded when Andon stopped. The card shows how many are left."
    )


def changed() -> Message:
    """What is to be judged changed between looking and sending."""
    return said(
        "Not recorded. Some of these changed since you looked: new context came. "
        "Open the window again and look, then choose."
    )


def gone() -> Message:
    """Nothing of the list waits any more, or there is no such list."""
    return said(
        "Not recorded. None of these waits any more, or this card is out of date: "
        "the one in the channel says how they stand."
    )


def not_alike() -> Message:
    """The others cannot be released by one click any more."""
    return said(
        "Not recorded. They are not all alike any more, or must be looked at one by one: "
        "open List, and decide each with its own card."
    )
