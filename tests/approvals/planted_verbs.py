"""Bugs to plant in questions, incidents and overrides. A list of its own: another machine looks
for them.
"""

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from approvals import evolve as folding
from approvals import owes as owing
from approvals.escalation import Escalation
from approvals.people import People
from approvals.refusals import Why
from tests.approvals.planting import MonkeyPatch, Plant, Planted, without

asking = import_module("approvals.decide.ask")
answering = import_module("approvals.decide.answer")
breaking = import_module("approvals.decide.break_glass")
overduing = import_module("approvals.decide.overdue")
rechecking = import_module("approvals.decide.recheck")
resolving = import_module("approvals.decide.resolve")

PLANTED_VERBS: dict[str, Planted] = {}


def breaks(*invariants: str) -> Any:
    """Put the bug on the list."""

    def listed(plant: Plant) -> Plant:
        PLANTED_VERBS[plant.__name__] = Planted(plant, invariants)
        return plant

    return listed


def anybody(escalation: Escalation, actor: Any, people: People, now: Any) -> Any:
    """Whoever clicks is taken for one who may."""
    return people.of_account(actor.account) or people.persons["dee"]


# -- overrides -------------------------------------------------------------------------------------


@breaks("I2")
def one_alone_breaks_the_glass(m: MonkeyPatch) -> None:
    """A second word is not waited for."""
    m.setattr(breaking, "fewest_overrides", lambda plan: 1)


@breaks("I2")
def a_second_click_breaks_the_glass(m: MonkeyPatch) -> None:
    """What the same person said before is not looked for."""
    m.setattr(breaking, "next", lambda found, default: default, raising=False)


@breaks("I2", "I3")
def anybody_breaks_the_glass(m: MonkeyPatch) -> None:
    """The group is not looked at."""
    m.setattr(breaking, "may_override", lambda e, people: tuple(people.persons))


@breaks("I3")
def the_requester_breaks_the_glass(m: MonkeyPatch) -> None:
    """Who asks is a member like any other."""
    m.setattr(breaking, "is_requester", lambda *a: False)
    m.setattr(breaking, "may_override", lambda e, people: tuple(sorted(people.groups["sec"])))


@breaks("I2")
def guests_break_the_glass(m: MonkeyPatch) -> None:
    """The other workspace's people too."""
    m.setattr(breaking, "stranger", lambda actor: None)


@breaks("I2")
def an_override_of_someone_gone_counts(m: MonkeyPatch) -> None:
    """What was decided stands, whoever leaves."""
    real = rechecking.stands

    def stands(escalation: Escalation, people: People) -> Any:
        return bool(escalation.overrides) or real(escalation, people)

    m.setattr(rechecking, "stands", stands)


@breaks("I2")
def overrides_for_different_options_add_up(m: MonkeyPatch) -> None:
    """The last one's option is taken for everybody's."""
    real = folding._STEPS["override:asked"]

    def keep(escalation: Escalation, record: Any) -> Escalation:
        done = real(escalation, record)
        last = done.overrides[-1].option
        return replace(done, overrides=tuple(replace(o, option=last) for o in done.overrides))

    m.setitem(folding._STEPS, "override:asked", keep)  # type: ignore[arg-type]
    m.setattr(breaking, "_again", lambda *a: breaking.accept(breaking.Case.DONE))
    real_asked = breaking._asked

    def mixed(e: Escalation, command: Any, option: Any, *a: Any) -> Any:
        same = tuple(replace(o, option=option.key) for o in e.overrides)
        return real_asked(replace(e, overrides=same), command, option, *a)

    m.setattr(breaking, "_asked", mixed)


@breaks("I15")
def an_abort_is_overridden(m: MonkeyPatch) -> None:
    """As if stopping needed a glass to be broken."""
    without(m, breaking, "_wrong_click", Why.NOT_BREAKABLE)


@breaks("I4")
def another_operation_is_overridden(m: MonkeyPatch) -> None:
    """The digest is not compared."""
    without(m, breaking, "_wrong_click", Why.WRONG_OPERATION)


@breaks("friction")
def overridden_without_a_reason(m: MonkeyPatch) -> None:
    """A bare click will do."""
    without(m, breaking, "_wrong_click", Why.REASON_NEEDED)


@breaks("I1")
def overridden_after_the_end(m: MonkeyPatch) -> None:
    """An abort is not the last word."""
    m.setattr(breaking, "too_late", lambda *a: None)


@breaks("I13")
def overridden_on_unknown_people(m: MonkeyPatch) -> None:
    """Old facts do."""
    m.setattr(People, "known_at", lambda self, now: True)


@breaks("I14")
def overridden_in_silence(m: MonkeyPatch) -> None:
    """Nobody is told of the first word."""
    m.setitem(owing._BY_KIND, "override:asked", lambda e, r: iter(()))


# -- incidents -------------------------------------------------------------------------------------


@breaks("I1: an incident was expired")
def incidents_expire(m: MonkeyPatch) -> None:
    """Like approvals."""
    m.setattr(overduing, "Kind", SimpleNamespace(INCIDENT=None))


@breaks("I1")
def approvals_are_resolved(m: MonkeyPatch) -> None:
    """Like incidents."""
    m.setattr(resolving, "Kind", SimpleNamespace(INCIDENT="approval", APPROVAL=None))
    real = resolving._who

    def either(e: Escalation, *a: Any) -> Any:
        return real(replace(e, kind=resolving.Kind.INCIDENT), *a)

    m.setattr(resolving, "_who", either)


@breaks("I1")
def an_incident_is_resolved_twice(m: MonkeyPatch) -> None:
    """The last word wins."""
    m.setattr(resolving, "_over", lambda *a: None)


@breaks("I16")
def anybody_resolves(m: MonkeyPatch) -> None:
    """Groups are not looked at."""
    m.setattr(resolving, "responder", anybody)


@breaks("I16")
def another_service_resolves(m: MonkeyPatch) -> None:
    """Whoever has a key."""
    real = resolving._who
    m.setattr(
        resolving,
        "_who",
        lambda e, c, *a: real(e, replace(c, service="svc") if c.service else c, *a),
    )


@breaks("friction")
def resolved_without_a_root_cause(m: MonkeyPatch) -> None:
    """Nothing is written down."""
    m.setattr(resolving, "misfit", lambda *a, **k: None)


@breaks("I15")
def only_services_resolve(m: MonkeyPatch) -> None:
    """People cannot."""
    m.setattr(resolving, "responder", lambda *a: resolving.refuse(Why.NOT_IN_GROUP))


@breaks("I14")
def the_service_is_not_told_that_it_is_over(m: MonkeyPatch) -> None:
    """By a person's hand."""
    m.setattr(owing, "_WAKING", {k: w for k, w in owing._WAKING.items() if w != "resolved"})


@breaks("I14")
def the_service_is_told_its_own_words(m: MonkeyPatch) -> None:
    """When it resolves by itself."""
    real = owing._callback
    m.setattr(owing, "_callback", lambda e, r: real(e, replace(r, by="somebody")))


@breaks("I4: joined something else")
def a_worse_incident_joins_a_milder_one(m: MonkeyPatch) -> None:
    """And rings nobody."""
    from approvals import joining

    m.setattr(joining, "_how_bad", lambda sent: "medium")


# -- questions -------------------------------------------------------------------------------------


@breaks("I2")
def anybody_asks(m: MonkeyPatch) -> None:
    """Strangers too."""
    m.setattr(asking, "responder", anybody)


@breaks("I1")
def asked_after_the_end(m: MonkeyPatch) -> None:
    """There is nothing to decide any more."""
    m.setattr(asking, "too_late", lambda *a: None)


@breaks("friction")
def nothing_is_asked(m: MonkeyPatch) -> None:
    """An empty question."""
    m.setattr(asking, "misfit", lambda *a, **k: None)


@breaks("I14")
def questions_reach_no_service(m: MonkeyPatch) -> None:
    """It is not woken."""
    m.setattr(owing, "_WAKING", {k: w for k, w in owing._WAKING.items() if w != "question"})


@breaks("I16")
def anybody_answers(m: MonkeyPatch) -> None:
    """In the requester's name."""
    m.setattr(answering, "is_requester", lambda *a: True)


@breaks("I16")
def another_service_answers(m: MonkeyPatch) -> None:
    """Whoever has a key."""
    m.setattr(answering, "_who", lambda e, c, people: f"service:{c.service}")


@breaks("I1")
def answered_after_the_end(m: MonkeyPatch) -> None:
    """Too late for anybody to read it."""
    m.setattr(answering, "_over", lambda *a: None)


@breaks("I1: an answer changed")
def an_answer_is_replaced(m: MonkeyPatch) -> None:
    """The last one wins."""
    real = answering._meant
    m.setattr(
        answering, "_meant", lambda e, which: (replace(q, answer=None) for q in real(e, which))
    )


@breaks("friction")
def an_answer_leaves_cards_as_they_are(m: MonkeyPatch) -> None:
    """Nobody has to read it before releasing."""
    real = folding._STEPS["question:answered"]

    def keep(escalation: Escalation, record: Any) -> Escalation:
        done = real(escalation, record)
        return replace(done, shown=escalation.shown, changes=escalation.changes)

    m.setitem(folding._STEPS, "question:answered", keep)  # type: ignore[arg-type]
