"""What memory lists, and the order of what it finds: the same whichever store it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from approvals.escalation import Decision, Escalation
from approvals.memory.remembering import Remembered
from approvals.memory.values import Findings, Issue, IssueState, Review, ReviewWhy
from approvals.words import DecidedBy, Effect, Status
from storage.known import Entry, entry_of
from storage.locking import MEMORY
from storage.memory import MemoryStore
from storage.remembering import taken_up, terms
from tests.approvals.memory.labelled import labelled
from tests.approvals.memory.test_ranking import best
from tests.approvals.memory.test_recalling import kept
from tests.building import START
from tests.storage.stand import Stand


async def known(stand: Stand, entries: Sequence[Entry]) -> None:
    """The store knows these, as if they had ended there."""
    if isinstance(stand.store, MemoryStore):
        for entry in entries:
            stand.store.kept.rows.memories.take(entry.remembered.id, entry)
        return
    async with stand.store.database.beside(MEMORY) as link:
        await link.together(*taken_up(list(enumerate(entries, start=1))), *terms((), entries))


def entries_of(*found: Remembered) -> list[Entry]:
    """Each with one word."""
    return [Entry(it, "word") for it in found]


def reviewed(n: int, due: int, *, is_written: bool = False) -> Remembered:
    """One with a review that is due so many days after the start."""
    at = START + timedelta(days=due)
    findings = Findings(by="ana", at=at, root_cause="a lock", resolved_by="waited")
    review = Review(
        why=(ReviewWhy.HIGH,),
        opened_at=START,
        due_at=at,
        owner="ana",
        findings=findings if is_written else None,
    )
    return replace(kept(n), review=review)


def with_issue(n: int, state: IssueState) -> Remembered:
    """One with an issue."""
    return replace(kept(n), issue=Issue(state=state, at=START, by="andon", owner="ben"))


async def test_reviews_that_are_due_come_soonest_first(stand: Stand) -> None:
    late, soon, written = reviewed(1, 9), reviewed(2, 3), reviewed(3, 1, is_written=True)
    await known(stand, entries_of(late, soon, written, kept(4)))
    assert await stand.store.memory.reviews() == (soon, late)
    assert await stand.store.memory.reviews(1) == (soon,)


async def test_issues_that_are_not_fixed_come_newest_first(stand: Stand) -> None:
    states = (IssueState.OPEN, IssueState.FIXED, IssueState.KNOWN)
    old, fixed, new = (with_issue(n, state) for n, state in enumerate(states, start=1))
    await known(stand, entries_of(old, fixed, new, kept(4)))
    assert await stand.store.memory.issues() == (new, old)
    assert await stand.store.memory.issues(1) == (new,)


async def test_what_ended_within_a_time_comes_in_order(stand: Stand) -> None:
    first, second, third = (kept(n) for n in (1, 2, 3))
    await known(stand, entries_of(third, first, second))
    found = await stand.store.memory.ended(first.ended_at, third.ended_at)
    assert found == (second, third)


def expired(e: Escalation, hours: int) -> Escalation:
    """It as nobody decided it, so many hours after the start."""
    at = START + timedelta(hours=hours)
    ended = Decision(option=None, effect=Effect.ABORT, by=DecidedBy.EXPIRY, at=at)
    return replace(e, status=Status.EXPIRED, decision=ended)


async def test_the_order_is_the_same_in_every_store(stand: Stand) -> None:
    """All of the labelled set ended; each is looked for as if it were asked again."""
    escalations = [e for _, e in labelled()]
    entries = [entry for e in map(expired, escalations, range(999)) if (entry := entry_of(e))]
    assert len(entries) == len(escalations)
    await known(stand, entries)
    for e in escalations[::16]:
        found = [match.found.id for match in await stand.store.memory.like(e, 3)]
        assert found == best(e), e.title
