"""A storm as people see it: what is counted, and exactly which members a list names."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.batches import MOST_VALUES, Others, others
from approvals.escalation import Escalation, Money, Outcome
from approvals.storms import MOST_AT_ONCE, Listed, Storm, listed, relisted
from approvals.words import Friction, OperationState, Result, Severity, Status
from tests.approvals.scene import Scene
from tests.approvals.streams import Stream


def a_storm(n: int = 6, *, batch: str = "sync --batch {}", **changes: object) -> Storm:
    """Members that each want to run the next batch."""
    stream = Stream()
    stream.fill(6)
    model = stream.opened[-1]
    assert model.operation is not None
    members = [
        replace(
            model,
            id=f"esc_{place}",
            storm_place=place,
            deadline_at=model.deadline_at + timedelta(seconds=place),
            operation=replace(
                model.operation, arguments={"argv": batch.format(8800 + place).split(" ")}
            ),
            options=tuple(replace(o, arguments=None) for o in model.options),
            **changes,
        )
        for place in range(1, n + 1)
    ]
    return Storm(id="stm_6", began_at=model.created_at, version=1, members=tuple(members))


def with_(storm: Storm, place: int, **changes: object) -> Storm:
    """The storm with one member changed."""
    changed = (replace(e, **changes) if e.storm_place == place else e for e in storm.members)
    return replace(storm, members=tuple(changed))


def tried(storm: Storm, result: Result = Result.SUCCEEDED) -> Storm:
    """The oldest was released, and this is what became of it."""
    scene = Scene().approved()
    outcome = Outcome(result=result, at=scene.now, by="svc")
    state = OperationState(result.value)
    changes = {"status": Status.APPROVED, "state": state, "outcome": outcome}
    return with_(storm, 1, decision=scene.e.decision, **changes)


# -- lists --------------------------------------------------------------------------------------


def test_what_became_of_the_members_is_counted() -> None:
    """Waiting, decided by people, recovered by themselves, expired."""
    storm = a_storm(7)
    ends = (Status.APPROVED, Status.REJECTED, Status.WITHDRAWN, Status.RESOLVED, Status.EXPIRED)
    for place, status in enumerate(ends, start=1):
        storm = with_(storm, place, status=status)
    assert [e.storm_place for e in storm.waiting] == [6, 7]
    assert (storm.decided, storm.recovered, storm.expired) == (2, 2, 1)


def test_a_list_names_exactly_its_members_whoever_comes_later() -> None:
    """A button carries their places as a short text."""
    storm = with_(a_storm(6), 2, status=Status.REJECTED)
    shown = listed(storm, storm.waiting)
    later = with_(a_storm(9), 3, status=Status.EXPIRED)
    again = relisted(later, shown.places)
    assert [e.storm_place for e in again.members] == [1, 3, 4, 5, 6]
    assert again.digest == shown.digest


def test_the_hash_of_a_list_is_over_ids_and_digests_in_order() -> None:
    """Not over how they stand: an ended one is still the same question."""
    storm = a_storm(3)
    same = listed(with_(storm, 1, status=Status.EXPIRED), storm.members)
    other = listed(storm, with_(storm, 2, digest="sha256:" + "0" * 64).members)
    fewer = listed(storm, storm.members[:2])
    digests = {listed(storm, storm.members).digest, other.digest, fewer.digest}
    assert same.digest in digests
    assert len(digests) == 3


def test_what_is_to_be_judged_is_hashed_apart() -> None:
    """New context makes a list out of date for a release, and not for an abort."""
    storm = a_storm(3)
    before, after = listed(storm, storm.members), listed(storm, with_(storm, 2, shown=1).members)
    assert before.digest == after.digest
    assert before.judged != after.judged


def test_one_click_decides_at_most_so_many_the_oldest() -> None:
    """And the places of ten thousand still fit into a button's value."""
    model = a_storm(1).members[0]
    many = tuple(replace(model, storm_place=place) for place in range(1, 10_001))
    storm = replace(a_storm(1), members=many)
    shown = listed(storm, storm.waiting)
    assert [e.storm_place for e in shown.members] == list(range(1, MOST_AT_ONCE + 1))
    scattered = Listed(storm="stm_6", members=many[::10])
    assert len(scattered.places) < 1800


@pytest.mark.parametrize("text", ["%", "bm90IHppcA==", "é"])
def test_another_text_than_ours_names_nobody(text: str) -> None:
    """It comes back through Slack."""
    with pytest.raises(ValueError, match="no places of ours"):
        relisted(a_storm(), text)


# -- the others ---------------------------------------------------------------------------------


def test_after_one_succeeded_the_others_of_its_template_may_follow() -> None:
    """The window shows the template and what differs."""
    found = others(tried(a_storm(4)))
    assert found is not None
    assert [e.storm_place for e in found.listed.members] == [2, 3, 4]
    assert (found.option.key, found.template) == ("go", "sync --batch …\ntarget: web")
    assert found.values == ("8802", "8803", "8804")


def test_before_one_succeeded_there_is_nothing_to_follow() -> None:
    """Waiting and failed ones show nothing."""
    assert others(a_storm()) is None
    assert others(tried(a_storm(), Result.FAILED)) is None
    assert others(tried(a_storm(1))) is None


def unlike(e: Escalation, **operation: object) -> dict[str, object]:
    """The operation, with changes."""
    assert e.operation is not None
    return {"operation": replace(e.operation, **operation)}


ONE = a_storm(1).members[0]
GO = tuple(replace(o, friction=Friction.REASON) if o.key == "go" else o for o in ONE.options)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"severity": Severity.HIGH}, id="high"),
        pytest.param({"options": GO}, id="asks-why"),
        pytest.param(
            {"options": tuple(replace(o, irreversible=True) for o in ONE.options)}, id="no-way-back"
        ),
        pytest.param({"options": ONE.options[1:]}, id="not-offered"),
        pytest.param({"options": tuple(replace(o, label="Do") for o in ONE.options)}, id="label"),
        pytest.param(unlike(ONE, arguments={"argv": ["sync", "--drop", "1"]}), id="other-words"),
        pytest.param(unlike(ONE, arguments={"argv": ["sync", "…", "1"]}), id="our-own-mark"),
        pytest.param(unlike(ONE, name="wipe"), id="other-operation"),
        pytest.param(unlike(ONE, target="db"), id="other-target"),
        pytest.param(unlike(ONE, redacted=("/arguments/x",)), id="hidden"),
        pytest.param(unlike(ONE, money=Money(amount_minor=1, currency="EUR")), id="money"),
        pytest.param(unlike(ONE, arguments={"sql": "SELECT 1;\n" * 40}), id="too-long"),
        pytest.param({"operation": None}, id="nothing-held"),
    ],
)
def test_one_that_is_not_like_it_keeps_all_from_following(changes: dict[str, object]) -> None:
    """A batch is for what a person can see to be the same; anything else is decided by itself."""
    assert others(with_(tried(a_storm(4)), 3, **changes)) is None


def test_letters_that_only_look_alike_are_looked_at_one_by_one() -> None:
    """Also where all have them: no window for many can show what is wrong with each."""
    assert others(tried(a_storm(4, batch="sync customers {0}"))) is not None
    assert others(tried(a_storm(4, batch="sync custom\u0435rs {0}"))) is None


def test_ids_and_hashes_may_differ_and_what_is_equal_is_written_out() -> None:
    """Only what differs is left open."""
    batch = "retry 0198b2c4-1111-7000-8000-00000000{0} --deploy deadbeef1 --shard 7"
    found = others(tried(a_storm(3, batch=batch)))
    assert found is not None
    assert found.template == "retry … --deploy deadbeef1 --shard 7\ntarget: web"
    assert found.values == tuple(f"0198b2c4-1111-7000-8000-00000000880{n}" for n in (2, 3))


def test_only_as_many_follow_as_one_window_can_show() -> None:
    """The rest is decided by another click."""
    found = others(tried(a_storm(400, batch=f"sync {'1' * 30}{{}}")))
    assert isinstance(found, Others)
    assert sum(len(value) + 2 for value in found.values) <= MOST_VALUES
    assert len(found.values) == len(found.listed.members) < 399


def test_a_storm_speaks_through_the_oldest_that_waits() -> None:
    """What all have in common is read off the first; states are those of what was released."""
    storm = a_storm()
    assert storm.first == storm.members[0]
    storm = with_(storm, 1, status=Status.APPROVED, state=OperationState.RELEASED)
    assert storm.for_all == replace(storm.members[1], version=storm.version)
    assert storm.states == {OperationState.RELEASED: 1}
    over = replace(storm, members=storm.members[:1])
    assert over.for_all == replace(storm.members[0], version=storm.version)


def test_a_flow_names_who_came_when_it_was_nearly_a_storm() -> None:
    """They gather with the opening that begins it; before there is anything, nobody."""
    stream = Stream()
    assert stream.flow.nearly == ()
    stream.fill(5)
    assert stream.flow.nearly == ("esc_4", "esc_5")
    stream.fill(1)
    assert stream.flow.nearly == ()
