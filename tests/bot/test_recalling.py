"""What people wrote in earlier ones is looked up where it stands now, and only for its readers."""

from dataclasses import dataclass, field, replace
from typing import Any

from approvals.escalation import Escalation
from approvals.memory.values import Precedent
from approvals.ports import Reads
from approvals.snapshot import Requirement
from approvals.words import Status
from bot.recalling import earlier_of
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.recalling import LAST, asked_again


@dataclass
class Shelf:
    """Reads of a few escalations; it counts how often it is asked."""

    there: list[Escalation]
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def these(self, ids: Any) -> tuple[Escalation, ...]:
        """Those that are there, in an order of its own."""
        self.asked.append(tuple(ids))
        return tuple(e for e in self.there if e.id in ids)


def ended(id_: str, **plan: Any) -> Escalation:
    """Ravi decided it, in the channel of the other."""
    e = ends.succeeded().escalation
    return replace(e, id=id_, plan=replace(e.plan, **plan))


def again(*ids: str, **plan: Any) -> Escalation:
    """One that recalls these."""
    e = asked_again(precedents=tuple(Precedent(id=id_, at=LAST) for id_ in ids))
    return replace(e, plan=replace(e.plan, **plan))


async def recalled(now: Escalation, *there: Escalation) -> list[str]:
    """Ids of what is found for it."""
    shelf: Any = Shelf(list(there))
    reads: Reads = shelf
    return [one.id for one in await earlier_of(reads, now)]


async def test_those_it_names_are_read_at_once_newest_first() -> None:
    shelf: Any = Shelf([ended("b"), ended("a"), ended("c")])
    found = await earlier_of(shelf, again("a", "b"))
    assert [one.id for one in found] == ["a", "b"]
    assert {one.rationale for one in found} == {"Replica lag is 0 and the downgrade is tested."}
    assert shelf.asked == [("a", "b")]


async def test_nothing_is_read_where_nothing_is_recalled_or_it_is_over() -> None:
    shelf: Any = Shelf([ended("a")])
    now = again("a")
    for one in (replace(now, recalled=None), again(), replace(now, status=Status.REJECTED)):
        assert await earlier_of(shelf, one) == ()
    assert shelf.asked == []


async def test_what_is_gone_is_left_out() -> None:
    story = ends.succeeded()
    assert story.escalation.erased is None
    pending = asked_again()
    assert await recalled(again("a", "gone", pending.id), ended("a"), pending) == ["a"]


async def test_words_of_another_channel_stay_there() -> None:
    """The readers of the one need not be those of the other; numbers alone tell nothing."""
    assert await recalled(again("a"), ended("a", channel="C0PRIVATE")) == []
    assert await recalled(again("a", channel=None), ended("a")) == []
    assert await recalled(again("a", channel=None), ended("a", channel=None)) == ["a"]


async def test_words_stay_with_those_who_could_be_asked_then() -> None:
    """A direct message goes to people who need not be in the channel."""
    own = again("a").plan.requirements
    more = (*own, Requirement(group="security", needed=1))
    assert await recalled(again("a"), ended("a", requirements=more)) == ["a"]
    assert await recalled(again("a", requirements=more), ended("a")) == []
    assert await recalled(again("a", requirements=more[1:]), ended("a")) == []
