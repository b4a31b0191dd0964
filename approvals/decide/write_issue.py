"""WriteIssue: people complete what was filled in of something unresolved, as often as they know
more.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from approvals.commands import WriteIssue
from approvals.decide.learner import learner, named
from approvals.decide.text import SHORTEST_REASON, misfit
from approvals.escalation import Escalation
from approvals.events import ISSUE_WRITTEN, Event
from approvals.facts import Facts
from approvals.memory.issue import MANUAL, UNKNOWN, body_of, drafted, is_known_of
from approvals.memory.values import Issue, IssueState
from approvals.people import People
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept, refuse

#: What is typed, by the names of the issue's fields; empty stands for nothing, or the default.
TYPED = ("scenario", "workarounds", "root_cause", "blockers", "requires")
_DEFAULTS = {"root_cause": UNKNOWN, "requires": MANUAL}

#: No zone is further behind UTC: what is over there is over for whoever chose the day.
_LAST_ZONE = timedelta(hours=12)


def write_issue(
    escalation: Escalation, command: WriteIssue, facts: Facts, now: datetime
) -> Verdict:
    """Keep the issue as it was sent off, beside what only context and events say."""
    found = learner(escalation, command.actor, facts.people, now)
    if isinstance(found, Verdict):
        return found
    who = f"person:{found.id}"
    if not escalation.status.is_terminal:
        return refuse(Why.NOT_OVER, who=who, status=escalation.status, state=escalation.state)
    issue = _completed(escalation, command, facts.people, who, now)
    if isinstance(issue, Verdict):
        return issue
    if escalation.issue == replace(issue, by=who):
        return accept(Case.REPEATED)  # Slack delivers a click twice
    body = {"issue": body_of(issue), "name": found.name}
    written = Event(kind=ISSUE_WRITTEN, at=now, by=who, body=body)
    return accept(Case.ISSUE_WRITTEN, written, state=issue.state.value)


def _completed(
    e: Escalation, command: WriteIssue, people: People, who: str, now: datetime
) -> Issue | Verdict:
    said = {name: (getattr(command, name) or "").strip() or None for name in TYPED}
    for name, text in said.items():
        wrong = misfit(text or "", who, least=0, field=name)
        if wrong is not None:
            return wrong
    owner = named(command.owner, people, who) if command.owner else None
    if isinstance(owner, Verdict):
        return owner
    kept = e.issue.due if e.issue else None  # chosen in time, however late the rest is completed
    wrong = _wrong_day(command.due, who, now) if command.due and command.due != kept else None
    if wrong is not None:
        return wrong
    changes = {name: text or _DEFAULTS.get(name) for name, text in said.items()}
    written = replace(
        e.issue or drafted(e),
        state=command.state,
        owner=owner.id if owner else None,
        due=command.due or None,
        **changes,  # type: ignore[arg-type]  # those that may not be None have their defaults
    )
    if written.state is IssueState.KNOWN and not is_known_of(written, e.review):
        return refuse(Why.REASON_NEEDED, who=who, least=SHORTEST_REASON, field="workarounds")
    return written


def _wrong_day(text: str, who: str, now: datetime) -> Verdict | None:
    """Why it is no day until which anything can be done."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        return refuse(Why.NOT_A_DAY, who=who, field="due")
    if day < (now - _LAST_ZONE).date():
        return refuse(Why.NOT_A_DAY, who=who, field="due", day=text)
    return None
