"""What a rule decides: on the record, below everything the file says, and told where it is due."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import events
from approvals import replay as replaying
from approvals.auditing.chain import Entry
from approvals.auditing.sane import check_sane
from approvals.auditing.state import refold
from approvals.commands import Erase, ProposeWork, SuspendRule
from approvals.escalation import Escalation
from approvals.memory.accepted import key_of
from approvals.memory.fingerprint import fingerprint, known_by
from approvals.memory.remembering import remembered
from approvals.memory.suggesting import Suggestion
from approvals.memory.values import Suspension
from approvals.refusals import Why
from approvals.replay.rerun import BY_RULE
from approvals.verdict import Case
from approvals.words import DecidedBy, OperationState, Status
from tests.approvals.memory.ruled import CHANGES, GO, NO, RECOVERIES, RULED, Ruled, rule_of
from tests.approvals.memory.ruled_books import OTHERWISE, STRICTER
from tests.approvals.world import POLICY


@pytest.fixture(name="town")
def a_town() -> Ruled:
    """A rule is in force in it."""
    town = Ruled()
    town.accepted()
    return town


def proposal_in(town: Ruled) -> Escalation:
    """The proposal of the rule that is in force."""
    ((id_, _),) = town.rules.values()
    return town.e(id_)


def decided_by(e: Escalation) -> str:
    """What brought its decision about; `people` while it waits for them."""
    return e.decision.by.value if e.decision else "people"


def owed(town: Ruled, id_: str) -> list[tuple[str, str, str]]:
    """Kind, target and case of what is owed about it."""
    rows = (r for r in town.rows.deliveries.values() if r.delivery.escalation_id == id_)
    return sorted(
        (r.delivery.kind, r.delivery.target, json.loads(r.payload).get("case", "")) for r in rows
    )


# -- on the record ---------------------------------------------------------------------------------


def test_it_is_opened_and_decided_in_one_commit(town: Ruled) -> None:
    e = town.ask()
    proposal = proposal_in(town)
    opened, decided = town.rows.records[e.id]
    assert (opened.kind, opened.by) == (events.OPENED, "service:svc")
    assert opened.body["rule"] == proposal.id
    assert (decided.kind, decided.by) == (events.DECIDED, "policy:svc: sync orders")
    assert decided.body == {
        "status": "approved",
        "effect": "release",
        "by": "policy",
        "option": "go",
        "rule": proposal.id,
        "reason": "svc: sync orders",
        "claim_until": decided.body["claim_until"],
    }
    assert decided.facts == {
        "rule": events.sha256(rule_of(proposal).text),
        "proposal_head": proposal.head,
        "known_uses": 0,
    }
    assert (e.status, e.state, e.votes) == (Status.APPROVED, OperationState.HELD, ())
    assert e.claim_until == town.now + timedelta(seconds=e.plan.claim_within_s)
    assert e.decision is not None
    assert (e.decision.by, e.decision.rule, e.decision.people) == (
        DecidedBy.POLICY,
        proposal.id,
        (),
    )


def test_it_is_remembered_as_decided_by_a_rule(town: Ruled) -> None:
    e = town.run(town.ask())
    found = remembered(e)
    assert found is not None
    assert (found.by_rule, found.people, found.rationale) == (
        proposal_in(town).id,
        (),
        "svc: sync orders",
    )


def test_it_calls_nobody_and_holds_nobody_up(town: Ruled) -> None:
    e = town.ask()
    assert (e.chain.ways, e.chain.next_at, e.remind_at) == ((), None, None)
    assert owed(town, e.id) == []
    assert [r.card.surface for r in town.rows.cards[e.id].values()] == []
    assert e.due_at == e.claim_until


def test_where_there_is_a_channel_it_stands_there() -> None:
    channel = '[channels.ops]\nid = "C0OPS"\n'
    town = Ruled(POLICY + channel + RECOVERIES + 'channel = "ops"\n' + CHANGES)
    town.accepted()
    e = town.ask()
    found = [(r.card.surface, r.card.target) for r in town.rows.cards[e.id].values()]
    assert found == [("channel", "C0OPS")]


def test_its_service_is_woken_and_takes_it_once(town: Ruled) -> None:
    e = town.ask(callback_url="https://svc.example/andon")
    assert owed(town, e.id) == [("callback", "https://svc.example/andon", "")]
    assert town.claim(e).grant == f"grant of {e.id}"
    assert town.claim(e, digest="sha256:" + "0" * 64).refusal is not None


def test_an_approver_stops_it_before_it_runs(town: Ruled) -> None:
    e = town.ask()
    assert town.stop(e, "UCEM").refusal is not None  # of another group
    assert town.stop(e, "UBEN").refusal is None
    assert town.claim(e).refusal is not None
    assert decided_by(town.ask()) == "people"
    suspended = proposal_in(town).suspended
    assert suspended == Suspension(at=town.now, why="undone", because=e.id)


def test_who_comes_too_late_hears_that_a_rule_decided_it(town: Ruled) -> None:
    """And that they can still stop it."""
    late = town.vote(town.ask(), "UBEN").refusal
    assert late is not None
    assert (late.why.value, late.values["by"], late.values["may_stop"]) == (
        "already-decided",
        ["a rule that people accepted"],
        True,
    )


# -- below everything the file says ----------------------------------------------------------------


@pytest.mark.parametrize("what", [w for w in STRICTER if w not in ("", "twice a day")])
def test_a_stricter_file_goes_first(town: Ruled, what: str) -> None:
    assert decided_by(town.under(STRICTER[what]).ask()) == "people"
    assert decided_by(town.under(RULED).ask()) == "policy"


def test_the_file_caps_how_often(town: Ruled) -> None:
    town.under(STRICTER["twice a day"])
    assert [decided_by(town.ask()) for _ in range(3)] == ["policy", "policy", "people"]


def test_what_the_file_refuses_is_refused(town: Ruled) -> None:
    town.under(POLICY + CHANGES)
    (settled,) = town.commit(town.opening())
    assert settled.refusal is not None
    assert settled.refusal.why.value == "unprocessable"


@pytest.mark.parametrize("what", OTHERWISE)
def test_what_people_did_not_accept_is_asked(town: Ruled, what: str) -> None:
    assert decided_by(town.ask(**OTHERWISE[what])) == "people"


def test_another_service_asks_people(town: Ruled) -> None:
    assert decided_by(town.ask("other")) == "people"


def test_other_options_are_asked_about(town: Ruled) -> None:
    """The rule's option is gone, or runs something else."""
    retry = {**GO, "key": "retry"}
    assert decided_by(town.ask(options=[retry, NO])) == "people"
    other = {**GO, "arguments": {"argv": ["drop"]}}
    assert decided_by(town.ask(options=[other, NO])) == "people"
    worse = {**GO, "irreversible": True}
    assert decided_by(town.ask(options=[worse, NO])) == "people"


@pytest.mark.parametrize("place", ["operation", "option"])
def test_a_statement_is_read_by_people(place: str) -> None:
    """However a rule for it came to be accepted."""
    sql = {"arguments": {"sql": "VACUUM orders"}}
    operation = {"operation": {"name": "vacuum", **(sql if place == "operation" else {})}}
    body: dict[str, Any] = {
        **operation,
        "options": [{**GO, **(sql if place == "option" else {})}, NO],
    }
    town = Ruled()
    for n in range(6):
        town.pass_(hours=5)
        e = town.asked_and_allowed(("UBEN", "UANA")[n % 2], **body)
    known, one = known_by(e), remembered(e)
    assert known is not None
    assert one is not None
    proposal = town.proposal(Suggestion(fingerprint=known, option="go", decided=(one,)))
    for account in ("UCEM", "UDEE"):
        town.vote(proposal, account, "accept")
    town.take(proposal)
    town.look()
    assert decided_by(town.ask(**body)) == "people"


def test_facts_that_are_wrong_decide_nothing(town: Ruled) -> None:
    """They only say where to look: the proposal itself does not hold this fingerprint."""
    ((id_, rule),) = town.rules.values()
    command = town.opening(environment="staging")
    found = fingerprint(command.request, "svc")
    town.rules = {key_of(found): (id_, rule)}
    assert decided_by(town.ask(environment="staging")) == "people"
    town.rules = {rule.fingerprint: ("esc_gone", rule)}
    assert decided_by(town.ask()) == "people"


def test_incidents_are_never_decided(town: Ruled) -> None:
    e = town.ask(kind="incident", options=[], operation=None)
    assert e.status is Status.PENDING


# -- the end of a rule -----------------------------------------------------------------------------


def test_its_end_is_recorded_once_and_told(town: Ruled) -> None:
    proposal = proposal_in(town)
    e = town.run(town.ask(), "failed")
    town.ask()
    town.ask()
    ended = [r for r in town.rows.records[proposal.id] if r.kind == events.RULE_SUSPENDED]
    assert [(r.by, r.body) for r in ended] == [
        (
            "andon",
            {
                "why": "failed",
                "because": e.id,
                "rule": "svc: sync orders",
                "may_decide": ["ana", "ben", "req"],
                "owners": [],
            },
        )
    ]
    told = [one for one in owed(town, proposal.id) if one[2] == "rule-suspended"]
    assert told == [
        *(("direct", f"person:{p}", "rule-suspended") for p in ("ana", "ben", "cem", "dee", "req")),
        ("thread", "", "rule-suspended"),
    ]
    assert town.look().rules == {}


def test_owners_are_told_as_well(town: Ruled) -> None:
    proposal = proposal_in(town)
    town.send(SuspendRule, proposal.id, why="failed", because="esc_1", owners=("req",))
    told = [to for _, to, case in owed(town, proposal.id) if case == "rule-suspended"]
    assert told == ["person:cem", "person:dee", "person:req", ""]


def test_whoever_may_accept_it_ends_it_by_hand(town: Ruled) -> None:
    """At once, on the record by name; what it had allowed already goes its way."""
    proposal, allowed = proposal_in(town), town.ask()
    assert town.stop(proposal, "UBEN").refusal is not None  # may not change what is decided
    done = town.stop(proposal, "UCEM", " we do it in the pipeline now ")
    assert (done.refusal, done.answer.case) == (None, Case.STOPPED)
    *_, ended = town.rows.records[proposal.id]
    assert (ended.kind, ended.by) == (events.RULE_SUSPENDED, "person:cem")
    assert (ended.body["name"], ended.body["reason"]) == ("Cem", "we do it in the pipeline now")
    after = town.e(proposal.id)
    assert after.suspended == Suspension(at=town.now, why="ended", because="person:cem")
    entries = [Entry.of(r) for r in town.rows.records[proposal.id]]
    assert list(check_sane(proposal.id, entries, refold(entries))) == []
    assert decided_by(town.ask()) == "people"
    assert town.look().rules == {}
    assert town.run(allowed).state is OperationState.SUCCEEDED


def test_a_rule_that_has_ended_is_not_ended_again(town: Ruled) -> None:
    proposal = proposal_in(town)
    town.stop(proposal, "UCEM")
    refused = town.stop(proposal, "UDEE").refusal
    assert refused is not None
    assert refused.why is Why.NOT_APPROVED
    assert owed(town, proposal.id).count(("thread", "", "rule-suspended")) == 1


def test_where_nothing_was_accepted_nothing_is_suspended() -> None:
    town = Ruled()
    e = town.asked_and_allowed()
    assert town.send(SuspendRule, e.id, why="failed", because="esc_1").refusal is None
    assert town.e(e.id) == e


# -- work ------------------------------------------------------------------------------------------

WORK: dict[str, Any] = {
    "route": "tickets",
    "done": ("esc_1", "esc_2"),
    "said": ("restarted the shard",),
    "median_s": 600,
    "total_s": 3000,
}


def test_work_is_sent_to_its_route_once_in_30_days() -> None:
    town = Ruled()
    e = town.ask()
    town.vote(e, "UBEN", "no")
    for _ in range(2):
        town.send(ProposeWork, e.id, **WORK)
    assert town.e(e.id).work_proposed_at == town.now
    (record,) = [r for r in town.rows.records[e.id] if r.kind == events.WORK_PROPOSED]
    assert record.body == {**WORK, "done": ["esc_1", "esc_2"], "said": ["restarted the shard"]}
    assert ("page", "tickets", "work") in owed(town, e.id)
    town.pass_(days=30).send(ProposeWork, e.id, **WORK)
    assert town.e(e.id).work_proposed_at == town.now


def test_no_work_is_proposed_for_what_still_waits_or_was_erased() -> None:
    town = Ruled()
    e = town.ask()
    town.send(ProposeWork, e.id, **WORK)
    assert town.e(e.id).work_proposed_at is None
    town.vote(e, "UBEN", "no")
    town.send(Erase, e.id, by="operator:root", reason="kept long enough")
    town.send(ProposeWork, e.id, **WORK)
    assert town.e(e.id).work_proposed_at is None


# -- afterwards ------------------------------------------------------------------------------------


def laws(town: Ruled, e: Escalation, **changes: Any) -> list[str]:
    """The laws that its decision breaks, were the escalation so."""
    folded = refold([Entry.of(r) for r in town.rows.records[e.id]])
    before = folded.undecided
    assert before is not None
    made = changes.pop("made", {})
    decision = replace(folded.now.decision, **made) if folded.now.decision else None
    folded = replace(
        folded,
        undecided=replace(before, **changes),
        now=replace(folded.now, decision=decision),
    )
    entries = [Entry.of(r) for r in town.rows.records[e.id]]
    return [finding.what for finding in check_sane(e.id, entries, folded)]


def test_an_auditor_finds_nothing_wrong_with_it(town: Ruled) -> None:
    assert laws(town, town.run(town.ask())) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"made": {"rule": None}}, "no rule is named by which it was decided"),
        ({"made": {"people": ("ben",)}}, "a rule decided it, and it counts people"),
        (
            {"category": "data_migration"},
            "a rule decided what people decide: data migration decisions",
        ),
    ],
)
def test_an_auditor_finds_what_no_rule_decides(
    town: Ruled, changes: dict[str, Any], says: str
) -> None:
    assert laws(town, town.ask(), **changes) == [says]


def test_a_replay_tells_it_apart(town: Ruled) -> None:
    """No file decided it, so it is not compared with another file."""
    e = town.run(town.ask())
    past = replaying.Past(escalation=e, records=town.rows.records[e.id])
    found = replaying.replay(past, town.policy, town.now)
    assert (found.untold, found.differences) == (BY_RULE, ())
