"""What earlier ones showed, in one line of the card; and what is known of what they ran into.

The numbers are as they were when it was asked. What people wrote is given beside them, as it reads
now: where it is gone, the line goes without. Nobody is rung by having decided before.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from approvals.escalation import Escalation
from approvals.memory.by_hand import is_called_by_hand
from approvals.memory.issue import ANDON, UNKNOWN, with_findings
from approvals.memory.remembering import Remembered
from approvals.memory.values import Issue, IssueState, Likeness, Precedent, Recollection
from approvals.people import People
from approvals.words import Effect
from bot.slack.drawing.about import is_incident, recalls
from bot.slack.drawing.spans import (
    Element,
    Line,
    Span,
    bold,
    day,
    name_of,
    one_line,
    plain,
    quoted,
    section,
)

#: Characters of the line of numbers; and fewest of a quotation that says anything.
MOST, LEAST_QUOTED = 300, 20

#: Characters of each quotation from an issue.
MOST_OF_ISSUE = 120

#: Ways it ended that are named; the others are counted together.
MOST_NAMED = 4

#: Characters of one of them.
LABEL = 30

_BEGINS: Mapping[Likeness, str] = {
    Likeness.EXACT: "Seen",
    Likeness.TEMPLATE: "Like it, with other values,",
    Likeness.ERROR: "This error",
}
_ENDS: Mapping[str, str] = {
    "withdrawn": "taken back",
    "expired": "expired",
    "approved": "approved",
    "rejected": "rejected",
    "resolved": "resolved",
}

Pieces = list[Span | str]


def recalled(
    e: Escalation, earlier: Sequence[Remembered], people: People, most: int
) -> Element | None:
    """`Seen 14 times: 11 Migrate, 2 by hand, 1 expired. Last: Ravi, 12 Nov, «…»; 1 failed.`

    `most` characters of a quotation. None where nothing like it had ended.
    """
    if e.recalled is None or not recalls(e):
        return None
    lines: list[Line] = [_numbers(e, e.recalled, earlier, people, most)]
    learned = (_learned(one, people, min(most, MOST_OF_ISSUE)) for one in earlier)
    found = next(filter(None, learned), None)
    return section(*lines, *([found] if found else []))


def _learned(one: Remembered, people: People, most: int) -> Line | None:
    """What is known of it: its issue, with what its review adds; else what the review found."""
    issue, found = one.issue, one.review.findings if one.review else None
    if issue is not None and is_known(issue):
        return issue_line(with_findings(issue, one.review), people, most)
    if found is None:
        return None
    cause, resolved = quoted(found.root_cause, most), quoted(found.resolved_by, most)
    return [bold("Reviewed: "), cause, ". Resolved: ", resolved, "."]


def _numbers(
    e: Escalation, past: Recollection, earlier: Sequence[Remembered], people: People, most: int
) -> Line:
    times = "once" if past.times == 1 else f"{past.times:,} times"
    said: Pieces = [bold(f"{_BEGINS[past.likeness]} {times}: "), *_ended(e, past), "."]
    after: Pieces = []
    for count, how in ((past.failed, "failed"), (past.undone, "was rolled back")):
        if count:
            how = "were rolled back" if count > 1 and how.startswith("was") else how
            after.append(f"{', ' if after else '; '}{count:,} {how}")
    if past.precedents:
        said += _last(past.precedents[0], earlier, people, most, plain([*said, *after]))
    elif after:
        after[0] = str(after[0]).replace("; ", " ", 1)
    return [*said, *after, "."] if past.precedents or after else said


def _last(
    last: Precedent, earlier: Sequence[Remembered], people: People, most: int, beside: str
) -> Pieces:
    who = f"{name_of(last.person, people)}, " if last.person else ""
    said: Pieces = [f" Last: {who}", day(last.at)]
    words = next((one.rationale for one in earlier if one.id == last.id), None)
    room = min(most, MOST - len(beside) - len(who) - 30)
    if words and room >= LEAST_QUOTED:
        said += [", ", quoted(words, room)]
    return said


def _ended(e: Escalation, past: Recollection) -> Iterator[Span | str]:
    """`11 Migrate, 2 by hand, 1 expired`: the most frequent first, as this card names them."""
    counted: dict[str, int] = {}
    for key, count in past.ended.items():
        name = _name(e, key)
        counted[name] = counted.get(name, 0) + count
    listed = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    for n, (name, count) in enumerate(listed[:MOST_NAMED]):
        yield f"{', ' if n else ''}{count:,} "
        yield bold(name)
    others = sum(count for _, count in listed[MOST_NAMED:])
    if others:
        yield f", {others:,} otherwise"


def _name(e: Escalation, key: str) -> str:
    """The first words of the option's label; of one this card has not, what is kept of it."""
    option = e.option(key)
    if option is not None:
        by_hand = option.effect is Effect.ABORT and is_called_by_hand(option.label)
        return "by hand" if by_hand else short_of(option.label, e)
    if key == "withdrawn" and is_incident(e):
        return "recovered"
    return _ENDS.get(key, one_line(key, LABEL))


def short_of(label: str, e: Escalation) -> str:
    """`Migrate` of `Migrate, keep data`, where no other option of the card begins so."""
    first = _first(label)
    alike = [o for o in e.options if _first(o.label) == first]
    return first if len(alike) == 1 else one_line(label, LABEL)


def _first(label: str) -> str:
    label = one_line(label)
    words = label.partition(" (")[0].partition(",")[0].strip()
    return one_line(words or label, LABEL)


def is_known(issue: Issue) -> bool:
    """Whether somebody wrote what is worth knowing before it is tried again."""
    return issue.by != ANDON and (issue.state is not IssueState.FIXED or bool(issue.workarounds))


def issue_line(issue: Issue, people: People, most: int) -> Line:
    """`Known issue: «disk of web-3 fills». Way round: «delete old logs». Ines, by 1 Dec.`"""
    cause = issue.root_cause if issue.root_cause != UNKNOWN else issue.scenario
    label = f"{issue.state.value.capitalize()} issue: "
    said: Pieces = [bold(label), quoted(cause or issue.root_cause, most), "."]
    if issue.workarounds:
        said += [" Way round: ", quoted(issue.workarounds, most), "."]
    owner = name_of(issue.owner, people) if issue.owner else None
    due = f"by {day_of(issue.due)}" if issue.due else None
    whose = ", ".join(filter(None, (owner, due)))
    return [*said, f" {whose[:1].upper()}{whose[1:]}."] if whose else said


def day_of(text: str) -> str:
    """`1 Dec`; what is no day stays as it was written."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return one_line(text, 20)
    return f"{found.day} {found:%b}"
