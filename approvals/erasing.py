"""Erasing: what is left of an escalation once nobody may know any more what it was about.

Free text, payloads and names go: title, summary, context, what would run, reasons, questions and
answers, the requester's name and accounts. What proves the decision stays: ids, times, persons by
the policy's own ids, options by key and effect, digest, severity, the plan, decision and claim.
What stands in hashed columns stays too: `reference` and `dedup_key` are no place for names.
"""

from dataclasses import replace

from approvals.escalation import (
    Escalation,
    Operation,
    Option,
    Outcome,
    Question,
    Requester,
    Resolution,
)
from approvals.memory.values import Findings, Issue, Review

#: What stands where something was written.
ERASED = "[erased]"


def residue(escalation: Escalation) -> Escalation:
    """The escalation without what it was about. Of a residue it is the same again."""
    e = escalation
    return replace(
        e,
        title=ERASED,
        summary=_gone(e.summary),
        context={},
        context_redacted=(),
        callback_url=None,
        requester=e.requester and _requester(e.requester),
        operation=e.operation and _operation(e.operation),
        options=tuple(map(_option, e.options)),
        votes=tuple(replace(v, rationale=_gone(v.rationale)) for v in e.votes),
        reasons=tuple(replace(r, text=ERASED) for r in e.reasons),
        overrides=tuple(replace(o, reason=ERASED) for o in e.overrides),
        questions=tuple(map(_question, e.questions)),
        decision=e.decision and replace(e.decision, reason=_gone(e.decision.reason)),
        stopped=e.stopped and replace(e.stopped, reason=_gone(e.stopped.reason)),
        outcome=e.outcome and _outcome(e.outcome),
        resolution=e.resolution and _resolution(e.resolution),
        fingerprint=None,
        runbooks=(),
        issue=e.issue and _issue(e.issue),
        review=e.review and _review(e.review),
    )


def _gone(text: str | None) -> str | None:
    """That something was written is no secret; what it was is gone."""
    return None if text is None else ERASED


def _requester(asked: Requester) -> Requester:
    """Who it was by the policy's own id, for that they did not decide it themselves."""
    return Requester(id=asked.person or ERASED, person=asked.person)


def _operation(held: Operation) -> Operation:
    money = held.money
    if money is not None:
        account, beneficiary = _gone(money.account), _gone(money.beneficiary)
        money = replace(money, account=account, beneficiary=beneficiary)
    return Operation(name=ERASED, target=_gone(held.target), money=money)


def _option(option: Option) -> Option:
    return replace(option, label=option.key, description=None, arguments=None)


def _question(question: Question) -> Question:
    return replace(question, text=ERASED, answer=_gone(question.answer))


def _outcome(told: Outcome) -> Outcome:
    return replace(told, detail=_gone(told.detail), undo=_gone(told.undo))


def _resolution(ended: Resolution) -> Resolution:
    return replace(ended, root_cause=ERASED, by_hand=_gone(ended.by_hand))


def _issue(written: Issue) -> Issue:
    """How it stands, whose it is and until when."""
    return Issue(
        state=written.state,
        at=written.at,
        by=written.by,
        root_cause=ERASED,
        requires=ERASED,
        owner=written.owner,
        due=written.due,
        priority=written.priority,
    )


def _review(due: Review) -> Review:
    """That there was one, whose, and whether it was written."""
    said = due.findings
    if said is None:
        return replace(due, remind_at=None)  # nobody can write it any more
    left = Findings(by=said.by, at=said.at, root_cause=ERASED, resolved_by=ERASED)
    return replace(due, remind_at=None, findings=left)
