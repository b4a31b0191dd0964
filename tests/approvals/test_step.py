"""One step: what is overdue first, refusals audited once, every click answered, time never back."""

from datetime import timedelta

import pytest

from approvals import commands
from approvals.commands import Actor, ReplyTo
from approvals.decide import State
from approvals.ledger import Ledger, post
from approvals.owes import AnswerClick
from approvals.ports import NotSavedError, StoreError, UnsureError
from approvals.refusals import Why
from approvals.step import MOST_REFUSALS, is_overdue
from tests.approvals.scene import AFTERWARDS, Scene, kinds, why


def test_what_is_overdue_happens_first_whatever_is_asked() -> None:
    """In its own records, dated when it was noticed."""
    scene = Scene().open()
    scene.now = scene.e.deadline_at + timedelta(hours=1)
    assert is_overdue(scene.e, scene.now)
    done = scene.look("UANA")
    assert [(r.kind, r.by, r.at) for r in done.records] == [
        ("escalation:decided", "clock", scene.now),
        *((kind, "andon", scene.now) for kind in AFTERWARDS),
    ]
    assert not is_overdue(scene.e, scene.now)


def test_what_is_due_now_is_overdue() -> None:
    """To the microsecond."""
    scene = Scene().open()
    due = scene.e.due_at
    assert due is not None
    assert is_overdue(scene.e, due)
    assert not is_overdue(scene.e, due - timedelta(microseconds=1))


def test_time_never_runs_back_for_an_escalation() -> None:
    """A record is never older than the one before."""
    scene = Scene("other").open()
    scene.pass_(60).vote("UANA")
    done = scene.pass_(-3600).look("UBEN")
    assert done.records[0].at == scene.records[1].at


def test_the_first_refusal_of_a_kind_is_recorded_repeats_are_counted() -> None:
    """Per person and reason; with what the answer said."""
    scene = Scene().open()
    assert kinds(scene.vote("UREQ")) == ["refusal:recorded"]
    assert kinds(scene.vote("UREQ")) == []
    assert kinds(scene.vote("UREQ2")) == ["refusal:recorded"]
    assert kinds(scene.vote("UCEM")) == ["refusal:recorded"]
    record = scene.records[1]
    assert (record.by, record.body["why"]) == ("account:UREQ", "requester")
    assert record.body["values"] == {"can": ["Ana", "Ben"]}
    assert scene.e.refused == (
        "account:UREQ|requester",
        "account:UREQ2|requester",
        "person:cem|not-in-group",
    )


def test_refusals_are_quiet() -> None:
    """A stranger's clicks change nobody's version and no card."""
    scene = Scene().open()
    version = scene.e.version
    scene.vote("USTRANGER")
    assert scene.e.version == version


def test_strangers_cannot_fill_the_log() -> None:
    """Beyond a cap they are only counted; everybody is still answered."""
    scene = Scene().open()
    for n in range(MOST_REFUSALS + 3):
        done = scene.vote(f"U{n}")
    assert why(done) is Why.UNKNOWN_ACCOUNT
    assert len(scene.e.refused) == MOST_REFUSALS
    assert kinds(done) == []


@pytest.mark.parametrize(
    "given", [{"rationale": ""}, {"typed": "wrong"}, {"rationale": "x" * 2000}]
)
def test_what_corrects_a_form_is_not_recorded(given: dict[str, str]) -> None:
    """The open modal says it at the field, so no answer is owed besides."""
    scene = Scene("schema_migration", severity="critical").open()
    done = scene.vote(reply=ReplyTo(in_modal=True), **given)
    assert (kinds(done), done.work) == ([], ())
    plain = scene.vote(reply=ReplyTo(channel="C1"), **given)
    assert len(plain.work) == 1


def test_the_answer_goes_where_the_click_came_from() -> None:
    """And names the click, so that the door can say that it has shown it."""
    scene = Scene().open()
    reply = ReplyTo(channel="C1", thread_ts="1.2", in_modal=True)
    done = scene.vote(reply=reply)
    (answer,) = (w for w in done.work if isinstance(w, AnswerClick))
    assert (answer.account, answer.reply, answer.command_id) == ("UBEN", reply, "cmd_2")


def test_calls_of_services_and_the_clock_are_owed_no_click() -> None:
    """They are answered by their own return."""
    scene = Scene().approved()
    for done in (scene.claim(), scene.report(), scene.tick(), scene.withdraw()):
        assert [w for w in done.work if isinstance(w, AnswerClick)] == []


def test_a_step_that_records_nothing_changes_nothing() -> None:
    """There is nothing to store."""
    scene = Scene().open()
    before = scene.e
    done = scene.tick()
    assert (done.changed, done.escalation) == (False, before)
    assert scene.vote().changed


def test_a_look_at_nothing_is_answered_with_nothing() -> None:
    """No escalation, no record."""
    scene = Scene()
    command = commands.Look(id="c", escalation_id="esc_0", actor=Actor(account="UANA"))
    done = scene.drive(State(), command)
    assert (why(done), done.changed) == (Why.NOT_FOUND, False)


def test_the_ledger_learns_from_openings_and_joins_alone() -> None:
    """The row of the key, the group of the dedup key, and whom an equal request would join."""
    scene = Scene().open()
    opened = post(Ledger(), scene.records[0])
    assert (opened.group_id, opened.pending_twin) == ("grp_1", scene.e.id)
    scene.look("UANA")
    assert post(opened, scene.records[1]) == opened


@pytest.mark.parametrize("error", [StoreError, NotSavedError, UnsureError])
def test_an_error_of_the_store_says_what_to_do(error: type[StoreError]) -> None:
    """Its docstring, unless it knows more."""
    assert str(error()) == error.__doc__
    assert str(error("disk full")) == "disk full"


def test_urgent_commands_take_the_fast_lane() -> None:
    """Votes, stops, claims, and breaking the glass."""
    urgent = {c.__name__ for c in commands.Command.__subclasses__() if c.urgent}
    assert urgent == {"Vote", "Stop", "Claim", "BreakGlass"}
