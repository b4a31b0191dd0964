"""What waits is known without a read, where nobody else can have changed it."""

from dataclasses import replace

from approvals.commands import Vote
from approvals.escalation import Escalation
from bot.lately import Lately
from tests.building import Clock, a_vote, an_open, store_in_memory


async def opened(*keys: str) -> list[Escalation]:
    """Some that wait."""
    async with store_in_memory(Clock()) as store:
        settled = [await store.writer.submit(an_open(key)) for key in keys]
    return [one.escalation for one in settled if one.escalation is not None]


async def test_what_was_committed_last_is_known_while_it_waits() -> None:
    lately = Lately()
    lately.alone = True
    async with store_in_memory(Clock(), committed=lately.committed) as store:
        made = (await store.writer.submit(an_open())).escalation
        assert made is not None
        assert lately.waiting(made.id) == made
        vote: Vote = a_vote(made.id, option="leave")
        over = (await store.writer.submit(vote)).escalation
    assert over is not None
    assert over.status.is_terminal
    assert lately.waiting(made.id) is None


async def test_where_others_write_nothing_is_believed() -> None:
    lately, (made,) = Lately(), await opened("k1")
    lately.committed([made])
    assert lately.waiting(made.id) is None


async def test_the_one_changed_longest_ago_is_let_go_first() -> None:
    lately, (first, second, third) = Lately(most=2), await opened("k1", "k2", "k3")
    lately.alone = True
    lately.committed([first, second])
    again = replace(first, version=first.version + 1)
    lately.committed([again, third])
    assert [lately.waiting(e.id) for e in (first, second, third)] == [again, None, third]
