"""The report as text for a terminal: numbers in columns, then the rules that are waved through."""

from collections.abc import Iterator, Mapping, Sequence

from approvals.memory.observing import Fact, Wait
from approvals.memory.oversight import Figures, Oversight
from bot.counted import counted
from bot.report.outcomes import approved, outcomes
from bot.report.words import CALLED, half_and_most, lasted, line, moment, share

#: What is said of each rule and group, with the column's head.
_COLUMNS = (
    (Fact.ASKED, "asked"),
    (Fact.DECIDED, "decided"),
    (Fact.BY_RULE, "by rule"),
    (Fact.REJECTED, "rejected"),
    (Fact.QUICK, "under 3 s"),
    (Fact.EXPIRED, "expired"),
    (Fact.FAILED, "failed"),
    (Fact.UNDONE, "undone"),
)

#: Columns of a name.
_NAMES = 40


def plain(oversight: Oversight, names: Mapping[str, str]) -> str:
    """The whole report. `names` are those of people, by id."""
    return "\n".join(_lines(oversight, names)).replace("\u00a0", " ")


def _lines(oversight: Oversight, names: Mapping[str, str]) -> Iterator[str]:
    all_, zone = oversight.all, oversight.zone
    span = f"{moment(oversight.since, zone, year=True)} to {moment(oversight.now, zone, year=True)}"
    yield f"{counted(all_.n(Fact.ASKED), 'escalation')} from {span} ({zone})"
    if not all_.n(Fact.ASKED):
        return
    yield from _totals(all_)
    yield from _times(oversight)
    yield from _table("rule", oversight.rules)
    yield from _table("group", oversight.groups)
    yield from _people(oversight, names)
    yield from _learned(oversight)
    for rule, found in oversight.automate_or_fix:
        took = lasted(found.spread(Wait.CONSIDERED).median)
        yield ""
        yield f"Automate or fix this: «{line(rule)}»"
        decided = counted(found.n(Fact.DECIDED), "decision")
        yield f"  {decided} by people, none of them a rejection, half within {took} of the look"


def _totals(all_: Figures) -> Iterator[str]:
    decided = all_.n(Fact.DECIDED)
    said = ", ".join(f"{all_.n(f):,} {CALLED[f]}" for f in (Fact.APPROVED, Fact.REJECTED))
    parts = f": {said} ({share(all_.rejected_share)})" if decided else ""
    yield f"  {decided:,} decided by people{parts}"
    others = (
        *(Fact.BY_RULE, Fact.BY_ITSELF, Fact.RESOLVED, Fact.EXPIRED, Fact.WITHDRAWN),
        *(Fact.OVERRIDDEN, Fact.WAITING),
    )
    if all_.n(Fact.QUICK):
        yield f"  {all_.n(Fact.QUICK):,} decided in {CALLED[Fact.QUICK]}"
    yield from (f"  {all_.n(fact):,} {CALLED[fact]}" for fact in others if all_.n(fact))
    found = outcomes(all_)
    if approved(found):
        yield f"  after approval: {', '.join(f'{n:,} {CALLED[fact]}' for fact, n in found)}"


def _times(oversight: Oversight) -> Iterator[str]:
    heads = ((Wait.DELIVERED, "card"), (Wait.LOOKED, "first look"), (Wait.DECIDED, "decision"))
    rows = []
    for severity in sorted(oversight.severities, key=lambda s: -s.rank):
        for wait, name in heads:
            found = oversight.severities[severity].spread(wait)
            if found.n or found.untold:
                more = f"; {found.untold:,} not known" if found.untold else ""
                rows.append((f"{severity}, {name}", f"{half_and_most(found)}{more}"))
    if rows:
        yield ""
        yield "from asked until"
        wide = max(len(name) for name, _ in rows)
        yield from (f"  {name:<{wide}}  {said}" for name, said in rows)


def _table(what: str, figures: Mapping[str, Figures]) -> Iterator[str]:
    ranked = sorted(figures.items(), key=lambda one: (-one[1].n(Fact.ASKED), one[0]))
    rows = [
        [
            line(name, _NAMES),
            *(f"{found.n(fact):,}" for fact, _ in _COLUMNS),
            lasted(found.spread(Wait.DECIDED).median),
            lasted(found.spread(Wait.DECIDED).p90),
        ]
        for name, found in ranked
    ]
    if rows:
        yield from _columns([what, *(head for _, head in _COLUMNS), "median", "9 in 10"], rows)


def _people(oversight: Oversight, names: Mapping[str, str]) -> Iterator[str]:
    ranked = sorted(oversight.people.items(), key=lambda one: (-one[1].decided.n, one[0]))
    rows = [
        [
            line(names.get(person, person), _NAMES),
            *(f"{n:,}" for n in (load.decided.n, load.called.n, load.pages)),
        ]
        for person, load in ranked
    ]
    if rows:
        yield from _columns(["load of", "decided", "called", "pages"], rows)


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names to the left, numbers to the right."""
    wide = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    yield ""
    for row in (heads, *rows):
        first, *others = zip(row, wide, strict=True)
        cells = "".join(f"  {cell:>{room}}" for cell, room in others)
        yield f"{first[0]:<{first[1]}}{cells}"


def _learned(oversight: Oversight) -> Iterator[str]:
    all_ = oversight.all
    left = [
        f"{CALLED[fact]}: {all_.n(fact):,}"
        for fact in (Fact.REVIEW_OVERDUE, Fact.ISSUE_OPEN)
        if all_.n(fact)
    ]
    left += [
        f"runbook {line(name)} did not work: {found.no.n:,} of "
        f"{counted(found.no.n + found.yes, 'answer')}"
        for name, found in oversight.failed_runbooks.items()
    ]
    if left:
        yield ""
        yield from left
