"""Bugs to plant in how a question is asked, who may answer it, and what a click must bring."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from approvals import commands, decide, joining, tally
from approvals import step as driving
from approvals.decide import who
from approvals.escalation import Escalation
from approvals.people import People
from approvals.refusals import Why
from approvals.words import OperationState, Status
from tests.approvals.planting import MonkeyPatch, breaks, verb_is, without

# The package offers each verb under its file's name, so the files are asked for by their path.
claiming = import_module("approvals.decide.claim")
reasoning = import_module("approvals.decide.reason")
rechecking = import_module("approvals.decide.recheck")
voting = import_module("approvals.decide.vote")
withdrawing = import_module("approvals.decide.withdraw")
planning = import_module("approvals.policy.plan")


# -- asking ----------------------------------------------------------------------------------------


@breaks("I7")
def no_idempotency(m: MonkeyPatch) -> None:
    """A used key is forgotten."""
    real = decide.open_

    def forgetful(twin: Any, ledger: Any, *a: Any) -> Any:
        return real(twin, replace(ledger, opened=None), *a)

    m.setattr(decide, "open_", forgetful)


@breaks("I7")
def one_key_for_any_body(m: MonkeyPatch) -> None:
    """A used key answers for whatever is sent with it."""
    real = decide.open_

    def careless(twin: Any, ledger: Any, command: Any, *a: Any) -> Any:
        known = ledger.opened
        return (
            real(twin, ledger, replace(command, body_hash=known.body_hash), *a)
            if known
            else (real(twin, ledger, command, *a))
        )

    m.setattr(decide, "open_", careless)


@breaks("I4: joined")
def joined_across_digests(m: MonkeyPatch) -> None:
    """The dedup key alone decides who joins whom."""
    real = joining.sha256_of
    m.setattr(joining, "sha256_of", lambda value: real({**value, "digest": ""}))


@breaks("I4: joined")
def joined_across_requesters(m: MonkeyPatch) -> None:
    """Whoever asks."""
    real = joining.sha256_of
    m.setattr(joining, "sha256_of", lambda value: real({**value, "requested_by": None}))


@breaks("I3")
def owners_are_not_left_out(m: MonkeyPatch) -> None:
    """Where nobody is known to have asked, anybody counts."""
    m.setattr(planning, "_owners", lambda *a: iter(()))


@breaks("I3: two people")
def two_people_and_an_unknown_requester(m: MonkeyPatch) -> None:
    """Nobody can say whether one of the two asked."""
    real = planning._excluded
    m.setattr(planning, "_excluded", lambda *a: (real(*a)[0], ()))


# -- who and when ----------------------------------------------------------------------------------


@breaks("I13")
def fail_open(m: MonkeyPatch) -> None:
    """Facts of any age will do."""
    m.setattr(People, "known_at", lambda self, now: True)


@breaks("I3")
def self_approval(m: MonkeyPatch) -> None:
    """The requester counts."""
    for module in (who, tally):
        m.setattr(module, "is_requester", lambda *a: False)


@breaks("I3")
def only_the_named_account_is_the_requester(m: MonkeyPatch) -> None:
    """With another account the same person counts."""

    def blind(escalation: Escalation, account: str, *a: Any) -> bool:
        asked = escalation.requester
        return asked is not None and account in (asked.id, asked.slack)

    for module in (who, tally):
        m.setattr(module, "is_requester", blind)


@breaks("I2", "I15")
def guests_may_vote(m: MonkeyPatch) -> None:
    """Whoever has the account."""
    real = voting.vote

    def welcome(escalation: Escalation, command: Any, *a: Any) -> Any:
        return real(escalation, replace(command, actor=replace(command.actor, foreign=False)), *a)

    verb_is(m, commands.Vote, welcome)


@breaks("I2")
def the_inactive_count(m: MonkeyPatch) -> None:
    """Deactivated people may decide."""

    def loose(self: People, person: str, groups: Iterable[str]) -> bool:
        return any(person in self.groups.get(g, ()) for g in groups)

    m.setattr(People, "may_decide", loose)


@breaks("I2")
def anyone_in_the_workspace(m: MonkeyPatch) -> None:
    """Every known person is in every group."""
    m.setattr(People, "may_decide", lambda self, person, groups: person in self.persons)


@breaks("I11")
def only_the_sweeper_expires(m: MonkeyPatch) -> None:
    """Deadlines are not looked at inside votes and claims."""
    real = driving.step

    def lazy(state: Any, command: Any, facts: Any, now: Any) -> Any:
        with pytest.MonkeyPatch.context() as inside:
            if not isinstance(command, commands.Tick):
                inside.setattr(driving, "overdue", lambda *a: None)
            return real(state, command, facts, now)

    m.setattr("tests.approvals.world.step", lazy)


@breaks("I11: still held", "I12")
def stale_yes(m: MonkeyPatch) -> None:
    """An approval never lapses."""
    _never_due(m, lambda e: e.status is Status.APPROVED and e.state is OperationState.HELD)


@breaks("I11: still released")
def silence_is_no_news(m: MonkeyPatch) -> None:
    """Without a report it runs for ever."""
    _never_due(m, lambda e: e.state is OperationState.RELEASED)


def _never_due(m: MonkeyPatch, forgiven: Callable[[Escalation], bool]) -> None:
    real = driving.overdue
    m.setattr(driving, "overdue", lambda e, *a: None if forgiven(e) else real(e, *a))


@breaks("I1")
def vote_after_the_end(m: MonkeyPatch) -> None:
    """A late click is a vote."""
    m.setattr(voting, "too_late", lambda *a: None)


# -- the click -------------------------------------------------------------------------------------


@breaks("friction: a release on an outdated card")
def old_cards_release(m: MonkeyPatch) -> None:
    """What was judged may have changed since."""
    without(m, voting, "_wrong_click", Why.OUT_OF_DATE)


@breaks("friction: irreversible")
def no_reason_asked(m: MonkeyPatch) -> None:
    """Irreversible without a word."""
    without(m, voting, "_wrong_click", Why.REASON_NEEDED)


@breaks("friction: critical")
def any_word_will_do(m: MonkeyPatch) -> None:
    """The target need not be typed."""
    m.setattr(voting, "same_word", lambda typed, word: True)


@breaks("friction: a release of what was not read")
def nobody_has_to_read(m: MonkeyPatch) -> None:
    """The card shows a part, and that will do."""
    m.setattr(voting, "is_shown_whole", lambda escalation: True)


@breaks("I4: a vote", "I15")
def any_card_will_do(m: MonkeyPatch) -> None:
    """The button may name another operation."""
    without(m, voting, "_wrong_click", Why.WRONG_OPERATION)


@breaks("I15")
def an_abort_can_be_out_of_date(m: MonkeyPatch) -> None:
    """Stopping waits for a fresh card."""
    real = voting._wrong_click

    def strict(escalation: Escalation, option: Any, command: Any, by: Any) -> Any:
        release = replace(option, effect="release")
        return real(escalation, release, command, by)

    m.setattr(voting, "_wrong_click", strict)


@breaks("I15")
def an_abort_needs_fresh_facts(m: MonkeyPatch) -> None:
    """Stopping waits for a look-up."""
    real = who.approver
    m.setattr(voting, "approver", lambda *a, releases: real(*a, releases=True))


@breaks("I15")
def an_abort_waits(m: MonkeyPatch) -> None:
    """One abort is not enough."""
    real = voting._decided

    def patient(escalation: Escalation, option: Any, *a: Any) -> Any:
        return None if option.key == "no" else real(escalation, option, *a)

    m.setattr(voting, "_decided", patient)


@breaks("I11: a reason")
def reasons_at_any_time(m: MonkeyPatch) -> None:
    """Long after."""
    verb_is(
        m,
        commands.AddReason,
        lambda e, command, facts, now: reasoning.add_reason(
            e, command, facts, min([now, *(v.at for v in e.votes)])
        ),
    )
