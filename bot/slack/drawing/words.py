"""The words of the surface that stand in more than one drawing: labels, chips, fixed sentences."""

from collections.abc import Mapping
from typing import Any

from approvals.memory.by_hand import BY_HAND
from approvals.refusals import Refusal, Why

#: What a phone shows of a button before it cuts it.
BUTTON = 30

#: Slack's limit for a modal's title and its two buttons.
TITLE = 24

DETAILS = "Details"
STOP_IT = "Stop it"
END_RULE = "End this rule"
SHOW = "Show"
SHOW_WHY = "Show what went wrong"
BACK = "Back"
CLOSE = "Close"
ADD_REASON = "Add a reason"
WITHDRAW = "Withdraw"
READ_AND_DECIDE = "Read all and decide"
ACKNOWLEDGE = "I am looking"
ASK = "Ask"
ANSWER = "Answer"
RESOLVE = "Resolve"
EARLIER = "Show earlier ones"
OVERRIDE = "Override the policy"
WRITE_ISSUE = "Write down what you did"
WRITE_REVIEW = "Write the review"
HAND_REVIEW = "Hand the review on"

#: First part of the action ids of an option's button, and of one that opens the whole first.
VOTE, READ_WHOLE = "vote", "read_whole"

NO_REASON = "no reason given"
NOT_RECORDED = "Not recorded."
CANNOT_BE_UNDONE = "This cannot be undone."

#: Reasons to abort with one tap: key of the choice, and the words kept as the rationale.
OTHER = "other"
CHIPS: Mapping[str, str] = {
    "by_hand": BY_HAND,
    "wrong_target": "Wrong target",
    "not_now": "Not now",
    "not_enough": "Not enough information",
    OTHER: "Other",
}

EMPTY_REASON = "Say why in a few words. Nothing is recorded yet."
OTHER_NEEDS_WORDS = "Write a sentence, or pick another reason. Nothing is recorded yet."

#: block_id (and action_id) of what can be typed or chosen in a modal.
REASON, TYPED, CHIP = "reason", "typed", "chip"
ROOT_CAUSE, BY_HAND_DONE, AUTOMATABLE, OPTION = "root_cause", "by_hand", "automatable", "option"

#: The same of the windows that keep what was learned: the names of the core's fields.
STATE, SCENARIO, WORKAROUNDS, BLOCKERS = "state", "scenario", "workarounds", "blockers"
REQUIRES, OWNER, DUE = "requires", "owner", "due"
RESOLVED_BY, DETECTED_BY, DETECT_EARLIER = "resolved_by", "detected_by", "detect_earlier"
WORKED, RUNBOOK_CHANGE, STEPS = "worked", "runbook_change", "steps"
KNOWN_ERROR, RECOVERY = "known_error", "recovery"

#: First part of the field of each runbook; what a ticked box sends.
RUNBOOK, TICKED = "runbook:", "yes"
WORKED_OR_NOT: Mapping[str, str] = {"yes": "It worked", "no": "It did not"}

#: What is typed beside a reason, in any window.
TYPED_FIELDS = (
    *(ROOT_CAUSE, BY_HAND_DONE, SCENARIO, WORKAROUNDS, BLOCKERS, REQUIRES, RESOLVED_BY),
    *(DETECTED_BY, DETECT_EARLIER, WORKED, RUNBOOK_CHANGE, STEPS),
)

#: Fields that are chosen, at which the core may have something to say.
_CHOSEN = frozenset({OWNER, DUE})

#: Whether what was done by hand could be automated: key of the choice, and what is kept of it.
AUTOMATED: Mapping[str, tuple[str, bool | None]] = {
    "yes": ("Yes", True),
    "no": ("No", False),
    "unknown": ("I cannot say", None),
}

_NO_CAUSE = "Say what the cause was, in three characters or more. Nothing is recorded yet."

#: The fields of each modal that may not stay empty, and what is said at them.
REQUIRED: Mapping[str, Mapping[str, str]] = {
    "ask": {REASON: "Write what you need to know. Nothing is asked yet."},
    "answer": {REASON: "Write the answer. Nothing is recorded yet."},
    "resolve": {ROOT_CAUSE: _NO_CAUSE},
    "break_glass": {REASON: EMPTY_REASON},
    "write_review": {
        ROOT_CAUSE: _NO_CAUSE,
        RESOLVED_BY: "Say how, in three characters or more. Nothing is recorded yet.",
    },
}
_WHY: Mapping[str, str] = {REASON: EMPTY_REASON}

#: What is asked for at a field that may stay empty otherwise.
_NEEDED_AT: Mapping[str, str] = {
    WORKAROUNDS: "Known is what has a cause or a way round it. Say one of them, or choose open.",
}


def field_errors(refusal: Refusal, verb: str = "vote") -> dict[str, str]:
    """What the open modal says at which of its fields; empty for a refusal that is none."""
    values = refusal.values
    asked, named = REQUIRED.get(verb, _WHY), values.get("field")
    place = str(named) if named in _CHOSEN.union(TYPED_FIELDS) else next(iter(asked))
    if refusal.why is Why.REASON_NEEDED:
        return {place: asked.get(place) or _NEEDED_AT.get(place, EMPTY_REASON)}
    if refusal.why is Why.NO_SUCH_PERSON:
        return {place: "Andon does not know this person: the policy names none with this account."}
    if refusal.why is Why.NOT_A_DAY:
        over = "That day is over. Choose one that is to come, or none."
        return {place: over if values.get("day") else "That is no day of the calendar."}
    if refusal.why is Why.REASON_TOO_LONG:
        most, length = int(values.get("most", 1000)), int(values.get("length", 0))
        return {place: f"At most {most:,} characters; this has {length:,}."}
    if refusal.why is Why.WRONG_WORD:
        return {TYPED: f"That is not {values.get('word')}. {_LOOK_AGAIN}"}
    return {}


_LOOK_AGAIN = "Look at the target again; nothing is recorded yet."


def rationale(chip: str | None, sentence: str | None) -> str | None:
    """What is kept as the reason: the chosen words, the sentence, both, or nothing."""
    chosen = CHIPS.get(chip or "") if chip != OTHER else None
    said = (sentence or "").strip() or None
    if chosen and said:
        return f"{chosen}. {said}"
    return chosen or said


def empty_errors(verb: str, given: Mapping[str, Any]) -> dict[str, str]:
    """What the form itself asks for; spaces alone are nothing."""
    asked = REQUIRED.get(verb, {})
    return {k: words for k, words in asked.items() if not str(given.get(k) or "").strip()}


def abort_errors(chip: str | None, sentence: str | None) -> dict[str, str]:
    """With `Other` a sentence is required; everything else needs no typing at all."""
    wordless = chip == OTHER and not (sentence or "").strip()
    return {REASON: OTHER_NEEDS_WORDS} if wordless else {}


def split_rationale(text: str | None) -> tuple[str | None, str | None]:
    """The chosen words (ours) and the sentence (theirs) of a kept reason."""
    if not text:
        return None, None
    for chosen in CHIPS.values():
        if text == chosen:
            return chosen, None
        if text.startswith(f"{chosen}. "):
            return chosen, text.removeprefix(f"{chosen}. ")
    return None, text
