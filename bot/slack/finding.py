"""What somebody may see: listed, searched, shown by its id. Reads and draws; decides nothing.

Visible is what they may decide, asked for, or could read in a channel they are in: the one they ask
from, and those Slack says they are in. Of anything else nothing is counted, named or hinted at. But
earlier ones like what they look at are counted where they may not read them: the card counts them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from approvals.escalation import Escalation
from approvals.memory.ports import Match, Memory
from approvals.memory.remembering import remembered
from approvals.ports import Clock, FactSource, Reads, StoreError
from bot.messaging import Message
from bot.recalling import earlier_of
from bot.slack.clicks import Click, click_id
from bot.slack.drawing import answers, commands, earlier, lists
from bot.slack.drawing.card import channel_card
from bot.slack.drawing.filters import LONGEST, filter_of
from bot.slack.drawing.fitting import fitting
from bot.slack.drawing.lists import PAGE, Reader
from bot.slack.drawing.reviews import reviews
from bot.slack.rooms import Rooms

#: Best ones that are looked through for what somebody may see: of what says words, of what is like
#: an escalation.
MOST_SEARCHED, MOST_ALIKE = 100, 30

#: Reviews looked through for one answer, the soonest due.
MOST_REVIEWS = 100

Shown = tuple[Message, Escalation | None]


class Finding:
    """Answers `/escalations` and its buttons."""

    def __init__(
        self, reads: Reads, facts: FactSource, clock: Clock, rooms: Rooms, memory: Memory
    ) -> None:
        self._reads, self._facts, self._memory = reads, facts, memory
        self._clock, self._rooms = clock, rooms

    async def reader(self, account: str, channel: str | None = None) -> Reader:
        """Who asks, and what they may see. Slack vouches for the channel they ask from."""
        now = self._clock()
        here = {channel} if channel else set()
        return Reader(
            account=account,
            people=self._facts.facts(now).people,
            now=now,
            channels=await self._rooms.of(account) | here,
        )

    async def may_read(self, e: Escalation, click: Click) -> bool:
        """Whoever sees the card in a channel may read what is behind it; so may those concerned."""
        if click.foreign:
            return False
        now = self._clock()
        people = self._facts.facts(now).people
        here = {click.channel} if click.channel else set()
        by = Reader(account=click.account, people=people, now=now, channels=here)
        return by.sees(e) or (await self.reader(click.account)).sees(e)

    # -- the command ----------------------------------------------------------------------------

    async def command(
        self, body: Mapping[str, Any], *, foreign: bool
    ) -> tuple[dict[str, Any], Escalation | None]:
        """The answer to `/escalations`, for the caller alone; and whose card it is, if one's."""
        if foreign:
            return _whispered(answers.members_only()), None
        words = str(body.get("text") or "").split()
        account, channel = str(body.get("user_id") or ""), str(body.get("channel_id") or "")
        try:
            said, shown = await self._said(words, account, channel)
        except StoreError:
            return _whispered(answers.store_away(click_id(account)[-4:])), None
        return _whispered(said), shown

    async def _said(self, words: list[str], account: str, channel: str | None) -> Shown:
        verb, *more = words or ["list"]
        verb = verb.lower()
        if verb == "list":
            return await self.listing(account, channel, " ".join(more)), None
        if verb == "show" and more:
            return await self._show(more[0].lower(), account, channel)
        if verb == "search":
            return await self.search(account, channel, " ".join(more)), None
        if verb == "reviews":
            return await self.reviews(account, channel), None
        if verb in commands.COMMANDS:
            return commands.help_text(), None
        return commands.unknown_command(verb), None

    # -- lists ----------------------------------------------------------------------------------

    async def listing(
        self, account: str, channel: str | None = None, words: str = "", page: int = 0
    ) -> Message:
        """One page of the caller's list. Raises StoreError."""
        asked = filter_of(words.split())
        if isinstance(asked, str):
            return commands.unknown_filter(asked)
        by = await self.reader(account, channel)
        pending = await self._reads.outlines()
        last = await self._last(by)
        return lists.listing(pending, by, asked=asked, page=page, last=last)

    async def reviews(self, account: str, channel: str | None = None) -> Message:
        """Reviews that are due and may be seen, the caller's own first. Raises StoreError."""
        return reviews(await self.due_reviews(), await self.reader(account, channel))

    async def due_reviews(self) -> tuple[Escalation, ...]:
        """Those of which a review is due, as they stand now. Raises StoreError."""
        due = await self._memory.reviews(MOST_REVIEWS)
        return await self._reads.these([one.id for one in due])

    async def _last(self, by: Reader) -> Escalation | None:
        decided = await self._reads.last_decided()
        return next((e for e in decided if by.sees(e)), None)

    async def search(self, account: str, channel: str | None, words: str, page: int = 0) -> Message:
        """What says the words and may be seen: pending ones first, then what ended, best first.
        Raises StoreError.
        """
        words = words[:LONGEST]
        if not words.strip():
            return commands.search_what()
        by = await self.reader(account, channel)
        ended = await self._memory.search(words, MOST_SEARCHED)
        kept = await self._in_order([match.found.id for match in ended])
        titled = [e for e in await self._reads.outlines() if says(e, words)]
        seen = [e for e in (*titled, *kept) if by.sees(e)]
        return commands.found(
            words,
            seen[page * PAGE : (page + 1) * PAGE],
            by.people,
            page=page,
            more=len(seen) > (page + 1) * PAGE,
            most=MOST_SEARCHED if len(ended) == MOST_SEARCHED else None,
        )

    async def _in_order(self, ids: Sequence[str]) -> list[Escalation]:
        """Those of them whose words are still there."""
        there = {e.id: e for e in await self._reads.these(ids) if e.erased is None}
        return [there[one] for one in ids if one in there]

    async def turned(self, click: Click, value: Mapping[str, Any]) -> Message:
        """The page that a button of a list, or of what was found, asks for."""
        if click.foreign:
            return answers.members_only()
        page = value.get("p")
        at = page if isinstance(page, int) and page >= 0 else 0
        try:
            if "q" in value:
                return await self.search(click.account, click.channel, str(value["q"]), at)
            return await self.listing(click.account, click.channel, str(value.get("f") or ""), at)
        except StoreError:
            return answers.store_away(click_id(click.command_id)[-4:])

    # -- one of them ----------------------------------------------------------------------------

    async def _show(self, suffix: str, account: str, channel: str | None) -> Shown:
        whole = await self._reads.escalation(suffix)
        found = (whole,) if whole else await self._reads.ending_in(suffix[-6:])
        by = await self.reader(account, channel)
        seen = [e for e in found if e.id.endswith(suffix) and by.sees(e)]
        if not seen:
            return commands.no_such(suffix), None
        if len(seen) > 1:
            return commands.which_of(suffix, seen), None
        return await self.card(seen[0]), seen[0]

    async def card(self, e: Escalation) -> Message:
        """The card itself, live buttons included. Raises StoreError."""
        people = self._facts.facts(self._clock()).people
        return channel_card(e, people, earlier=await earlier_of(self._reads, e))

    # -- those like it --------------------------------------------------------------------------

    async def like(self, e: Escalation, click: Click) -> tuple[list[Match], int]:
        """Earlier ones like it as they read now, closest first; and how many more there are that
        this person may not read: of those the card counts, not of what others ask in like words.
        Raises StoreError.
        """
        matches = await self._memory.like(e, MOST_ALIKE)
        by = await self.reader(click.account, click.channel)
        there = {one.id: one for one in await self._in_order([m.found.id for m in matches])}
        kept = [match for match in matches if match.found.id in there]
        seen = [match for match in kept if by.sees(there[match.found.id])]
        fresh = [(match, remembered(there[match.found.id])) for match in seen[: earlier.MOST]]
        found = [replace(match, found=now) for match, now in fresh if now is not None]
        return found, sum(match.likeness is not None for match in kept if match not in seen)


def says(e: Escalation, words: str) -> bool:
    """Whether all the words stand in what a list shows of it."""
    shown = " ".join(filter(None, (e.title, e.service, e.reference))).casefold()
    return all(word in shown for word in words.casefold().split())


def _whispered(drawn: Message) -> dict[str, Any]:
    message = fitting(drawn)
    return {
        "response_type": "ephemeral",
        "text": message.text,
        "blocks": [dict(block) for block in message.blocks],
    }
