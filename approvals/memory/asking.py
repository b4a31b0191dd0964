"""What is looked for in memory: what is like an escalation, or what says some words."""

from approvals.escalation import Escalation
from approvals.memory.fingerprint import known_by
from approvals.memory.ranking import Asked
from approvals.memory.remembering import searchable
from approvals.memory.words import marks_of


def asked_like(escalation: Escalation) -> Asked:
    """What is like it: by its fingerprint, and by its words without numbers."""
    return Asked(
        marks=frozenset(marks_of(searchable(escalation), numbers=False)),
        fingerprint=known_by(escalation),
        service=escalation.service,
        category=escalation.category,
        operation=escalation.operation.name if escalation.operation else None,
    )


def asked_words(words: str) -> Asked:
    """What says these words, whatever it is."""
    return Asked(marks=frozenset(marks_of(words)))
