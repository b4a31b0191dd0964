"""`/escalations`: what waits for the caller, what waits for others, and how to ask."""

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime

from approvals.escalation import Escalation
from approvals.facts import People, Person
from approvals.tally import eligible, is_requester
from bot.messaging import Message
from bot.slack.texts.answers import said
from bot.slack.texts.card import value_of
from bot.slack.texts.elements import (
    Block,
    actions,
    button,
    context,
    foreign,
    json_text,
    moment,
    plain,
    rich,
    text,
)
from bot.slack.texts.phrases import asker, counts

#: Escalations a page.
PAGE = 10

COMMANDS = ("list", "show", "help")

HELP = (
    "/escalations list: what waits for you and what you asked for. "
    "/escalations show ID: one card, with its buttons; the last six characters of the id will do. "
    "/escalations help: this."
)


def may_decide(e: Escalation, person: Person | None, people: People) -> bool:
    """Whether the caller may vote on it."""
    return person is not None and person.id in eligible(e, people)


def may_see(e: Escalation, account: str, person: Person | None, people: People) -> bool:
    """Whether the caller may decide it, or asked for it."""
    return may_decide(e, person, people) or is_requester(e, account, person, people)


def listing(
    found: Sequence[Escalation], account: str, people: People, now: datetime, page: int = 0
) -> Message:
    """The list of one caller; nothing else is counted or named."""
    person = people.of_account(account)
    seen = [e for e in found if may_see(e, account, person, people)]
    mine = [e for e in seen if may_decide(e, person, people)]
    others = [e for e in seen if e not in mine]
    if not seen:
        return said("Nothing is waiting, for you or for others you can see.")
    ordered = [*mine, *others]
    part = ordered[page * PAGE : (page + 1) * PAGE]
    blocks = list(_parts(part, mine, others, now))
    if len(ordered) > (page + 1) * PAGE:
        value = json_text({"p": page + 1})
        blocks.append(actions([button("Next 10", "list:next", value)], "more"))
    blocks.append(
        context(f"{len(seen)} pending · /escalations show ID · /escalations help", "foot")
    )
    waiting = f"Waiting for you: {len(mine)}. Waiting for others: {len(others)}."
    return Message(text=waiting, blocks=tuple(blocks))


def _parts(
    part: Sequence[Escalation],
    mine: Sequence[Escalation],
    others: Sequence[Escalation],
    now: datetime,
) -> Iterator[Block]:
    for title, group in (("Waiting for you", mine), ("Waiting for others", others)):
        shown = [e for e in part if e in group]
        if shown:
            head = plain(f"{title}: {len(group)}", 150)
            yield {"type": "header", "block_id": title.replace(" ", "_").lower(), "text": head}
        for e in shown:
            yield from _entry(e, now)


def _entry(e: Escalation, now: datetime) -> Iterator[Block]:
    left = max(0, int((e.deadline_at - now).total_seconds() // 60))
    yield rich(
        [text(f"{e.severity.upper()} {e.environment} · ", bold=True), foreign(e.title, 150)],
        [
            text(f"{e.service}. {asker(e)} Decide by "),
            moment(e.deadline_at),
            text(f" ({left} min) · {counts(e)}"),
        ],
        block_id=f"entry_{e.id[-12:]}",
    )
    yield actions([button("Show", f"show:{e.id}", value_of(e))], f"show_{e.id[-12:]}")


def unknown_command(word: str) -> Message:
    """Did you mean …?"""
    near = difflib.get_close_matches(word, COMMANDS, 1, 0.5)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return said(f'I do not know "{word[:40]}".{hint} Commands: list, show ID, help.')


def nothing_ends_in(suffix: str) -> Message:
    """No such escalation, or none the caller may see."""
    return said(
        f"No escalation ends in {suffix[:40]}, or you cannot see it. /escalations lists what is "
        "pending."
    )


def several_end_in(found: Sequence[Escalation], suffix: str) -> Message:
    """More than one: pick."""
    picks = [button(f"{e.title[:60]}", f"show:{e.id}", value_of(e)) for e in found[:10]]
    first = rich([text(f"{len(found)} end in {suffix}. Pick one:")], block_id="pick")
    return Message(text=f"{len(found)} end in {suffix}.", blocks=(first, actions(picks, "picks")))
