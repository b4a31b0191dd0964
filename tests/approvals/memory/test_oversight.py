"""Whether people really decide, over planted histories whose answers are known."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.memory import oversight as module
from approvals.memory.observing import Fact, Observed, Wait, observed
from approvals.memory.oversight import (
    AT_ONCE_S,
    FEWEST,
    NAMED,
    Count,
    Figures,
    Named,
    Oversight,
    Spread,
    spread,
)
from approvals.words import Severity
from tests.approvals.memory.overseen import MONDAY, Told, added, month
from tests.approvals.memory.test_observing import FINDINGS, REVIEW
from tests.approvals.test_automate import automatic


def named(found: Count) -> list[str]:
    """Ids in the order in which they are kept."""
    return [one.id for one in found.newest]


# -- rules that are waved through ------------------------------------------------------------------


def waved(n: int, *, took: float = 4.0, rule: str = "staging", **more: object) -> list[Told]:
    """So many decisions, each so fast after the look."""
    return [
        Told(n=k, rule=rule, looked=60, decided=60 + took, **more)  # type: ignore[arg-type]
        for k in range(n)
    ]


def flagged(stories: Sequence[Told]) -> list[str]:
    """Rules that are named."""
    return [rule for rule, _ in added(stories).automate_or_fix]


def test_a_rule_that_is_always_approved_at_once_is_named() -> None:
    assert flagged(waved(FEWEST)) == ["staging"]


@pytest.mark.parametrize(
    ("why", "stories"),
    [
        ("too few to say", waved(FEWEST - 1)),
        ("one was rejected", [*waved(40), Told(end="rejected", rule="staging")]),
        ("people think about it", waved(FEWEST, took=AT_ONCE_S)),
        ("half of them thought about it", [*waved(9, took=30), *waved(8)]),
        ("an accepted rule decides it", [Told(n=n, end="by rule") for n in range(20)]),
        ("nobody decides it", [Told(n=n, end="expired") for n in range(20)]),
        ("nothing says how fast", waved(9) + [Told(n=n, came=None, looked=None) for n in range(9)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_is_not_named_where(why: str, stories: list[Told]) -> None:
    assert flagged(stories) == [], why


def test_the_busiest_of_the_named_comes_first() -> None:
    """And one rule's fault is not another's."""
    stories = waved(12, rule="b") + waved(12, rule="a") + waved(20, rule="c") + waved(20, took=60)
    assert flagged(stories) == ["c", "a", "b"]


def test_verdicts_name_no_person() -> None:
    """Whoever decides fastest is counted for the load, and nowhere else."""
    found = added(waved(30))
    assert found.people["ben"].decided.n == 30
    assert "ben" not in repr([(rule, f) for rule, f in found.automate_or_fix])


# -- one number each -------------------------------------------------------------------------------


def test_what_was_planted_is_what_is_counted() -> None:
    stories = [
        *(Told(n=n, rule="a", groups=("x", "y")) for n in range(8)),
        *(Told(n=n, rule="a", end="rejected", groups=("x",)) for n in range(8, 10)),
        Told(n=10, rule="b", end="failed", undo="rolled back", severity=Severity.HIGH),
        Told(n=11, rule="b", end="expired", looked=None),
    ]
    found = added(stories)
    assert {rule: f.n(Fact.ASKED) for rule, f in found.rules.items()} == {"a": 10, "b": 2}
    assert {group: f.n(Fact.ASKED) for group, f in found.groups.items()} == {
        "x": 10,
        "y": 8,
        "dba": 2,
    }
    assert found.rules["a"].rejected_share == 0.2
    assert found.rules["b"].rejected_share == 0
    assert found.severities[Severity.HIGH].n(Fact.UNDONE) == 1
    assert named(found.all.of(Fact.EXPIRED)) == ["esc_00000000000b"]
    assert named(found.rules["b"].without(Wait.LOOKED)) == ["esc_00000000000b"]
    assert found.all.without(Wait.DELIVERED) == Count()


def test_what_ran_by_itself_stands_under_no_rule() -> None:
    """Nobody asked for people; it is load all the same."""
    scene, found = automatic().open(), added([])
    found.add(observed(scene.e, scene.now))
    assert (found.all.n(Fact.BY_ITSELF), found.asked_people) == (1, 0)
    assert (found.rules, found.severities, found.groups) == ({}, {}, {})
    assert len(found.days) == len(found.hours) == 1


def test_nothing_was_asked() -> None:
    """No share, no median, and nobody to name."""
    found = added([])
    assert found.all.rejected_share is None
    assert found.all.spread(Wait.DECIDED) == Spread(n=0, median=None, p90=None, longest=None)
    assert found.all.longest(Wait.DECIDED) == Count()
    assert (found.automate_or_fix, found.asked_people) == ((), 0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([5], Spread(n=1, median=5, p90=5, longest=5)),
        ([4, 1], Spread(n=2, median=1, p90=4, longest=4)),
        ([3, 1, 2], Spread(n=3, median=2, p90=3, longest=3)),
        (range(1, 11), Spread(n=10, median=5, p90=9, longest=10)),
        (range(1, 12), Spread(n=11, median=6, p90=10, longest=11)),
    ],
)
def test_a_median_is_a_time_that_was(seconds: Sequence[float], expected: Spread) -> None:
    assert spread(seconds) == expected


def test_the_slowest_is_known_by_name() -> None:
    found = added([Told(n=n, looked=1, decided=seconds) for n, seconds in enumerate((5, 90, 7))])
    assert named(found.all.longest(Wait.DECIDED)) == ["esc_000000000001"]


def test_days_and_hours_are_those_of_the_zone() -> None:
    """23:30 in London is the next day in Berlin."""
    late = MONDAY.replace(hour=23, minute=30)
    found = added([Told(at=late)], zone="Europe/Berlin")
    assert list(found.days) == [date(2026, 11, 3)]
    assert list(found.hours) == [(1, 0)]
    assert found.days[date(2026, 11, 3)].counts.keys() == {Fact.ASKED, Fact.DECIDED}


def test_load_is_counted_by_person() -> None:
    """Each once an escalation, whatever they did with it."""
    stories = [Told(n=1, people=("ana", "ben"), called=("ana", "cem")), Told(n=2, people=("ana",))]
    found = Oversight(since=MONDAY, now=MONDAY)
    for told in stories[:1]:
        found.add(told.observed())
    load = {p: (one.decided.n, one.called.n, one.pages) for p, one in found.people.items()}
    assert load == {"ana": (1, 1, 0), "ben": (1, 0, 0), "cem": (0, 1, 0)}
    paged = Told().observed()
    found.add(Observed(**{**{f: getattr(paged, f) for f in FIELDS}, "pages": {"cem": 3}}))
    assert found.people["cem"].pages == 3


FIELDS = ("id", "title", "at", "rule", "groups", "severity", "facts")


def test_runbooks_that_did_not_work_are_told_the_worst_first() -> None:
    def said(n: int, **worked: bool) -> Told:
        written = FINDINGS.__class__(
            by="ana",
            at=MONDAY,
            root_cause="x",
            resolved_by="y",
            runbooks_worked={f"{name}.md": yes for name, yes in worked.items()},
        )
        review = REVIEW.__class__(why=REVIEW.why, opened_at=MONDAY, due_at=MONDAY, findings=written)
        return Told(n=n, more={"review": review})

    found = added([said(1, a=False, b=True), said(2, a=True, c=False), said(3, a=True, c=False)])
    failed = found.failed_runbooks
    assert {name: (one.no.n, one.yes) for name, one in failed.items()} == {
        "c.md": (2, 0),
        "a.md": (1, 2),
    }
    assert list(failed) == ["c.md", "a.md"]


# -- what is kept ----------------------------------------------------------------------------------


def test_only_the_newest_are_kept_by_name_in_whatever_order_they_come() -> None:
    count, ones = Count(), [_name(n) for n in range(NAMED + 30)]
    Random(4).shuffle(ones)
    for one in ones:
        count.add(one)
    assert (count.n, named(count)) == (NAMED + 30, [f"{n}" for n in range(30, NAMED + 30)])


def _name(n: int) -> Named:
    return Named(at=MONDAY + timedelta(minutes=n), id=f"{n}", title=None)


def test_counts_of_days_make_one_of_a_week() -> None:
    days = [Count(), Count()]
    for n in range(NAMED + 4):
        days[n % 2].add(_name(n))
    week = Count.together(days)
    assert (week.n, named(week)) == (NAMED + 4, [f"{n}" for n in range(4, NAMED + 4)])
    assert Count.together([]) == Count()


def test_what_is_kept_of_many_is_bounded_by_rules_and_days() -> None:
    """Ten times as many of the same add numbers, and no names."""
    found = added([Told(n=n) for n in range(10 * NAMED)])
    figures = (found.all, *found.rules.values(), *found.days.values())
    assert {len(c.newest) for f in figures for c in f.counts.values()} == {NAMED}
    assert sum(len(times) for times in found.all.times.values()) == 4 * 10 * NAMED


# -- against a plain computation -------------------------------------------------------------------


def naive(ones: Sequence[Observed], keep: Callable[[Observed], bool]) -> dict[str, object]:
    """The same figures, by looking through all of them for each."""
    some = [one for one in ones if keep(one)]
    newest = sorted(some, key=lambda one: (one.at, one.id))[-NAMED:]
    said: dict[str, object] = {"newest": [one.id for one in newest]}
    for fact in Fact:
        said[fact] = sum(fact in one.facts for one in some)
    for wait in Wait:
        took = [one.waits[wait] for one in some if wait in one.waits]
        said[wait] = (_within(took, 50), _within(took, 90), max(took, default=None))
        said[f"no {wait}"] = sum(wait in one.untold for one in some)
    considered = [one.waits[Wait.CONSIDERED] for one in some if Wait.CONSIDERED in one.waits]
    slow = sum(seconds >= AT_ONCE_S for seconds in considered)
    none = not any(Fact.REJECTED in one.facts for one in some)
    said["waved"] = none and len(considered) >= FEWEST and 2 * slow <= len(considered)
    return said


def _within(took: Sequence[float], percent: int) -> float | None:
    """The least of the times within which so many were done."""
    enough = (t for t in sorted(took) if 100 * sum(s <= t for s in took) >= percent * len(took))
    return next(enough, None)


def told(figures: Figures) -> dict[str, object]:
    """The same, as it was added up."""
    said: dict[str, object] = {"newest": named(figures.of(Fact.ASKED))}
    for fact in Fact:
        said[fact] = figures.n(fact)
    for wait in Wait:
        took = figures.spread(wait)
        said[wait] = (took.median, took.p90, took.longest)
        said[f"no {wait}"] = took.untold
    said["waved"] = figures.is_always_approved_at_once
    return said


def differs(ones: Sequence[Observed]) -> bool:
    """Whether what was added up is not what looking through all of them finds."""
    found = Oversight(since=MONDAY, now=MONDAY)
    for one in ones:
        found.add(one)
    checks = [(found.all, naive(ones, lambda one: True))]
    checks += [(f, naive(ones, lambda one, r=r: one.rule == r)) for r, f in found.rules.items()]  # type: ignore[misc]
    checks += [(f, naive(ones, lambda one, g=g: g in one.groups)) for g, f in found.groups.items()]  # type: ignore[misc]
    return any(told(figures) != expected for figures, expected in checks)


ENDS = ("succeeded", "failed", "rejected", "expired", "by rule", "pending")
GROUPS = (("x",), ("y",), ("x", "y"))
TIMES = st.sampled_from((None, 0.0, 1.0, 7.0, 30.0))

#: A few, alike enough that rules and groups have several.
STORIES = st.lists(
    st.tuples(st.sampled_from(ENDS), st.sampled_from(GROUPS), TIMES, TIMES, st.integers(30, 60)),
    max_size=25,
)


@settings(max_examples=60)
@given(STORIES)
def test_figures_are_those_that_a_plain_computation_finds(found: list[tuple[Any, ...]]) -> None:
    ones = [
        Told(
            n=n,
            at=MONDAY + timedelta(hours=decided),
            end=end,
            rule="ab"[n % 2],
            groups=groups,
            came=came,
            looked=looked,
            decided=decided,
        ).observed()
        for n, (end, groups, came, looked, decided) in enumerate(found)
    ]
    assert not differs(ones)


def _rounded_down(known: Sequence[float], share: float) -> float | None:
    return known[int(share * (len(known) - 1))] if known else None


def _oldest_kept(count: Count, one: Named) -> None:
    count.n += 1
    count.newest = sorted([*count.newest, one])[:NAMED]


def _never_unknown(figures: Figures, one: Observed, name: Named) -> None:
    for fact in one.facts:
        figures.counts.setdefault(fact, Count()).add(name)
    for wait, seconds in one.waits.items():
        figures.times.setdefault(wait, module.array("d")).append(seconds)


def _rejections_overlooked(figures: Figures) -> bool:
    took = figures.spread(Wait.CONSIDERED)
    return took.median is not None and took.n >= FEWEST and took.median < AT_ONCE_S


PLANTED = {
    "percentiles are rounded down": (module, "_at_most", _rounded_down),
    "the oldest are kept": (Count, "add", _oldest_kept),
    "what is not known is not counted": (Figures, "add", _never_unknown),
    "rejections are overlooked": (
        Figures,
        "is_always_approved_at_once",
        property(_rejections_overlooked),
    ),
    "few decisions are enough": (module, "FEWEST", 3),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = Random(bug)
    histories = [_some(chance, n) for n in (12, 40, 70)]
    assert not any(map(differs, histories))
    monkeypatch.setattr(*PLANTED[bug])
    assert any(map(differs, histories))


def _some(chance: Random, n: int) -> list[Observed]:
    ends = ["succeeded"] * 12 + ["expired"] + ["rejected"] * chance.randrange(2)
    return [
        Told(
            n=k,
            at=MONDAY + timedelta(hours=chance.randrange(500)),
            end=chance.choice(ends),
            rule=chance.choice("abcde"),
            came=chance.choice((None, 1.0)),
            looked=chance.choice((None, 20.0, 20.0, 20.0)),
            decided=20 + chance.choice((1.0, 2.0, 5.0, 8.0, 40.0)),
        ).observed()
        for k in range(n)
    ]


def test_a_month_of_three_hundred_names_the_one_rule_that_is_waved_through() -> None:
    found = month()
    assert found.all.n(Fact.ASKED) == 304
    assert [rule for rule, _ in found.automate_or_fix] == ["staging deployments"]
