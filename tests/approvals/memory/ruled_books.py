"""What an accepted rule may decide, reckoned with books of its own, with bugs to plant.

Services ask, run and report; people stop; the file changes; time passes; rules are looked at anew
only now and then. The books know what was sent and answered, and what the issue says of rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from random import Random
from typing import Any

import pytest

from approvals.commands import Tick
from approvals.escalation import Escalation
from approvals.memory.proposal import ACCEPT, DECLINE
from approvals.words import DecidedBy, OperationState, Severity
from storage import batch as batching
from tests.approvals.memory.ruled import CHANGES, RECOVERIES, RULED, Ruled, rule_of
from tests.approvals.scene import parsed
from tests.approvals.world import POLICY

accepting = import_module("approvals.memory.accepted")
ruling = import_module("approvals.decide.by_rule")
keeping = import_module("storage.memory.rows")

#: As often as the rule of the books decides in a day, and in an hour.
A_DAY, AN_HOUR = 4, 3

UNTIL = timedelta(days=3)

#: Files of the policy: as it was, and stricter in one way each.
STRICTER = {
    "": RULED,
    "nothing is decided by rules": f"{RULED}\n[memory]\npropose = false\n",
    "two people": POLICY + RECOVERIES.replace("needed = 1", "needed = 2") + CHANGES,
    "another rule": POLICY + RECOVERIES.replace('"recoveries"', '"retries"') + CHANGES,
    "critical": POLICY + RECOVERIES + 'severity = "critical"\n' + CHANGES,
    "worse": POLICY + RECOVERIES + 'severity = "high"\n' + CHANGES,
    "irreversible": POLICY + RECOVERIES + "irreversible = true\n" + CHANGES,
    "twice a day": f"{RULED}\n[memory]\nrule_a_day = 2\n",
}

#: What a service asks, and is not what people accepted.
OTHERWISE: dict[str, dict[str, Any]] = {
    "another place": {"environment": "staging"},
    "another target": {
        "operation": {"name": "sync orders", "arguments": {"argv": ["sync", "--to", "billing"]}}
    },
    "another kind": {"category": "deployment", "requested_by": {"id": "req@example.com"}},
    "worse": {"severity": "critical"},
    "money": {
        "operation": {
            "name": "sync orders",
            "arguments": {"argv": ["sync", "--to", "warehouse"]},
            "money": {"amount_minor": 1, "currency": "EUR"},
        }
    },
    "more people": {"approvers": ["sec"]},
    "a hidden value": {"hidden": ("/arguments/argv/2",)},
}


class BrokenError(AssertionError):
    """A rule decided what it should not have, or the other way round."""


def must(holds: bool, what: str) -> None:
    """Say what broke."""
    if not holds:
        raise BrokenError(what)


@dataclass
class Ran:
    """What the books know of one decision by a rule."""

    at: datetime
    ended: str | None = None
    claimed: datetime | None = None
    over: bool = False  #: stopped, or never taken

    def wrong(self, now: datetime) -> bool:
        """Badly, or nobody said how within the hour."""
        silent = self.claimed is not None and self.ended is None
        late = silent and self.claimed is not None and now >= self.claimed + timedelta(hours=1)
        return self.ended in ("failed", "unknown", "undone", "stopped") or late


@dataclass
class Books:
    """A town, and what is known of its rules."""

    town: Ruled = field(default_factory=Ruled)
    ran: dict[str, Ran] = field(default_factory=dict)  #: of the rule that is in force
    broken: bool = False
    stricter: str = ""
    proposal: Escalation | None = None

    def may(self) -> bool:
        """Whether the rule may decide now, by the books."""
        town, now = self.town, self.town.now
        if self.proposal is None or self.broken or not town.rules:
            return False
        if self.stricter not in ("", "twice a day"):
            return False
        most = 2 if self.stricter else A_DAY
        day = sum(r.at > now - timedelta(days=1) for r in self.ran.values())
        over = now.date().isoformat() > rule_of(self.proposal).until
        return not over and day < most

    def breaks(self) -> bool:
        """Whether the rule ends when the like of what it decides is asked now."""
        now = self.town.now
        hour = sum(r.at > now - timedelta(hours=1) for r in self.ran.values())
        return any(r.wrong(now) for r in self.ran.values()) or hour >= AN_HOUR

    def judge(self, e: Escalation, what: str) -> None:
        """Compare what was decided with the books."""
        by_rule = e.decision is not None and e.decision.by is DecidedBy.POLICY
        if what and by_rule:
            must(False, f"otherwise: {what} was decided by a rule")
        alike = what not in ("another place", "another target", "another kind", "money")
        is_over = self.proposal and (
            self.town.now.date().isoformat() > rule_of(self.proposal).until
        )
        known = self.proposal is not None and bool(self.town.rules) and not is_over
        if alike and known and self.breaks() and not self.broken:
            must(not by_rule, "breaker: it decided after it had broken")
            self.broken = True
            assert self.proposal is not None
            suspended = self.town.e(self.proposal.id).suspended
            must(suspended is not None, "breaker: it broke, and nobody was told")
        if what:
            return
        expected = self.may()
        must(by_rule <= (not self.broken), "breaker: it decided after it had broken")
        must(by_rule <= expected, f"bounds: it decided, and should not ({self.stricter})")
        must(by_rule >= expected, "kept: it was kept from deciding")
        if by_rule:
            self.ran[e.id] = Ran(at=self.town.now)


def propose(books: Books, pick: Random) -> None:
    """People decide alike, a rule is proposed, and accepted by those who may, or is not."""
    town = books.town.under(RULED)
    books.stricter = ""
    town.pass_(days=31)  # what went wrong before is forgotten by then
    town.rules = {}
    found = town.decided_alike()
    until = (town.now + UNTIL).date().isoformat()
    proposal = town.proposal(found, a_day=A_DAY, until=until)
    how = pick.choice(("both", "both", "both", "both", "one", "declined", "waits", "altered"))
    town.vote(proposal, "UCEM", DECLINE if how == "declined" else ACCEPT)
    if how in ("both", "waits", "altered"):
        town.vote(proposal, "UDEE", ACCEPT)
    if how == "both":
        town.take(proposal)
    if how == "altered":
        refused = town.claim(proposal, "andon", "sha256:" + "0" * 64).refusal
        must(refused is not None, "accepted: another text was taken")
    town.look().pass_(hours=25)
    must(bool(town.rules) == (how == "both"), f"accepted: {how}")
    books.proposal = town.e(proposal.id) if how == "both" else None
    books.ran, books.broken = {}, False


def ask(books: Books, pick: Random) -> None:
    """A service asks for what the rule decides, or for something like it; often twice at once."""
    what = pick.choice(("", "", "", "", *OTHERWISE))
    given = OTHERWISE.get(what, {})
    opens = [books.town.opening(**given) for _ in range(pick.choice((1, 1, 1, 1, 2)))]
    for done in books.town.commit(*opens):
        if done.refusal is None:
            assert done.escalation is not None
            books.judge(books.town.e(done.escalation.id), what)


def run(books: Books, pick: Random) -> None:
    """One that a rule let is taken, and ends somehow or not yet."""
    town, waits = books.town, [i for i, r in books.ran.items() if r.claimed is None and not r.over]
    if not waits:
        return
    id_ = pick.choice(waits)
    if town.claim(town.e(id_)).refusal is not None:
        books.ran[id_].over = True
        return
    books.ran[id_].claimed = town.now
    how = pick.choice(("succeeded",) * 6 + ("failed", "unknown", "undone", None))
    if how is not None:
        undo = {"undo": "set back"} if how == "undone" else {}
        town.report(town.e(id_), "succeeded" if how == "undone" else how, **undo)
        books.ran[id_].ended = how


def stop(books: Books, pick: Random) -> None:
    """Somebody stops one before it runs."""
    held = [i for i in books.ran if books.town.e(i).can_be_stopped]
    if held and pick.random() < 0.3:
        id_ = pick.choice(held)
        if books.town.stop(books.town.e(id_), "UBEN").refusal is None:
            books.ran[id_].ended, books.ran[id_].over = "stopped", True


def wait(books: Books, pick: Random) -> None:
    """Time passes; the clock comes by, or not."""
    books.town.pass_(minutes=pick.choice((1, 14, 40, 59, 60, 60, 61, 90, 200, 600, 1439, 1440)))
    if pick.random() < 0.5:
        for id_ in books.ran:
            books.town.send(Tick, id_)


def change(books: Books, pick: Random) -> None:
    """The file becomes stricter, or is as it was."""
    books.stricter = pick.choice(("", "", "", "twice a day", "twice a day", *STRICTER))
    books.town.policy = parsed(STRICTER[books.stricter])


def look(books: Books, pick: Random) -> None:
    """Rules are looked at anew."""
    if books.proposal is not None:
        books.town.look()
        over = books.town.now.date().isoformat() > rule_of(books.proposal).until
        must(not (books.town.rules and (books.broken or over)), "looked: it is not in force")
        if over:
            books.proposal = None


ACTS = (ask, ask, ask, ask, run, run, run, stop, wait, wait, wait, change, look)


def live(seed: int, acts: int = 50) -> None:
    """One life of a rule, and of those that come after it. Raises BrokenError."""
    pick, books = Random(seed), Books()
    propose(books, pick)
    for _ in range(acts):
        if (books.broken or books.proposal is None) and pick.random() < 0.2:
            propose(books, pick)
        pick.choice(ACTS)(books, pick)
        books.town.pass_(seconds=1)


# -- bugs to plant ---------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]
PLANTED: dict[str, Plant] = {}


def planted(plant: Plant) -> Plant:
    """Put the bug on the list."""
    PLANTED[plant.__name__] = plant
    return plant


@planted
def failures_are_forgotten(m: pytest.MonkeyPatch) -> None:
    real = accepting.Use.wrong
    m.setattr(accepting.Use, "wrong", lambda u, now: real(u, now) if u.state != "failed" else None)


@planted
def unknown_is_fine(m: pytest.MonkeyPatch) -> None:
    real = accepting.Use.wrong
    m.setattr(accepting.Use, "wrong", lambda u, n: w if (w := real(u, n)) != "unknown" else None)


@planted
def silence_is_known_only_by_the_clock(m: pytest.MonkeyPatch) -> None:
    bad = (OperationState.FAILED, OperationState.UNKNOWN)
    m.setattr(accepting.Use, "went_wrong", lambda one, now: one.state in bad)


@planted
def what_was_taken_back_counts_as_good(m: pytest.MonkeyPatch) -> None:
    real = accepting.Use.wrong
    m.setattr(accepting.Use, "wrong", lambda u, n: w if (w := real(u, n)) != "undone" else None)


@planted
def there_is_no_burst(m: pytest.MonkeyPatch) -> None:
    m.setattr(accepting.Accepted, "burst", 99)


@planted
def there_is_no_breaker(m: pytest.MonkeyPatch) -> None:
    m.setattr(ruling, "broken", lambda *a: None)


@planted
def nothing_is_on_record(m: pytest.MonkeyPatch) -> None:
    m.setattr(batching.Batch, "_suspend", lambda *a: None)


@planted
def a_batch_does_not_see_itself(m: pytest.MonkeyPatch) -> None:
    m.setattr(batching.Batch, "_recall", lambda *a: None)


@planted
def there_is_no_cap(m: pytest.MonkeyPatch) -> None:
    m.setattr(ruling, "rests", lambda *a: False)


@planted
def rules_never_end(m: pytest.MonkeyPatch) -> None:
    m.setattr(accepting.Accepted, "is_over", lambda *a: False)


@planted
def any_fingerprint_will_do(m: pytest.MonkeyPatch) -> None:
    m.setattr(accepting.Accepted, "knows", lambda *a: True)
    for place in (batching, keeping):
        m.setattr(place, "rule_row", lambda c, f: next((p for p, _ in f.rules.values()), None))


@planted
def the_file_goes_last(m: pytest.MonkeyPatch) -> None:
    m.setattr(ruling, "_is_as_it_was", lambda *a: True)


@planted
def no_kind_is_reserved(m: pytest.MonkeyPatch) -> None:
    m.setattr(ruling, "reserved", lambda **k: None)


@planted
def hidden_values_are_all_the_same(m: pytest.MonkeyPatch) -> None:
    real = ruling._operation
    m.setattr(ruling, "_operation", lambda f: replace(real(f), redacted=()))


@planted
def one_person_is_enough(m: pytest.MonkeyPatch) -> None:
    m.setattr(accepting, "accepted", accepting.proposed)


@planted
def what_waits_to_be_taken_is_in_force(m: pytest.MonkeyPatch) -> None:
    def loose(e: Escalation) -> Any:
        return accepting.proposed(e) if e.status == "approved" else None

    m.setattr(accepting, "accepted", loose)


@planted
def a_severity_is_no_matter(m: pytest.MonkeyPatch) -> None:
    m.setattr(Severity, "rank", 0)
