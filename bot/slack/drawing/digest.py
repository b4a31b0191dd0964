"""The digest: what is low, what ran by itself, what rules decided and which of them ended, and what
ended without a decision, in one post that rings nobody; once a week also whether people really
decide.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from approvals.digests import Quiet
from approvals.escalation import Escalation
from approvals.joining import normalised
from approvals.memory.accepted import proposed
from approvals.memory.oversight import Oversight
from approvals.words import Kind, OperationState, Status
from bot.messaging import Message
from bot.slack.drawing import lockscreen
from bot.slack.drawing.about import is_by_rule, short_id
from bot.slack.drawing.oversight import asked_of_week, week_part
from bot.slack.drawing.ruled import what_ended
from bot.slack.drawing.service_says import error_of
from bot.slack.drawing.spans import (
    Block,
    Line,
    bold,
    bullets,
    context,
    header,
    one_line,
    quoted,
    rich,
    section,
    spoken_time,
    when,
)

#: Lines of each part; the rest is counted.
MOST_LINES = 15

#: What a rule decided is named one by one, up to so many in a line.
MOST_NAMED = 8

#: How what a rule decided stands, where the word for it alone would say little.
_RULED = {OperationState.HELD: "not taken yet", OperationState.ABORTED: "stopped"}

_ENDED = {Status.EXPIRED: "ran out of time", Status.WITHDRAWN: "taken back"}


def digest(quiet: Quiet, zone: str, since: datetime, oversight: Oversight | None = None) -> Message:
    """The post. There is something to tell: in `quiet`, or of the week, where that is given."""
    said = [
        _count(len(quiet.low), "low incident"),
        _count(len(quiet.automatic), "automatic", ""),
        _count(len(quiet.ruled), "decided by rules", ""),
        _count(len(quiet.suspended), "rule suspended", ""),
        _count(len(quiet.undecided), "ended without a decision", ""),
        asked_of_week(oversight) if oversight else "",
    ]
    title = f"Digest: {', '.join(part for part in said if part)}"
    blocks: list[Block] = [header(title, block_id="title")]
    if quiet.low:
        blocks += _part("Low", quiet.low, "low")
    if quiet.automatic:
        blocks += _part("Ran by itself", quiet.automatic, "automatic")
    if quiet.ruled:
        blocks += _part("Decided by rules that people accepted", quiet.ruled, "ruled")
    if quiet.suspended:
        lines = [_ended(e) for e in quiet.suspended[:MOST_LINES]]
        heading = section([bold("Rules that decide nothing any more")])
        blocks.append(rich(heading, bullets(lines), block_id="suspended"))
    if quiet.undecided:
        blocks += _part("Ended without a decision; nothing ran", quiet.undecided, "undecided")
    if oversight:
        blocks += week_part(oversight)
    began = spoken_time(since, zone)
    blocks.append(context(f"Since {began}. /escalations show ID brings each.", block_id="print"))
    return Message(text=lockscreen.told(f"{title}."), blocks=tuple(blocks))


def _count(n: int, what: str, plural: str = "s") -> str:
    return f"{n:,} {what}{plural if n != 1 else ''}" if n else ""


def _part(title: str, found: Sequence[Escalation], name: str) -> Iterator[Block]:
    """Those that read alike are one line, the most frequent first."""
    alike: dict[tuple[str, str, str], list[Escalation]] = {}
    for e in found:
        alike.setdefault((e.service, _stands(e), normalised(_says(e))), []).append(e)
    ranked = sorted(alike.values(), key=lambda group: (-len(group), group[-1].created_at))
    more = sum(map(len, ranked[MOST_LINES:]))
    yield rich(
        section([bold(title)]),
        bullets([_line(group) for group in ranked[:MOST_LINES]]),
        *([section([f"and {more:,} more"])] if more else []),
        block_id=name,
    )


def _line(group: Sequence[Escalation]) -> Line:
    e = group[-1]
    times = f"{len(group):,} times " if len(group) > 1 else ""
    last = ", last " if len(group) > 1 else ", "
    return [
        bold(one_line(e.service, 60)),
        f": {times}",
        quoted(_says(e), 120),
        f" ({_stands(e)}{last}",
        when(e.ended_at or e.created_at),
        f", {_which(group)})",
    ]


def _which(group: Sequence[Escalation]) -> str:
    """The last one; of what rules decided, as many as are easily read."""
    if not is_by_rule(group[-1]):
        return short_id(group[-1])
    named = ", ".join(short_id(e) for e in group[-MOST_NAMED:])
    more = len(group) - MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named


def _ended(e: Escalation) -> Line:
    """A rule that ended: what it was for, why, when, and which showed it."""
    ended, rule = e.suspended, proposed(e)
    if ended is None:
        return []
    name = rule.name if rule else e.title
    why = f": {what_ended(ended.why, ended.because)}, "
    return [quoted(name, 120), why, when(ended.at), f", {short_id(e)}"]


def _says(e: Escalation) -> str:
    return e.title if e.kind is Kind.AUTOMATION else error_of(e) or e.title


def _stands(e: Escalation) -> str:
    if is_by_rule(e):
        return _RULED.get(e.state, e.state.value)
    if e.kind is Kind.AUTOMATION:
        return "running" if e.state is OperationState.RELEASED else e.state.value
    return _ENDED.get(e.status, "open" if e.status is Status.PENDING else e.status.value)
