"""The word an approver types before something critical that cannot be undone."""

import re

from approvals.escalation import Escalation

#: What a phone's keyboard makes of plain quotes, dashes and dots, and back again.
_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "…": "..."}
)


def word_to_type(escalation: Escalation) -> str:
    """The operation's target; without one, the environment's name."""
    target = escalation.operation.target if escalation.operation else None
    return target or escalation.environment


def same_word(typed: str, word: str) -> bool:
    """Equal without regard to spaces around, capitals, curly quotes and long dashes."""
    return _folded(typed) == _folded(word)


def _folded(text: str) -> str:
    plain = "".join(text.split()).translate(_PLAIN).casefold()
    return re.sub("-+", "-", plain)  # a phone joins two dashes into a long one
