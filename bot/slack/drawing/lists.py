"""`/escalations list`: what the caller may decide, asked for, or could read. Nothing else is
counted or named.

::

    waiting for you, then for others, soonest deadline first, ten a page
    more than five of one service and category are one line, whose button lists them
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.decide.responder import responders
from approvals.escalation import Escalation
from approvals.people import People, Person
from approvals.tally import is_eligible, is_requester, standing_shown
from approvals.words import Kind
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.about import (
    asker_name,
    may_decide,
    releases,
    row_of,
    severity_word,
    short_id,
)
from bot.slack.drawing.buttons import actions, show_button
from bot.slack.drawing.commands import nothing_fits, nothing_waits
from bot.slack.drawing.filters import Filter
from bot.slack.drawing.spans import (
    Block,
    Element,
    any_of,
    date_markup,
    duration,
    header,
    name_of,
    one_line,
    plain_text,
)

#: Entries a page; more than FOLD of one service and category are one entry.
PAGE, FOLD = 10, 5

EVERYTHING = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list: one escalation, or many alike."""

    first: Escalation
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks, and what they may see at that moment."""

    account: str
    people: People
    now: datetime
    channels: Collection[str] = ()  #: ids of the channels they are in

    @property
    def person(self) -> Person | None:
        """The policy's person, if it names them."""
        return self.people.of_account(self.account)

    def sees(self, e: Escalation) -> bool:
        """Whether they may decide it, asked for it, or could read it in a channel they are in."""
        if e.plan.channel is not None and e.plan.channel in self.channels:
            return True
        return self.asked(e) or self.may_decide(e)

    def asked(self, e: Escalation) -> bool:
        """Whether it was asked for in their name."""
        return is_requester(e, self.account, self.person, self.people)

    def may_decide(self, e: Escalation) -> bool:
        """Whether they may decide it now, or look after it where nothing is held; before people
        were looked up, whether they could.
        """
        person = self.person
        if person is None:
            return False
        if e.kind is Kind.INCIDENT:
            return person.id in responders(e, self.people)
        if self.people.as_of is None:
            return person.id in e.plan.could_decide
        return is_eligible(e, person.id, self.people)

    def is_waited_for(self, e: Escalation) -> bool:
        """Whether they may decide it and have not voted yet; an incident: unless someone looks."""
        if not self.may_decide(e) or self.person is None:
            return False
        if e.kind is Kind.INCIDENT:
            looking = e.acknowledged
            own = looking is not None and looking.person == self.person.id
            return own or looking is None or looking.until <= self.now
        vote = e.vote_of(self.person.id)
        return vote is None or vote.void is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything pending that somebody may see, soonest deadline first, and for whom it waits."""

    yours: tuple[Escalation, ...]
    others: tuple[Escalation, ...]

    @classmethod
    def of(cls, pending: Sequence[Escalation], by: Reader, asked: Filter = EVERYTHING) -> "Seen":
        """What of it they may see and asked for."""
        seen = [e for e in pending if by.sees(e)]
        found = [e for e in seen if asked.admits(e, by.account, by.person, by.people)]
        found.sort(key=lambda e: (e.deadline_at, e.id))
        yours = {e.id for e in found if by.is_waited_for(e)}
        return cls(
            yours=tuple(e for e in found if e.id in yours),
            others=tuple(e for e in found if e.id not in yours),
        )

    @property
    def count(self) -> int:
        """How many."""
        return len(self.yours) + len(self.others)


def listing(
    pending: Sequence[Escalation],
    by: Reader,
    *,
    asked: Filter = EVERYTHING,
    page: int = 0,
    last: Escalation | None = None,
) -> Message:
    """One page of what is pending and visible to the caller. `page` counts from 0.

    `last` is the newest decided escalation the caller may see, for the empty answer.
    """
    seen = Seen.of(pending, by, asked)
    if not seen.count:
        return nothing_fits(asked.words) if asked.words else nothing_waits(by.people, last)
    parts = [("Waiting for you", seen.yours), ("Waiting for others", seen.others)]
    entries = [
        (title, entry) for title, part in parts for entry in folded(part, whole=asked.by_service)
    ]
    last_page = (len(entries) - 1) // PAGE
    at = min(max(page, 0), last_page)
    shown = entries[at * PAGE : (at + 1) * PAGE]
    counts = {title: len(part) for title, part in parts}
    blocks = list(_blocks(shown, counts, by))
    if at < last_page:
        blocks.append(actions([_turn(at + 1, asked)], block_id="turn"))
    blocks.append(_foot(seen, by.now, asked))
    first = f"Waiting for you: {len(seen.yours)}. Waiting for others: {len(seen.others)}."
    return Message(text=lockscreen.told(first), blocks=tuple(blocks))


def folded(part: Sequence[Escalation], *, whole: bool = False) -> list[Entry]:
    """Many of one service and category become one entry, unless each is asked for."""
    alike: dict[tuple[str, str], list[Escalation]] = {}
    for e in part:
        alike.setdefault((e.service, e.category), []).append(e)
    entries: list[Entry] = []
    for found in alike.values():
        if len(found) > FOLD and not whole:
            entries.append(Entry(first=found[0], count=len(found)))
        else:
            entries += [Entry(first=e) for e in found]
    return sorted(entries, key=lambda entry: (entry.first.deadline_at, entry.first.id))


def _blocks(
    shown: Sequence[tuple[str, Entry]], counts: dict[str, int], by: Reader
) -> Iterator[Block]:
    heading = ""
    for n, (title, entry) in enumerate(shown):
        if title != heading:
            heading = title
            yield header(f"{title}: {counts[title]}", block_id=f"heading_{n}")
        yield entry_block(entry, f"entry_{n}", by)


def entry_block(entry: Entry, block_id: str, by: Reader) -> Block:
    """What is wrong and where, literal; our own words and times beside it."""
    e = entry.first
    block: Block = {"type": "section", "block_id": block_id}
    if entry.count > 1:
        what = f"{one_line(e.service, 80)}: {entry.count} {row_of(e).name}"
        until = markup(f"first deadline {date_markup(e.deadline_at, near=by.now)}")
        return block | {
            "text": plain_text(what),
            "fields": [until, plain_text(_whose(e, by).partition(" · ")[0])],
            "accessory": _unfold(e, block_id),
        }
    block["text"] = plain_text(named(e))
    block["fields"] = [markup(_until(e, by)), plain_text(_whose(e, by))]
    return block | {"accessory": show_button(e)}


def named(e: Escalation) -> str:
    """`HIGH production · Schema conflict on search index documents_v3`."""
    return f"{severity_word(e.severity)} {e.environment} · {one_line(e.title, 150)}"


def _until(e: Escalation, by: Reader) -> str:
    """An incident never expires: past its time nobody looked after it."""
    at = date_markup(e.deadline_at, near=by.now)
    if e.kind is not Kind.INCIDENT:
        return f"decide by {at} ({_left(e, by.now)})"
    if e.acknowledged is None and e.deadline_at <= by.now:
        return f"no deadline; unattended since {at}"
    return "no deadline"


def _whose(e: Escalation, by: Reader) -> str:
    """`payments for you · 1 of 2, waits for Tom or Omar`."""
    own = e.requester is not None and by.asked(e)
    name = "you" if own else asker_name(e, by.people)
    whom = f" for {name}" if name else ""
    return f"{one_line(e.service, 80)}{whom} · {_standing(e, by)}{_looking(e, by)}"


def _standing(e: Escalation, by: Reader) -> str:
    options = releases(e)
    if not options:
        return "nothing held" if e.kind is Kind.INCIDENT else "no release offered"
    best = max((standing_shown(e, o) for o in options), key=lambda s: s.have)
    count = f"{best.have} of {best.needed}"
    if by.is_waited_for(e):
        return count
    voted = {v.person for v in e.votes if v.void is None}
    still = [name_of(p, by.people) for p in may_decide(e, by.people) if p not in voted]
    return f"{count}, waits for {any_of(still)}" if 0 < len(still) <= FOLD else count


def _looking(e: Escalation, by: Reader) -> str:
    """Who said that they look after it, as long as that holds."""
    found = e.acknowledged
    if found is None or found.until <= by.now:
        return ""
    own = by.person is not None and found.person == by.person.id
    return ", you are looking" if own else f", {name_of(found.person, by.people)} is looking"


def _left(e: Escalation, now: datetime) -> str:
    """The list is drawn fresh, so a duration may stand here."""
    seconds = (e.deadline_at - now).total_seconds()
    return f"{max(0, round(seconds / 60))} min" if seconds < 7200 else duration(e.deadline_at - now)


def markup(text: str) -> Element:
    """Our own words with a date in it; nothing foreign comes here."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _turn(page: int, asked: Filter) -> Element:
    return {
        "type": "button",
        "action_id": f"list:{page}",
        "text": plain_text(f"Next {PAGE}"),
        "value": _carried(page, asked.words),
    }


def _unfold(e: Escalation, block_id: str) -> Element:
    return {
        "type": "button",
        "action_id": f"list:{block_id}",
        "text": plain_text("List"),
        "value": _carried(0, f"service:{e.service} category:{e.category}"),
        "accessibility_label": f"List all of {one_line(e.service, 50)}",
    }


def _carried(page: int, words: str) -> str:
    return json.dumps({"p": page, "f": words}, separators=(",", ":"))


def _foot(seen: Seen, now: datetime, asked: Filter) -> Block:
    drawn = date_markup(now, near=now)
    example = short_id((*seen.yours, *seen.others)[0])
    fits = " that fit" if asked.words else ""
    text = (
        f"{seen.count} pending{fits}, drawn {drawn}. "
        f"/escalations show {example} · /escalations help"
    )
    return {"type": "context", "block_id": "foot", "elements": [markup(text)]}
