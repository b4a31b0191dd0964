"""`/escalations`: what the caller may decide, asked for, or could read. Nothing else is counted.

::

    list     waiting for you, then for others, soonest deadline first, ten a page
    show ID  the card itself, or which one was meant      help     the commands
"""

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.escalation import Escalation
from approvals.people import People, Person
from approvals.tally import is_requester, standing_shown
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.about import (
    asker_name,
    chosen,
    deciders,
    may_decide,
    releases,
    row_of,
    severity_word,
    short_id,
)
from bot.slack.drawing.answers import message, said
from bot.slack.drawing.buttons import actions, show_button
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    all_of,
    any_of,
    date_markup,
    duration,
    header,
    name_of,
    one_line,
    plain_text,
    when,
)

#: Entries a page; more than FOLD of one service and category are one entry.
PAGE, FOLD = 10, 5

#: What `/escalations` understands.
COMMANDS = ("list", "show", "help")

_USAGE = "Commands: list, show ID, help."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list: one escalation, or many alike."""

    first: Escalation
    count: int = 1


def visible_to(
    escalation: Escalation,
    person: Person | None,
    account: str,
    people: People,
    channels: Collection[str] = (),
) -> bool:
    """Whether they may decide it, asked for it, or could read it in a channel they are in."""
    if escalation.plan.channel is not None and escalation.plan.channel in channels:
        return True
    if is_requester(escalation, account, person, people):
        return True
    return person is not None and person.id in may_decide(escalation, people)


def listing(
    pending: Sequence[Escalation],
    *,
    account: str,
    people: People,
    now: datetime,
    channels: Collection[str] = (),
    page: int = 0,
    last: Escalation | None = None,
) -> Message:
    """One page of what is pending and visible to the caller. `page` counts from 0.

    `last` is the newest decided escalation the caller may see, for the empty answer.
    """
    person = people.of_account(account)
    seen = [e for e in pending if visible_to(e, person, account, people, channels)]
    if not seen:
        return nothing_waits(people, last)
    yours = [e for e in seen if _waits_for(e, person, people)]
    others = [e for e in seen if e not in yours]
    parts = [("Waiting for you", yours), ("Waiting for others", others)]
    entries = [(title, entry) for title, part in parts for entry in _folded(part)]
    last_page = (len(entries) - 1) // PAGE
    at = min(max(page, 0), last_page)
    shown = entries[at * PAGE : (at + 1) * PAGE]
    counts = {title: len(part) for title, part in parts}
    blocks = list(_blocks(shown, counts, account, people, now))
    if at < last_page:
        blocks.append(actions([_next(at + 1)], block_id="turn"))
    blocks.append(_foot(seen, now))
    first = f"Waiting for you: {len(yours)}. Waiting for others: {len(others)}."
    return Message(text=lockscreen.told(first), blocks=tuple(blocks))


def _waits_for(e: Escalation, person: Person | None, people: People) -> bool:
    """Whether this person may decide it and has not voted yet."""
    if person is None or person.id not in may_decide(e, people):
        return False
    vote = e.vote_of(person.id)
    return vote is None or vote.void is not None


def _folded(part: Sequence[Escalation]) -> list[Entry]:
    """Soonest deadline first; many of one service and category become one entry."""
    alike: dict[tuple[str, str], list[Escalation]] = {}
    for e in sorted(part, key=lambda e: e.deadline_at):
        alike.setdefault((e.service, e.category), []).append(e)
    entries: list[Entry] = []
    for found in alike.values():
        if len(found) > FOLD:
            entries.append(Entry(first=found[0], count=len(found)))
        else:
            entries += [Entry(first=e) for e in found]
    return sorted(entries, key=lambda entry: entry.first.deadline_at)


def _blocks(
    shown: Sequence[tuple[str, Entry]],
    counts: dict[str, int],
    account: str,
    people: People,
    now: datetime,
) -> Iterator[Block]:
    heading = ""
    for n, (title, entry) in enumerate(shown):
        if title != heading:
            heading = title
            yield header(f"{title}: {counts[title]}", block_id=f"heading_{n}")
        yield _entry(entry, n, account, people, now)


def _entry(entry: Entry, n: int, account: str, people: People, now: datetime) -> Block:
    """What is wrong and where, literal; our own words and times beside it."""
    e = entry.first
    block: Block = {"type": "section", "block_id": f"entry_{n}"}
    by = date_markup(e.deadline_at, near=now)
    if entry.count > 1:
        what = f"{e.service}: {entry.count} {row_of(e).name}"
        until = _markup(f"first deadline {by}")
    else:
        what = f"{severity_word(e.severity)} {e.environment} · {one_line(e.title, 150)}"
        until = _markup(f"decide by {by} ({_left(e, now)})")
    block["text"] = plain_text(what)
    block["fields"] = [until, plain_text(_whose(e, account, people))]
    return block | {"accessory": show_button(e)}


def _whose(e: Escalation, account: str, people: People) -> str:
    """`payments for you · 1 of 2, waits for Tom or Omar`."""
    person = people.of_account(account)
    own = e.requester is not None and is_requester(e, account, person, people)
    name = "you" if own else asker_name(e, people)
    whom = f" for {name}" if name else ""
    return f"{e.service}{whom} · {_standing(e, people, person)}"


def _standing(e: Escalation, people: People, person: Person | None) -> str:
    options = releases(e)
    if not options:
        return "no release offered"
    best = max((standing_shown(e, o) for o in options), key=lambda s: s.have)
    count = f"{best.have} of {best.needed}"
    if person is not None and _waits_for(e, person, people):
        return count
    voted = {v.person for v in e.votes if v.void is None}
    still = [name_of(p, people) for p in may_decide(e, people) if p not in voted]
    return f"{count}, waits for {any_of(still)}" if 0 < len(still) <= FOLD else count


def _left(e: Escalation, now: datetime) -> str:
    """The list is drawn fresh, so a duration may stand here."""
    seconds = (e.deadline_at - now).total_seconds()
    return f"{max(0, round(seconds / 60))} min" if seconds < 7200 else duration(e.deadline_at - now)


def _markup(text: str) -> Element:
    """Our own words with a date in it; nothing foreign comes here."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _next(page: int) -> Element:
    return {
        "type": "button",
        "action_id": f"list:{page}",
        "text": plain_text(f"Next {PAGE}"),
        "value": f'{{"p":{page}}}',
    }


def _foot(seen: Sequence[Escalation], now: datetime) -> Block:
    drawn = date_markup(now, near=now)
    example = short_id(seen[0])
    text = f"{len(seen)} pending, drawn {drawn}. /escalations show {example} · /escalations help"
    return {"type": "context", "block_id": "foot", "elements": [_markup(text)]}


# -- other answers ------------------------------------------------------------------------------


def nothing_waits(people: People, last: Escalation | None = None) -> Message:
    """Nothing pending that the caller may see; and what was decided last."""
    line: list[Span | str] = ["Nothing is waiting, for you or for others you can see."]
    if last is not None and last.decision is not None:
        line += [" Last decided: ", *_decided(last, people)]
    return message(line)


def _decided(e: Escalation, people: People) -> Line:
    option, decision = chosen(e), e.decision
    who = all_of(name_of(p, people) for p in deciders(e))
    how = f", {one_line(option.label)}" if option else f", {e.status.value}"
    by = f", by {who}" if who else ""
    at: list[Span | str] = [" ", when(decision.at)] if decision else []
    return [f"{one_line(e.title, 100)}{how}{by}", *at, "."]


def no_such(suffix: str) -> Message:
    """Missing and invisible are answered alike."""
    named = one_line(suffix, 40)
    return said(
        f"No escalation ends in {named}, or you cannot see it. /escalations lists what is pending."
    )


def which_of(suffix: str, found: Sequence[Escalation]) -> Message:
    """Several end alike: one button each."""
    blocks: list[Block] = []
    for n, e in enumerate(found[:PAGE]):
        what = f"{e.status.value}: {one_line(e.title, 150)} ({e.id})"
        section: Block = {"type": "section", "block_id": f"entry_{n}", "text": plain_text(what)}
        blocks.append(section | {"accessory": show_button(e)})
    count = {2: "Two", 3: "Three"}.get(len(found), str(len(found)))
    told = f"{count} end in {one_line(suffix, 40)}. Pick one:"
    return Message(text=lockscreen.told(told), blocks=(*message((told,)).blocks, *blocks))


def unknown_command(word: str) -> Message:
    """`I do not know "lst". Did you mean `list`?`"""
    near = difflib.get_close_matches(word.lower(), COMMANDS, 1, 0.5)
    meant = f" Did you mean `{near[0]}`?" if near else ""
    return said(f'I do not know "{one_line(word, 40)}".{meant} {_USAGE}')


def help_text() -> Message:
    """What the command can do."""
    lines = (
        f"/escalations shows what waits for you and for others. {_USAGE}",
        "list: what is pending, soonest deadline first.",
        "show ID: the card with its live buttons; the last six characters of the id are enough.",
        "Nothing runs until people decide. Time running out aborts it.",
    )
    pieces = [line if n == 0 else f"\n{line}" for n, line in enumerate(lines)]
    return Message(text=lockscreen.told(lines[0]), blocks=message(pieces).blocks)


def home(message_: Message) -> dict[str, object]:
    """App Home: the same list as a view."""
    return {"type": "home", "blocks": [dict(b) for b in message_.blocks]}
