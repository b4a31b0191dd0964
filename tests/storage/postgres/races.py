"""What two replicas are asked at once, and what must come of it whoever is first.

They are made to meet: each has read before either writes, unless a lock keeps one from reading.
Each race gives what came of it, sorted, for nobody says which replica is the first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from approvals.commands import Actor, AddReason, Command, Withdraw
from bot.ids import new_id
from storage.batch import Batch
from tests.building import OPERATION, a_claim, a_vote, an_automation, an_open
from tests.storage.stand import TWO_PEOPLE, Stand

#: Seconds the first waits for the second, which a lock may keep from coming.
PATIENCE_S = 0.15


@dataclass
class Meeting:
    """Where two come to the same point of their way and go on together."""

    patience_s: float = PATIENCE_S
    here: int = 0
    _both: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Until the other one is here, or cannot come."""
        self.here += 1
        if self.here >= 2:
            self._both.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience_s):
                await self._both.wait()


class Meetings:
    """Lets all that is loaded wait at the meeting, when there is one."""

    def __init__(self, load: Callable[..., Awaitable[Batch]]) -> None:
        self._load = load
        self.now: Meeting | None = None
        self.patience_s = PATIENCE_S

    def begin(self) -> None:
        """The next two that are loaded meet."""
        self.now = Meeting(self.patience_s)

    async def load(self, *given: Any) -> Batch:
        """As `storage.statements.load`; then the other replica is waited for."""
        batch = await self._load(*given)
        if self.now is not None:
            await self.now.wait()
        return batch


@dataclass(frozen=True)
class Replicas:
    """Two stores on one database, and where they meet."""

    a: Stand
    b: Stand
    meetings: Meetings

    async def at_once(self, first: Command, second: Command) -> list[str]:
        """What becomes of a command on each."""
        self.meetings.begin()
        done = await asyncio.gather(
            self.a.submit(first), self.b.submit(second), return_exceptions=True
        )
        self.meetings.now = None
        return sorted(map(_said, done))


def _said(settled: Any) -> str:
    if isinstance(settled, BaseException):
        return type(settled).__name__
    return str(settled.refusal.why if settled.refusal else settled.answer.case)


async def one_key(r: Replicas) -> object:
    """A service asks twice under one key: at each replica."""
    said = await r.at_once(an_open("k"), an_open("k"))
    return said, len(await r.a.store.reads.pending())


async def equal_questions(r: Replicas) -> object:
    """Two instances of a service ask the same."""
    said = await r.at_once(an_open("k1", dedup_key="d"), an_open("k2", dedup_key="d"))
    return said, len(await r.a.store.reads.pending())


async def a_new_group(r: Replicas) -> object:
    """Two questions under one dedup_key that do not join belong to one group."""
    opens = [replace(an_open(key, dedup_key="d"), join_key=None) for key in ("k1", "k2")]
    said = await r.at_once(*opens)
    return said, len({e.group_id for e in await r.a.store.reads.pending()})


async def yes_and_no(r: Replicas) -> object:
    """One says yes and another says no."""
    id_ = await r.a.open()
    said = await r.at_once(a_vote(id_), a_vote(id_, "UPRIYA", "leave"))
    return said, (await r.a.kinds(id_)).count("escalation:decided"), await is_whole(r.a, id_)


async def two_of_two(r: Replicas) -> object:
    """Two people are needed, and both say yes."""
    r.a.facts.policy = r.b.facts.policy = TWO_PEOPLE
    id_ = await r.a.open()
    said = await r.at_once(a_vote(id_), a_vote(id_, "UPRIYA"))
    return said, (await r.a.read(id_)).status.value, await is_whole(r.a, id_)


async def two_claims(r: Replicas) -> object:
    """Two instances of a service take the release."""
    id_ = await r.a.approved()
    said = await r.at_once(a_claim(id_, "c1"), a_claim(id_, "c2"))
    grants = await r.a.store.database.reader.rows("SELECT * FROM grants")
    return said, len(grants), await is_whole(r.a, id_)


async def one_claim_twice(r: Replicas) -> object:
    """One instance takes it, and asks again at the other replica before it has heard."""
    id_ = await r.a.approved()
    r.meetings.begin()
    claims = (stand.submit(a_claim(id_, "c1")) for stand in (r.a, r.b))
    done = await asyncio.gather(*claims, return_exceptions=True)
    return sorted(map(_said, done)), len({getattr(s, "grant", None) for s in done})


async def one_click_twice(r: Replicas) -> object:
    """Slack delivers a click to both: a reason, which nothing else keeps from being given twice."""
    r.a.facts.policy = r.b.facts.policy = TWO_PEOPLE
    id_ = await r.a.open()
    await r.a.submit(a_vote(id_))
    sam = Actor(account="USAM")
    click = AddReason(id=new_id("cmd"), escalation_id=id_, actor=sam, text="It is time now.")
    said = await r.at_once(click, click)
    return said, (await r.a.kinds(id_)).count("vote:reasoned"), await is_whole(r.a, id_)


async def a_vote_and_a_withdrawal(r: Replicas) -> object:
    """A service takes back what is just decided."""
    id_ = await r.a.open()
    back = Withdraw(id=new_id("cmd"), escalation_id=id_, service="data-sync")
    said = await r.at_once(a_vote(id_), back)
    terminal = (await r.a.read(id_)).status.is_terminal
    return "NotSavedError" in said, terminal, await is_whole(r.a, id_)


async def amounts(r: Replicas) -> object:
    """Two transfers from one account: one of them counts the other."""
    money = {"amount_minor": 1000, "currency": "EUR", "account": "DE02 1203"}
    opens = [an_open(key, operation={**OPERATION, "money": money}) for key in ("k1", "k2")]
    said = await r.at_once(*opens)
    firsts = [(await r.a.store.reads.records(e.id))[0] for e in await r.a.store.reads.pending()]
    return said, sorted(first.facts["asked"]["sums"]["account"] for first in firsts)


async def a_bound(r: Replicas) -> object:
    """There is room for one more that waits."""
    await r.a.open("before")
    opens = [replace(an_open(key), most_pending=2) for key in ("k1", "k2")]
    return await r.at_once(*opens)


async def a_breaker(r: Replicas) -> object:
    """One more recovery may run by itself."""
    for n in range(4):
        await r.a.submit(an_automation(f"k{n}"))
    return await r.at_once(an_automation("k4"), an_automation("k5"))


async def a_storm(r: Replicas) -> object:
    """The sixth of one sort begins a storm, and the seventh comes at once."""
    for n in range(5):
        await r.a.open(f"k{n}")
    said = await r.at_once(an_open("k5"), an_open("k6"))
    gathered = [e for e in await r.a.store.reads.pending() if e.storm_id]
    return said, len({e.storm_id for e in gathered}), sorted(e.storm_place for e in gathered)


async def is_whole(stand: Stand, id_: str) -> bool:
    """Whether its state is what an auditor makes of its records."""
    return await stand.refolded(id_) == await stand.read(id_)


#: Each race, what must come of it, and whether rows of the ledger keep it in order, or the
#: escalation's own row.
RACES: list[tuple[Callable[[Replicas], Awaitable[object]], object, str]] = [
    (one_key, (["opened", "repeated"], 1), "names"),
    (equal_questions, (["joined", "opened"], 1), "names"),
    (a_new_group, (["opened", "opened"], 1), "names"),
    (yes_and_no, (["already-decided", "decided"], 1, True), "rows"),
    (two_of_two, (["counted", "decided"], "approved", True), "rows"),
    (two_claims, (["already-claimed", "claimed"], 1, True), "rows"),
    (one_claim_twice, (["claimed", "repeated"], 1), "rows"),
    (one_click_twice, (["reason-added", "reason-added"], 1, True), "rows"),
    (a_vote_and_a_withdrawal, (False, True, True), "rows"),
    (amounts, (["opened", "opened"], [0, 1000]), "names"),
    (a_bound, ["opened", "too-many-pending"], "names"),
    (a_breaker, ["opened", "turned-manual"], "names"),
    (a_storm, (["opened", "opened"], 1, [1, 2, 3, 4]), "names"),
]
