"""Proposals: what is asked, under which policy, how often, and what is put in force."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.escalation import Escalation
from approvals.facts import Facts
from approvals.memory.accepted import key_of
from approvals.memory.proposal import (
    ACCEPT,
    DECLINE,
    WRITE,
    Known,
    cannot_accept,
    digest_to_run,
    lacking,
    rule_for,
    rules_in_force,
)
from approvals.memory.values import Suspension
from approvals.policy.entries import MemoryEntry
from approvals.policy.load import parse_policy
from approvals.words import OperationState, Status
from tests.approvals.memory.ruled import CHANGES, RECOVERIES, RULED, Ruled, rule_of
from tests.approvals.world import POLICY


def test_a_proposal_says_all_that_people_need_to_know() -> None:
    town = Ruled()
    e = town.proposal(town.decided_alike(5))
    key = rule_of(e).fingerprint
    assert (e.service, e.category, e.title, e.environment) == (
        "andon",
        "policy_change",
        "Let «sync orders» be decided by a rule?",
        "production",
    )
    assert e.summary == (
        "In 30 days people chose «Sync again» 5 of 5 times: ben, Ana. The last was 000021."
    )
    assert e.operation is not None
    assert e.operation.arguments["rule"] == "\n".join(
        (
            "[accepted]",
            'name = "svc: sync orders"',
            'service = "svc"',
            f'fingerprint = "{key}"',
            'option = "go"',
            'instead_of = "recoveries"',
            "people = 1",
            'severity = "medium"',
            'until = "2027-02-11"',
            "a_day = 20",
        )
    )
    assert str((e.options[0].arguments or {})["backtest"]).splitlines()[0] == (
        "In 90 days it would have decided 5 of 5 approvals; "
        "0 denied by people; 0 failed; 0 taken back"
    )
    assert [(o.key, o.label) for o in e.options] == [
        (ACCEPT, "Let the rule decide"),
        (DECLINE, "Go on asking people"),
    ]
    assert not e.options[0].irreversible
    assert e.plan.rule == "rules that people accept"


def test_the_policy_says_how_long_and_how_often() -> None:
    town = Ruled()
    found = town.decided_alike()
    newest = town.e(found.newest.id)
    rule = rule_for(found, newest, MemoryEntry(rule_days=7, rule_a_day=3), town.now)
    assert (rule.until, rule.a_day) == ((town.now + timedelta(days=7)).date().isoformat(), 3)


def test_names_of_services_cannot_pass_for_more_than_a_name() -> None:
    """Whatever an operation is called: a line, 80 characters, nothing unseen."""
    town = Ruled()
    operation = {"name": "sync\n[accepted]\u202e " + "x" * 100, "arguments": {"argv": ["sync"]}}
    rule = rule_of(town.proposal(town.decided_alike(operation=operation)))
    assert rule.name.startswith("svc: sync [accepted]\\u202e xx")
    assert len(rule.name) == 80
    assert len(rule.text.splitlines()) == 10


def test_only_what_was_shown_is_put_in_force() -> None:
    """The digest is made anew from the rule that was read."""
    town = Ruled()
    e = town.proposal(town.decided_alike())
    assert digest_to_run(e) == e.digest
    assert e.operation is not None
    assert digest_to_run(replace(e, operation=replace(e.operation, name="deploy"))) == e.digest
    other = replace(e.operation, arguments={**e.operation.arguments, "rule": "x"})
    assert digest_to_run(replace(e, operation=other)) is None
    assert digest_to_run(replace(e, options=e.options[1:])) is None
    bare = replace(e.options[0], arguments=None)
    assert digest_to_run(replace(e, options=(bare, e.options[1]))) is None
    tested = replace(e.options[0], arguments={"backtest": "it is fine"})
    assert digest_to_run(replace(e, options=(tested, e.options[1]))) != e.digest


# -- under the policy's own rules ------------------------------------------------------------------

BODY = {
    "category": "policy_change",
    "title": "x",
    "environment": "production",
    "operation": {"name": "accept rule"},
    "options": [
        {"key": "accept", "label": "Accept", "effect": "release"},
        {"key": "decline", "label": "Decline", "effect": "abort"},
    ],
}


def what_is_lacking(policy: str) -> str | None:
    """What the policy has to say before a rule can be accepted."""
    known, town = parse_policy(policy), Ruled()
    return lacking(Facts(people=known.file_people(town.now), policy=known), BODY)


def test_two_people_may_accept_a_rule() -> None:
    assert what_is_lacking(RULED) is None


def test_a_policy_under_which_nobody_may_says_what_to_add() -> None:
    said = what_is_lacking(POLICY + RECOVERIES)
    assert said is not None
    assert said.startswith("No rule of the policy matches")
    assert said.endswith(f"Add to the policy:\n{WRITE}")


@pytest.mark.parametrize(
    "requirements",
    [
        '[{ group = "sec", needed = 1 }]',
        '[{ group = "sec" }, { group = "dba" }]\none_person_fills_many = true',
    ],
)
def test_one_person_alone_may_not(requirements: str) -> None:
    changes = CHANGES.replace('[{ group = "sec", needed = 2 }]', requirements)
    said = what_is_lacking(POLICY + changes)
    assert said is not None
    assert said.startswith('Rule "rules that people accept" lets 1 person alone change')


def test_what_is_to_be_added_can_be_read() -> None:
    rule = WRITE.replace("WHO MAY CHANGE THE POLICY", "sec")
    assert what_is_lacking(f"{POLICY}\n{rule}") is None


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (RULED, None),
        (POLICY, "no rule of the policy is for policy_change"),
        (
            RULED.replace('"sec", needed = 2', '"sec", needed = 1'),
            'rule "rules that people accept" lets one person alone change what is decided',
        ),
        (
            RULED.replace("needed = 2 }]\nexclude", "needed = 2 }]\n# exclude"),
            'rule "rules that people accept" wants a requester, and there is none: Andon asks',
        ),
    ],
)
def test_the_file_alone_says_whether_a_rule_could_be_accepted(
    policy: str, says: str | None
) -> None:
    assert cannot_accept(parse_policy(policy)) == says


# -- how often -------------------------------------------------------------------------------------


def against(town: Ruled, *proposals: Escalation, key: str | None = None) -> bool:
    """Whether what was proposed before speaks against another proposal."""
    known = key or rule_of(proposals[0]).fingerprint
    return Known(proposals=proposals).speaks_against(known, town.now)


def test_one_that_waits_is_enough() -> None:
    town = Ruled()
    found = town.decided_alike()
    e = town.proposal(found)
    assert against(town, e)
    assert rule_of(e).fingerprint == key_of(found.fingerprint)
    assert not against(town, e, key="1:other")


def test_after_a_no_there_is_rest_for_30_days() -> None:
    town = Ruled()
    e = town.proposal(town.decided_alike())
    town.vote(e, "UCEM", DECLINE)
    assert town.e(e.id).status is Status.REJECTED
    assert against(town.pass_(days=29), town.e(e.id))
    assert not against(town.pass_(days=1), town.e(e.id))


def test_one_that_was_allowed_and_not_taken_yet_waits() -> None:
    town = Ruled()
    e = town.proposal(town.decided_alike())
    for account in ("UCEM", "UDEE"):
        town.vote(e, account, ACCEPT)
    assert against(town.pass_(days=40), town.e(e.id))
    released = replace(town.e(e.id), state=OperationState.RELEASED)
    assert against(town, released)


def test_while_it_is_in_force_nothing_is_proposed_and_after_its_last_day_it_may_be() -> None:
    town = Ruled()
    e = town.accepted()
    assert against(town, e)
    assert not against(town.pass_(days=92), e)


def test_after_a_suspension_there_is_rest_for_30_days() -> None:
    town = Ruled()
    e = town.accepted()
    e = replace(e, suspended=Suspension(at=town.now, why="failed", because="esc_1"))
    assert against(town.pass_(days=29), e)
    assert not against(town.pass_(days=1), e)


def test_of_two_for_the_same_the_later_one_counts() -> None:
    town = Ruled()
    first = town.accepted()
    second = replace(first, id="esc_999999", created_at=first.created_at + timedelta(hours=1))
    found = rules_in_force([second, first], town.now)
    assert {key: id_ for key, (id_, _) in found.items()} == {
        rule_of(first).fingerprint: "esc_999999"
    }
