"""Opening: a used key is the same question, an equal pending one is joined, nonsense refused."""

from typing import Any

import pytest

from approvals.canonical import sha256_of
from approvals.decide import State
from approvals.ledger import Ledger, Opened
from approvals.owes import PostCard
from approvals.policy.load import parse_policy
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Kind, OperationState, Severity, Status
from tests.approvals.scene import BODY, GO, NO, SLOW, Scene, case, incident, kinds, why
from tests.approvals.world import POLICY


def errors(done: Any) -> dict[str, str]:
    """Where the request was wrong, and how."""
    assert why(done) is Why.UNPROCESSABLE, done.refusal
    return {error.pointer: error.detail for error in done.refusal.errors}


def test_a_new_question_is_held_and_put_to_people() -> None:
    """Pending, held, with the policy's deadline; cards are owed at once."""
    scene = Scene()
    done = scene.try_to_open()
    assert (case(done), kinds(done)) == (Case.OPENED, ["escalation:opened"])
    assert (scene.e.status, scene.e.state) == (Status.PENDING, OperationState.HELD)
    assert (scene.e.severity, scene.e.version, scene.e.shown) == (Severity.MEDIUM, 1, 0)
    assert (scene.e.deadline_at - scene.now).total_seconds() == 4 * 3600
    assert [w.target for w in done.work if isinstance(w, PostCard)] == ["ana", "ben"]


def test_what_was_sent_stands_in_the_escalation() -> None:
    """Copied as it is; nothing is invented for what was left out."""
    scene = Scene(
        summary="why", reference="CHG-1", dedup_key="d", callback_url="https://x.example/a"
    ).open(operation_redacted=("/arguments/token",), context_redacted=("/context/error",))
    e = scene.e
    assert (e.title, e.summary, e.reference, e.dedup_key) == ("Deploy 41", "why", "CHG-1", "d")
    assert (e.callback_url, e.environment, e.group_id) == (
        "https://x.example/a",
        "production",
        "grp_1",
    )
    assert e.operation is not None
    assert (e.operation.name, e.operation.redacted) == ("deploy", ("/arguments/token",))
    assert e.context_redacted == ("/context/error",)
    assert e.requester is not None
    assert (e.requester.id, e.requester.person) == ("req@example.com", "req")


def test_the_opening_names_how_old_its_facts_were() -> None:
    """For the auditor."""
    scene = Scene().open()
    assert scene.records[0].facts["people_as_of"] == "2026-11-12T21:00:00.000000Z"


def test_the_same_key_and_body_is_the_same_question() -> None:
    """Nothing is opened a second time."""
    ledger = Ledger(opened=Opened(escalation_id="esc_0", body_hash="b1"))
    done = Scene().try_to_open(ledger=ledger)
    assert (case(done), kinds(done)) == (Case.REPEATED, [])
    assert done.answer.values["escalation"] == "esc_0"


def test_the_same_key_for_another_body_is_refused() -> None:
    """One key, one question."""
    ledger = Ledger(opened=Opened(escalation_id="esc_0", body_hash="b2"))
    assert why(Scene().try_to_open(ledger=ledger)) is Why.KEY_REUSED


def test_two_opens_of_one_batch_see_each_other() -> None:
    """The fold carries the key from one to the next."""
    scene = Scene()
    first = scene.try_to_open()
    assert first.ledger.opened == Opened(escalation_id=scene.e.id, body_hash="b1")
    assert case(scene.try_to_open(ledger=first.ledger)) is Case.REPEATED
    assert why(scene.try_to_open(ledger=first.ledger, body_hash="b2")) is Why.KEY_REUSED


def joined(scene: Scene, **context: Any) -> Any:
    """An equal question while the first is pending."""
    command = scene.command(request={**scene.body, "context": context}, idempotency_key="k2")
    return scene.drive(State(escalation=scene.e), command)


def test_an_equal_question_joins_the_pending_one() -> None:
    """The same id, counted, its context refreshed; no card becomes out of date."""
    scene = Scene(dedup_key="d", context={"rollback": "none", "user_impact": "small"}).open()
    done = joined(scene, rollback="none", user_impact="large")
    assert (case(done), done.answer.values["escalation"]) == (Case.JOINED, scene.e.id)
    assert (scene.e.occurrences, scene.e.version, scene.e.shown) == (2, 2, 0)
    assert scene.e.context == {"rollback": "none", "user_impact": "large"}
    assert scene.records[-1].body["context"] == {"user_impact": "large"}
    assert case(scene.vote(shown=0)) is Case.DECIDED


def test_hidden_places_of_what_joins_are_counted_as_well() -> None:
    """With those known before."""
    scene = Scene(dedup_key="d", context={"rollback": "none"}).open()
    command = scene.command(
        request={**scene.body, "context": {"error": {"message": "[hidden: token]"}}},
        idempotency_key="k2",
        context_redacted=("/context/error/message",),
    )
    scene.drive(State(escalation=scene.e), command)
    assert scene.e.context_redacted == ("/context/error/message",)


def test_a_repeated_join_is_answered_with_the_one_it_joined() -> None:
    """Its key is remembered too."""
    scene = Scene(dedup_key="d").open()
    done = joined(scene)
    assert done.ledger.opened == Opened(escalation_id=scene.e.id, body_hash="b1")
    assert done.ledger.group_id is None  # a join makes no group


def test_what_is_over_is_not_joined() -> None:
    """It is a question of its own, in the same group."""
    scene = Scene(dedup_key="d").open()
    scene.vote(option="no")
    fresh = Scene(dedup_key="d")
    command = fresh.command(group_id="grp_2")
    done = fresh.drive(State(ledger=Ledger(group_id="grp_1")), command)
    assert (case(done), fresh.e.group_id) == (Case.OPENED, "grp_1")


def test_an_operation_too_long_to_read_is_refused() -> None:
    """With what to do instead."""
    done = Scene().try_to_open(operation_size=60_001)
    assert errors(done) == {
        "/operation/arguments": "Too long for a person to read: 60,001 characters, at most 60,000. "
        "Send a script's hash and address instead of its text, or split the operation."
    }
    assert case(Scene().try_to_open(operation_size=60_000)) is Case.OPENED


def test_of_several_release_options_each_says_what_it_runs() -> None:
    """Otherwise different buttons could look as if they ran the same."""
    bare = {"key": "slow", "label": "Slowly", "effect": "release"}
    done = Scene(options=[GO, bare, {**bare, "key": "b", "label": "B"}, NO]).try_to_open()
    must = "With more than one release option, each must say what it runs."
    assert errors(done) == {"/options/1/arguments": must, "/options/2/arguments": must}
    assert case(Scene(options=[bare, NO]).try_to_open()) is Case.OPENED


@pytest.mark.parametrize("label", ["Go", " go ", "GO", "Ｇｏ", "g o".replace(" ", "")])
def test_two_options_that_read_alike_are_refused(label: str) -> None:
    """Nobody could tell the buttons apart."""
    done = Scene(options=[GO, {**SLOW, "label": label}, NO]).try_to_open()
    assert list(errors(done)) == ["/options/1/label"]


def test_two_options_of_one_key_are_refused() -> None:
    """Votes could not tell them apart."""
    done = Scene(options=[GO, {**SLOW, "key": "go"}, NO]).try_to_open()
    assert list(errors(done)) == ["/options/1/key"]


@pytest.mark.parametrize(
    ("approvers", "pointer", "said"),
    [
        ([], "/approvers", "Names nobody. Name groups of the policy, or leave it out."),
        (["nobody"], "/approvers/0", "nobody"),
    ],
)
def test_an_empty_or_unknown_approver_set_is_refused(
    approvers: list[str], pointer: str, said: str
) -> None:
    """Never "anyone"."""
    found = errors(Scene(approvers=approvers).try_to_open())
    assert list(found) == [pointer]
    assert said in found[pointer]


def test_while_nobody_has_been_looked_up_nothing_is_opened() -> None:
    """It is worth asking again: refused for now, not for good."""
    scene = Scene()
    scene.nobody_known = True
    assert why(scene.try_to_open()) is Why.PEOPLE_UNKNOWN


def test_old_facts_do_for_a_question() -> None:
    """Asking releases nothing; facts are looked at again with every vote."""
    scene = Scene()
    scene.looked_up = scene.now
    scene.pass_(3600)
    assert case(scene.try_to_open()) is Case.OPENED


def test_a_change_of_the_policy_touches_nothing_that_waits() -> None:
    """Requirements are those of the snapshot."""
    scene = Scene("other").open()
    text = scene.policy.text.replace('"dba", needed = 2', '"dba", needed = 1')
    scene.policy = parse_policy(text)
    assert case(scene.vote("UANA")) is Case.COUNTED
    assert case(scene.vote("UBEN")) is Case.DECIDED


@pytest.mark.parametrize("offered", [[GO, SLOW], [NO, {**NO, "key": "not", "label": "Not"}], []])
def test_an_approval_offers_to_release_and_to_abort(offered: list[Any]) -> None:
    """A question with one answer is none."""
    assert errors(Scene(options=offered).try_to_open()) == {
        "/options": "Offer at least one option that releases and one that aborts."
    }


def test_an_incident_holds_nothing() -> None:
    """Nothing to choose, nothing to run; people are asked all the same."""
    scene = incident(requested_by=None)
    done = scene.try_to_open()
    assert (case(done), scene.e.kind) == (Case.OPENED, Kind.INCIDENT)
    assert (scene.e.operation, scene.e.options, scene.e.requester) == (None, (), None)
    assert scene.e.digest == sha256_of({"operation": None, "options": []})
    assert [w.target for w in done.work if isinstance(w, PostCard)] != []


@pytest.mark.parametrize(
    ("brought", "pointer"),
    [
        ({"operation": BODY["operation"]}, "/operation"),
        ({"options": [GO, NO]}, "/options"),
        ({"claim_within_s": 60}, "/claim_within_s"),
    ],
)
def test_what_an_incident_would_hold_is_refused(brought: dict[str, Any], pointer: str) -> None:
    """Nobody believes to have held something that runs."""
    assert errors(incident(**brought).try_to_open()) == {
        pointer: "An incident holds nothing: leave it out, or ask for an approval."
    }


@pytest.mark.parametrize("category", ["data_corruption", "security", "compliance"])
@pytest.mark.parametrize("kind", ["approval", "incident"])
@pytest.mark.parametrize("said", [None, "low", "medium", "high"])
def test_what_is_escalated_at_once_is_lowered_by_nobody(
    category: str, kind: str, said: str | None
) -> None:
    """Data corruption, security, compliance: critical, whatever the caller says."""
    known = {"severity": said} if said else {}
    scene = incident() if kind == "incident" else Scene()
    scene.policy = parse_policy(
        POLICY.replace('category = "deployment"', f'category = "{category}"')
    )
    scene.body |= {"category": category, **known}
    assert scene.open().e.severity is Severity.CRITICAL


def test_no_more_wait_for_people_than_the_service_may_have() -> None:
    """What waits and what may wait are said, and what to do; the service is who was refused."""
    done = Scene().try_to_open(ledger=Ledger(pending=1000), most_pending=1000)
    assert why(done) is Why.TOO_MANY_PENDING
    assert done.refusal.who == f"service:{Scene().open().e.service}"
    assert done.refusal.detail == (
        "1,000 escalations of svc wait for people, and it may have 1,000. Ask again when some are "
        "decided, give what is asked twice a `dedup_key`, or withdraw what is not needed any more."
    )
    assert (done.records, done.escalation) == ((), None)


@pytest.mark.parametrize(("pending", "most"), [(999, 1000), (5000, None)])
def test_up_to_its_bound_or_without_one_it_may_ask(pending: int, most: int | None) -> None:
    done = Scene().try_to_open(ledger=Ledger(pending=pending), most_pending=most)
    assert case(done) is Case.OPENED
    assert done.ledger.pending == pending + 1


def test_what_is_asked_twice_is_never_too_much() -> None:
    """The same key: nothing more waits for people."""
    used = Ledger(pending=9, opened=Opened(escalation_id="esc_0", body_hash="b1"))
    assert case(Scene().try_to_open(ledger=used, most_pending=1)) is Case.REPEATED


def test_what_is_wrong_is_named_before_there_is_too_much() -> None:
    """Waiting would not mend it."""
    ledger = Ledger(pending=9)
    done = Scene(options=[]).try_to_open(ledger=ledger, most_pending=1)
    assert why(done) is Why.UNPROCESSABLE
