"""The words of the surface that stand in more than one drawing: labels, chips, fixed sentences."""

from collections.abc import Mapping
from typing import Any

from approvals.memory.remembering import BY_HAND
from approvals.refusals import Refusal, Why

#: What a phone shows of a button before it cuts it.
BUTTON = 30

#: Slack's limit for a modal's title and its two buttons.
TITLE = 24

DETAILS = "Details"
STOP_IT = "Stop it"
SHOW = "Show"
BACK = "Back"
CLOSE = "Close"
ADD_REASON = "Add a reason"
WITHDRAW = "Withdraw"
READ_AND_DECIDE = "Read all and decide"
ACKNOWLEDGE = "I am looking"
ASK = "Ask"
ANSWER = "Answer"
RESOLVE = "Resolve"
OVERRIDE = "Override the policy"

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

#: Whether what was done by hand could be automated: key of the choice, and what is kept of it.
AUTOMATED: Mapping[str, tuple[str, bool | None]] = {
    "yes": ("Yes", True),
    "no": ("No", False),
    "unknown": ("I cannot say", None),
}

#: The field of each modal that may not stay empty, and what is said at it.
REQUIRED: Mapping[str, tuple[str, str]] = {
    "ask": (REASON, "Write what you need to know. Nothing is asked yet."),
    "answer": (REASON, "Write the answer. Nothing is recorded yet."),
    "resolve": (
        ROOT_CAUSE,
        "Say what the cause was, in three characters or more. Nothing is recorded yet.",
    ),
    "break_glass": (REASON, EMPTY_REASON),
}
_WHY = (REASON, EMPTY_REASON)


def field_errors(refusal: Refusal, verb: str = "vote") -> dict[str, str]:
    """What the open modal says at which of its fields; empty for a refusal that is none."""
    values = refusal.values
    place, empty = REQUIRED.get(verb, _WHY)
    named = values.get("field")
    place = str(named) if named in (ROOT_CAUSE, BY_HAND_DONE) else place
    if refusal.why is Why.REASON_NEEDED:
        return {place: empty}
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
    place, empty = REQUIRED.get(verb, ("", ""))
    return {place: empty} if place and not str(given.get(place) or "").strip() else {}


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
