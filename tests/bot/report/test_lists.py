"""From a number to the escalations behind it."""

from datetime import timedelta

from approvals.memory.observing import Fact
from approvals.memory.oversight import NAMED, Count
from bot.report.lists import Lists
from tests.approvals.memory.overseen import MONDAY, Told, added


def count(n: int, title: str = "Deploy 41") -> Count:
    """So many, a minute apart."""
    stories = [Told(n=k, at=MONDAY + timedelta(minutes=k), title=title) for k in range(n)]
    return added(stories).all.of(Fact.ASKED)


def test_a_number_is_a_link_and_its_list_has_the_newest_first() -> None:
    lists = Lists("Europe/Berlin")
    assert lists.number(count(2), "asked") == '<a href="#l1" aria-label="2: asked">2</a>'
    (section,) = lists.sections()
    first, second = section.index("000001"), section.index("000000")
    assert first < second
    assert "<code>/escalations show 000001</code>" in section
    assert '<time datetime="2026-11-02T12:01:00Z">2 Nov 13:01</time>' in section
    assert "more" not in section


def test_of_many_the_rest_is_counted() -> None:
    lists = Lists("UTC")
    assert lists.number(count(NAMED + 1120), "asked").endswith(">1,170</a>")
    (section,) = lists.sections()
    assert section.count("<li>") == NAMED
    assert "<p>and 1,120 more</p>" in section


def test_where_there_are_many_numbers_fewer_are_listed() -> None:
    lists = Lists("UTC")
    lists.number(count(30), "asked on Mondays from 09:00", 10)
    (section,) = lists.sections()
    assert (section.count("<li>"), "<p>and 20 more</p>" in section) == (10, True)
    assert section.index("00001d") < section.index("000014")


def test_nothing_leads_nowhere() -> None:
    lists = Lists("UTC")
    assert (lists.number(Count(), "asked"), lists.link("–", Count(), "x")) == ("0", "–")
    assert list(lists.sections()) == []


def test_numbers_that_would_list_the_same_share_a_list() -> None:
    """It is headed by all that led to it."""
    lists, same = Lists("UTC"), count(3)
    assert lists.number(same, "approved") != lists.number(same, "succeeded")
    lists.number(same, "approved")
    lists.number(count(2), "failed")
    one, other = lists.sections()
    assert "<summary>approved; succeeded " in one
    assert 'id="l2"' in other


def test_titles_and_headings_are_escaped() -> None:
    lists = Lists("UTC")
    link = lists.number(count(1, title="<script>x</script>"), '"><b>')
    assert "<b>" not in link
    (section,) = lists.sections()
    assert "<script>" not in section
    assert "&lt;script&gt;x&lt;/script&gt;" in section
    assert "<b>" not in section
