"""Clicks that were carried out before: one that is delivered again, to whichever replica, gets the
answer it got, and nothing is done twice.

The answer that is owed to a click is written in its own commit and bears its name, so that row is
all that has to be looked for, once its escalation is locked.
"""

import json
from collections.abc import Mapping

from approvals.commands import Command
from approvals.escalation import Json
from approvals.ports import Settled
from approvals.refusals import Refusal, Why
from approvals.verdict import Answer, Case

_REFUSED = frozenset(why.value for why in Why)
_KNOWN = _REFUSED | {case.value for case in Case}

ANSWERS = "SELECT id, payload FROM deliveries WHERE id"


def answer_row(command: Command) -> str | None:
    """Names the answer that is owed to a click; None where none is, or many share one."""
    actor, reply = getattr(command, "actor", None), getattr(command, "reply", None)
    is_owed = actor is not None and reply is not None and not reply.batch
    return f"ans_{command.id}" if is_owed else None


def answered(payloads: Mapping[str, str]) -> dict[str, Settled]:
    """What each was answered, by its row, without those that were erased since, or that a newer
    version wrote and this one does not know.
    """
    said = {row: json.loads(payload) for row, payload in payloads.items()}
    return {row: _settled(**of) for row, of in said.items() if of.get("case") in _KNOWN}


def _settled(case: str, values: Mapping[str, Json], **_: Json) -> Settled:
    if case not in _REFUSED:
        return Settled(escalation=None, answer=Answer(case=Case(case), values=values))
    refusal = Refusal(why=Why(case), values=values)
    return Settled(escalation=None, answer=Answer(case=Case.DONE), refusal=refusal)
