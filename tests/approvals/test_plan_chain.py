"""Whom the chain of a plan reaches and when, and what else the plan says of people."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from approvals.escalation import Requester
from approvals.policy.load import parse_policy
from approvals.snapshot import Hours, Plan, Requirement, Rotation
from approvals.words import Kind, Severity
from tests.approvals.asking import HEAD, planned, refused

# -- whom the chain reaches ---------------------------------------------------------------------

CHAIN = """
fallback = "cem"
[people]
ana = { name = "Ana", accounts = ["UANA"] }
ben = { name = "Ben", accounts = ["UBEN"] }
cem = { name = "Cem", accounts = ["UCEM"] }
own = { name = "Own", accounts = ["UOWN"] }
[owners]
payments = ["own"]
[groups]
dba = { members = ["ana", "ben"] }
[channels]
open = { id = "COPEN" }
closed = { id = "CCLOSED", private = true }
[routes]
pager = { address = "pagerduty://${KEY}@acme" }
tickets = { address = "jira://${KEY}/acme" }
[[rules]]
name = "it"
requirements = [{ group = "dba" }]
"""


def chain(more: str = 'channel = "closed"', policy_text: str = CHAIN, **changes: Any) -> list[Any]:
    """Each step as (after, to), repeats behind."""
    steps = planned(parse_policy(policy_text + more), **changes).plan.steps
    return [(s.after_s, s.to, *((s.repeat, s.every_s) if s.repeat else ())) for s in steps]


AT_THE_END = ("owners", "person:cem")


@pytest.mark.parametrize(
    ("severity", "steps"),
    [
        (
            "critical",
            [
                (0, ("channel", "approvers", "route:pager")),
                (300, ("approvers",), 2, 300),
                (900, AT_THE_END),
            ],
        ),
        ("high", [(0, ("channel", "approvers")), (900, ("approvers",)), (900, AT_THE_END)]),
        (
            "medium",
            [
                (0, ("channel", "current", "route:tickets")),
                (3600, ("approvers",)),
                (3600, AT_THE_END),
            ],
        ),
    ],
)
def test_each_severity_has_its_chain(severity: str, steps: list[Any]) -> None:
    """Where the policy says nothing else."""
    assert chain(severity=Severity(severity)) == steps


def test_what_is_low_has_no_chain() -> None:
    """It stands in the digest; whatever a rule says of steps is for what is worse."""
    written = 'steps = [{ to = ["owners"] }]'
    for more in ("", written):
        assert chain(more, kind=Kind.INCIDENT, category="other") == []


def test_the_default_chain_goes_by_the_time_there_is_to_answer() -> None:
    found = chain('channel = "closed"\nrespond_within_s = 120', severity=Severity.HIGH)
    assert [step[0] for step in found] == [0, 120, 120]
    hurried = chain(severity=Severity.HIGH, decide_within_s=60)
    assert [step[0] for step in hurried] == [0, 60, 60]


def test_the_rules_steps_win_over_the_severitys_and_those_over_the_default() -> None:
    by_severity = CHAIN.replace(
        "[[rules]]", '[severities.high]\nsteps = [{ to = ["owners"] }]\n[[rules]]'
    )
    high = {"severity": Severity.HIGH}
    assert chain("", by_severity, **high) == [(0, ("owners",))]
    own = 'steps = [{ to = ["requester"] }]'
    assert chain(own, by_severity, **high) == [(0, ("requester",))]
    assert len(chain("", by_severity)) == 3  # medium keeps its own


@pytest.mark.parametrize(
    ("target", "resolved"),
    [
        ("channel:open", ("channel:COPEN",)),
        ("channel:closed", ("channel",)),  # its own
        ("person:ana", ("person:ana",)),
        ("group:dba", ("group:dba",)),
        ("route:pager", ("route:pager",)),
        ("fallback", ("person:cem",)),
        ("current", ("current",)),
    ],
)
def test_names_become_what_the_chain_can_reach(target: str, resolved: tuple[str, ...]) -> None:
    """Without the file."""
    assert chain(f'channel = "closed"\nsteps = [{{ to = ["{target}"] }}]') == [(0, resolved)]


def test_a_public_channel_is_passed_over_for_what_is_not_everybodys_business() -> None:
    steps = 'steps = [{ to = ["channel:open", "channel:closed", "approvers"] }]'
    assert chain(steps, category="security") == [(0, ("channel:CCLOSED", "approvers"))]
    assert chain(steps)[0][1] == ("channel:COPEN", "channel:CCLOSED", "approvers")


def test_a_fallback_is_the_rules_the_severitys_or_the_files() -> None:
    steps = '\nsteps = [{ to = ["fallback"] }]'
    assert chain('fallback = "ana"' + steps) == [(0, ("person:ana",))]
    by_severity = CHAIN.replace("[[rules]]", '[severities.medium]\nfallback = "ben"\n[[rules]]')
    assert chain(steps, by_severity) == [(0, ("person:ben",))]
    assert chain(steps, by_severity, severity=Severity.HIGH) == [(0, ("person:cem",))]


def test_a_step_that_reaches_nobody_gives_its_time_to_the_next() -> None:
    """So nobody waits for it."""
    steps = """steps = [
      { to = ["approvers"] },
      { after_s = 100, to = ["owners"] },
      { after_s = 1000, to = ["requester"] },
      { after_s = 500, to = ["approvers"] },
    ]"""
    nobody = {"service": "search"}
    assert chain(steps, **nobody) == [
        (0, ("approvers",)),
        (100, ("requester",)),
        (500, ("approvers",)),
    ]
    late = steps.replace('{ to = ["approvers"] },', '{ after_s = 9, to = ["owners"] },')
    assert chain(late, **nobody)[0] == (9, ("requester",))


def test_without_a_channel_an_owner_or_a_pager_the_chain_is_shorter() -> None:
    bare = CHAIN.replace('fallback = "cem"', "").partition("[routes]")
    text = bare[0] + "[[rules]]" + bare[2].partition("[[rules]]")[2]
    found = chain("", text, service="search", severity=Severity.CRITICAL)
    assert found == [(0, ("approvers",)), (300, ("approvers",), 2, 300)]


@pytest.mark.parametrize("category", ["security", "data_corruption", "compliance"])
def test_what_must_be_told_at_once_is_told_at_once_to_all(category: str) -> None:
    """Whatever the caller says of its severity."""
    by = parse_policy(CHAIN + 'channel = "closed"')
    found = planned(by, kind=Kind.INCIDENT, category=category, severity=Severity.LOW)
    assert found.severity is Severity.CRITICAL
    first = found.plan.steps[0]
    assert (first.after_s, first.to) == (0, ("channel", "approvers", "route:pager"))


# -- clocks of the severity and of the rule -----------------------------------------------------


def course(more: str = "", head: str = "", **changes: Any) -> tuple[int, ...]:
    """Extension, hold, and how far an undelivered deadline moves."""
    made = planned(parse_policy(CHAIN.replace("[[rules]]", head + "[[rules]]") + more), **changes)
    it = made.plan
    return it.extend_by_s, it.acknowledge_for_s, it.undelivered_max_s


@pytest.mark.parametrize(
    ("severity", "found"),
    [
        ("critical", (900, 600, 1800)),
        ("high", (1800, 900, 3600)),
        ("medium", (7200, 3600, 14400)),
    ],
)
def test_every_clock_comes_from_the_severity(severity: str, found: tuple[int, ...]) -> None:
    assert course(severity=Severity(severity)) == found


def test_the_file_changes_what_a_severity_means_and_a_rule_wins() -> None:
    own = "extend_by_s = 1\nacknowledge_for_s = 2\nundelivered_max_s = 3\n"
    assert course("", "[severities.medium]\n" + own) == (1, 2, 3)
    assert course("extend_by_s = 0", "[severities.medium]\n" + own) == (0, 2, 3)
    assert course("", "[severities.high]\n" + own) == (7200, 3600, 14400)


def test_what_nobody_wrote_stays_within_a_short_deadline() -> None:
    assert course("decide_within_s = 60") == (60, 60, 60)
    assert course("decide_within_s = 60\nextend_by_s = 600") == (600, 60, 60)


def test_the_deadline_of_a_severity_bounds_what_a_caller_may_ask() -> None:
    """Four times that."""
    by = parse_policy(
        CHAIN.replace("[[rules]]", "[severities.medium]\ndecide_within_s = 100\n[[rules]]")
    )
    assert planned(by).plan.decide_within_s == 100
    assert [e.pointer for e in refused(by, decide_within_s=401)] == ["/decide_within_s"]


HOURS = '[hours]\ndays = ["tue", "mon"]\nstart = "10:00"\nuntil = "17:30"\n'


@pytest.mark.parametrize(
    ("head", "more", "severity", "is_kept"),
    [
        (HOURS, "hours = true", "medium", True),
        (HOURS, "hours = true", "high", False),
        (HOURS + "[severities.medium]\nhours = true\n", "", "medium", True),
        (HOURS + "[severities.medium]\nhours = true\n", "hours = false", "medium", False),
        (HOURS + "[severities.medium]\nhours = true\n", "", "critical", False),
        (HOURS, "", "medium", False),
    ],
)
def test_only_what_can_wait_keeps_business_hours(
    head: str, more: str, severity: str, is_kept: bool
) -> None:
    text = CHAIN.replace("[[rules]]", head + "[[rules]]") + more
    by = parse_policy('zone = "Asia/Tokyo"\n' + text)
    hours = planned(by, severity=Severity(severity)).plan.hours
    expected = Hours(days=(0, 1), start="10:00", until="17:30", zone="Asia/Tokyo")
    assert hours == (expected if is_kept else None)


# -- quiet people, turns, substitutes, glass ----------------------------------------------------


def with_groups(groups: str, rule: str = "") -> Any:
    """The plan with these groups besides."""
    requirements = rule or 'requirements = [{ group = "a" }]'
    text = HEAD + groups + '[[rules]]\nname = "it"\n' + requirements
    return planned(parse_policy(text), requester=Requester(id="own")).plan


def test_quiet_people_may_decide_and_are_listed_apart() -> None:
    made = with_groups('[groups.a]\nmembers = ["ana", "ben"]\nquiet = ["ben"]\n')
    assert (made.could_decide, made.quiet) == (("ana", "ben"), ("ben",))


def test_who_is_rung_for_one_group_is_not_quiet_for_another() -> None:
    """One person, one mention, and that once."""
    groups = """[groups.a]
members = ["ana", "ben"]
quiet = ["ben"]
[groups.b]
members = ["ben", "cem"]
"""
    both = 'requirements = [{ group = "a" }, { group = "b" }]'
    assert with_groups(groups, both).quiet == ()
    assert with_groups(groups).quiet == ("ben",)


def test_turns_and_substitutes_of_the_groups_that_decide_are_in_the_plan() -> None:
    """In the file's order and zone, and only of those groups."""
    turn = 'rotation = { start = "2026-01-05T09:00", days = 7 }\n'
    made = with_groups(
        f'[groups.a]\nmembers = ["ben", "ana"]\nsubstitutes = true\n{turn}'
        f'[groups.b]\nmembers = ["cem"]\nsubstitutes = true\n{turn}'
    )
    expected = Rotation(people=("ben", "ana"), start="2026-01-05T09:00", days=7, zone="UTC")
    assert made.rotations == {"a": expected}
    assert made.substitutes == ("a",)


def test_the_glass_is_in_the_plan_of_what_is_held() -> None:
    by = parse_policy(CHAIN.replace("[[rules]]", '[break_glass]\ngroup = "dba"\n[[rules]]'))
    assert planned(by).plan.break_glass == Requirement(group="dba", needed=2)
    assert planned(by, kind=Kind.INCIDENT).plan.break_glass is None
    assert planned(parse_policy(CHAIN)).plan.break_glass is None


def test_owners_are_people_the_policy_knows() -> None:
    """Of the file and of the registration, each once; who asks stays one of them."""
    made = planned(parse_policy(CHAIN), owners=("ben", "own", "gone@example.com")).plan
    assert made.owners == ("ben", "own")


def test_the_whole_plan_comes_back_from_the_opening_event() -> None:
    """Steps, turns, hours and glass too: the chain reads nothing else."""
    turn = ', rotation = { start = "2026-01-05T09:00", days = 7 } }'
    text = CHAIN.replace('["ana", "ben"] }', '["ana", "ben"], quiet = ["ben"]' + turn)
    text = text.replace("[[rules]]", HOURS + '[break_glass]\ngroup = "dba"\n[[rules]]')
    made = planned(parse_policy(text + "hours = true"))
    assert made.plan.hours
    assert made.plan.rotations
    assert TypeAdapter(Plan).validate_python(made.plan_json) == made.plan
