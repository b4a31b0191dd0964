"""For every verb: time passes first, what is missing is not found, clicks are answered."""

from approvals import commands
from approvals.commands import ReplyTo
from approvals.decide import State
from approvals.owes import AnswerClick
from approvals.refusals import Why
from approvals.step import step
from tests.approvals.scene import Scene, kinds, told, why


def test_a_tick_does_nothing_before_its_time() -> None:
    """And everything that is due when it is: one after the other, at one moment."""
    scene = Scene().approved()
    assert kinds(scene.tick()) == []
    scene.claim()
    scene.pass_(3600)
    assert kinds(scene.tick()) == ["operation:reported"]
    assert kinds(scene.tick()) == []


def test_what_does_not_exist_is_not_found() -> None:
    """By any verb."""
    scene = Scene()
    command = commands.Tick(id="cmd_1", escalation_id="esc_none")
    done = step(State(), command, scene.facts, scene.now)
    assert (why(done), done.escalation, done.records) == (Why.NOT_FOUND, None, ())


def test_every_click_is_answered_once() -> None:
    """Taken or refused: exactly one."""
    scene = Scene("other").open()
    assert told(scene.vote("UANA")) == "counted"
    assert told(scene.reason("tested", "UANA")) == "reason-added"
    assert told(scene.vote("UBEN")) == "decided"
    assert told(scene.stop()) == "stopped-it"
    assert told(scene.withdraw("UREQ")) == "already-decided"


def test_the_votes_of_one_click_are_answered_as_one() -> None:
    """Each owes the same answer under the click's own name; the store keeps one."""
    scene = Scene("other").open()
    reply = ReplyTo(channel="C1", batch="bat_1")
    (answer,) = (w for w in scene.vote("UANA", reply=reply).work if isinstance(w, AnswerClick))
    assert (answer.case, answer.values, answer.command_id) == ("batch", {}, "bat_1")
