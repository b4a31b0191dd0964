"""Clicks that were carried out before: one that is delivered again, to whichever replica, is
answered and changes nothing.

The answer that is owed to a click is written in its own commit and bears its name, so that row is
all that has to be looked for, once its escalation is locked. A click that was refused has changed
nothing, and is decided anew: a window that could not be taken may be sent off again.
"""

import json
from collections.abc import Mapping

from approvals.commands import Command
from approvals.verdict import Answer, Case

#: A newer version beside this one may know more.
_KNOWN = frozenset(case.value for case in Case)

ANSWERS = "SELECT id, payload FROM deliveries WHERE id"


def answer_row(command: Command) -> str | None:
    """Names the answer that is owed to a click; None where none is, or many share one."""
    actor, reply = getattr(command, "actor", None), getattr(command, "reply", None)
    is_owed = actor is not None and reply is not None and not reply.batch
    return f"ans_{command.id}" if is_owed else None


def answered(payloads: Mapping[str, str]) -> dict[str, Answer]:
    """What each was answered, by its row: those that were carried out, and not erased since."""
    said = {row: json.loads(payload) for row, payload in payloads.items()}
    return {
        row: Answer(case=Case(of["case"]), values=of["values"])
        for row, of in said.items()
        if of.get("case") in _KNOWN
    }
