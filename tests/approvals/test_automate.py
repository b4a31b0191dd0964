"""What runs by itself: on the record before it runs, never what people decide, until it goes wrong
or happens too often.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import replay as replaying
from approvals.automatic import Past, Turned, breaker_of, looks_back, past_of, turned
from approvals.categories import CATEGORIES
from approvals.ledger import Ledger, Opened
from approvals.policy.entries import AutomationEntry
from approvals.policy.load import parse_policy
from approvals.refusals import Why
from approvals.step import Step
from approvals.verdict import Case
from approvals.words import DecidedBy, OperationState, Recovery, Severity, Status
from tests.approvals.scene import Scene, case, kinds, why
from tests.approvals.world import POLICY

#: A service restarts what does not answer.
RESTART: dict[str, Any] = {
    "kind": "automation",
    "recovery": "restart",
    "category": "service_health",
    "title": "Restart web-3",
    "environment": "production",
    "operation": {"name": "docker restart", "target": "web-3", "arguments": {"argv": ["web-3"]}},
    "options": [],
    "dedup_key": "automation:restart",
}


def automatic(policy: str = POLICY, **changes: Any) -> Scene:
    """A scene in which a service is about to recover by itself."""
    scene = Scene(policy=policy)
    scene.body = {**RESTART, **changes}
    return scene


def past(scene: Scene, *ended: str, ago: float = 0) -> Ledger:
    """As if restarts had run by themselves before, and ended so."""
    at = scene.pass_(0).now
    found = (Past(at=at, alone=True, state=OperationState(state)) for state in ended)
    scene.pass_(ago)
    return Ledger(past=tuple(found))


def with_(**terms: Any) -> str:
    """The policy of the scene, with other terms."""
    lines = [f"{key} = {value!r}" for key, value in terms.items()]
    return "\n".join((POLICY, "[automation]", *lines, ""))


# -- on the record --------------------------------------------------------------------------------


def test_it_is_on_the_record_before_it_runs() -> None:
    """Opened by the service and let by the policy in one commit; it runs from then on."""
    scene = automatic()
    done = scene.try_to_open()
    assert (case(done), kinds(done)) == (
        Case.OPENED,
        ["escalation:opened", "escalation:decided"],
    )
    assert [r.by for r in done.records] == ["service:svc", "andon"]
    e = scene.e
    assert (e.status, e.state, e.recovery) == (
        Status.APPROVED,
        OperationState.RELEASED,
        Recovery.RESTART,
    )
    assert e.decision is not None
    assert (e.decision.by, e.decision.option, e.decision.people) == (DecidedBy.POLICY, None, ())
    assert (e.severity, e.version, e.claim) == (Severity.LOW, 2, None)


def test_the_record_says_how_it_was_let_and_until_when_it_is_waited_for() -> None:
    """By the policy, after how many others; and what its plan is."""
    policy = with_(report_within_s=600).replace('zone = "UTC"', 'zone = "Europe/Berlin"')
    scene = automatic(policy)
    until = "2026-11-12T21:10:00.000000Z"
    opened, let = scene.try_to_open(ledger=past(scene, "succeeded")).records
    assert opened.facts == {"lately": 1}
    assert let.body == {
        "status": "approved",
        "effect": "release",
        "by": "policy",
        "report_until": until,
    }
    e = scene.e
    assert (e.plan.report_within_s, e.plan.zone) == (600, "Europe/Berlin")
    assert e.deadline_at == e.due_at == scene.now + timedelta(seconds=600)


def test_it_holds_nobody_up() -> None:
    """It is none of those that wait for people."""
    done = automatic().try_to_open(ledger=Ledger(pending=3))
    assert done.ledger.pending == 3


def test_it_rings_nobody_and_gets_no_grant() -> None:
    """Neither when it begins nor when it ends."""
    scene = automatic()
    works = [scene.try_to_open().work, scene.report().work]
    assert works == [(), ()]


def test_what_was_sent_stands_in_it() -> None:
    scene = automatic(summary="it hangs", reference="INC-7", context={"user_impact": "slow"})
    scene.open(operation_redacted=("/arguments/token",))
    e = scene.e
    assert (e.title, e.summary, e.reference) == ("Restart web-3", "it hangs", "INC-7")
    assert (e.dedup_key, e.plan.rule, e.context) == (
        "automation:restart",
        "automation",
        {"user_impact": "slow"},
    )
    assert e.operation is not None
    assert (e.operation.target, e.operation.redacted) == ("web-3", ("/arguments/token",))


def test_it_needs_nobody_to_be_known() -> None:
    """A recovery at night does not wait for Slack: nobody is asked."""
    scene = automatic()
    scene.nobody_known = True
    assert case(scene.try_to_open()) is Case.OPENED


def test_the_same_key_is_the_same_record() -> None:
    """However the breaker stands by then."""
    scene = automatic()
    opened = Opened(escalation_id="esc_0", body_hash="b1")
    ledger = replace(past(scene, *["failed"] * 9), opened=opened)
    done = scene.try_to_open(ledger=ledger)
    assert (case(done), done.answer.values, done.records) == (
        Case.REPEATED,
        {"escalation": "esc_0"},
        (),
    )


@pytest.mark.parametrize("result", ["succeeded", "failed", "unknown"])
def test_its_outcome_is_reported_once(result: str) -> None:
    scene = automatic().open()
    assert case(scene.report(result, detail="it answers again")) is Case.REPORTED
    assert (scene.e.state, scene.e.due_at) == (OperationState(result), None)
    assert why(scene.report("succeeded", detail="another")) is Why.OUTCOME_DIFFERS


def test_silence_becomes_unknown() -> None:
    """Whoever ran it may have died of it."""
    scene = automatic().open()
    scene.pass_(900).tick()
    assert scene.e.state is OperationState.UNKNOWN
    assert case(scene.report("succeeded")) is Case.REPORTED


def test_another_service_reports_nothing() -> None:
    scene = automatic().open()
    assert why(scene.report(service="other")) is Why.NOT_FOUND


# -- never a way around people --------------------------------------------------------------------


def refused(done: Step) -> dict[str, str]:
    """Where it may not run by itself, and what to do."""
    assert why(done) is Why.NOT_AUTOMATABLE
    assert done.records == ()
    assert done.refusal is not None
    assert done.refusal.who == "service:svc"
    return {error.pointer: error.detail for error in done.refusal.errors}


DECIDED_BY_PEOPLE = [
    "schema_migration",
    "data_migration",
    "api_change",
    "deployment",
    "security",
    "architecture",
    "data_corruption",
    "compliance",
    "unrecoverable_error",
    "configuration",
    "ambiguous_requirement",
    "large_transaction",
    "policy_change",
    "decision",
    "other",
    "never_heard_of",
]


@pytest.mark.parametrize("category", DECIDED_BY_PEOPLE)
@pytest.mark.parametrize("recovery", list(Recovery))
def test_what_people_decide_never_runs_by_itself(category: str, recovery: Recovery) -> None:
    """Whatever the service calls its recovery."""
    found = refused(automatic(category=category, recovery=recovery).try_to_open())
    assert list(found) == ["/category"]
    assert found["/category"].endswith(
        "ask for an approval. A recovery runs by itself only from `retries_exhausted`, "
        "`pattern_change`, `resource_exhaustion`, `service_health`, `service_outage`."
    )


def test_every_category_is_on_one_side() -> None:
    automatic_ = {slug for slug, row in CATEGORIES.items() if row.automatic}
    assert automatic_ & set(DECIDED_BY_PEOPLE) == set()
    assert automatic_ | set(DECIDED_BY_PEOPLE) == set(CATEGORIES) | {"never_heard_of"}


@pytest.mark.parametrize("recovery", ["migration", "Restart", "", None])
def test_a_recovery_of_unknown_kind_never_does(recovery: str | None) -> None:
    assert refused(automatic(recovery=recovery).try_to_open()) == {
        "/recovery": "Only these may run by themselves: `known_fix`, `idempotent`, `restart`, "
        "`cache`, `cleanup`, `retry`. Ask for an approval."
    }


@pytest.mark.parametrize(
    ("operation", "why_not"),
    [
        (
            {"name": "x", "money": {"amount_minor": 1, "currency": "EUR"}},
            {"/operation/money": "Money never moves by itself: ask for an approval."},
        ),
        (
            {"name": "x", "arguments": {"sql": "DELETE FROM t"}},
            {
                "/operation/arguments/sql": "People read a statement before it runs: ask for an "
                "approval."
            },
        ),
    ],
)
def test_money_and_statements_never_do(operation: dict[str, Any], why_not: dict[str, str]) -> None:
    assert refused(automatic(operation=operation).try_to_open()) == why_not


def test_it_offers_nobody_a_choice() -> None:
    options = [{"key": "go", "label": "Go", "effect": "release"}]
    done = automatic(options=options).try_to_open(digest="sha256:" + "0" * 64)
    assert why(done) is Why.UNPROCESSABLE


def test_it_is_never_claimed() -> None:
    """A grant says that people approved."""
    scene = automatic().open()
    done = scene.claim()
    assert (why(done), done.work) == (Why.NOT_HELD, ())
    assert kinds(done) == ["refusal:recorded"]


def test_nobody_votes_on_it_or_stops_it() -> None:
    scene = automatic().open()
    assert why(scene.vote("UBEN", "go")) is not None
    assert why(scene.stop("UANA")) is not None
    assert (scene.e.state, scene.e.votes) == (OperationState.RELEASED, ())


# -- the breaker ----------------------------------------------------------------------------------


def test_too_often_is_for_people_until_the_window_has_passed() -> None:
    scene = automatic()
    before = past(scene, *["succeeded"] * 5, ago=3599)
    done = scene.try_to_open(ledger=before)
    assert why(done) is Why.TURNED_MANUAL
    assert done.refusal is not None
    assert done.refusal.who == "service:svc"
    assert done.refusal.detail == (
        "5 times lately a restart of svc ran by itself, and that is too often. People decide now: "
        "ask for an approval with the dedup_key `automation:restart`; once one of those has "
        "succeeded, or from 2026-11-12T22:00:00.000000Z on, it may run by itself again."
    )
    assert done.refusal.values == {"until": "2026-11-12T22:00:00.000000Z"}
    scene.pass_(1)
    assert case(scene.try_to_open(ledger=before)) is Case.OPENED


def test_four_in_the_window_are_not_too_many() -> None:
    scene = automatic()
    assert case(scene.try_to_open(ledger=past(scene, *["succeeded"] * 4))) is Case.OPENED


@pytest.mark.parametrize("ended", ["failed", "unknown"])
def test_after_one_that_went_wrong_people_decide_for_a_day(ended: str) -> None:
    scene = automatic()
    before = past(scene, ended, "succeeded", ago=24 * 3600 - 1)
    done = scene.try_to_open(ledger=before)
    assert why(done) is Why.TURNED_MANUAL
    assert done.refusal is not None
    assert done.refusal.detail.startswith(
        "The last automatic restart of svc failed, or nobody said how it ended. People decide now"
    )
    scene.pass_(1)
    assert case(scene.try_to_open(ledger=before)) is Case.OPENED


def test_silence_counts_though_no_clock_has_said_so() -> None:
    scene = automatic()
    at, until = scene.now, scene.now + timedelta(seconds=900)
    silent = Past(at=at, alone=True, state=OperationState.RELEASED, due_at=until)
    scene.pass_(899)
    assert case(scene.try_to_open(ledger=Ledger(past=(silent,)))) is Case.OPENED
    scene.pass_(1)
    assert why(scene.try_to_open(ledger=Ledger(past=(silent,)))) is Why.TURNED_MANUAL


def test_how_and_until_when_it_is_manual() -> None:
    """From the last that failed; as many as ran in the window, that one among them."""
    scene = automatic()
    day, hour = timedelta(days=1), timedelta(hours=1)
    began = scene.now
    before = past(scene, "failed", ago=60).past + past(scene, "failed", "succeeded", ago=3550).past
    failed = turned(before, AutomationEntry(), scene.now)
    assert failed == Turned(failed=True, times=2, until=began + timedelta(seconds=60) + day)
    oftener = past(scene, *["succeeded"] * 3).past
    often = turned(oftener, AutomationEntry(most=2), scene.now)
    assert often == Turned(failed=False, times=3, until=scene.now + hour)


@pytest.mark.parametrize(("within_s", "manual_for_s", "back"), [(60, 7, 60), (7, 60, 60)])
def test_the_breaker_looks_back_as_far_as_its_terms_reach(
    within_s: int, manual_for_s: int, back: int
) -> None:
    terms = AutomationEntry(within_s=within_s, manual_for_s=manual_for_s)
    assert looks_back(terms) == timedelta(seconds=back)


@pytest.mark.parametrize("ago", [0, 60])
def test_one_that_people_released_and_that_worked_turns_it_automatic_again(ago: int) -> None:
    """Whatever had run until then."""
    scene = automatic()
    before = past(scene, "failed", *["succeeded"] * 9, ago=ago)
    good = Past(at=scene.now, alone=False, state=OperationState.SUCCEEDED)
    assert case(scene.try_to_open(ledger=replace(before, past=(*before.past, good)))) is Case.OPENED


@pytest.mark.parametrize("state", ["held", "released", "aborted", "lapsed", "failed", "unknown"])
def test_one_that_people_did_not_see_succeed_turns_nothing(state: str) -> None:
    scene = automatic()
    before = past(scene, "failed", ago=60)
    other = Past(at=scene.now, alone=False, state=OperationState(state))
    done = scene.try_to_open(ledger=replace(before, past=(*before.past, other)))
    assert why(done) is Why.TURNED_MANUAL


def test_the_breaker_knows_an_escalation_by_its_kind_state_and_time() -> None:
    scene = automatic().open()
    scene.report("failed")
    assert past_of(scene.e) == Past(at=scene.now, alone=True, state=OperationState.FAILED)
    begun = automatic().open().e
    assert past_of(begun).due_at == begun.created_at + timedelta(seconds=900)
    assert not past_of(Scene().open().e).alone
    assert breaker_of("cache") == "automation:cache"


# -- the policy -----------------------------------------------------------------------------------


def test_the_policy_may_let_less() -> None:
    done = automatic(with_(allow=["cache"]), recovery="known_fix").try_to_open()
    assert refused(done) == {}
    assert done.refusal is not None
    assert done.refusal.detail == (
        "The policy lets no known fix of svc run by itself. Ask for an approval."
    )


@pytest.mark.parametrize(("service", "taken"), [("svc", False), ("other", True)])
def test_or_less_of_one_service(service: str, taken: bool) -> None:
    policy = POLICY + '\n[automation.services]\nsvc = ["cache"]\n'
    done = automatic(policy).try_to_open(service=service)
    assert (done.refusal is None) is taken


def test_or_only_so_often() -> None:
    scene = automatic(with_(most=1, within_s=60))
    assert why(scene.try_to_open(ledger=past(scene, "succeeded"))) is Why.TURNED_MANUAL
    scene.pass_(60)
    assert case(scene.try_to_open(ledger=past(scene))) is Case.OPENED


def test_the_terms_of_then_stand_in_it() -> None:
    e = automatic(with_(most=2)).open().e
    assert e.plan.policy_text == (
        "restart of svc: at most 2 within 3600 s; after a failure people decide for 86400 s"
    )


def test_another_policy_would_not_have_decided_it_otherwise() -> None:
    """No rule decides it, so a replay passes it over."""
    scene = automatic().open()
    scene.report("failed")
    past = replaying.Past(escalation=scene.e, records=tuple(scene.records), policy=scene.policy)
    found = replaying.replay(past, parse_policy(with_(allow=[])), scene.now)
    assert (found.differences, found.untold) == ((), None)
