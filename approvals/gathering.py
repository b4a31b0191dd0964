"""What a member of a storm owes: one ring for the storm, none for its members.

Cards and messages about one member become one for the storm: a storm, a stage of the chain and a
person name a delivery, and the store keeps the first of each name. What concerns one alone stays
its own: the grant, the callback, the answer to a click, a question and its answer.
"""

from collections.abc import Iterator

from approvals import events
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.owes import Direct, Page, PostCard, ThreadLine, Work, owes

#: Records whose messages are about the storm, once gathered.
_SHARED = frozenset(
    {
        events.OPENED,
        events.CHAIN_STEPPED,
        events.CHAIN_ENDED,
        events.REMINDED,
        events.DEADLINE_HELD,
        events.ARRIVED,
        events.MISSED,
        events.LET_GO,
        events.VOTE_CAST,
        events.DECIDED,
        events.STOPPED,
        events.CLAIMED,
        events.LAPSED,
        events.REPORTED,
        events.RESOLVED,
    }
)

#: Those that call people: at once, and once for each of them.
_CALLING = frozenset(
    {
        events.OPENED,
        events.CHAIN_STEPPED,
        events.CHAIN_ENDED,
        events.REMINDED,
        events.MISSED,
    }
)

#: What needs no line in the storm's thread: votes, starts and what went as it should.
_UNTOLD = frozenset({"pending", "approved", "released", "succeeded"})

#: Endings are told once in so many minutes, and so much later, with all that ended meanwhile.
BUCKET_MINUTES, AFTER_S = 10, 30


def owed(escalation: Escalation, record: Record) -> tuple[Work, ...]:
    """The work that follows from the record: `owes`, gathered where the escalation is."""
    work = owes(escalation, record)
    if escalation.storm_id is not None and record.kind == events.REVIEW_OPENED:
        return tuple(one for one in work if not isinstance(one, ThreadLine))  # its end is told
    if escalation.storm_id is None or record.kind not in _SHARED:
        return work
    return tuple(_gathered(escalation, record, work))


class _Telling:
    """How a record is told to whoever follows the storm: the same to each of them."""

    def __init__(self, e: Escalation, record: Record) -> None:
        action, self.what = record.kind.partition(":")[2], _what(e, record)
        self.case = f"storm-{action}"  # `storm-opened`, `storm-stepped`, `storm-decided` …
        self.values = {"storm": e.storm_id, "what": self.what}
        self.after_s = 0 if record.kind in _CALLING else AFTER_S
        self._named = f"storm_{e.storm_id}_{action}_{self.what}"
        if self.after_s:
            self._named += f"_{int(record.at.timestamp()) // (60 * BUCKET_MINUTES)}"

    def once(self, to: str) -> str:
        """The delivery's id; of endings, one in each stretch of time."""
        return f"{self._named}_{to.replace(':', '_')}"

    def direct(self, to: str, reason: str) -> Direct:
        """The message to one person."""
        return Direct(
            to=to,
            case=self.case,
            values=self.values,
            reason=reason,
            once=self.once(to),
            after_s=self.after_s,
        )


def _gathered(e: Escalation, record: Record, work: tuple[Work, ...]) -> Iterator[Work]:
    telling = _Telling(e, record)
    for one in work:
        match one:
            case PostCard():
                yield _card(e, record, one, telling)
            case ThreadLine() if telling.what in _UNTOLD:
                pass  # the card counts it
            case ThreadLine():
                yield ThreadLine(
                    case=telling.case,
                    values=telling.values,
                    mentions=one.mentions,
                    once=telling.once("thread"),
                    after_s=telling.after_s,
                )
            case Direct():
                yield telling.direct(one.to, one.reason)
            case Page():
                values, name = {**one.values, **telling.values}, telling.once(one.route)
                yield Page(
                    route=one.route, case=one.case, values=values, reason=one.reason, once=name
                )
            case _:
                yield one


def _card(e: Escalation, record: Record, card: PostCard, telling: _Telling) -> Work:
    """The storm's card in the channel, and a ring for each person; without a channel, to each."""
    if card.surface == "channel":
        return PostCard(surface="storm", target=card.target, storm=e.storm_id)
    if e.plan.channel is None:
        return PostCard(surface="storm-direct", target=card.target, storm=e.storm_id)
    to = f"person:{card.target}"
    called = (n["why"] for n in record.body.get("notices", ()) if n["to"] == to)
    return telling.direct(to, next(called, "may decide"))


def _what(e: Escalation, record: Record) -> str:
    """Which of several things of that kind: a stage, a reminder, or how it ended."""
    if record.kind in (events.OPENED, events.CHAIN_ENDED):
        return ""
    if record.kind == events.CHAIN_STEPPED:
        return f"{e.chain.taken}.{e.chain.said}"
    if record.kind == events.REMINDED:
        return "+".join(record.body["which"])
    if record.kind == events.DECIDED:
        return e.status.value
    return "pending" if record.kind == events.VOTE_CAST else e.state.value
