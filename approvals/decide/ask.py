"""AskForInfo: somebody who may decide asks for what is missing. Decides nothing, holds nothing up.

The question reaches the service with the answer to its next poll (and by callback), and whoever it
asks for by a message.
"""

from datetime import datetime

from approvals.commands import AskForInfo
from approvals.decide.responder import responder
from approvals.decide.text import misfit
from approvals.decide.who import stranger, too_late
from approvals.escalation import Escalation
from approvals.events import ASKED, Event
from approvals.facts import Facts
from approvals.verdict import Case, Verdict, accept


def ask(escalation: Escalation, command: AskForInfo, facts: Facts, now: datetime) -> Verdict:
    """Keep the question, while there is somebody to decide with the answer."""
    no = stranger(command.actor) or too_late(escalation, command.actor, facts.people)
    if no is not None:
        return no
    person = responder(escalation, command.actor, facts.people, now)
    if isinstance(person, Verdict):
        return person
    who = f"person:{person.id}"
    wrong = misfit(command.text, who, field="text")
    if wrong is not None:
        return wrong
    body = {
        "id": command.question_id,
        "person": person.id,
        "name": person.name,
        "text": command.text.strip(),
    }
    return accept(
        Case.QUESTION_ASKED,
        Event(kind=ASKED, at=now, by=who, body=body),
        question=command.question_id,
        service=escalation.service,
    )
