"""The part of the digest that says, once a week, whether the oversight is real."""

from collections.abc import Iterator

from approvals.memory.observing import Fact, Wait
from approvals.memory.oversight import Figures, Oversight
from bot.counted import counted
from bot.report.words import half_and_most, lasted, share
from bot.slack.drawing.spans import Block, Line, bold, bullets, quoted, rich, section

#: Rules that are named; the rest is counted.
MOST_RULES = 5


def asked_of_week(oversight: Oversight) -> str:
    """`84 asked in the last week`: for the title."""
    return f"{oversight.all.n(Fact.ASKED):,} asked in the last week"


def week_part(oversight: Oversight) -> Iterator[Block]:
    """The figures of the week, and the rules whose questions are always approved at once."""
    lines = [_plain(line) for line in _figures(oversight.all)]
    flagged = oversight.automate_or_fix
    lines += [_flag(rule, found) for rule, found in flagged[:MOST_RULES]]
    more = len(flagged) - MOST_RULES
    yield rich(
        section([bold("The last week")]),
        bullets(lines),
        *([section([f"and {counted(more, 'rule')} more"])] if more > 0 else []),
        block_id="week",
    )


def _plain(said: str) -> Line:
    return [said.replace("\u00a0", " ")]


def _figures(all_: Figures) -> Iterator[str]:
    parts = (
        (Fact.DECIDED, "decided by people"),
        (Fact.BY_RULE, "decided by accepted rules"),
        (Fact.RESOLVED, "incidents resolved"),
        (Fact.BY_ITSELF, "ran by themselves"),
        (Fact.WAITING, "still waiting"),
    )
    yield f"{all_.n(Fact.ASKED):,} asked: {_said(all_, parts) or 'decided by nobody'}"
    took = all_.spread(Wait.DECIDED)
    if took.n:
        yield f"Waited for a decision: {half_and_most(took)}"
    bad = (
        (Fact.REJECTED, f"rejected ({share(all_.rejected_share)})"),
        (Fact.EXPIRED, "expired"),
        (Fact.FAILED, "failed after approval"),
        (Fact.UNDONE, "undone"),
        (Fact.QUICK, "decided in under 3 seconds"),
    )
    said = _said(all_, bad)
    if said:
        yield said


def _said(all_: Figures, parts: tuple[tuple[Fact, str], ...]) -> str:
    return ", ".join(f"{all_.n(fact):,} {name}" for fact, name in parts if all_.n(fact))


def _flag(rule: str, found: Figures) -> Line:
    decided = counted(found.n(Fact.DECIDED), "decision")
    took = lasted(found.spread(Wait.CONSIDERED).median).replace("\u00a0", " ")
    said = f": {decided} by people, none a rejection, half within {took} of the look"
    return [bold("Automate or fix this"), ": ", quoted(rule, 80), said]
