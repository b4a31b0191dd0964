"""More context: what is judged changes, what runs never does."""

from approvals import commands
from approvals.refusals import Why
from approvals.verdict import Case
from approvals.words import Status
from tests.approvals.scene import Scene, case, kinds, why


def test_context_is_added_and_what_is_to_be_judged_has_changed() -> None:
    """The operation stays what it was."""
    scene = Scene(context={"rollback": "none", "user_impact": "small"}).open()
    before = scene.e
    done = scene.tell(rollback="alembic downgrade -1")
    assert (case(done), kinds(done)) == (Case.CONTEXT_ADDED, ["context:added"])
    assert scene.e.context == {"rollback": "alembic downgrade -1", "user_impact": "small"}
    assert (scene.e.shown, scene.e.version) == (before.shown + 1, before.version + 1)
    assert (scene.e.operation, scene.e.digest) == (before.operation, before.digest)


def test_context_that_says_nothing_new_makes_no_card_out_of_date() -> None:
    """A call that is repeated after a lost answer costs nobody a look."""
    scene = Scene().open()
    scene.tell(rollback="none")
    done = scene.tell(rollback="none")
    assert (case(done), kinds(done), scene.e.shown) == (Case.CONTEXT_ADDED, [], 1)


def test_context_comes_from_the_service_while_it_is_pending() -> None:
    """Afterwards nobody would judge it."""
    scene = Scene().open()
    assert why(scene.tell("other", rollback="none")) is Why.NOT_FOUND
    scene.vote()
    late = scene.tell(rollback="none")
    assert why(late) is Why.ALREADY_TERMINAL
    assert late.refusal is not None
    assert late.refusal.values["status"] is Status.APPROVED


def test_hidden_places_of_new_context_are_counted_once() -> None:
    """With those known before."""
    scene = Scene().open(context_redacted=("/context/error/message",))
    scene.send(
        commands.AddContext,
        service="svc",
        context={"configuration": {"a": "[hidden: a]"}},
        redacted=("/context/configuration/a", "/context/error/message"),
    )
    assert scene.e.context_redacted == ("/context/error/message", "/context/configuration/a")
