"""Bugs to plant in how votes are counted, what may follow a decision, and what is recorded."""

from dataclasses import replace
from importlib import import_module
from typing import Any

from approvals import commands, tally
from approvals import evolve as folding
from approvals import owes as owing
from approvals import step as driving
from approvals.decide import who
from approvals.escalation import Escalation
from approvals.events import GENESIS
from approvals.people import People
from approvals.policy import seats
from approvals.refusals import Why
from approvals.verdict import Case, Verdict, accept
from approvals.words import Status
from tests.approvals.planting import MonkeyPatch, breaks, verb_is, without

# The package offers each verb under its file's name, so the files are asked for by their path.
claiming = import_module("approvals.decide.claim")
reasoning = import_module("approvals.decide.reason")
rechecking = import_module("approvals.decide.recheck")
voting = import_module("approvals.decide.vote")
withdrawing = import_module("approvals.decide.withdraw")
planning = import_module("approvals.policy.plan")


# -- the tally -------------------------------------------------------------------------------------


@breaks("I8", "I2", "I1")
def clicks_count_not_persons(m: MonkeyPatch) -> None:
    """Every click is another voter."""
    real = folding._STEPS["vote:cast"]

    def keep(escalation: Escalation, record: Any) -> Escalation:
        done = real(escalation, record)
        return replace(done, votes=(*escalation.votes, done.votes[-1]))

    m.setitem(folding._STEPS, "vote:cast", keep)  # type: ignore[arg-type]
    m.setattr(Escalation, "vote_of", lambda self, person: None)


@breaks("I2")
def options_are_mixed(m: MonkeyPatch) -> None:
    """Votes for different options add up."""
    m.setattr(tally, "counting", lambda e, option: tuple(v for v in e.votes if v.void is None))


@breaks("I2: architecture")
def one_group_is_enough(m: MonkeyPatch) -> None:
    """AND over groups becomes OR."""
    real = tally._standing

    def either(escalation: Escalation, option: Any, members: Any) -> Any:
        found = real(escalation, option, members)
        groups = len(escalation.plan.requirements)
        return replace(found, needed=1) if groups > 1 else found

    m.setattr(tally, "_standing", either)


@breaks("I2: architecture")
def one_person_sits_twice(m: MonkeyPatch) -> None:
    """In a seat of each group they are in."""
    real = seats.most_seats
    m.setattr(
        tally, "most_seats", lambda needs, members, people, many: real(needs, members, people, True)
    )


@breaks("I2: schema_migration")
def one_is_enough_for_the_critical(m: MonkeyPatch) -> None:
    """The rule's own count, whatever cannot be undone."""
    m.setattr(tally, "seats_for", lambda plan, option: plan.requirements)


@breaks("I2")
def void_votes_count(m: MonkeyPatch) -> None:
    """The vote of someone who left counts on, even at the claim."""
    m.setattr(claiming, "losses", lambda *a: ())
    verb_is(m, commands.RecheckPeople, lambda *a: Verdict())


@breaks("I2")
def nobody_is_rechecked(m: MonkeyPatch) -> None:
    """Only the claim looks again."""
    verb_is(m, commands.RecheckPeople, lambda *a: Verdict())


@breaks("I2")
def only_the_recheck_looks_again(m: MonkeyPatch) -> None:
    """The claim trusts the last of them."""
    m.setattr(claiming, "losses", lambda *a: ())


# -- afterwards ------------------------------------------------------------------------------------


@breaks("I4: released")
def no_binding(m: MonkeyPatch) -> None:
    """Any digest is released."""
    real = claiming._not_to_be_had

    def loose(escalation: Escalation, command: Any, by: str) -> Any:
        return real(escalation, replace(command, digest=escalation.digest), by)

    m.setattr(claiming, "_not_to_be_had", loose)


@breaks("I12: released twice", "I12: one key")
def double_claim(m: MonkeyPatch) -> None:
    """A second key gets the release too."""
    real = claiming.claim

    def again(escalation: Escalation, *a: Any) -> Any:
        return real(replace(escalation, claim=None), *a)

    verb_is(m, commands.Claim, again)


@breaks("I12: one key")
def one_claim_for_any(m: MonkeyPatch) -> None:
    """The key of a claim answers for whatever is claimed with it."""
    m.setattr(claiming, "_again", lambda *a: accept(Case.REPEATED))


@breaks("I12: released after it was stopped", "I1: aborted")
def stopped_and_released(m: MonkeyPatch) -> None:
    """A stop is only a wish."""
    without(m, claiming, "_not_to_be_had", Why.STOPPED)


@breaks("I16")
def any_service_claims(m: MonkeyPatch) -> None:
    """Whoever knows the id."""
    real = claiming.claim

    def open_door(escalation: Escalation, command: Any, *a: Any) -> Any:
        return real(escalation, replace(command, service=escalation.service), *a)

    verb_is(m, commands.Claim, open_door)


@breaks("I16")
def anybody_withdraws(m: MonkeyPatch) -> None:
    """Not only who asked."""
    m.setattr(withdrawing, "is_requester", lambda *a: True)


@breaks("I16")
def any_service_withdraws(m: MonkeyPatch) -> None:
    """Whoever knows the id."""
    real = withdrawing.withdraw

    def open_door(escalation: Escalation, command: Any, *a: Any) -> Any:
        return real(escalation, replace(command, service=escalation.service), *a)

    verb_is(m, commands.Withdraw, open_door)


@breaks("I2: stopped", "I3: the requester stopped")
def anybody_stops(m: MonkeyPatch) -> None:
    """Not only who may decide."""
    stopping = import_module("approvals.decide.stop")

    def lenient(escalation: Escalation, actor: Any, people: People, *a: Any, **k: Any) -> Any:
        person = people.of_account(actor.account) or people.persons["dee"]
        return who.Approver(person=person, groups=())

    m.setattr(stopping, "approver", lenient)


@breaks("I12: stopped", "I1: released")
def stopped_after_the_start(m: MonkeyPatch) -> None:
    """What runs is said not to."""
    approved = property(lambda self: self.status is Status.APPROVED)
    m.setattr(Escalation, "can_be_stopped", approved)


@breaks("I1: another outcome")
def the_last_report_wins(m: MonkeyPatch) -> None:
    """An outcome may be told otherwise later."""
    reporting = import_module("approvals.decide.report")
    real = reporting.report

    def forgetful(escalation: Escalation, *a: Any) -> Any:
        return real(replace(escalation, outcome=None), *a)

    verb_is(m, commands.Report, forgetful)


# -- records ---------------------------------------------------------------------------------------


@breaks("A14")
def the_clock_runs_back(m: MonkeyPatch) -> None:
    """Records are dated by whatever the clock says."""
    m.setattr(driving, "max", lambda now, seen: now, raising=False)


@breaks("I9: a change", "I10", "I17")
def expiry_without_record(m: MonkeyPatch) -> None:
    """What time does is done without an audit record."""
    real = driving.step

    def silent(*a: Any) -> Any:
        done = real(*a)
        return replace(done, records=tuple(r for r in done.records if r.by != "clock"))

    m.setattr("tests.approvals.world.step", silent)


@breaks("I10")
def a_chain_that_always_begins_anew(m: MonkeyPatch) -> None:
    """Records name no predecessor."""
    real = driving.link
    m.setattr(driving, "link", lambda event, **k: real(event, **{**k, "prev": GENESIS}))


@breaks("I9: a refusal")
def silent_refusals(m: MonkeyPatch) -> None:
    """Nobody learns that it was tried."""
    m.setattr(driving, "MOST_REFUSALS", 0)


@breaks("I17")
def looks_are_news(m: MonkeyPatch) -> None:
    """The version rises for what nobody may act on."""
    m.setattr("approvals.events.QUIET", frozenset())


@breaks("CARDS 5")
def a_click_is_swallowed(m: MonkeyPatch) -> None:
    """Not a word to who clicked."""
    m.setattr(driving, "_answer", lambda *a: ())


@breaks("I14")
def nobody_is_woken(m: MonkeyPatch) -> None:
    """The service waits for nothing."""
    m.setattr(owing, "_callback", lambda *a: iter(()))
