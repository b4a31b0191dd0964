"""A storm's one card, and what is said of its members together (CARDS section 4)."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from approvals.batches import Others, others
from approvals.escalation import Escalation
from approvals.joining import normalised
from approvals.people import People
from approvals.storms import Listed, Storm, listed
from approvals.words import Effect, Kind, OperationState
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.about import row_of, severity_word, short_digest, short_id
from bot.slack.drawing.answers import message
from bot.slack.drawing.buttons import DIGEST_DIGITS, actions
from bot.slack.drawing.learned import is_due
from bot.slack.drawing.limits import ACCESSIBILITY
from bot.slack.drawing.service_says import error_of
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    bold,
    bullets,
    context,
    cut,
    header,
    joined,
    one_line,
    person,
    plain,
    plain_text,
    quoted,
    rich,
    section,
    when,
)

#: Action ids of a storm's buttons; those of a list's pages end in the page.
ABORT, TRY, OTHERS, LIST, SHOW = (
    "storm_abort",
    "storm_try",
    "storm_others",
    "storm_list",
    "storm_show",
)

#: Endings named in one message, and how they ended.
MANY = 10
_ENDED = {
    "decided-expired": "ran out of time",
    "decided-withdrawn": "were taken back",
    "decided-rejected": "were aborted",
    "decided-approved": "were approved",
    "resolved": "are resolved",
    "lapsed": "were not started in time",
    "stopped": "were stopped",
    "void": "lost their approval",
    "reported-succeeded": "succeeded",
    "reported-failed": "failed",
    "reported-unknown": "have no known result",
    "review-opened": "need a review of yours",
    "review-reminded": "still need a review of yours",
}

#: From this share alike on there is likely one cause.
ONE_CAUSE = 0.8


def storm_card(storm: Storm) -> Message:
    """The card: how many, what they have in common, how they stand, and what can be done."""
    e, waiting = storm.first, storm.waiting
    count = f"{len(storm.members)} from {one_line(e.service, 40)} since "
    row = f"{severity_word(e.severity)} · {e.environment} · {row_of(e).name} · "
    began = when(storm.began_at, near=storm.began_at)
    blocks = [
        context(f"{row}{plain([count, began], e.plan.zone)}", block_id="row"),
        header(_title(storm), block_id="title"),
        rich(section(*_alike(storm), _until(storm)), block_id="alike"),
        rich(section(_standing(storm)), block_id="standing"),
        actions(list(_buttons(storm))),
        *_small_print(storm),
    ]
    state = f"{len(waiting)} waiting" if waiting else "all of them are over"
    told = f"{severity_word(e.severity)} {e.environment}: {_title(storm)}, {state}."
    return Message(text=lockscreen.told(told), blocks=tuple(blocks))


def _title(storm: Storm) -> str:
    e, (_, most) = storm.first, _commonest(storm)
    one = ", one likely cause" if most >= ONE_CAUSE * len(storm.members) else ""
    return f"{one_line(e.service, 60)}: {len(storm.members)} {_what(storm)}{one}"


def _what(storm: Storm) -> str:
    """What they are, in the plural."""
    e = storm.first
    failed = e.kind is Kind.INCIDENT or e.category == "retries_exhausted"
    return "failures" if failed else "questions"


def _commonest(storm: Storm) -> tuple[Escalation, int]:
    """One of those that read alike most often, the newest; and how many they are."""
    named = {e.id: normalised(_says(e)) for e in storm.members}
    (most, count), *_ = Counter(named.values()).most_common(1)
    return next(e for e in reversed(storm.members) if named[e.id] == most), count


def _says(e: Escalation) -> str:
    return error_of(e) or e.title


def _alike(storm: Storm) -> Iterator[Line]:
    e, count = _commonest(storm)
    rest = len(storm.members) - count
    word = "Same error" if error_of(e) else "Same question"
    how_many = f" in all {count}: " if not rest else f" in {count}: "
    more = f". {rest} {'other' if rest == 1 else 'others'}: see List." if rest else "."
    yield [bold(word), how_many, quoted(_says(e), 200), more]


def _until(storm: Storm) -> Line:
    waiting, nothing = storm.waiting, row_of(storm.first).nothing
    if not waiting:
        return ["None of them waits any more."]
    first = min(e.deadline_at for e in waiting)
    at = when(first, near=storm.began_at)
    if storm.first.kind is Kind.INCIDENT:
        return ["Somebody should have looked by ", at, ". They stay open until resolved."]
    return [bold("First deadline "), at, f". No decision: each is aborted, {nothing}."]


def _standing(storm: Storm) -> Line:
    said = [
        f"Waiting {len(storm.waiting)}",
        f"decided {storm.decided}",
        f"recovered by themselves {storm.recovered}",
    ]
    states = storm.states
    counted = {
        "expired": storm.expired,
        "succeeded": states[OperationState.SUCCEEDED],
        "failed": states[OperationState.FAILED],
        "result unknown": states[OperationState.UNKNOWN],
    }
    return [" · ".join([*said, *(f"{word} {n}" for word, n in counted.items() if n)])]


def abortable(storm: Storm) -> Listed:
    """Those that one click may abort."""
    return listed(storm, (e for e in storm.waiting if abort_of(e)))


def abort_of(e: Escalation) -> str | None:
    """The key of its first option that aborts."""
    return next((o.key for o in e.options if o.effect is Effect.ABORT), None)


def _buttons(storm: Storm) -> Iterator[Element]:
    aborts, waiting = abortable(storm), storm.waiting
    if len(aborts.members) > 1:
        label = f"Abort these {len(aborts.members):,}"
        yield storm_button(storm, ABORT, label, list_=aborts)
    found = others(storm)
    if found is not None and len(found.listed.members) > 0:
        yield storm_button(storm, OTHERS, others_label(storm, found))
    elif waiting and storm.first.kind is Kind.APPROVAL:
        yield storm_button(storm, TRY, "Try one first")
    yield storm_button(storm, f"{LIST}:0", "List")


def others_label(storm: Storm, found: Others) -> str:
    """`Retry the other 296`, or `Release the other 296` of another category."""
    verb = "Retry" if storm.first.category == "retries_exhausted" else "Release"
    return f"{verb} the other {len(found.listed.members):,}"


def storm_button(storm: Storm, action: str, label: str, *, list_: Listed | None = None) -> Element:
    """A button that names the storm and, where it is about some of it, exactly which."""
    ending = f": {cut(one_line(storm.first.service), 24)}, {cut(storm.first.environment, 24)}"
    return {
        "type": "button",
        "action_id": action,
        "text": plain_text(label),
        "value": carried(storm, list_),
        "accessibility_label": cut(label, ACCESSIBILITY - len(ending)) + ending,
    }


def carried(storm: Storm, list_: Listed | None = None, **more: Any) -> str:
    """What a button or a window names: the storm, the places of the list, and its hash."""
    said: dict[str, Any] = {"st": storm.id, **more}
    if list_ is not None:
        said |= {"l": list_.places, "h": _hex(list_.digest), "j": _hex(list_.judged)}
    return json.dumps({k: v for k, v in said.items() if v is not None}, separators=(",", ":"))


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")[:DIGEST_DIGITS]


def is_of(list_: Listed, carries: Mapping[str, Any], *, judged: bool = False) -> bool:
    """Whether the list is still the one that was shown; with `judged`, and as it was shown."""
    same = _hex(list_.digest) == carries.get("h")
    return same and (not judged or _hex(list_.judged) == carries.get("j"))


def _small_print(storm: Storm) -> Iterator[Block]:
    if storm.waiting:
        yield context(list_print(abortable(storm)), block_id="print")


def list_print(list_: Listed) -> str:
    """`list sha256:9c11b7d0… (exactly these 297; later ones are not included)`."""
    exactly = f"exactly these {len(list_.members):,}; later ones are not included"
    return f"list {short_digest(list_.digest)} ({exactly})"


# -- messages -----------------------------------------------------------------------------------


def storm_direct(storm: Storm, case: str, values: Mapping[str, Any]) -> Message:
    """One message for the storm, to one person."""
    e, line = storm.first, told(storm, case, values)
    title: Line = [bold(f"{severity_word(e.severity)} {e.environment}: {_title(storm)}")]
    blocks = (
        rich(section(title, line), block_id="told"),
        actions([storm_button(storm, SHOW, "Show them"), storm_button(storm, f"{LIST}:0", "List")]),
    )
    said = (
        f"{severity_word(e.severity)} {e.environment}: {_title(storm)}. {plain(line, e.plan.zone)}"
    )
    return Message(text=lockscreen.told(said), blocks=blocks)


def storm_line(
    storm: Storm, case: str, values: Mapping[str, Any], people: People, mentions: tuple[str, ...]
) -> Message:
    """One line for the storm, in the thread of its card; people who must act are called."""
    called: list[Span | str] = []
    if mentions:
        called = [*joined(person(id_, people) for id_ in mentions), ": "]
    return message([*called, *told(storm, case, values)], zone=storm.first.plan.zone)


def many_ended(ended: Sequence[Escalation], case: str) -> Message:
    """One message for many endings of one service that are no storm: a line each, the rest counted.

    `ended` is never empty; `case` is that of their messages: `decided-expired`, `reported-failed` …
    """
    e, how = ended[0], _ENDED.get(case, "changed")
    first = f"{one_line(e.service, 60)}: {len(ended)} {how}. {row_of(e).nothing_past}"
    if case.startswith(("reported", "review")):
        first = f"{one_line(e.service, 60)}: {len(ended)} {how}."
    lines: list[Line] = [[f"{short_id(one)} ", quoted(one.title, 100)] for one in ended[:MANY]]
    more = [section([f"and {len(ended) - MANY} more"])] if len(ended) > MANY else []
    if any(map(is_due, ended)):
        more.append(section(["/escalations reviews lists whose reviews are due."]))
    blocks = (rich(section([bold(first)]), bullets(lines), *more, block_id="told"),)
    return Message(text=lockscreen.told(first), blocks=blocks)


def told(storm: Storm, case: str, values: Mapping[str, Any]) -> Line:
    """The sentence about all of them."""
    what, waiting = str(values.get("what") or ""), len(storm.waiting)
    e, still = storm.first, f" {waiting} still waiting." if waiting else " None is left waiting."
    if case == "storm-opened":
        return ["They gather on one card; you are not rung for each. ", *_until(storm)]
    if case == "storm-reminder" or case == "storm-reminded":
        return [f"Reminder: {waiting} still waiting. ", *_until(storm)]
    if case in ("storm-stepped", "storm-missed"):
        return [f"Nobody has decided yet: {waiting} waiting. ", *_until(storm)]
    if case == "storm-ended":
        return ["Nobody took care of these: the chain of people to call is at its end.", still]
    ends = {
        "expired": f"{storm.expired} ran out of time. {row_of(e).nothing_past} "
        f"{e.service} must ask again.",
        "withdrawn": f"{e.service} took {storm.recovered} back.",
        "rejected": f"Aborted. {row_of(e).nothing_past}",
        "resolved": f"{storm.recovered} are resolved.",
        "approved": f"{storm.decided} are decided.",
        "released": f"{e.service} has started.",
        "succeeded": f"{storm.states[OperationState.SUCCEEDED]} succeeded.",
        "failed": f"{storm.states[OperationState.FAILED]} failed.",
        "unknown": f"Of {storm.states[OperationState.UNKNOWN]} nobody knows what became of them.",
        "lapsed": f"{e.service} did not start {storm.states[OperationState.LAPSED]} in time.",
        "aborted": f"Some were stopped. {row_of(e).nothing_past}",
        "pending": "Some need one more vote.",
    }
    return [ends.get(what, "Something changed; the card counts how they stand."), still]
