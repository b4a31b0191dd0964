"""A vote: who may, what it must bring, and what follows from it."""

from datetime import timedelta
from typing import Any

import pytest

from approvals.decide.vote import LONGEST_REASON
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import DecidedBy, Effect, OperationState, Status
from tests.approvals.scene import AFTERWARDS, Scene, case, kinds, told, why
from tests.approvals.world import POLICY


def values(done: Any) -> Any:
    """The facts of a refusal's sentence."""
    return done.refusal.values


def test_one_eligible_yes_to_something_reversible_decides() -> None:
    """The vote and the decision are two records of one step."""
    scene = Scene().open()
    done = scene.vote()
    assert (case(done), kinds(done)) == (Case.DECIDED, ["vote:cast", "escalation:decided"])
    assert (scene.e.status, scene.e.state) == (Status.APPROVED, OperationState.HELD)
    decision = scene.e.decision
    assert decision is not None
    assert (decision.option, decision.by, decision.people) == ("go", DecidedBy.VOTES, ("ben",))
    assert decision.head == scene.records[-1].hash


def test_a_vote_carries_what_was_shown_and_why() -> None:
    """The record is the fact a release rests on."""
    scene = Scene("other").open()
    scene.vote(rationale=" looks right ", shown=0)
    (vote,) = scene.e.votes
    assert (vote.person, vote.option, vote.digest) == ("ben", "go", scene.e.digest)
    assert (vote.shown, vote.groups, vote.rationale) == (0, ("dba",), "looks right")
    assert scene.records[-1].facts["account"] == "UBEN"


@pytest.mark.parametrize(
    ("account", "given", "refused"),
    [
        ("UBEN", {"foreign": True}, Why.NOT_A_MEMBER),
        ("USTRANGER", {}, Why.UNKNOWN_ACCOUNT),
        ("UREQ", {}, Why.REQUESTER),
        ("UREQ2", {}, Why.REQUESTER),
        ("UCEM", {}, Why.NOT_IN_GROUP),
        ("UBEN", {"option": "maybe"}, Why.UNKNOWN_OPTION),
        ("UBEN", {"digest": "sha256:" + "f" * 64}, Why.WRONG_OPERATION),
        ("UBEN", {"digest": "sha256:"}, Why.WRONG_OPERATION),
        ("UBEN", {"digest": ""}, Why.WRONG_OPERATION),
        ("UBEN", {"rationale": "x" * (LONGEST_REASON + 1)}, Why.REASON_TOO_LONG),
    ],
)
def test_who_and_what_is_refused(account: str, given: dict[str, Any], refused: Why) -> None:
    """Nothing of it counts, and the one who clicked is answered."""
    scene = Scene().open()
    done = scene.vote(account, **given)
    assert (why(done), told(done)) == (refused, refused.value)
    assert (scene.e.votes, scene.e.status) == ((), Status.PENDING)


def test_a_reason_may_be_as_long_as_that_and_no_longer() -> None:
    """The refusal says how long it was, and how long it may be."""
    scene = Scene("other").open()
    done = scene.vote("UANA", rationale="x" * (LONGEST_REASON + 1))
    assert values(done) == {"length": LONGEST_REASON + 1, "most": LONGEST_REASON}
    assert case(scene.vote("UANA", rationale="x" * LONGEST_REASON)) is Case.COUNTED


def test_a_requester_who_is_in_no_policy_is_the_requester_all_the_same() -> None:
    """By the account that the service named."""
    scene = Scene(requested_by={"id": "guest", "slack": "UGUEST"}).open()
    assert why(scene.vote("UGUEST")) is Why.REQUESTER


@pytest.mark.parametrize("digits", [12, 20, 64])
def test_a_button_names_the_operation_by_twelve_digits_or_more(digits: int) -> None:
    """Shorter prefixes could fit another operation."""
    scene = Scene().open()
    named = scene.e.digest.removeprefix("sha256:")
    assert why(scene.vote(digest=named[:11])) is Why.WRONG_OPERATION
    assert case(scene.vote(digest=named[:digits])) is Case.DECIDED


def test_the_requester_hears_who_can_decide() -> None:
    """And never counts, not even to abort: taking it back is another button."""
    scene = Scene().open()
    assert values(scene.vote("UREQ"))["can"] == ["Ana", "Ben"]
    assert why(scene.vote("UREQ", "no")) is Why.REQUESTER


def test_someone_who_left_since_it_was_asked_hears_so() -> None:
    """Another sentence than for someone who never was in the group."""
    scene = Scene().open()
    scene.left.add(("dba", "ben"))
    done = scene.vote()
    assert (why(done), values(done)["can"]) == (Why.NO_LONGER_ELIGIBLE, ["Ana"])


def test_the_deactivated_cannot_vote() -> None:
    """An account that is no member's any more decides nothing, whatever it was before."""
    scene = Scene().open()
    scene.gone.add("ben")
    assert why(scene.vote()) is Why.NOT_A_MEMBER


def test_someone_who_joined_the_group_later_may_vote() -> None:
    """Requirements come from the snapshot, membership from now."""
    scene = Scene()
    scene.left.add(("dba", "ben"))
    scene.open()
    assert scene.e.plan.members == {"dba": ("ana", "req")}
    scene.left.clear()
    assert case(scene.vote()) is Case.DECIDED


@pytest.mark.parametrize(("minutes", "refused"), [(15, None), (15.1, Why.PEOPLE_UNKNOWN)])
def test_a_release_needs_facts_of_the_last_fifteen_minutes(
    minutes: float, refused: Why | None
) -> None:
    """It stays held; the same tap counts once people can be looked up again."""
    scene = Scene().open()
    scene.looked_up = scene.now
    scene.pass_(minutes * 60)
    assert why(scene.vote()) is refused
    assert scene.e.state is OperationState.HELD


def test_facts_from_the_future_are_not_fresh() -> None:
    """A clock that was set back does not renew them."""
    scene = Scene().open()
    scene.looked_up = scene.now + timedelta(hours=1)
    assert why(scene.vote()) is Why.PEOPLE_UNKNOWN


def test_an_abort_needs_no_fresh_facts() -> None:
    """Stopping is never more work than releasing."""
    scene = Scene().open()
    scene.looked_up = scene.now
    scene.pass_(3 * 3600)
    assert case(scene.vote(option="no")) is Case.ABORTED


def test_an_abort_needs_that_people_are_known_at_all() -> None:
    """Nobody known decides nothing."""
    scene = Scene().open()
    scene.nobody_known = True
    assert why(scene.vote(option="no")) is Why.PEOPLE_UNKNOWN


def test_the_first_eligible_abort_ends_it() -> None:
    """One is enough, whatever was agreed before, without a word."""
    scene = Scene("other").open()
    scene.vote("UANA")
    done = scene.vote("UBEN", "no", rationale=None, read_whole=False, typed=None)
    assert case(done) is Case.ABORTED
    assert (scene.e.status, scene.e.state) == (Status.REJECTED, OperationState.ABORTED)
    assert scene.e.decision is not None
    assert (scene.e.decision.people, scene.e.decision.effect) == (("ben",), Effect.ABORT)


def test_an_abort_is_never_out_of_date() -> None:
    """A release on the same card is."""
    scene = Scene().open()
    scene.tell(rollback="none")
    stale = scene.vote(shown=0)
    assert why(stale) is Why.OUT_OF_DATE
    assert values(stale)["changes"] == ["new context from svc"]
    assert case(scene.vote(option="no", shown=0)) is Case.ABORTED


def test_only_changes_since_the_card_are_named() -> None:
    """What the approver has seen already is not news."""
    scene = Scene().open()
    for text in ("one", "two", "three"):
        scene.tell(rollback=text)
    assert len(values(scene.vote(shown=2))["changes"]) == 1


def test_what_the_card_does_not_show_whole_must_be_read_first() -> None:
    """A release of the rest unseen is refused; the abort is not."""
    sql = "\n".join(f"DELETE FROM t{n};" for n in range(30))
    scene = Scene(operation={"name": "sql", "arguments": {"sql": sql}}).open()
    assert why(scene.vote(read_whole=False)) is Why.NOT_READ
    assert case(scene.vote(read_whole=True)) is Case.DECIDED
    other = Scene(operation={"name": "sql", "arguments": {"sql": sql}}).open()
    assert case(other.vote(option="no", read_whole=False)) is Case.ABORTED


@pytest.mark.parametrize(
    ("reason", "refused"), [(None, Why.REASON_NEEDED), ("  ok ", Why.REASON_NEEDED), ("yes", None)]
)
def test_what_cannot_be_undone_asks_why(reason: str | None, refused: Why | None) -> None:
    """At least three characters; spaces are none."""
    scene = Scene("schema_migration").open()
    assert why(scene.vote(rationale=reason, typed=None)) is refused


def test_what_can_be_undone_asks_nothing() -> None:
    """One tap."""
    scene = Scene().open()
    assert case(scene.vote(rationale=None, typed=None, read_whole=False)) is Case.DECIDED


def test_critical_and_irreversible_takes_two_people_who_type_the_target() -> None:
    """The first release waits for the second."""
    scene = Scene("schema_migration", severity="critical").open()
    assert why(scene.vote("UANA", typed=None)) is Why.WRONG_WORD
    assert why(scene.vote("UANA", typed="wed")) is Why.WRONG_WORD
    assert case(scene.vote("UANA", typed=" Web ")) is Case.COUNTED
    assert scene.e.status is Status.PENDING
    assert case(scene.vote("UBEN")) is Case.DECIDED
    assert scene.e.decision is not None
    assert scene.e.decision.people == ("ana", "ben")


def test_critical_and_irreversible_takes_two_even_where_one_fills_many() -> None:
    """One person in both groups is one person."""
    many = POLICY.replace(
        'name = "both"', 'name = "both"\none_person_fills_many = true\nirreversible = true'
    )
    scene = Scene("architecture", policy=many, severity="critical").open()
    assert case(scene.vote("UANA")) is Case.COUNTED
    assert case(scene.vote("UBEN")) is Case.DECIDED


def test_one_person_may_fill_seats_of_two_groups_where_the_rule_says_so() -> None:
    """Otherwise a second person is needed."""
    strict = Scene("architecture").open()
    assert case(strict.vote("UANA")) is Case.COUNTED
    assert case(strict.vote("UDEE")) is Case.DECIDED
    many = POLICY.replace('name = "both"', 'name = "both"\none_person_fills_many = true')
    assert case(Scene("architecture", policy=many).open().vote("UANA")) is Case.DECIDED


def test_all_groups_must_agree() -> None:
    """Two of one group are not one of each."""
    scene = Scene("architecture").open()
    scene.vote("UCEM")
    assert case(scene.vote("UDEE")) is Case.COUNTED
    assert case(scene.vote("UBEN")) is Case.DECIDED


def test_someone_in_two_groups_takes_the_seat_that_is_free() -> None:
    """Whoever comes first does not block the others."""
    scene = Scene("architecture").open()
    scene.vote("UANA")
    assert case(scene.vote("UBEN")) is Case.DECIDED
    other = Scene("architecture").open()
    other.vote("UANA")
    assert case(other.vote("UCEM")) is Case.DECIDED


def test_votes_for_different_options_do_not_add_up() -> None:
    """Each option has its own count."""
    scene = Scene("other").open()
    scene.vote("UANA", "go")
    done = scene.vote("UBEN", "slow")
    assert (case(done), done.answer.values["have"]) == (Case.COUNTED, 1)
    assert scene.e.status is Status.PENDING


def test_a_vote_may_change_while_it_is_pending() -> None:
    """The earlier one no longer counts, and is told."""
    scene = Scene("other").open()
    scene.vote("UANA", "slow")
    done = scene.vote("UANA", "go")
    assert (case(done), done.answer.values["from"]) == (Case.CHANGED, "Go slowly")
    assert [v.option for v in scene.e.votes] == ["go"]
    assert done.records[0].body["replaced"] == "slow"
    assert case(scene.vote("UBEN", "go")) is Case.DECIDED


@pytest.mark.parametrize("account", ["UANA", "UANA2"])
def test_the_same_vote_again_counts_once(account: str) -> None:
    """With any account of the person: no second record, and the count is told."""
    scene = Scene("other").open()
    scene.vote("UANA")
    done = scene.vote(account)
    assert (why(done), kinds(done)) == (Why.ALREADY_VOTED, [])
    assert (values(done)["have"], values(done)["needed"]) == (1, 2)


def test_the_same_vote_again_decides_if_only_that_was_missing() -> None:
    """Ana was away when Ben agreed, and is back: nobody need change their mind."""
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.gone.add("ana")
    assert case(scene.vote("UBEN")) is Case.COUNTED
    scene.gone.clear()
    assert case(scene.vote("UBEN")) is Case.DECIDED


def test_a_late_click_names_who_decided() -> None:
    """Who, what and when; whoever clicks."""
    scene = Scene().approved("UANA")
    done = scene.pass_(60).vote("UBEN", "no")
    assert why(done) is Why.ALREADY_DECIDED
    told = {"by": ["Ana"], "option": "Go", "at": "2026-11-12T21:00:00.000000Z", "may_stop": True}
    assert values(done) == told
    assert why(scene.vote("USTRANGER")) is Why.ALREADY_DECIDED
    assert why(scene.vote("USTRANGER", foreign=True)) is Why.NOT_A_MEMBER


def test_a_decider_whom_nobody_knows_any_more_is_named_by_id() -> None:
    """The record outlives the directory."""
    scene = Scene().approved("UANA")
    scene.nobody_known = True
    assert values(scene.vote())["by"] == ["ana"]


def test_a_click_at_the_deadline_is_too_late() -> None:
    """With a dead clock, too: the vote itself lets it expire."""
    scene = Scene().open()
    scene.now = scene.e.deadline_at
    done = scene.vote()
    assert (why(done), kinds(done)) == (
        Why.EXPIRED,
        ["escalation:decided", *AFTERWARDS, "refusal:recorded"],
    )
    assert (scene.e.status, scene.e.state) == (Status.EXPIRED, OperationState.ABORTED)


def test_a_click_just_before_the_deadline_counts() -> None:
    """The last second belongs to the people."""
    scene = Scene().open()
    scene.now = scene.e.deadline_at
    scene.pass_(-1)
    assert case(scene.vote()) is Case.DECIDED


def test_a_clock_set_back_revives_nothing() -> None:
    """Expired stays expired."""
    scene = Scene().open()
    scene.now = scene.e.deadline_at
    scene.tick()
    scene.pass_(-3600)
    assert why(scene.vote()) is Why.EXPIRED


def test_a_click_after_it_was_taken_back_hears_so() -> None:
    """Nobody decided it."""
    scene = Scene().open()
    scene.withdraw()
    done = scene.vote()
    assert (why(done), values(done)["by"], values(done)["option"]) == (Why.WITHDRAWN, [], None)


def test_a_void_vote_may_be_given_again() -> None:
    """It counts as a new one, not as a change."""
    scene = Scene("other").open()
    scene.vote("UANA")
    scene.gone.add("ana")
    scene.recheck()
    scene.gone.clear()
    assert case(scene.vote("UANA")) is Case.COUNTED
    assert scene.e.votes[0].void is None


def test_a_vote_by_someone_without_any_account_in_the_policy_is_nobodys() -> None:
    """Names are not accounts."""
    assert why(Scene().open().vote("ben")) is Why.UNKNOWN_ACCOUNT


def test_the_click_that_decided_it_is_told_so_when_it_comes_again() -> None:
    """It counts once; its own decision is nothing that came before it."""
    scene = Scene().open()
    scene.vote()
    done = scene.vote()
    assert why(done) is Why.ALREADY_VOTED
    assert values(done) == {
        "at": "2026-11-12T21:00:00.000000Z",
        "option": "Go",
        "have": 1,
        "needed": 1,
        "may_stop": True,
    }
    for other in ("slow", "maybe"):
        assert why(scene.vote(option=other)) is Why.ALREADY_DECIDED
