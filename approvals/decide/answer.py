"""AnswerQuestion: the service, or the person it asks for, answers. What is judged has changed.

An answer without the question's id answers all that are open. The service may send context beside
it: one commit, so that nobody sees half of what it told.
"""

from collections.abc import Iterator
from datetime import datetime

from approvals.commands import AddContext, AnswerQuestion
from approvals.decide.context import add_context
from approvals.decide.text import misfit
from approvals.decide.who import too_late
from approvals.escalation import Escalation, Question
from approvals.events import ANSWERED, Event
from approvals.facts import Facts
from approvals.people import People
from approvals.refusals import Why
from approvals.tally import is_requester
from approvals.verdict import Case, Verdict, accept, refuse


def answer(escalation: Escalation, command: AnswerQuestion, facts: Facts, now: datetime) -> Verdict:
    """Keep the answer with its questions. The same again, after a lost response, is fine."""
    by = _who(escalation, command, facts.people)
    if isinstance(by, Verdict):
        return by
    late = _over(escalation, command, facts.people, by)
    if late is not None:
        return late
    text = command.text.strip()
    asked = tuple(_meant(escalation, command.question_id))
    unanswered = [q for q in asked if q.answer is None]
    if not unanswered:
        return _nothing_open(asked, text, by)
    wrong = misfit(text, by, least=1, field="answer")
    if wrong is not None:
        return wrong
    body = {
        "ids": [q.id for q in unanswered],
        "text": text,
        "name": _name(escalation, command, facts.people),
    }
    told = Event(kind=ANSWERED, at=now, by=by, body=body)
    beside = _context(escalation, command, facts, now)
    return accept(Case.ANSWERED, told, *beside, question=unanswered[-1].text)


def _who(escalation: Escalation, command: AnswerQuestion, people: People) -> str | Verdict:
    if command.actor is None:
        same = command.service == escalation.service
        return f"service:{command.service}" if same else refuse(Why.NOT_FOUND)
    account = command.actor.account
    person = people.of_account(account)
    if command.actor.foreign or not is_requester(escalation, account, person, people):
        return refuse(Why.NOT_YOUR_VOTE, who=f"account:{account}", verb="answer")
    return f"person:{person.id}" if person else f"account:{account}"


def _over(
    escalation: Escalation, command: AnswerQuestion, people: People, by: str
) -> Verdict | None:
    if not escalation.status.is_terminal:
        return None
    late = too_late(escalation, command.actor, people) if command.actor else None
    return late or refuse(Why.ALREADY_TERMINAL, who=by, status=escalation.status)


def _meant(escalation: Escalation, question_id: str | None) -> Iterator[Question]:
    return (q for q in escalation.questions if question_id in (None, q.id))


def _nothing_open(asked: tuple[Question, ...], text: str, by: str) -> Verdict:
    """There is no such question, or each has its answer; perhaps this very one."""
    if not asked:
        return refuse(Why.NO_QUESTION, who=by)
    if (asked[-1].answer, asked[-1].answered_by) == (text, by):
        return accept(Case.REPEATED, question=asked[-1].text)
    return refuse(Why.ALREADY_ANSWERED, who=by, answer=asked[-1].answer, by=asked[-1].answered_by)


def _context(
    escalation: Escalation, command: AnswerQuestion, facts: Facts, now: datetime
) -> tuple[Event, ...]:
    """What the service tells beside its answer, unless it is nothing new."""
    if command.service is None or not command.context:
        return ()
    told = AddContext(
        id=command.id,
        escalation_id=escalation.id,
        service=command.service,
        context=command.context,
        redacted=command.redacted,
    )
    return add_context(escalation, told, facts, now).events


def _name(escalation: Escalation, command: AnswerQuestion, people: People) -> str:
    """Who answers, for people."""
    if command.actor is None:
        return escalation.service
    person, asked = people.of_account(command.actor.account), escalation.requester
    return person.name if person else (asked.name or asked.id if asked else "")
