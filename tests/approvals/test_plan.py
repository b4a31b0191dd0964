"""What a request needs: which rule, how bad, from whom, by when, with how much friction."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.categories import CATEGORIES
from approvals.escalation import Option, Requester
from approvals.policy.load import parse_policy
from approvals.policy.plan import Planned, plan
from approvals.words import Friction, Kind, Severity
from tests.approvals.asking import GO, HEAD, NO, RULE, asked, known, planned, policy, refused

# -- which rule ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("", True),
        ('category = "deployment"', True),
        ('category = ["x", "deployment"]', True),
        ('category = "deploy"', False),
        ('category = "deploy*"', True),
        ('environment = "production"', True),
        ('environment = "prod?ction"', True),
        ('environment = "Production"', False),
        ('service = "pay*"', True),
        ('service = "search"', False),
        ('operation = "deploy *"', True),
        ('operation = "deploy"', False),
        ('severity = "medium"', True),
        ('severity = "high"', False),
        ('category = "deployment", environment = "staging"', False),
        ('category = "deployment", environment = "production"', True),
    ],
)
def test_a_rule_matches_when_every_key_given_does(match: str, fits: bool) -> None:
    """Lists match any, `*` and `?` glob, capitals count."""
    by = policy(f"match = {{ {match} }}")
    found = plan(by, asked(), known(by))
    assert isinstance(found, Planned) == fits


def test_the_first_rule_that_matches_wins() -> None:
    """Later ones are not looked at, however narrow."""
    text = HEAD + RULE.format(needed=1, more='match = { environment = "prod*" }')
    text += RULE.replace('"it"', '"later"').format(
        needed=2, more='match = { category = "deployment" }'
    )
    by = parse_policy(text)
    assert planned(by).plan.rule == "it"
    assert planned(by, environment="staging").plan.rule == "later"


def test_a_caller_who_raises_the_severity_meets_the_rule_for_it() -> None:
    """And one who claims less does not escape it."""
    by = policy('match = { severity = "high" }')
    assert planned(by, severity=Severity.HIGH).plan.rule == "it"
    assert planned(by, category="service_outage", severity=Severity.LOW).plan.rule == "it"


def test_no_rule_and_no_approvers_is_never_anyone() -> None:
    """The refusal says what to do."""
    (error,) = refused(policy('match = { category = "other" }'))
    assert error.detail == (
        "No rule of the policy matches and the request names no approvers, so nobody could "
        "decide. Add a rule, or name groups in `approvers`."
    )


def test_without_a_rule_the_named_groups_decide() -> None:
    """With the defaults of everything, in direct messages."""
    by = policy('match = { category = "other" }')
    made = planned(by, approvers=("sec",)).plan
    assert (made.rule, made.policy_text, made.channel) == ("named by the request", "", None)
    assert [(r.group, r.needed) for r in made.requirements] == [("sec", 1)]
    assert (made.claim_within_s, made.grant_for_s, made.report_within_s) == (900, 300, 3600)


def test_a_rule_says_how_long_its_grants_are_good_and_reports_may_take() -> None:
    """Instead of the defaults."""
    made = planned(policy("claim_within_s = 60\ngrant_for_s = 70\nreport_within_s = 80")).plan
    assert (made.claim_within_s, made.grant_for_s, made.report_within_s) == (60, 70, 80)


def test_groups_of_the_request_add_to_the_rule() -> None:
    """They never take the place of what the policy wants."""
    made = planned(policy(), approvers=("sec", "dba", "sec")).plan
    assert [(r.group, r.needed) for r in made.requirements] == [("dba", 1), ("sec", 1)]


def test_an_unknown_group_is_named_with_those_there_are() -> None:
    """By its place in the request."""
    (error,) = refused(policy(), approvers=("sec", "dbb"))
    assert (error.pointer, error.detail) == (
        "/approvers/1",
        'No group is called "dbb". Groups: dba, sec.',
    )


def test_the_snapshot_holds_the_rule_as_written() -> None:
    """Its text, the version of the file, and who was in the groups."""
    by = policy()
    made = planned(by).plan
    assert made.policy_version == by.version
    assert made.policy_text == by.rule_text(0)
    assert made.members == {"dba": ("ana", "ben", "own")}


# -- how bad ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "rule", "caller", "found"),
    [
        ("deployment", None, None, "medium"),
        ("deployment", None, "low", "medium"),
        ("deployment", None, "critical", "critical"),
        ("deployment", "high", None, "high"),
        ("deployment", "high", "medium", "high"),
        ("security", None, "low", "critical"),
        ("security", "medium", None, "critical"),
        ("service_outage", None, None, "critical"),
        ("never_heard_of", None, None, "medium"),
    ],
)
def test_the_worst_of_category_rule_and_caller_counts(
    category: str, rule: str | None, caller: str | None, found: str
) -> None:
    """A caller raises, never lowers; an approval is at least medium."""
    by = policy(f'severity = "{rule}"' if rule else "")
    given = Severity(caller) if caller else None
    assert planned(by, category=category, severity=given).severity == found


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("kind", Kind)
def test_nobody_lowers_what_the_table_says(category: str, kind: Kind) -> None:
    """Neither a rule nor a caller, in any category, for an approval or an incident."""
    for by_rule in ("medium", "critical"):
        by = policy(f'severity = "{by_rule}"')
        for by_caller in (None, *Severity):
            ask = asked(category=category, kind=kind, severity=by_caller)
            found = plan(by, ask, known(by))
            assert isinstance(found, Planned)
            assert found.severity is Severity.worst(ask.floor, Severity(by_rule), by_caller)


def test_an_incident_may_be_low() -> None:
    """It holds nothing; by its category it may still be worse."""
    by = policy()
    assert planned(by, kind=Kind.INCIDENT, category="other").severity is Severity.LOW
    assert planned(by, kind=Kind.INCIDENT).severity is Severity.MEDIUM


# -- how hard -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "more", "option", "friction", "people"),
    [
        ("deployment", "", GO, Friction.TAP, 1),
        ("deployment", "irreversible = true", GO, Friction.REASON, 1),
        ("deployment", "", replace(GO, irreversible=True), Friction.REASON, 1),
        ("schema_migration", "", GO, Friction.REASON, 1),
        ("data_migration", "", GO, Friction.REASON, 1),
        ("large_transaction", "", GO, Friction.REASON, 1),
        ("schema_migration", 'severity = "critical"', GO, Friction.TYPED, 2),
        ("deployment", 'severity = "critical"', GO, Friction.TAP, 1),
    ],
)
def test_what_cannot_be_undone_is_slowed_down(
    category: str, more: str, option: Option, friction: Friction, people: int
) -> None:
    """By category, rule or caller; critical besides wants two people and the target typed."""
    found = planned(policy(more), category=category, options=(option, NO)).options[0]
    assert (found.friction, found.people) == (friction, people)
    assert found.irreversible == (friction is not Friction.TAP)


def test_an_abort_is_never_slowed_down() -> None:
    """Whatever the caller says of it."""
    odd = replace(NO, irreversible=True)
    found = planned(policy('severity = "critical"'), options=(GO, odd)).options[1]
    assert (found.irreversible, found.friction, found.people) == (False, Friction.TAP, 1)


LIFTED = '[[rules.reversible]]\nservice = "payments"\noperation = "deploy 4*"\noption = "go"'


@pytest.mark.parametrize(
    ("change", "undone"),
    [
        ({}, True),
        ({"service": "search"}, False),
        ({"operation_name": "deploy 5"}, False),
        ({"options": (replace(GO, key="now"), NO)}, False),
        ({"options": (replace(GO, irreversible=True), NO)}, False),
    ],
)
def test_only_service_operation_and_option_together_lift_it(
    change: dict[str, Any], undone: bool
) -> None:
    """And a caller who says it cannot be undone is believed."""
    found = planned(policy(LIFTED), category="schema_migration", **change).options[0]
    assert (found.friction is Friction.TAP) == undone


# -- who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asker",
    [
        Requester(id="ben"),
        Requester(id=" Ben "),
        Requester(id="ben@example.com"),
        Requester(id="BEN@EXAMPLE.COM"),
        Requester(id="UBEN2"),
        Requester(id="somebody", slack="UBEN"),
    ],
)
def test_the_requester_never_counts_however_spelt(asker: Requester) -> None:
    """By id, address or account; the policy's person decides identity."""
    found = planned(policy(), requester=asker)
    assert found.plan.excluded == ("ben",)
    assert found.requester is not None
    assert found.requester.person == "ben"


def test_a_requester_of_two_names_excludes_both_people() -> None:
    """One of them asked; nobody can say which."""
    found = planned(policy(), requester=Requester(id="ana", slack="UBEN"))
    assert found.plan.excluded == ("ana", "ben")


@pytest.mark.parametrize("asker", [None, Requester(id="nobody@example.com")])
def test_without_a_known_requester_the_owners_never_count(asker: Requester | None) -> None:
    """Those of the file and those registered with the service."""
    assert planned(policy(), requester=asker).plan.excluded == ("own",)
    both = planned(policy(), requester=asker, owners=("UCEM", "own", "gone"))
    assert both.plan.excluded == ("cem", "own", "gone")


@pytest.mark.parametrize(
    ("more", "needed", "change"),
    [
        ("", 2, {}),
        ("", 1, {"approvers": ("sec",)}),
        ('severity = "critical"', 1, {"category": "schema_migration"}),
    ],
)
def test_two_people_besides_an_unknown_requester_cannot_be_told_apart(
    more: str, needed: int, change: dict[str, Any]
) -> None:
    """The request is refused, with what to say."""
    (error,) = refused(policy(more, needed), requester=None, **change)
    assert error.pointer == "/requested_by"
    assert error.detail.startswith("This needs 2 people besides the one who asks.")


def test_a_rule_may_let_a_service_ask_for_nobody() -> None:
    """Then no owner is left out; a requester who is named still is."""
    by = policy("exclude_requester = false", 2)
    assert planned(by, requester=None).plan.excluded == ()
    assert planned(by).plan.excluded == ("ana",)


# -- can it be done -----------------------------------------------------------------------------


def test_a_quorum_above_the_eligible_is_refused() -> None:
    """Once the requester is left out."""
    (error,) = refused(policy("", 3))
    assert (error.pointer, error.detail) == (
        "/approvers",
        'Rule "it" wants 3 of dba for «Go», and only 2 can decide once the requester is left out.',
    )


def test_an_option_that_wants_more_people_than_there_are_is_named() -> None:
    """The rule alone could be met."""
    by = policy()
    hard = replace(GO, key="hard", label="Hard", irreversible=True)
    (error,) = refused(
        by,
        options=(NO, GO, hard),
        approvers=(),
        severity=Severity.CRITICAL,
        requester=Requester(id="ana", slack="UBEN"),
    )
    assert error.pointer == "/options/2"
    assert "wants 2 of dba for «Hard», and only 1 can decide" in error.detail


def test_a_group_nobody_of_which_can_be_reached_is_refused() -> None:
    """Deactivated, or without an account, or not known at all."""
    by = policy()
    ask = asked(approvers=("sec",))
    people = known(by)
    for cem in (
        replace(people.persons["cem"], active=False),
        replace(people.persons["cem"], accounts=()),
    ):
        found = plan(by, ask, replace(people, persons={**people.persons, "cem": cem}))
        assert not isinstance(found, Planned)
    unknown = replace(people, groups={"dba": people.groups["dba"]})
    assert not isinstance(plan(by, ask, unknown), Planned)


def test_one_person_cannot_be_two_unless_the_rule_says_so() -> None:
    """Cem alone is in both groups."""
    text = HEAD.replace('["ana", "ben", "own"]', '["cem"]').replace(
        "[groups]", "[groups]\nboth = { members = ['cem'] }"
    )
    rule = '[[rules]]\nname = "it"\nrequirements = [{ group = "dba" }, { group = "sec" }]\n'
    by = parse_policy(text + rule + "one_person_fills_many = true\n")
    assert planned(by).plan.one_person_fills_many
    strict = by.model_copy(
        update={"rules": (by.rules[0].model_copy(update={"one_person_fills_many": False}),)}
    )
    assert refused(strict)[0].pointer == "/approvers"


# -- until when ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "respond", "decide"),
    [("critical", 300, 1800), ("high", 900, 3600), ("medium", 3600, 14400)],
)
def test_both_clocks_come_from_the_severity(severity: str, respond: int, decide: int) -> None:
    """Unless the rule says otherwise."""
    made = planned(policy(), severity=Severity(severity)).plan
    assert (made.respond_within_s, made.decide_within_s) == (respond, decide)
    own = planned(policy("respond_within_s = 60\ndecide_within_s = 120")).plan
    assert (own.respond_within_s, own.decide_within_s) == (60, 120)


def test_nobody_is_expected_after_the_deadline() -> None:
    """A short deadline shortens the wait for the first answer."""
    made = planned(policy(), decide_within_s=90).plan
    assert (made.respond_within_s, made.decide_within_s) == (90, 90)


@pytest.mark.parametrize(
    ("more", "asks", "most"),
    [
        ("", {"decide_within_s": 4 * 14400 + 1}, 4 * 14400),
        ("decide_within_s = 60", {"decide_within_s": 241}, 240),
        ("decide_within_max_s = 100", {"decide_within_s": 101}, 100),
        ("", {"claim_within_s": 86401}, 86400),
        ("claim_within_max_s = 1000", {"claim_within_s": 1001}, 1000),
    ],
)
def test_what_a_caller_asks_for_is_bounded_by_the_policy(
    more: str, asks: dict[str, int], most: int
) -> None:
    """Refused beyond, taken at the bound."""
    (error,) = refused(policy(more), **asks)
    (name,) = asks
    assert (error.pointer, error.detail) == (
        f"/{name}",
        f"At most {most} seconds here; the policy sets the bound.",
    )
    assert getattr(planned(policy(more), **{name: most}).plan, name) == most


def test_without_a_rule_the_bounds_are_the_defaults() -> None:
    """Four times the deadline, a day to claim."""
    by = policy('match = { category = "other" }')
    errors = refused(
        by, approvers=("sec",), decide_within_s=4 * 14400 + 1, claim_within_s=24 * 3600 + 1
    )
    assert [e.pointer for e in errors] == ["/decide_within_s", "/claim_within_s"]


def test_defaults_stay_within_the_bounds_of_the_rule() -> None:
    """Longest deadline 100 s: it is not four hours by default."""
    made = planned(policy("decide_within_max_s = 100\nclaim_within_max_s = 50")).plan
    assert (made.decide_within_s, made.claim_within_s) == (100, 50)
