"""The report as one page that stands alone: figures, plots with their tables, and the lists behind.

Every word that somebody wrote is escaped; what was erased is counted and has no name.
"""

from collections.abc import Callable, Iterator, Mapping
from html import escape

from approvals.memory.observing import QUICK_S, Fact, Wait
from approvals.memory.oversight import AT_ONCE_S, FEWEST, NAMED, Figures, Oversight
from bot.counted import counted
from bot.report.hours import hours_plot, shades
from bot.report.lists import Lists
from bot.report.load import PARTS, bars, load_plot
from bot.report.outcomes import approved, outcome_plot, outcomes
from bot.report.style import POLICY, STYLE
from bot.report.svg import NARROW, WIDE
from bot.report.tables import (
    hours_table,
    load_table,
    outcome_table,
    people_table,
    rules_table,
    waiting_table,
)
from bot.report.waiting import rows, waiting_plot
from bot.report.words import lasted, line, moment, share

_HATCH = (
    '<svg class="defs" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6"/>'
    '<path d="M1.5 0V6"/></pattern></defs></svg>'
)


def page(oversight: Oversight, names: Mapping[str, str]) -> str:
    """The whole page. `names` are those of people, by id."""
    lists = Lists(oversight.zone)
    body = "\n".join(
        [_head(oversight, lists), *_sections(oversight, names, lists), _lists(lists), _terms()]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Is the oversight real? · Andon</title>\n<style>{STYLE}</style></head>\n"
        f"<body>\n{_HATCH}\n<main>\n{body}\n</main>\n</body></html>\n"
    )


def _head(oversight: Oversight, lists: Lists) -> str:
    zone = oversight.zone
    span = f"{moment(oversight.since, zone, year=True)} to {moment(oversight.now, zone, year=True)}"
    tiles = "".join(_tiles(oversight.all, lists))
    return (
        '<header><h1>Is the oversight real?</h1><p class="muted">What was asked from '
        f"{span}, {escape(zone)} time.</p>{_flags(oversight)}"
        f'<dl class="tiles">{tiles}</dl></header>'
    )


def _tiles(all_: Figures, lists: Lists) -> Iterator[str]:
    decided, took = all_.n(Fact.DECIDED), all_.spread(Wait.DECIDED)
    after = approved(outcomes(all_))

    def linked(fact: Fact, heading: str) -> str:
        return lists.number(all_.of(fact), heading)

    yield _tile(
        "escalations",
        linked(Fact.ASKED, "all that were asked"),
        f"{linked(Fact.RESOLVED, 'incidents resolved')} incidents resolved, "
        f"{linked(Fact.WAITING, 'still waiting')} still waiting",
    )
    yield _tile(
        "decided by people",
        linked(Fact.DECIDED, "decided by people"),
        f"{linked(Fact.REJECTED, 'rejected')} rejected, {share(all_.rejected_share)}",
    )
    most = f"9 in 10 within {lasted(took.p90)}" if took.n else "nothing decided yet"
    yield _tile("median wait for a decision", lasted(took.median), most)
    quick = share(all_.n(Fact.QUICK) / decided if decided else None)
    yield _tile(
        f"decided in under {QUICK_S:.0f}\u00a0s",
        linked(Fact.QUICK, f"decided in under {QUICK_S:.0f} s"),
        f"{quick} of what people decided",
    )
    taken = f"{linked(Fact.WITHDRAWN, 'withdrawn')} withdrawn"
    yield _tile("expired, undecided", linked(Fact.EXPIRED, "expired"), taken)
    failed = share(all_.n(Fact.FAILED) / after if after else None)
    yield _tile(
        "failed after approval",
        linked(Fact.FAILED, "approved, failed"),
        f"{failed} of {after:,} approved; {linked(Fact.UNDONE, 'approved, undone')} undone",
    )


def _tile(name: str, number: str, more: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{number}<small>{more}</small></dd></div>"


def _flags(oversight: Oversight) -> str:
    return "".join(_flag(rule, found) for rule, found in oversight.automate_or_fix)


def _flag(rule: str, found: Figures) -> str:
    took = found.spread(Wait.CONSIDERED)
    return (
        f'<div class="flag" role="note"><p><strong>Automate or fix this: «{escape(line(rule))}»'
        f"</strong></p><p>{escape(_always(found, lasted(took.median)))}</p></div>"
    )


def _always(found: Figures, median: str) -> str:
    decided = counted(found.n(Fact.DECIDED), "decision")
    return (
        f"{decided} by people, none of them a rejection, half within {median} of the look. "
        "A question that is always waved through protects nothing: let a rule decide it, or ask "
        "only when there is something to judge."
    )


def _sections(oversight: Oversight, names: Mapping[str, str], lists: Lists) -> Iterator[str]:
    if not oversight.all.n(Fact.ASKED):
        yield '<section><p class="muted">Nothing was asked in that time.</p></section>'
        return
    yield _load(oversight, lists)
    yield _waiting(oversight, lists)
    yield _outcomes(oversight, lists)
    yield _hours(oversight, lists)
    if oversight.rules:
        rules = rules_table(oversight.rules, "rule", lists)
        sub = "What each rule of the policy asked for, and what came of it."
        yield _section("Rules", sub, rules)
    if oversight.groups:
        groups = rules_table(oversight.groups, "group", lists)
        yield _section("Groups", "The same, by the groups whose people may decide.", groups)
    yield _people(oversight, names, lists)
    yield _learned(oversight, lists)


def _section(title: str, sub: str, *parts: str) -> str:
    said = f'<p class="sub">{escape(sub)}</p>' if sub else ""
    return f"<section><h2>{escape(title)}</h2>{said}{''.join(parts)}</section>"


def _figure(draw: Callable[[int], str]) -> str:
    """A plot, for a desk and for a phone."""
    wide, narrow = draw(WIDE), draw(NARROW)
    return f'<figure><div class="wide">{wide}</div><div class="narrow">{narrow}</div></figure>'


def _numbers(table: str) -> str:
    """A long table, folded."""
    return f'<details class="tables"><summary>The numbers</summary>{table}</details>'


def _load(oversight: Oversight, lists: Lists) -> str:
    found = bars(oversight)
    key = "".join(
        f"<li>{_swatch(f'fill {kind}')}{escape(name)} ({total:,})</li>"
        for kind, name, _ in PARTS
        if (total := sum(bar.parts[kind] for bar in found.bars))
    )
    return _section(
        "Load over time",
        f"Escalations asked, by {found.unit}, and who had them.",
        f'<ul class="key">{key}</ul>',
        _figure(lambda width: load_plot(found, width)),
        _numbers(load_table(found, lists)),
    )


def _swatch(kind: str) -> str:
    mark = f'<rect class="{kind}" x=".5" y=".5" width="13" height="13"/>'
    return f'<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">{mark}</svg>'


def _waiting(oversight: Oversight, lists: Lists) -> str:
    found = rows(oversight)
    if not found:
        empty = '<p class="muted">Nobody has looked at anything or decided it yet.</p>'
        table = waiting_table(oversight, lists) if oversight.severities else ""
        return _section("Waiting time by severity", "", empty, table)
    return _section(
        "Waiting time by severity",
        "From asked until the first look, and until people decided: the filled dot is the median, "
        "the ring what nine in ten took at most. The scale is logarithmic.",
        _figure(lambda width: waiting_plot(found, width)),
        _numbers(waiting_table(oversight, lists)),
    )


def _outcomes(oversight: Oversight, lists: Lists) -> str:
    found = outcomes(oversight.all)
    if not approved(found):
        empty = '<p class="muted">Nothing was approved in that time.</p>'
        return _section("Outcome after approval", "", empty)
    return _section(
        "Outcome after approval",
        f"What services reported of {approved(found):,} approved by people or accepted rules. "
        "What was undone had one of the other outcomes before.",
        _figure(lambda width: outcome_plot(found, width)),
        outcome_table(oversight.all, lists),
    )


def _hours(oversight: Oversight, lists: Lists) -> str:
    key = "".join(_shade(n, low, most) for n, low, most in shades(oversight.hours))
    return _section(
        "Busiest hours",
        f"Escalations asked by weekday and hour, {oversight.zone} time.",
        f'<ul class="key">{key}</ul>',
        _figure(lambda width: hours_plot(oversight.hours, width)),
        _numbers(hours_table(oversight, lists)),
    )


def _shade(n: int, low: int, most: int) -> str:
    said = f"{low:,} to {most:,}" if most > low else f"{low:,}"
    return f"<li>{_swatch(f'shade{n}')}{said}</li>"


def _people(oversight: Oversight, names: Mapping[str, str], lists: Lists) -> str:
    title = "Load per person"
    sub = "How much each had to do with it. No verdict rests on this: rules are judged, not people."
    if not oversight.people:
        return _section(title, "", '<p class="muted">Nobody was called, nobody decided.</p>')
    return _section(title, sub, people_table(oversight, names, lists))


def _learned(oversight: Oversight, lists: Lists) -> str:
    all_ = oversight.all
    lines = [
        f"Reviews overdue: {lists.number(all_.of(Fact.REVIEW_OVERDUE), 'reviews overdue')}",
        f"Issues open: {lists.number(all_.of(Fact.ISSUE_OPEN), 'issues open')}",
    ]
    lines += [
        f"Runbook <code>{escape(line(name))}</code> did not work: "
        f"{lists.number(found.no, f'runbook {line(name)} did not work')} of "
        f"{counted(found.no.n + found.yes, 'answer')}"
        for name, found in oversight.failed_runbooks.items()
    ]
    items = "".join(f"<li>{one}</li>" for one in lines)
    return _section("What is left to learn", "", f"<ul>{items}</ul>")


def _lists(lists: Lists) -> str:
    found = "\n".join(lists.sections())
    sub = f"Each number above leads here: the newest, at most {NAMED}, and how many more there are."
    if not found:
        return ""
    return (
        '<section class="lists"><h2>The escalations behind the numbers</h2>'
        f'<p class="sub">{sub}</p>\n{found}</section>'
    )


_TERMS = (
    (
        "Waiting time",
        "From asked until decided by people. Delivered is the first card that was posted, or when "
        "Slack was back; looked is the first thing anybody who may decide did with it. Slack has "
        "no read receipts: how long somebody reads a card in a channel nobody can see.",
    ),
    (
        f"Under {QUICK_S:.0f} s",
        "From the decider's own first look (Details, a window, \u201cI am looking\u201d) until "
        "their vote; from the posting of their card where they tapped at once. Where several "
        "decided together, of whoever took longest. Where neither is known, nothing is counted.",
    ),
    (
        "Automate or fix this",
        f"At least {FEWEST} such decisions, none of them a rejection, and half of them in under "
        f"{AT_ONCE_S:.0f} s. It names the rule; who decided is no part of it.",
    ),
    (
        "Not known",
        "Of what was asked of people: no card is on record (a storm's card stands for many), or "
        "nobody has looked.",
    ),
    (
        "After approval",
        "Of approvals by people or accepted rules. What ran by itself is in the load alone. "
        "Undone is what the service said it took back.",
    ),
)


def _terms() -> str:
    terms = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in _TERMS)
    return _section("How it is measured", "", f'<dl class="terms">{terms}</dl>')
