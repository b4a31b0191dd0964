"""Bugs to plant: each takes one rule out of the core. A property test that misses one is blind."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from approvals import evolve as folding
from approvals import step as driving
from approvals import tally
from approvals.decide import who
from approvals.escalation import Escalation
from approvals.facts import People
from approvals.refusals import Why
from approvals.words import Status

# The package offers each verb under its file's name, so the files are asked for by their path.
claiming = import_module("approvals.decide.claim")
rechecking = import_module("approvals.decide.recheck")
voting = import_module("approvals.decide.vote")

MonkeyPatch = pytest.MonkeyPatch
Plant = Callable[[MonkeyPatch], None]


def no_idempotency(m: MonkeyPatch) -> None:
    """A used key is forgotten."""
    m.setattr(driving, "post", lambda ledger, record: ledger)


def fail_open(m: MonkeyPatch) -> None:
    """Facts of any age will do."""
    m.setattr(People, "known_at", lambda self, now: True)


def only_the_sweeper_expires(m: MonkeyPatch) -> None:
    """Deadlines are not looked at inside votes and claims."""
    m.setattr(driving, "overdue", lambda escalation, now: None)


def vote_after_the_end(m: MonkeyPatch) -> None:
    """A late click is a vote."""
    m.setattr(voting, "too_late", lambda *a: None)


def self_approval(m: MonkeyPatch) -> None:
    """The requester counts."""
    for module in (who, tally):
        m.setattr(module, "is_requester", lambda *a: False)


def no_binding(m: MonkeyPatch) -> None:
    """Any digest is released."""
    real = claiming._not_to_be_had

    def loose(escalation: Escalation, command: Any, by: str) -> Any:
        no = real(escalation, command, by)
        wrong = no is not None and no.refusal and no.refusal.why is Why.DIGEST_MISMATCH
        return None if wrong else no

    m.setattr(claiming, "_not_to_be_had", loose)


def clicks_count_not_persons(m: MonkeyPatch) -> None:
    """Every click is another voter."""
    real = folding._STEPS["vote:cast"]

    def keep(escalation: Escalation, record: Any) -> Escalation:
        done = real(escalation, record)
        return replace(done, votes=(*escalation.votes, done.votes[-1]))

    m.setitem(folding._STEPS, "vote:cast", keep)  # type: ignore[arg-type]
    m.setattr(Escalation, "vote_of", lambda self, person: None)


def options_are_mixed(m: MonkeyPatch) -> None:
    """Votes for different options add up."""
    m.setattr(tally, "counting", lambda e, option: tuple(v for v in e.votes if v.void is None))


def the_inactive_count(m: MonkeyPatch) -> None:
    """Deactivated people may decide."""

    def loose(self: People, person: str, groups: Any) -> bool:
        return any(person in self.groups.get(g, ()) for g in groups)

    m.setattr(People, "may_decide", loose)


def double_claim(m: MonkeyPatch) -> None:
    """A second key gets the release too."""
    real = claiming.claim

    def again(escalation: Escalation, *a: Any) -> Any:
        return real(replace(escalation, claim=None), *a)

    _verb(m, "Claim", again)


def stale_yes(m: MonkeyPatch) -> None:
    """An approval never lapses."""
    real = driving.overdue

    def forgiving(escalation: Escalation, now: Any) -> Any:
        return real(escalation, now) if escalation.status is Status.PENDING else None

    m.setattr(driving, "overdue", forgiving)


def the_clock_runs_back(m: MonkeyPatch) -> None:
    """Records are dated by whatever the clock says."""
    m.setattr(driving, "max", lambda now, seen: now, raising=False)


def expiry_without_record(m: MonkeyPatch) -> None:
    """What time does is done without an audit record."""
    real = driving._Run.add

    def silent(self: Any, events: Any) -> None:
        for event in events:
            real(self, (event,))
            if event.by == "clock":
                self.records.pop()

    m.setattr(driving._Run, "add", silent)


def an_abort_waits(m: MonkeyPatch) -> None:
    """One abort is not enough."""
    real = voting._decided

    def patient(escalation: Escalation, option: Any, *a: Any) -> Any:
        return None if option.key == "no" else real(escalation, option, *a)

    m.setattr(voting, "_decided", patient)


def _wrong_click_without(m: MonkeyPatch, why: Why) -> None:
    real = voting._wrong_click

    def loose(*a: Any) -> Any:
        no = real(*a)
        return None if no is not None and no.refusal and no.refusal.why is why else no

    m.setattr(voting, "_wrong_click", loose)


def old_cards_release(m: MonkeyPatch) -> None:
    """What was judged may have changed since."""
    _wrong_click_without(m, Why.OUT_OF_DATE)


def no_reason_asked(m: MonkeyPatch) -> None:
    """Irreversible without a word."""
    _wrong_click_without(m, Why.REASON_NEEDED)


def void_votes_count(m: MonkeyPatch) -> None:
    """The vote of someone who left counts on, even at the claim."""
    m.setattr(rechecking, "_gone", lambda *a: iter(()))
    m.setattr(
        claiming, "standing_now", lambda *a: tally.Standing(option="", people=(), have=1, needed=1)
    )


def one_group_is_enough(m: MonkeyPatch) -> None:
    """AND over groups becomes OR."""
    real = tally._standing

    def either(escalation: Escalation, option: Any, members: Any) -> Any:
        found = real(escalation, option, members)
        groups = len(escalation.plan.requirements)
        return replace(found, needed=1) if groups > 1 else found

    m.setattr(tally, "_standing", either)


def anyone_in_the_workspace(m: MonkeyPatch) -> None:
    """Every known person is in every group."""
    m.setattr(People, "may_decide", lambda self, person, groups: person in self.persons)


def _verb(m: MonkeyPatch, name: str, verb: Any) -> None:
    from approvals import commands, decide

    m.setitem(decide._VERBS, getattr(commands, name), verb)  # type: ignore[arg-type]


PLANTED: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        no_idempotency,
        fail_open,
        only_the_sweeper_expires,
        vote_after_the_end,
        self_approval,
        no_binding,
        clicks_count_not_persons,
        options_are_mixed,
        the_inactive_count,
        double_claim,
        stale_yes,
        the_clock_runs_back,
        expiry_without_record,
        an_abort_waits,
        old_cards_release,
        no_reason_asked,
        void_votes_count,
        one_group_is_enough,
        anyone_in_the_workspace,
    )
}
