"""`/escalations reviews`, and the same at home: what is due, one's own first, soonest first."""

from collections.abc import Sequence
from datetime import datetime

from approvals.escalation import Escalation
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.answers import said
from bot.slack.drawing.learned import is_due, why_reviewed, write_review_button
from bot.slack.drawing.lists import Reader, markup, named
from bot.slack.drawing.spans import (
    Block,
    context,
    date_markup,
    duration,
    header,
    name_of,
    one_line,
    plain_text,
)

#: Reviews shown; those further off are counted.
MOST = 20


def sees(by: Reader, e: Escalation) -> bool:
    """Whether they may see it, or are to write its review."""
    return by.sees(e) or is_own(by, e)


def is_own(by: Reader, e: Escalation) -> bool:
    """Whether they are to write it."""
    return by.person is not None and e.review is not None and e.review.owner == by.person.id


def reviews(found: Sequence[Escalation], by: Reader) -> Message:
    """All that are due and may be seen."""
    mine, others = _parted(found, by)
    if not mine and not others:
        return said("No review is due, of yours or of others you can see.")
    first = f"Reviews due: {len(mine)} of yours, {len(others)} of others."
    blocks: list[Block] = []
    for title, part in (("Yours", mine[:MOST]), ("Of others", others[: MOST - len(mine[:MOST])])):
        if part:
            blocks.append(header(f"{title}: {len(part)}", block_id=f"heading_{title}"))
            blocks += [review_block(e, f"{title}_{n}", by) for n, e in enumerate(part)]
    left = len(mine) + len(others) - MOST
    if left > 0:
        blocks.append(context(f"{left} more are due later.", block_id="foot"))
    return Message(text=lockscreen.told(first), blocks=tuple(blocks))


def own_reviews(found: Sequence[Escalation], by: Reader) -> list[Block]:
    """A part of App Home; nothing where none waits."""
    mine, _ = _parted(found, by)
    if not mine:
        return []
    head = header(f"Reviews waiting for you: {len(mine)}", block_id="heading_reviews")
    return [head, *(review_block(e, f"review_{n}", by) for n, e in enumerate(mine[:MOST]))]


def _parted(found: Sequence[Escalation], by: Reader) -> tuple[list[Escalation], list[Escalation]]:
    due = [e for e in found if is_due(e) and sees(by, e)]
    due.sort(key=lambda e: (_due_at(e), e.id))
    return [e for e in due if is_own(by, e)], [e for e in due if not is_own(by, e)]


def review_block(e: Escalation, block_id: str, by: Reader) -> Block:
    """What it was, until when and whose; the button opens the window."""
    return {
        "type": "section",
        "block_id": block_id,
        "text": plain_text(named(e)),
        "fields": [markup(_until(e, by.now)), plain_text(_whose(e, by))],
        "accessory": write_review_button(e) | {"action_id": f"write_review:{e.id}"},
    }


def _due_at(e: Escalation) -> datetime:
    return e.review.due_at if e.review else e.created_at


def _until(e: Escalation, now: datetime) -> str:
    due = _due_at(e)
    late = f", {duration(now - due)} ago" if due <= now else ""
    return f"{'was due' if late else 'due'} {date_markup(due)}{late}"


def _whose(e: Escalation, by: Reader) -> str:
    review = e.review
    if review is None:
        return one_line(e.service, 80)
    owner = name_of(review.owner, by.people) if review.owner else "nobody yet"
    who = "you" if is_own(by, e) else owner
    return f"{one_line(e.service, 80)} · {why_reviewed(review)} · {who}"
