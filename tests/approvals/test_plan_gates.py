"""What keeps a request from being asked: context, amounts, incidents nobody would hear of."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.escalation import Money
from approvals.policy.asking import CONTEXT, ask_of, said_of
from approvals.policy.gates import WHAT_TO_SAY
from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from approvals.policy.plan import Planned, plan, show_paths
from approvals.refusals import FieldError
from approvals.words import Kind, Severity
from bot.api.models import ContextIn
from tests.approvals.asking import GO, HEAD, NO, RULE, asked, known, planned, policy, refused

# -- context that a rule requires ---------------------------------------------------------------


def test_what_is_missing_is_named_with_what_to_say() -> None:
    """Each by its place; what is there is not."""
    by = policy('require_context = ["rollback", "user_impact", "runbook"]')
    errors = refused(by, context=("user_impact",))
    assert [(e.pointer, e.detail) for e in errors] == [
        ("/context/rollback", 'Rule "it" wants it: say how it is undone, or that it cannot be.'),
        ("/context/runbook", 'Rule "it" wants it: say the address of the instructions.'),
    ]
    assert planned(by, context=("rollback", "runbook", "user_impact")).plan.rule == "it"


def test_there_are_words_for_every_part_of_the_context() -> None:
    assert set(WHAT_TO_SAY) == set(CONTEXT) == set(ContextIn.model_fields)


# -- amounts ------------------------------------------------------------------------------------


def tier(above: int, currency: str = "EUR", more: str = "", name: str = "") -> str:
    """A rule for amounts."""
    money = f'money = {{ currency = "{currency}", above_minor = {above}{more} }}'
    return RULE.replace('"it"', f'"{name or above}"').format(
        needed=1, more=f'match = {{ category = "large_*", {money} }}'
    )


SUMS = ', sum_24h = ["account", "requester", "beneficiary"]'
REST = RULE.replace('"it"', '"rest"').format(needed=1, more="")


def transfer(
    by: Policy, minor: int | None, currency: str = "EUR", **sums: int
) -> str | tuple[FieldError, ...]:
    """The rule for a transfer, or why it is refused."""
    money = Money(amount_minor=minor, currency=currency) if minor is not None else None
    ask = asked(category="large_transaction", money=money, sums=tuple(sums.items()))
    found = plan(by, ask, known(by))
    return found.plan.rule if isinstance(found, Planned) else found


@pytest.mark.parametrize(
    ("minor", "rule"),
    [(501, "500"), (500, "100"), (101, "100"), (100, "rest"), (0, "rest"), (-501, "500")],
)
def test_the_highest_bound_below_the_amount_decides(minor: int, rule: str) -> None:
    """The bound itself is not above it; a refund counts by its size."""
    assert transfer(parse_policy(HEAD + tier(500) + tier(100) + REST), minor) == rule


@pytest.mark.parametrize(
    ("sums", "rule"),
    [
        ({}, "rest"),
        ({"account": 90}, "rest"),
        ({"account": 91}, "100"),
        ({"requester": 91}, "100"),
        ({"beneficiary": 91}, "100"),
        ({"account": 50, "requester": 50}, "rest"),  # each apart
        ({"account": 491}, "500"),
    ],
)
def test_splitting_a_transfer_dodges_no_bound(sums: dict[str, int], rule: str) -> None:
    """Ten more, after what the last 24 h moved."""
    by = parse_policy(HEAD + tier(500, more=SUMS) + tier(100, more=SUMS) + REST)
    assert transfer(by, 10, **sums) == rule


def test_a_sum_counts_only_where_the_rule_says_so() -> None:
    by = parse_policy(HEAD + tier(100, more=', sum_24h = ["account"]') + REST)
    assert transfer(by, 10, requester=1000) == "rest"
    assert transfer(by, 10, account=1000) == "100"


def test_another_currency_does_not_slip_past_the_bounds() -> None:
    """The request is refused, with the currencies there are."""
    by = parse_policy(HEAD + tier(500) + tier(100, "CHF") + REST)
    assert transfer(by, 1, "CHF") == "rest"
    (error,) = transfer(by, 1, "JPY")
    assert isinstance(error, FieldError)
    assert (error.pointer, error.detail) == (
        "/operation/money/currency",
        "The policy has bounds for this in EUR, CHF and none in JPY. Add a rule for it.",
    )


def test_leaving_the_amount_out_does_not_slip_past_the_bounds() -> None:
    by = parse_policy(HEAD + tier(500) + REST)
    (error,) = transfer(by, None)
    assert isinstance(error, FieldError)
    assert error.pointer == "/operation/money"
    assert error.detail.endswith("amount_minor and currency, one of EUR.")


def test_rules_on_amounts_concern_only_what_they_name() -> None:
    """Deployments have none; neither has what a rule above already decides."""
    by = parse_policy(HEAD + tier(500) + REST)
    assert planned(by).plan.rule == "rest"
    first = REST.replace("rest", "first") + "match = { service = 'pay*' }\n"
    above = parse_policy(HEAD + first + tier(500))
    assert transfer(above, 1, "JPY") == "first"
    anything = tier(500).replace('category = "large_*", ', "")
    assert planned(parse_policy(HEAD + anything + REST)).plan.rule == "rest"


def test_what_is_shown_comes_from_the_tier_of_the_amount() -> None:
    by = parse_policy(HEAD + tier(500) + 'show = ["operation.money.*"]\n' + REST)
    large, small = (
        asked(category="large_transaction", money=Money(amount_minor=n, currency="EUR"))
        for n in (501, 500)
    )
    assert show_paths(by, large.said) == ("operation.money.*",)
    assert show_paths(by, small.said) == show_paths(by, asked().said) == ()


# -- incidents ----------------------------------------------------------------------------------


def incident(by: Policy, **changes: Any) -> Planned | tuple[FieldError, ...]:
    """What an incident needs, or why it cannot be taken."""
    given = {"kind": Kind.INCIDENT, "options": (), "operation_name": "", "requester": None}
    return plan(by, asked(**given | changes), known(by))


def test_an_incident_holds_nothing_and_one_who_helps_is_enough() -> None:
    """No options, nobody left out, nothing to extend."""
    made = incident(policy("", 3), category="service_outage", options=(GO, NO))
    assert isinstance(made, Planned)
    it = made.plan
    assert (made.options, it.excluded, it.extend_by_s) == ((), (), 0)
    assert [(r.group, r.needed) for r in it.requirements] == [("dba", 1)]
    assert it.owners == ("own",)
    assert it.steps[0].to == ("approvers",)


def test_an_incident_that_nobody_would_hear_of_is_refused() -> None:
    """Without a rule and without groups, or with a group nobody of which can be reached."""
    (error,) = incident(policy('match = { kind = "approval" }'))  # type: ignore[misc]
    assert error.detail.startswith("No rule of the policy matches")
    far = '[groups.far]\nslack_usergroup = "S1"\n' + REST.replace("dba", "far")
    empty = parse_policy(HEAD + far)
    (error,) = incident(empty, category="pattern_change")  # type: ignore[misc]
    assert (error.pointer, error.detail) == (
        "/approvers",
        'Rule "rest" asks far, and nobody there can be reached.',
    )
    assert isinstance(incident(empty, category="other"), Planned)  # recorded all the same


def test_rules_may_be_for_one_kind_only() -> None:
    text = HEAD + REST.replace("rest", "help") + 'match = { kind = "incident" }\n' + REST
    by = parse_policy(text)
    found = incident(by)
    assert isinstance(found, Planned)
    assert (found.plan.rule, planned(by).plan.rule) == ("help", "rest")


# -- asking -------------------------------------------------------------------------------------


def test_an_ask_says_what_policy_looks_at_and_can_be_remembered() -> None:
    """Empty parts of the context say nothing; sums without an amount neither."""
    body = {
        "category": "service_health",
        "environment": "production",
        "operation": {"name": "restart", "money": {"amount_minor": 5, "currency": "EUR"}},
        "options": [{"key": "go", "label": "Go", "effect": "release", "description": "long"}],
        "context": {"rollback": "", "attempts": [1, 2, 3], "error": {"type": "x"}, "links": []},
        "requested_by": {"id": "ana"},
    }
    ask = ask_of(body, service="s", owners=("own",), sums=(("account", 7),))
    assert (ask.context, ask.attempts, ask.kind) == (("attempts", "error"), 3, Kind.APPROVAL)
    assert (ask.money, ask.sums) == (Money(amount_minor=5, currency="EUR"), (("account", 7),))
    assert ask.said.severity is Severity.HIGH  # three attempts
    assert hash(ask) == hash(ask_of(body, service="s", owners=("own",), sums=(("account", 7),)))
    assert said_of(body, "s") == replace(ask, sums=()).said
    least = {"category": "x", "environment": "y", "kind": "incident"}
    bare = ask_of(least, service="s", sums=(("account", 7),))
    assert said_of(least, "s") == bare.said
    assert (bare.sums, bare.money, bare.options, bare.operation_name) == ((), None, (), "")
