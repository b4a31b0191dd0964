"""What `/escalations` answers besides a list: nothing there, what was found, the commands."""

import difflib
import json
from collections.abc import Sequence

from approvals.escalation import Escalation
from approvals.people import People
from approvals.words import Status
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.about import chosen, deciders, outcome_word, severity_word
from bot.slack.drawing.answers import message, said
from bot.slack.drawing.buttons import actions, show_button
from bot.slack.drawing.spans import (
    Block,
    Line,
    Span,
    all_of,
    date_markup,
    name_of,
    one_line,
    plain_text,
    when,
)

#: What `/escalations` understands, and what a list may be narrowed to.
COMMANDS = ("list", "show", "search", "reviews", "help")
NARROWED = ("mine", "critical", "service:", "group:", "category:")

#: Escalations a page of what was found.
PAGE = 10

_USAGE = "Commands: list, show ID, search WORDS, reviews, help."


def nothing_waits(people: People, last: Escalation | None = None) -> Message:
    """Nothing pending that the caller may see; and what was decided last."""
    line: list[Span | str] = ["Nothing is waiting, for you or for others you can see."]
    if last is not None and last.decision is not None:
        line += [" Last decided: ", *_decided(last, people)]
    return message(line)


def nothing_fits(words: str) -> Message:
    """Something may be pending, but not of what was asked for."""
    named = one_line(words, 60)
    return said(f"Nothing you can see is pending for {named}. /escalations lists all that is.")


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


# -- search -------------------------------------------------------------------------------------


def found(
    words: str,
    at: Sequence[Escalation],
    people: People,
    *,
    page: int,
    more: bool,
    most: int | None = None,
) -> Message:
    """What was found, newest first; one page of it. `most`: only so many were looked through."""
    named_words = one_line(words, 60)
    if not at:
        again = "Nothing more" if page else "Nothing"
        told = f"{again} you can see has these words in its title: {named_words}"
        return said(f"{told}.{_cut(most)} /escalations help")
    told = f"With these words in the title, newest first: {named_words}{_cut(most, '.')}"
    blocks = [found_block(e, f"entry_{n}", people) for n, e in enumerate(at)]
    if more:
        blocks.append(actions([_turn(words, page + 1)], block_id="turn"))
    return Message(text=lockscreen.told(told), blocks=(*message((told,)).blocks, *blocks))


def _cut(most: int | None, before: str = "") -> str:
    """No silent end: what lies further back was not looked at."""
    return (
        f"{before} Only the newest {most:,} with these words were looked through." if most else ""
    )


def found_block(e: Escalation, block_id: str, people: People) -> Block:
    """One that was found, pending or over: what it is, how it stands, its card."""
    what = f"{severity_word(e.severity)} {e.environment} · {one_line(e.title, 150)}"
    return {
        "type": "section",
        "block_id": block_id,
        "text": plain_text(what),
        "fields": [
            {"type": "mrkdwn", "text": _when(e), "verbatim": True},
            plain_text(f"{one_line(e.service, 80)} · {_how(e, people)}"),
        ],
        "accessory": show_button(e),
    }


def _when(e: Escalation) -> str:
    ended = e.ended_at
    return f"asked {date_markup(e.created_at)}" if ended is None else date_markup(ended)


def _how(e: Escalation, people: People) -> str:
    if e.status is Status.PENDING:
        return "pending"
    option = chosen(e)
    who = all_of(name_of(p, people) for p in deciders(e))
    label = f": {one_line(option.label, 40)}" if option else ""
    return f"{outcome_word(e).lower()}{label}{f', by {who}' if who else ''}"


def _turn(words: str, page: int) -> dict[str, object]:
    return {
        "type": "button",
        "action_id": f"search:{page}",
        "text": plain_text(f"Next {PAGE}"),
        "value": json.dumps({"p": page, "q": words}, separators=(",", ":")),
    }


# -- what is understood -------------------------------------------------------------------------


def unknown_command(word: str) -> Message:
    """`I do not know "lst". Did you mean `list`?`"""
    return said(f'I do not know "{one_line(word, 40)}".{_meant(word, COMMANDS)} {_USAGE}')


def unknown_filter(word: str) -> Message:
    """A word after `list` that narrows nothing."""
    return said(
        f'I do not know "{one_line(word, 40)}" after list.{_meant(word, NARROWED)} '
        "It may be mine, critical, service:NAME, group:NAME or category:NAME."
    )


def _meant(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word.casefold(), known, 1, 0.5)
    return f" Did you mean `{near[0]}`?" if near else ""


def help_text() -> Message:
    """What the command can do."""
    lines = (
        f"/escalations shows what waits for you and for others. {_USAGE}",
        "list: what is pending, soonest deadline first. It may be narrowed: list mine, "
        "list critical, list service:NAME, list group:NAME, list category:NAME.",
        "show ID: the card with its live buttons; the last six characters of the id are enough.",
        "search WORDS: what has them in its title, pending or over, newest first.",
        "reviews: what is to be looked at again, yours first, soonest due first.",
        "Who stands in for you while you are away is set in the Home tab of this app.",
        "Nothing runs until people decide. Time running out aborts it.",
    )
    pieces = [line if n == 0 else f"\n{line}" for n, line in enumerate(lines)]
    return Message(text=lockscreen.told(lines[0]), blocks=message(pieces).blocks)
