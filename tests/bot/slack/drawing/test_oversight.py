"""The week in the digest: figures and rules, no person, no title."""

from dataclasses import replace

import pytest

from approvals.digests import Quiet
from approvals.memory.oversight import Oversight
from bot.slack.drawing.digest import digest
from bot.slack.drawing.limits import check
from tests.approvals.memory.overseen import MONDAY, NAMES, Told, added, month
from tests.bot.slack.drawing import ends
from tests.bot.slack.drawing.reading import read
from tests.bot.slack.drawing.stored import assert_stored
from tests.bot.slack.drawing.test_hostile import HOSTILE, everything

ZONE = "Europe/Berlin"


def week(oversight: Oversight, quiet: Quiet | None = None) -> str:
    """The post, as it is read."""
    drawn = digest(quiet or Quiet(), ZONE, MONDAY, oversight)
    assert check(drawn) == ()
    return read(drawn)


def test_it_is_drawn_as_stored() -> None:
    quiet = Quiet(undecided=(ends.expired().escalation,))
    assert_stored("digest_week", digest(quiet, ZONE, MONDAY, month()), payload=True)


def test_alone_it_is_the_whole_digest() -> None:
    assert_stored("digest_week_alone", digest(Quiet(), ZONE, MONDAY, added([Told(), Told(n=2)])))


def test_nothing_that_did_not_happen_is_said() -> None:
    said = week(added([Told(end="pending", looked=None)]))
    assert "1 asked: 1 still waiting" in said
    assert "rejected" not in said
    assert "Waited" not in said
    assert "1 asked: decided by nobody" in week(added([Told(end="expired")]))


def test_neither_a_person_nor_a_title_stands_in_it() -> None:
    said = week(month())
    names = {*NAMES.values(), "Nordwind", "documents_v3"}
    assert [name for name in names if name in said] == []


def waved(rules: int, name: str = "rule {}") -> Oversight:
    """So many rules that are always approved at once."""
    stories = [Told(rule=name.format(r), looked=60, decided=62) for r in range(rules)]
    return added([replace(told, n=n) for told in stories for n in range(10)])


@pytest.mark.parametrize(
    ("rules", "more"), [(5, ""), (6, "and 1 rule more"), (9, "and 4 rules more")]
)
def test_of_many_rules_five_are_named(rules: int, more: str) -> None:
    said = week(waved(rules))
    assert said.count("Automate or fix this") == 5
    assert more in said
    assert (" more" in said) is bool(more)


def test_the_name_of_a_rule_is_quoted_and_never_parsed() -> None:
    """Though it is the policy's own."""
    drawn = digest(Quiet(), ZONE, MONDAY, waved(1, HOSTILE[:80]))
    assert check(drawn) == ()
    for one in everything(drawn.blocks):
        assert one.get("type") not in ("user", "link", "broadcast", "emoji", "mrkdwn")
