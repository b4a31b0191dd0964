"""What holds of reviews and issues whatever is done, reckoned from the records alone.

M1 what needs a review has one, and nothing else has · M2 reminders come in their time, are few and
end with the review · M3 only those concerned write · M4 nobody hears twice of one end · M5 somebody
is to write it · M6 what stayed unresolved is written down.
"""

from collections.abc import Sequence
from datetime import timedelta

from approvals import events
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.owes import Direct
from approvals.step import Step
from approvals.words import Kind, Status
from tests.approvals.invariants import Books, Moment, must
from tests.approvals.invariants_verbs import CALLED

#: Days until it is due; other severities have a week.
DAYS = {"critical": 3, "high": 5}

#: Kinds of records that people write.
_WRITTEN = (events.ISSUE_WRITTEN, events.REVIEW_HANDED, events.REVIEW_WRITTEN)


def check_learned(done: Step, before: Escalation, books: Books, at: Moment) -> None:
    """After every command."""
    after = done.escalation
    assert after is not None
    why = _needed(after, books.records)
    has = {w.value for w in after.review.why} if after.review else set()
    must(has == why, f"M1: reviewed for {sorted(has)}, needed for {sorted(why)}")
    _check_reminders(after, books.records, at)
    for record in done.records:
        if record.kind in _WRITTEN and record.by != "andon":
            must(_concerned(before, books, at), f"M3: {record.kind} by a stranger")
            must(before.status.is_terminal, "M3: written before the end")
    _check_told(done)
    if after.review is not None and after.review.findings is None:
        must(after.review.owner is not None, "M5: a review of nobody's")
    lost = after.status is Status.EXPIRED or _last(books.records) == "failed"
    must(not lost or after.issue is not None, "M6: nothing was written down")


def _last(records: Sequence[Record]) -> str | None:
    """What was reported last."""
    told = [r.body["result"] for r in records if r.kind == events.REPORTED]
    return str(told[-1]) if told else None


def _needed(after: Escalation, records: Sequence[Record]) -> set[str]:
    decided = [r.body for r in records if r.kind == events.DECIDED]
    status, by = (decided[-1]["status"], decided[-1]["by"]) if decided else ("", "")
    if status == "withdrawn":
        return set()
    glass = by == "break_glass"
    kinds = {r.kind for r in records}
    ended = kinds & {events.REPORTED, events.STOPPED, events.LAPSED, events.RESOLVED}
    over = bool(ended) or status in ("rejected", "expired")
    found = {after.severity.value} & set(DAYS) if over or glass else set()
    found |= {"expired"} if status == "expired" else set()
    found |= {"break_glass"} if glass else set()
    return found | ({"failed"} if _last(records) == "failed" else set())


def _check_reminders(after: Escalation, records: Sequence[Record], at: Moment) -> None:
    opened = next((r.at for r in records if r.kind == events.REVIEW_OPENED), None)
    written = next((r.at for r in records if r.kind == events.REVIEW_WRITTEN), None)
    said = [r.at for r in records if r.kind == events.REVIEW_REMINDED]
    must(len(said) <= 5, "M2: reminded without end")
    if opened is None or after.review is None:
        must(not said, "M2: reminded of nothing")
        return
    due = after.review.due_at
    must(due == opened + timedelta(days=DAYS.get(after.severity.value, 7)), "M2: due some day")
    must(all(when >= opened + (due - opened) / 2 for when in said), "M2: reminded at once")
    must(written is None or all(when <= written for when in said), "M2: reminded of what is done")
    again = after.review.remind_at
    must(again is None or again > at.now or not after.is_over, "M2: a reminder was left out")
    late = due + timedelta(days=3)
    must(again is not None or bool(written) or at.now >= late, "M2: reminders end too soon")


def _concerned(before: Escalation, books: Books, at: Moment) -> bool:
    """Approvers, who asked or owns the service, who was called to an incident, whose it is."""
    person = at.person
    if person is None or at.foreign:
        return False
    own = {before.review.owner if before.review else None}
    own |= {before.issue.owner if before.issue else None, books.excluded, "req"}
    member = any(at.may(person.id, group) for group in books.seats)
    called = before.kind is Kind.INCIDENT and person.id in CALLED
    return member or called or person.id in own


def _check_told(done: Step) -> None:
    """Who hears how it ended reads there that a review is due."""
    directs = [w for w in done.work if isinstance(w, Direct)]
    asked = [w.to for w in directs if w.case == "review-opened"]
    ends = {w.to for w in directs if w.case.startswith(("reported-", "decided-", "overridden"))}
    must(not ends.intersection(asked), "M4: one end was told twice")
    must(len(asked) == len(set(asked)), "M4: one review was told twice")
