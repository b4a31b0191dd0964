"""Whatever is asked, joined, ended and left in whatever order, the sums are those of plain books;
and the search can tell if they are not.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from approvals import sums
from approvals.escalation import Escalation
from approvals.people import People
from approvals.verdict import Case
from storage.batch import Batch
from storage.memory import Memory, rows
from tests.building import OPERATION, a_claim, a_vote, an_open
from tests.storage.stand import Stand, in_memory

#: How something is written, and what it is: kept apart from the code under test.
ACCOUNTS = {"DE02 1203": "a", "de021203": "a", "DE02-1203": "a", "X 1": "b", None: "the service"}
BENEFICIARIES = {"ACME Ltd": "acme", "acme ltd.": "acme", "Else": "else", None: "the service"}
REQUESTERS = {
    "ravi": "ravi",
    "Ravi@example.com": "ravi",
    "URAVI": "ravi",
    "ines": "ines",
    "nobody@example.com": "the service",
    None: "the service",
}
DAY, DEADLINE = timedelta(hours=24), timedelta(hours=4)

transfers = st.builds(
    dict,
    amount=st.sampled_from([1000, 1, -300]),
    currency=st.sampled_from(["EUR", "EUR", "USD"]),
    account=st.sampled_from(list(ACCOUNTS)),
    beneficiary=st.sampled_from(list(BENEFICIARIES)),
    requester=st.sampled_from(list(REQUESTERS)),
    dedup=st.sampled_from([None, None, "d"]),
)
actions = st.one_of(
    st.tuples(st.just("ask"), st.lists(transfers, min_size=1, max_size=3)),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("take"), st.integers(0, 30)),
    st.tuples(st.just("reject"), st.integers(0, 30)),
    st.tuples(st.just("wait"), st.sampled_from([13 * 3600.0, DAY.total_seconds() - 1, 1.0])),
)


@dataclass
class Moved:
    """What the books know of one transfer."""

    escalation: Escalation
    command: Any
    at: datetime
    amount: int
    who: Mapping[tuple[str, str], str]  #: (currency, kind) -> who
    standing: str = "pending"


@dataclass
class Books:
    """A store, and the books beside it."""

    stand: Stand
    moved: list[Moved] = field(default_factory=list)
    asked: int = 0

    async def ask(self, transfers: list[dict[str, Any]]) -> None:
        """Ask at once; the sums must be what the books say, one after the other."""
        commands = [self._command(**transfer) for transfer in transfers]
        done = await asyncio.gather(*map(self.stand.submit, commands))
        for transfer, command, settled in zip(transfers, commands, done, strict=True):
            assert settled.escalation is not None, settled.refusal
            if settled.answer.case is Case.JOINED:
                continue
            entry = self._entry(settled.escalation, command, **transfer)
            first = (await self.stand.store.reads.records(settled.escalation.id))[0]
            assert dict(first.facts["asked"]["sums"]) == self._before(entry)
            self.moved.append(entry)

    async def again(self, n: int) -> None:
        """The same call once more."""
        if self.moved:
            settled = await self.stand.submit(self.moved[n % len(self.moved)].command)
            assert settled.answer.case is Case.REPEATED

    async def take(self, n: int) -> None:
        """It is approved and taken, so that nothing ends it any more."""
        if (entry := self._pending(n)) is not None:
            made = entry.escalation
            await self.stand.submit(a_vote(made.id, digest=made.digest))
            await self.stand.submit(a_claim(made.id, digest=made.digest))
            entry.standing = "taken"

    async def reject(self, n: int) -> None:
        """It will never run."""
        if (entry := self._pending(n)) is not None:
            made = entry.escalation
            await self.stand.submit(a_vote(made.id, option="leave", digest=made.digest))
            entry.standing = "ended"

    async def wait(self, seconds: float) -> None:
        """Time passes, and ends what nobody decided."""
        self.stand.clock.pass_(seconds)
        for entry in self.moved:
            if entry.standing == "pending" and self.stand.clock.now - entry.at >= DEADLINE:
                await self.stand.tick(entry.escalation.id)
                entry.standing = "ended"

    def _command(self, dedup: str | None, **transfer: Any) -> Any:
        self.asked += 1
        money = {"amount_minor": transfer["amount"], "currency": transfer["currency"]}
        named = {n: transfer[n] for n in ("account", "beneficiary") if transfer[n] is not None}
        given: dict[str, Any] = {"dedup_key": dedup} if dedup else {}
        if transfer["requester"]:
            given["requested_by"] = {"id": transfer["requester"]}
        made = an_open(f"k{self.asked}", operation={**OPERATION, "money": money | named}, **given)
        return replace(made, join_key=f"{made.digest}{transfer['requester']}" if dedup else None)

    def _entry(self, made: Escalation, command: Any, **transfer: Any) -> Moved:
        currency = transfer["currency"]
        who = {
            (currency, "account"): ACCOUNTS[transfer["account"]],
            (currency, "beneficiary"): BENEFICIARIES[transfer["beneficiary"]],
            (currency, "requester"): REQUESTERS[transfer["requester"]],
        }
        now = self.stand.clock.now
        return Moved(made, command, now, abs(transfer["amount"]), who)

    def _before(self, entry: Moved) -> dict[str, int]:
        counting = [m for m in self.moved if m.standing != "ended" and entry.at - m.at < DAY]
        return {
            key[1]: sum(m.amount for m in counting if m.who.get(key) == who)
            for key, who in entry.who.items()
        }

    def _pending(self, n: int) -> Moved | None:
        found = [m for m in self.moved if m.standing == "pending"]
        return found[n % len(found)] if found else None


async def told(story: list[tuple[str, Any]]) -> None:
    """Do all of it, and compare at each step."""
    async with Stand(in_memory(Memory())).opened() as stand:
        books = Books(stand)
        for name, given_ in story:
            await getattr(books, name)(given_)


def search(examples: int) -> Callable[[], None]:
    """The search for a story that breaks the books."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(st.lists(actions, min_size=4, max_size=14))
    def told_(story: list[tuple[str, Any]]) -> None:
        asyncio.run(told(story))

    return told_


def test_the_sums_are_those_of_the_books() -> None:
    search(60)()


Plant = Callable[[pytest.MonkeyPatch], None]


def the_window_is_shorter(m: pytest.MonkeyPatch) -> None:
    """Half a day."""
    m.setattr(rows, "WINDOW", timedelta(hours=12))


def the_window_never_ends(m: pytest.MonkeyPatch) -> None:
    """What moved long ago counts for ever."""
    m.setattr(rows, "WINDOW", timedelta(days=3650))


def spellings_differ(m: pytest.MonkeyPatch) -> None:
    """An account is its text."""
    m.setattr(sums, "_spelt", lambda name: name or "")


def a_batch_does_not_see_itself(m: pytest.MonkeyPatch) -> None:
    """Only what was committed before counts."""
    real = Batch._add

    def blind(self: Batch, done: Any, move: Any) -> None:
        before = dict(self.sums)
        real(self, done, move)
        self.sums = before

    m.setattr(Batch, "_add", blind)


def what_ended_counts(m: pytest.MonkeyPatch) -> None:
    """Aborted transfers still fill the gate."""
    m.setattr(rows, "DROPPED", ())


def a_joined_call_counts(m: pytest.MonkeyPatch) -> None:
    """Asking twice for one thing is two."""
    real = Batch._add

    def twice(self: Batch, done: Any, move: Any) -> None:
        if done.answer.case is Case.JOINED and move is not None:
            for _, key in move.keys:
                self.new_moves.append(
                    (done.escalation.id, key, done.escalation.created_at, move.amount_minor)
                )
        real(self, done, move)

    m.setattr(Batch, "_add", twice)


def currencies_are_mixed(m: pytest.MonkeyPatch) -> None:
    """Dollars add up with euros."""
    real = sums._key
    m.setattr(sums, "_key", lambda currency, kind, who: real("", kind, who))


def a_refund_makes_room(m: pytest.MonkeyPatch) -> None:
    """Negative amounts are taken off."""
    real = sums.move_of

    def signed(command: Any, people: People) -> Any:
        move = real(command, people)
        amount = (command.request.get("operation") or {}).get("money", {}).get("amount_minor", 0)
        return move and replace(move, amount_minor=amount)

    m.setattr("storage.batch.move_of", signed)


def requesters_are_their_names(m: pytest.MonkeyPatch) -> None:
    """An e-mail address is another requester than the person."""
    real = sums._named

    def named(money: Any, asked: Any, people: People) -> Any:
        for kind, who in real(money, asked, people):
            yield kind, asked["id"] if kind == "requester" and asked else who

    m.setattr(sums, "_named", named)


def who_is_not_named_is_not_counted(m: pytest.MonkeyPatch) -> None:
    """Leaving the account out hides the transfer."""
    real = sums._named
    m.setattr(sums, "_named", lambda *a: ((k, w or repr(a)) for k, w in real(*a)))


PLANTED: list[Plant] = [
    the_window_is_shorter,
    the_window_never_ends,
    spellings_differ,
    a_batch_does_not_see_itself,
    what_ended_counts,
    a_joined_call_counts,
    currencies_are_mixed,
    a_refund_makes_room,
    requesters_are_their_names,
    who_is_not_named_is_not_counted,
]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one rule taken out, the same search finds the sums wrong."""
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        search(400)()
