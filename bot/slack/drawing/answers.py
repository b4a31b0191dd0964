"""Every answer to a click: recorded or not, why, what next. One function a row of CARDS section 5.

Shown to the clicker alone: in the open modal (`modals.notice`), else as an ephemeral message.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from approvals.codec import parse_instant
from approvals.escalation import Escalation
from approvals.people import People
from approvals.refusals import Why
from approvals.verdict import Case
from bot.messaging import Message
from bot.slack.drawing import learned, lockscreen, persons, replies
from bot.slack.drawing.about import (
    asker_name,
    chosen,
    row_of,
    whom_to_call,
)
from bot.slack.drawing.buttons import actions, button, show_button
from bot.slack.drawing.late import already_decided, expired, since, while_writing, withdrawn
from bot.slack.drawing.operation import lines_of
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    all_of,
    any_of,
    as_span,
    one_line,
    plain,
    quoted,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import (
    ADD_REASON,
    NOT_RECORDED,
    READ_AND_DECIDE,
)

_WHYS = frozenset(w.value for w in Why)

#: Refusals that say it is over.
_TOO_LATE = frozenset({Why.ALREADY_DECIDED, Why.ALREADY_TERMINAL, Why.NOT_APPROVED})

Values = Mapping[str, Any]
Pieces = list[Span | str]
Sentence = tuple[Line, Sequence[Element]]
Teller = Callable[[Escalation, Values, People], Sentence]


def answer(
    case: str,
    values: Values,
    escalation: Escalation | None,
    people: People,
    *,
    typed: str | None = None,
) -> Message:
    """The one answer to a click. `case` is a `Case` or a `Why`.

    `typed` is what the person had written in a modal, given back if it was not recorded; None for
    a click on a card.
    """
    if escalation is None:
        return no_such()
    teller = _BY_CASE.get(case, _other)
    if case in _TOO_LATE and escalation.resolution is not None:
        teller = replies.already_resolved
    elif case == Why.ALREADY_DECIDED and typed is not None:
        teller = while_writing
    line, buttons = teller(escalation, values, people)
    kept = typed if case in _WHYS else None
    return message(line, buttons, kept=kept, zone=escalation.plan.zone)


def message(
    line: Line, buttons: Sequence[Element] = (), *, kept: str | None = None, zone: str = "UTC"
) -> Message:
    """A sentence and its buttons; `kept` is the person's own text, given back."""
    pieces = [as_span(piece) for piece in line]
    blocks: list[Block] = [rich(section(pieces), block_id="answer")]
    if kept and kept.strip():
        blocks.append(rich(section(("Your text, to copy: ", quoted(kept, 1000))), block_id="kept"))
    if buttons:
        blocks.append(actions(buttons, block_id="answer_actions"))
    return Message(text=lockscreen.told(plain(pieces, zone)), blocks=tuple(blocks))


def said(text: str) -> Message:
    """A plain sentence of ours."""
    return message((text,))


# -- the store, Slack ---------------------------------------------------------------------------


def not_saved(err: str) -> Message:
    """Nothing was stored, for certain."""
    return said(
        f"{NOT_RECORDED[:-1]}: Andon could not save it. Nothing runs. Tap again in a minute; "
        f"if it stays so, tell the operators `err {err}`."
    )


def unsure() -> Message:
    """It could not be learned whether it was stored."""
    return said(
        "I could not confirm that your vote was saved. Tap again: it can never count twice. "
        "Nothing runs on a vote that was not saved."
    )


#: What Slack answers when a click is too old to open a window, or used up, or never arrived.
_TOO_SLOW = ("", "expired_trigger_id", "exchanged_trigger_id")


def window_not_opened(code: str = "") -> Message:
    """The trigger had expired before the modal was there, or Slack would not open it."""
    if code in _TOO_SLOW:
        return said("Slack was too slow to open the window. Nothing is recorded. Tap again.")
    return said(
        "Slack did not open the window. Nothing is recorded. Tap again in a minute; "
        f"if it stays so, tell the operators `{one_line(code, 40)}`."
    )


def no_such() -> Message:
    """A button of something that is not there."""
    return said(f"{NOT_RECORDED} Andon has no such escalation. /escalations lists what is.")


def not_readable(foreign: bool) -> Message:
    """What is behind a card is for members, and of them for those concerned."""
    if foreign:
        return said("Only members of this workspace can read what is behind this card.")
    return said(
        "You cannot read what is behind this card. Whoever may decide it or asked for it can, "
        "and the members of its channel."
    )


def members_only() -> Message:
    """Lists are for members of the workspace."""
    return said("Only members of this workspace can ask.")


def old_button() -> Message:
    """A button that this version does not know."""
    return said(
        f"{NOT_RECORDED} This button belongs to another version of Andon. "
        "/escalations lists what is pending, with live buttons."
    )


def store_away(err: str) -> Message:
    """Records cannot be read."""
    return said(
        "Andon cannot read its records just now. Nothing runs meanwhile. "
        f"Try again in a minute (err {err})."
    )


# -- recorded -----------------------------------------------------------------------------------


def _decided(e: Escalation, values: Values, people: People) -> Sentence:
    line = f"Recorded: {_label(values)}. You decided it; {e.service} may start now."
    return (line,), _reason_button(e, values)


def _counted(e: Escalation, values: Values, people: People) -> Sentence:
    have, needed = int(values["have"]), int(values["needed"])
    line: Pieces = [f"Recorded: {_label(values)}, {have} of {needed}."]
    line += [*_more(e, values), ", by ", when(e.deadline_at, near=e.created_at), "."]
    return [*line, " You can change your vote until then."], _reason_button(e, values)


def _more(e: Escalation, values: Values) -> Pieces:
    left = int(values["needed"]) - int(values["have"])
    agrees = "one more agrees" if left == 1 else f"{left} more agree"
    who = [one_line(str(name), 60) for name in values.get("may") or ()]
    from_whom = f": {any_of(who)}" if who else ""
    nothing = row_of(e).nothing
    return [f" {nothing[:1].upper()}{nothing[1:]} until {agrees}{from_whom}"]


def _changed(e: Escalation, values: Values, people: People) -> Sentence:
    before, now = one_line(str(values.get("from") or "")), _label(values)
    counts = f"{now}: {values['have']} of {values['needed']}."
    line = f"Changed from {before} to {now}. Your earlier vote no longer counts. {counts}"
    return (line,), _reason_button(e, values)


def _aborted(e: Escalation, values: Values, people: People) -> Sentence:
    told = all_of(n for n in (asker_name(e, people), e.service) if n)
    are = "are" if asker_name(e, people) else "is"
    line = f"Recorded: {_label(values)}. It is aborted; {row_of(e).nothing}. {told} {are} told."
    return (line,), ()


def _stopped(e: Escalation, values: Values, people: People) -> Sentence:
    if e.suspended is not None:
        return ("Recorded: the rule is ended. People are asked again.",), ()
    return (f"Recorded: stopped. {row_of(e).nothing_past} {e.service} is told.",), ()


def _withdrawn(e: Escalation, values: Values, people: People) -> Sentence:
    return (f"Recorded: taken back. {row_of(e).nothing_past} {e.service} is told.",), ()


def _reason_added(e: Escalation, values: Values, people: People) -> Sentence:
    return ("Recorded: your reason, beside your vote. It changes no vote.",), ()


def _reason_button(e: Escalation, values: Values) -> list[Element]:
    """Whoever gave no reason may still do so."""
    vote = e.vote_of(str(values.get("person") or ""))
    if vote is None or vote.rationale is not None:
        return []
    return [button(e, "add_reason", ADD_REASON, option=vote.option)]


# -- not recorded: the question -----------------------------------------------------------------


def _already_voted(e: Escalation, values: Values, people: People) -> Sentence:
    at = when(parse_instant(values["at"]), near=e.created_at)
    line: Pieces = ["Already recorded at ", at, f": {_label(values)}. It counts once. "]
    if e.decision is None:
        return [*line, f"Still {values['have']} of {values['needed']}."], ()
    then, buttons = since(e, values, people)
    return [*line, *then], buttons


def _out_of_date(e: Escalation, values: Values, people: People) -> Sentence:
    changes = [one_line(str(c)) for c in values.get("changes") or ()]
    what = f": {'; '.join(changes[-3:])}" if changes else ""
    line = f"This card was out of date; it has been redrawn above with what changed{what}."
    return (f"{NOT_RECORDED} {line} Look, then tap again.",), [show_button(e)]


def _not_read(e: Escalation, values: Values, people: People) -> Sentence:
    key = str(values.get("option") or "")
    count = lines_of(e, key)
    line = f"This operation has {count:,} lines and the button must show you all of them first."
    return (f"{NOT_RECORDED} {line}",), [_read(e, key)]


def _form_needed(e: Escalation, values: Values, people: People) -> Sentence:
    """A vote that asks for more than a tap, from a card that could not ask."""
    key = str(values.get("option") or "")
    return (f"{NOT_RECORDED} This button asks you why first.",), [_read(e, key)]


def _too_long(e: Escalation, values: Values, people: People) -> Sentence:
    most, length = int(values.get("most", 1000)), int(values.get("length", 0))
    return (f"{NOT_RECORDED} At most {most:,} characters; this has {length:,}.",), ()


def _wrong_word(e: Escalation, values: Values, people: People) -> Sentence:
    word = one_line(str(values.get("word")), 40)
    return (f"{NOT_RECORDED} That is not {word}. Look at the target again.",), ()


def _read(e: Escalation, option: str) -> Element:
    return button(e, "read_whole", READ_AND_DECIDE, option=option)


def _old_button(e: Escalation, values: Values, people: People) -> Sentence:
    line = "This button belongs to another card. Here is the one to look at."
    return (f"{NOT_RECORDED} {line}",), [show_button(e)]


# -- not recorded: the release ------------------------------------------------------------------


def _already_claimed(e: Escalation, values: Values, people: People) -> Sentence:
    at = e.claim.at if e.claim else parse_instant(values["at"])
    line: Pieces = [f"{NOT_RECORDED} {e.service} started at ", when(at, near=e.created_at)]
    call = f"Call {whom_to_call(e, people)} now."
    return [*line, f"; Andon cannot stop what has started. {call}"], ()


def _not_to_stop(e: Escalation, values: Values, people: People) -> Sentence:
    if e.suspended is not None:
        return (f"{NOT_RECORDED} The rule has ended already.",), [show_button(e)]
    option = chosen(e)
    how = f" ({one_line(option.label)})" if option else ""
    stands = "still waits for a decision" if e.decision is None else f"is {e.status.value}{how}"
    return (f"{NOT_RECORDED} There is nothing to stop: it {stands}.",), [show_button(e)]


def _other(e: Escalation, values: Values, people: People) -> Sentence:
    """A case without a sentence of its own still gets a true one."""
    return (f"{NOT_RECORDED} It could not be done as it stands now.",), [show_button(e)]


def _done(e: Escalation, values: Values, people: People) -> Sentence:
    return ("Done.",), ()


def _label(values: Values) -> str:
    return one_line(str(values.get("option") or ""))


_BY_CASE: Mapping[str, Teller] = {
    Case.DECIDED: _decided,
    Case.COUNTED: _counted,
    Case.CHANGED: _changed,
    Case.ABORTED: _aborted,
    Case.STOPPED: _stopped,
    Case.WITHDRAWN: _withdrawn,
    Case.REASON_ADDED: _reason_added,
    Case.DONE: _done,
    Why.ALREADY_DECIDED: already_decided,
    Why.EXPIRED: expired,
    Why.WITHDRAWN: withdrawn,
    Why.ALREADY_VOTED: _already_voted,
    Why.OUT_OF_DATE: _out_of_date,
    Why.NOT_READ: _not_read,
    Why.REASON_NEEDED: _form_needed,
    Why.REASON_TOO_LONG: _too_long,
    Why.WRONG_WORD: _wrong_word,
    Why.WRONG_OPERATION: _old_button,
    Why.UNKNOWN_OPTION: _old_button,
    Why.ALREADY_CLAIMED: _already_claimed,
    Why.NOT_APPROVED: _not_to_stop,
    Why.ALREADY_TERMINAL: _not_to_stop,
    **persons.BY_CASE,
    **replies.BY_CASE,
    **learned.BY_CASE,
}
