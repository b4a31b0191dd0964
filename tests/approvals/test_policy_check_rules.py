"""Rules that cannot be meant: never reached, never filled, told to the wrong people."""

import pytest

from tests.approvals.checking import HEAD, RULE, found, said

# -- rules ----------------------------------------------------------------------------------------


def tiers(*matches: str) -> list[str]:
    """What is said of rules with these matches, in order."""
    rules = (RULE.replace('"it"', f'"{n}"') + f"match = {{ {m} }}\n" for n, m in enumerate(matches))
    return said(rule="".join(rules))


EUR = 'money = {{ currency = "EUR", above_minor = {0}{1} }}'


@pytest.mark.parametrize(
    ("before", "later"),
    [
        (EUR.format(100, ""), EUR.format(500, "")),
        (EUR.format(100, ""), EUR.format(100, "")),
        (EUR.format(100, ""), EUR.format(500, ', sum_24h = ["account"]')),
        (EUR.format(100, ', sum_24h = ["account"]'), EUR.format(500, ', sum_24h = ["account"]')),
        (EUR.format(100, ""), 'category = "large_transaction", ' + EUR.format(500, "")),
    ],
)
def test_a_lower_tier_above_takes_what_a_higher_one_is_for(before: str, later: str) -> None:
    (reason,) = tiers(before, later)
    assert reason == '"0" takes these amounts first; write tiers from the highest down'


@pytest.mark.parametrize(
    ("before", "later"),
    [
        (EUR.format(500, ""), EUR.format(100, "")),
        (EUR.format(100, ""), EUR.format(500, "").replace("EUR", "CHF")),
        (EUR.format(100, ""), ""),
        (EUR.format(100, ""), 'category = "large_transaction"'),
        ('category = "x", ' + EUR.format(100, ""), EUR.format(500, "")),
        ('kind = "incident"', ""),
        ('kind = "incident"', 'kind = "approval"'),
        ('severity = "medium"', ""),
        ('severity = "critical"', 'category = "pattern_change"'),
    ],
)
def test_a_rule_that_something_is_left_for_is_fine(before: str, later: str) -> None:
    assert tiers(before, later) == []


@pytest.mark.parametrize(
    ("before", "later"),
    [
        ("", EUR.format(100, "")),
        ("", 'kind = "incident"'),
        ('kind = "incident"', 'kind = "incident", category = "x"'),
        ('severity = "low"', ""),
        ('severity = "medium"', 'kind = "approval"'),
        ('severity = "high"', 'category = ["security", "pattern_change"]'),
    ],
)
def test_a_rule_that_nothing_is_left_for_is_found(before: str, later: str) -> None:
    """What the table of severities makes of a category counts too."""
    assert tiers(before, later) == ['never reached: "0" matches first']


def test_an_incident_moves_no_money() -> None:
    (reason,) = tiers('kind = "incident", ' + EUR.format(100, ""))
    assert reason == "an incident moves no money, so this never matches"


def test_a_low_rule_is_for_incidents() -> None:
    assert said(rule=RULE + 'severity = "low"\nmatch = { kind = "incident" }\n') == []


def test_one_who_helps_is_enough_for_an_incident() -> None:
    """So its quorum is not reckoned."""
    rule = RULE.replace('"ops" }', '"ops", needed = 9 }')
    assert said(rule=rule + 'match = { kind = "incident" }\n') == []


def test_owners_count_where_the_rule_says_so() -> None:
    """And where somebody else is left besides them."""
    alone = RULE.replace('"ops"', '"one"') + 'match = { service = "payments" }\n'
    group = '[groups.one]\nmembers = ["mia"]\n'
    (reason,) = said(group, alone)
    assert reason == (
        "wants 1 and only 0 can decide without mia: owners of payments do not count unless "
        "somebody else asks"
    )
    assert said(group, alone + "exclude_requester = false\n") == []
    assert said(group, alone.replace('"payments"', '"pay*"')) == []
    assert said(group.replace('["mia"]', '["mia", "tom"]'), alone) == []


@pytest.mark.parametrize(
    ("needed", "more", "is_good"),
    [(1, "", True), (2, "", False), (2, "exclude_requester = false", True)],
)
def test_two_people_alone_cannot_ask_one_another(needed: int, more: str, is_good: bool) -> None:
    """Where nobody is said to ask, one of them may decide, or both where the rule allows it."""
    people = HEAD.partition("zoe")[0] + '[groups]\nops = { members = ["mia", "tom"] }\n'
    rule = RULE.replace('"ops" }', f'"ops", needed = {needed} }}') + more
    assert (found(people + rule) == []) is is_good


@pytest.mark.parametrize(
    ("match", "is_private"),
    [
        ('category = "security"', True),
        ('category = ["deployment", "compliance"]', True),
        ('category = "secur*"', True),
        ('category = "*"', False),
        ('environment = "production"', False),
    ],
)
def test_only_what_a_rule_names_is_held_against_its_channel(match: str, is_private: bool) -> None:
    """What is private and not named goes into direct messages instead."""
    rule = (
        RULE + f'match = {{ {match} }}\nchannel = "open"\nsteps = [{{ to = ["channel:open"] }}]\n'
    )
    assert len(said(rule=rule)) == (2 if is_private else 0)
    assert said(rule=rule.replace("open", "closed")) == []


def test_a_category_of_ones_own_is_fine() -> None:
    """Only what is nearly a known one is taken for a slip."""
    assert tiers('category = ["payout", "deploy", "security_review"]') == []
