"""Done by hand: an operation was stopped because a person does it instead.

An option may say so by its name, and so may the reason that somebody gave for an abort.
"""

from approvals.escalation import Escalation
from approvals.tally import counting
from approvals.words import Status

#: The reason to abort that says it, in the words that are kept.
BY_HAND = "I do it by hand"

#: What an option is called that means the same.
_LABELS = ("by hand", "manual resolution")


def is_called_by_hand(label: str | None) -> bool:
    """Whether an option of that name says it."""
    folded = (label or "").casefold()
    return any(words in folded for words in _LABELS)


def says_by_hand(label: str | None, rationale: str | None) -> bool:
    """Whether what was chosen says it, or the reason for it."""
    said = rationale or ""
    return is_called_by_hand(label) or said == BY_HAND or said.startswith(f"{BY_HAND}. ")


def is_by_hand(e: Escalation) -> bool:
    """Whether it was stopped because somebody does it by hand."""
    option = e.option(e.decision.option if e.decision else None)
    if e.status is not Status.REJECTED or option is None:
        return False
    return any(says_by_hand(option.label, vote.rationale) for vote in counting(e, option.key))
