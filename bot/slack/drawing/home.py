"""App Home: what waits for its person, what they asked for, what was decided, who stands in.

::

    waiting for you · reviews · asked by you · waiting for others · decided · your substitute
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from approvals.escalation import Escalation
from approvals.people import Absence, Person
from approvals.standing_in import LONGEST_AWAY, WhyNot, substitute_of
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.answers import message
from bot.slack.drawing.buttons import actions
from bot.slack.drawing.commands import found_block
from bot.slack.drawing.form import View, modal
from bot.slack.drawing.lists import PAGE, Reader, Seen, entry_block, folded, markup
from bot.slack.drawing.reviews import own_reviews
from bot.slack.drawing.spans import (
    Block,
    Element,
    Line,
    Span,
    all_of,
    context,
    date_markup,
    header,
    name_of,
    one_line,
    person,
    plain_text,
    rich,
    section,
    when,
)
from bot.slack.drawing.words import BACK

#: Decided ones that are shown.
RECENT = 5

#: block_id and action_id of what is chosen when somebody will be away.
SUBSTITUTE, LAST_DAY = "substitute", "last_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What App Home says of the person themselves."""

    person: Person
    absence: Absence | None  #: theirs, if one is set and not over
    stands_in_for: tuple[Absence, ...]  #: of others, which end at them
    admitting: tuple[str, ...]  #: their groups that admit substitutes
    closed: tuple[str, ...]  #: their groups that admit none


def home(
    pending: Sequence[Escalation],
    decided: Sequence[Escalation],
    by: Reader,
    own: Own | None,
    due: Sequence[Escalation] = (),
) -> View:
    """The whole tab. `own` is None for an account that the policy does not name; of what has a
    review `due`, the person's own is shown.
    """
    seen = Seen.of(pending, by)
    mine = tuple(e for e in seen.others if by.asked(e))
    others = tuple(e for e in seen.others if not by.asked(e))
    waiting = {e.id for e in pending}
    over = [e for e in decided if e.id not in waiting and by.sees(e)][:RECENT]
    blocks = [
        *_part("Waiting for you", "yours", seen.yours, by),
        *own_reviews(due, by),
        *_part("Asked by you", "mine", mine, by),
        *_part("Waiting for others", "others", others, by),
        *_decided(over, by),
        *(_substitute(own, by) if own else ()),
        _foot(seen, by),
    ]
    if not seen.count:
        blocks = [rich(section((_NOTHING,)), block_id="nothing"), *blocks]
    return {"type": "home", "blocks": blocks}


_NOTHING = "Nothing is waiting, for you or for others you can see."


def told_at_home(said: Message) -> View:
    """App Home while it cannot be drawn: why."""
    return {"type": "home", "blocks": [dict(block) for block in said.blocks]}


def _part(title: str, name: str, part: Sequence[Escalation], by: Reader) -> Iterator[Block]:
    if not part:
        return
    entries = folded(part)
    yield header(f"{title}: {len(part)}", block_id=f"heading_{name}")
    for n, entry in enumerate(entries[:PAGE]):
        yield entry_block(entry, f"{name}_{n}", by)
    if len(entries) > PAGE:
        yield actions([_all(name, len(part))], block_id=f"more_{name}")


def _all(name: str, count: int) -> Element:
    words = "mine" if name == "mine" else ""
    return {
        "type": "button",
        "action_id": f"list:all_{name}",
        "text": plain_text(f"List all {count:,}"),
        "value": json.dumps({"p": 0, "f": words}, separators=(",", ":")),
    }


def _decided(decided: Sequence[Escalation], by: Reader) -> Iterator[Block]:
    if decided:
        yield header("Recently decided", block_id="heading_decided")
    for n, e in enumerate(decided):
        yield found_block(e, f"decided_{n}", by.people)


def _foot(seen: Seen, by: Reader) -> Block:
    drawn = date_markup(by.now, near=by.now)
    text = f"{seen.count} pending, drawn {drawn}. /escalations help"
    return {"type": "context", "block_id": "foot", "elements": [markup(text)]}


# -- who stands in ------------------------------------------------------------------------------


def _substitute(own: Own, by: Reader) -> Iterator[Block]:
    yield header("Your substitute", block_id="heading_substitute")
    lines = [_who_stands_in(own, by)]
    lines += [_stands_in_for(absence, by) for absence in own.stands_in_for]
    yield rich(section(*lines), block_id="stands_in")
    if own.admitting:
        yield actions(list(_buttons(own)), block_id="away")
        yield context(_groups(own), block_id="groups")


def _who_stands_in(own: Own, by: Reader) -> Line:
    absence = own.absence
    if absence is None and not own.admitting:
        return [_CLOSED]
    if absence is None:
        return [_NOBODY]
    line: list[Span | str] = [person(absence.substitute, by.people), " stands in for you until "]
    line += [when(absence.until, near=by.now), "."]
    ends = substitute_of(own.person.id, by.people)
    if absence.covers(by.now) and ends != absence.substitute:
        name = name_of(absence.substitute, by.people)
        then = f"; {name_of(ends, by.people)} stands in for both" if ends else "; nobody stands in"
        line.append(f" {name} is away{then}.")
    return line


_NOBODY = (
    "Nobody stands in for you. While you are away, one person may decide in your stead, until a "
    "day you choose."
)
_CLOSED = "Your groups admit no substitutes: only their members decide. policy.toml says so."


def _stands_in_for(absence: Absence, by: Reader) -> Line:
    who = person(absence.person, by.people)
    return ["You stand in for ", who, " until ", when(absence.until, near=by.now), "."]


def _groups(own: Own) -> str:
    admit = f"Your substitute may decide for {all_of(own.admitting)}."
    closed = f" Only members decide for {all_of(own.closed)}." if own.closed else ""
    return one_line(f"{admit}{closed}", 300)


def _buttons(own: Own) -> Iterator[Element]:
    yield _button("away", "Change" if own.absence else "Name a substitute")
    if own.absence:
        yield _button("back", "I am back")


def _button(action_id: str, label: str) -> Element:
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain_text(label),
        "value": "{}",
    }


# -- naming somebody ----------------------------------------------------------------------------


def away_modal(own: Own, by: Reader, zone: str) -> View:
    """Who stands in, until the end of which day. Nobody is preselected."""
    today = by.now.astimezone(ZoneInfo(zone)).date()
    known = by.people.persons.get(own.absence.substitute) if own.absence else None
    picked = {"initial_user": known.accounts[0]} if known and known.accounts else {}
    last = own.absence.until.astimezone(ZoneInfo(zone)) if own.absence else None
    day = (last - timedelta(microseconds=1)).date() if last else today + timedelta(days=1)
    blocks = [
        rich(section((_groups(own), f" {_MEANWHILE}")), block_id="consequence"),
        _input(SUBSTITUTE, "Who stands in for you?", {"type": "users_select", **picked}, _WHO),
        _input(
            LAST_DAY,
            "Last day you are away",
            {"type": "datepicker", "initial_date": max(day, today).isoformat()},
            f"Until the end of that day, {zone}. At most {LONGEST_AWAY.days} days.",
        ),
    ]
    return modal("away", "Your substitute", blocks, metadata="{}", submit="Name them", close=BACK)


_MEANWHILE = "It begins now. You may decide as well; both together count as one."
_WHO = "Somebody the policy names. What they decide is recorded as in your stead."


def _input(block_id: str, label: str, element: Mapping[str, object], hint: str) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "element": {**element, "action_id": block_id},
        "hint": plain_text(hint),
    }


def refused(why: WhyNot, name: str, latest: date) -> dict[str, str]:
    """What is wrong, at its field. `name` is the substitute's, `latest` the last day there is."""
    last = f"{latest.day} {latest:%B}"
    said: Mapping[WhyNot, tuple[str, str]] = {
        WhyNot.SELF: (SUBSTITUTE, "You cannot stand in for yourself. Pick somebody else."),
        WhyNot.STRANGER: (
            SUBSTITUTE,
            "Andon does not know this account. Pick somebody whom policy.toml names.",
        ),
        WhyNot.UNREACHABLE: (
            SUBSTITUTE,
            f"{name} cannot decide here now. Pick somebody else.",
        ),
        WhyNot.RING: (
            SUBSTITUTE,
            f"{name} is away as well, and nobody would be left to decide. Pick somebody else.",
        ),
        WhyNot.OVER: (LAST_DAY, "This day is over. Pick today or a later one."),
        WhyNot.TOO_LONG: (
            LAST_DAY,
            f"At most {LONGEST_AWAY.days} days: pick {last} or an earlier day.",
        ),
    }
    field, words = said[why]
    return {field: words}


def told_substitute(absence: Absence, by: Reader) -> Message:
    """To the one who stands in, directly."""
    name = name_of(absence.person, by.people)
    line: Line = [
        f"{name} is away and named you as substitute until ",
        when(absence.until, near=by.now),
        ". What you decide meanwhile in their stead is recorded so. If you cannot, tell them.",
    ]
    drawn = message(line)
    return Message(text=lockscreen.told(f"{name} named you as substitute."), blocks=drawn.blocks)


def told_back(name: str) -> Message:
    """To the one who stood in."""
    return message([f"{one_line(name, 60)} is back: you are not their substitute any more."])
