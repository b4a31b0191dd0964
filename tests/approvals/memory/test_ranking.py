"""Ranking: the right precedent is among the first three, in words it was not tuned by, too."""

from collections import Counter
from datetime import timedelta
from functools import cache

import pytest

from approvals.escalation import Escalation
from approvals.memory.asking import asked_like, asked_words
from approvals.memory.ranking import Asked, Candidate, ranked, rarest
from approvals.memory.recalling import hashes_of
from approvals.memory.remembering import searchable
from approvals.memory.values import Fingerprint, Likeness
from approvals.memory.words import marks_of
from tests.approvals.memory.labelled import ALONE, labelled, situations
from tests.approvals.world import START

#: Of the queries so many have to find their situation among the first three.
SHARE = 0.9


def candidate(e: Escalation, hours: float = 0) -> Candidate:
    """It as an earlier one, ended so many hours after the start."""
    exact, template, error = hashes_of(e.fingerprint)
    return Candidate(
        id=e.id,
        ended_at=START + timedelta(hours=hours),
        service=e.service,
        category=e.category,
        operation=e.operation.name if e.operation else None,
        exact=exact,
        template=template,
        error=error,
        marks=" ".join(marks_of(searchable(e))),
    )


@cache
def earlier() -> tuple[dict[str, Candidate], Counter[str]]:
    """All of the labelled set as earlier ones, and how many say each word."""
    all_ = {e.id: candidate(e, n) for n, (_, e) in enumerate(labelled())}
    return all_, Counter(mark for one in all_.values() for mark in set(one.marks.split()))


def best(e: Escalation, limit: int = 3) -> list[str]:
    """Ids of those that are most like it."""
    all_, said = earlier()
    others = [one for id_, one in all_.items() if id_ != e.id]
    return [r.id for r in ranked(asked_like(e), others, said, len(all_), limit)]


def found(names: list[str]) -> float:
    """The share of queries that find their situation among the first three."""
    wanted = [(name, e) for name, e in labelled() if name in names]
    hits = [any(id_.startswith(f"esc_{name}_") for id_ in best(e)) for name, e in wanted]
    return sum(hits) / len(hits)


def test_the_set_is_large_and_every_situation_is_told_in_several_ways() -> None:
    times = Counter(name for name, _ in labelled())
    alone = times.pop(ALONE)
    assert (sum(times.values()) + alone >= 200, len(times) >= 40, min(times.values())) == (
        True,
        True,
        5,
    )


@pytest.mark.parametrize("half", [0, 1], ids=["tuned by", "held out"])
def test_the_right_precedent_is_among_the_first_three(half: int) -> None:
    share = found(situations()[half])
    print(f"among the first three: {share:.1%}")
    assert share >= SHARE


def test_it_finds_no_more_than_that_where_words_are_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The set is no gift: by service, operation and category alone it is not passed."""
    monkeypatch.setattr("approvals.memory.ranking._bm25", lambda weights, marks: 0.0)
    assert max(map(found, situations())) < SHARE


def asked(**more: object) -> Asked:
    """What says one word."""
    return Asked(**{"marks": frozenset({"word"}), **more})  # type: ignore[arg-type]


def one(id_: str = "a", hours: float = 0, marks: str = "word", **more: str | None) -> Candidate:
    """An earlier one."""
    fields = {"service": "svc", "category": "c", "operation": None, "exact": None}
    fields |= {"template": None, "error": None, **more}
    ended_at = START + timedelta(hours=hours)
    return Candidate(id=id_, ended_at=ended_at, marks=marks, **fields)  # type: ignore[arg-type]


def test_a_closer_look_goes_before_words() -> None:
    print_ = Fingerprint(version=1, exact="x", template="t", error="e")
    look = asked(fingerprint=print_, service="svc", category="c", operation="op")
    others = [
        one("category", marks="other"),
        one("operation", operation="op", marks="other"),
        one("error", error="e", service="other"),
        one("template", template="t", error="e", service="other"),
        one("exact", exact="x", template="t", error="e", service="other"),
        one("nothing", service="other", marks="other", template="u", error="f"),
    ]
    made = ranked(look, others, {"word": 3}, 9, 10)
    assert [(rank.id, rank.likeness) for rank in made] == [
        ("exact", Likeness.EXACT),
        ("template", Likeness.TEMPLATE),
        ("error", Likeness.ERROR),
        ("operation", None),
        ("category", None),
    ]


def test_what_has_no_template_and_no_error_is_not_alike_by_that() -> None:
    look = asked(fingerprint=Fingerprint(version=1, exact="x"))
    (found_,) = ranked(look, [one(exact="y")], {"word": 1}, 1, 10)
    assert found_.likeness is None


def test_of_two_that_are_as_close_the_later_comes_first() -> None:
    made = ranked(asked(), [one("a", 1), one("b", 3), one("c", 2)], {"word": 3}, 3, 2)
    assert [rank.id for rank in made] == ["b", "c"]


def test_a_rare_word_tells_more_than_a_common_one_and_a_short_text_more_than_a_long_one() -> None:
    look = asked(marks=frozenset({"rare", "usual"}))
    others = [
        one("usual", 9, marks="usual"),
        one("rare", marks="rare"),
        one("long", 9, "rare " + "x " * 90),
    ]
    made = ranked(look, others, {"rare": 2, "usual": 80}, 100, 9)
    assert [rank.id for rank in made] == ["rare", "long", "usual"]


def test_a_word_that_is_said_again_counts_a_little_more() -> None:
    made = ranked(asked(), [one("once", 9), one("twice", 0, "word word")], {"word": 2}, 9, 9)
    assert [rank.id for rank in made] == ["twice", "once"]


def test_words_that_nobody_says_find_nothing() -> None:
    assert ranked(asked(), [one(marks="other")], {}, 1, 9) == []
    assert ranked(asked(marks=()), [one(service="svc")], {}, 0, 9) == []
    assert rarest(["a", "b"], {}) == []


def test_the_rarest_words_are_looked_for_until_they_find_enough() -> None:
    said = {"common": 900, "rare": 2, "some": 200, "many": 250}
    assert rarest(["common", "some", "rare", "many", "none"], said, 300) == ["rare", "some"]
    assert rarest(["common"], said, 300) == ["common"]


def test_people_look_by_numbers_too_and_what_is_alike_is_not_alike_by_them() -> None:
    _, e = labelled()[1]  # its title names a migration's number
    assert set(marks_of("0187")) <= set(asked_words("migration 0187").marks)
    assert not set(marks_of("0187")) & set(asked_like(e).marks)
    assert asked_like(labelled()[12][1]).operation is None
