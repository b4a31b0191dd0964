"""Whoever is away and whoever stands in: no path lets the requester or a stranger decide, and no
two votes count for one member. Reckoned with books of its own; with bugs to plant, and what shows
each.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import timedelta
from itertools import pairwise, product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from approvals import standing_in, tally
from approvals.people import Absence, People
from approvals.words import Status
from tests.approvals.scene import Scene, why
from tests.approvals.world import POLICY, SEATS, START

PEOPLE = ("ana", "ben", "cem", "dee", "req")
ACCOUNTS = {"UANA": "ana", "UANA2": "ana", "UBEN": "ben", "UCEM": "cem", "UDEE": "dee"}
ACCOUNTS |= {"UREQ": "req", "UREQ2": "req", "USTRANGER": ""}
MEMBERS = {"dba": {"ana", "ben", "req"}, "sec": {"cem", "dee", "ana"}}
CLOSED = ("dba", "sec", "", "", "")
LASTS = timedelta(seconds=60)


@dataclass(frozen=True)
class Act:
    """Something that happens, and to whom."""

    kind: str
    who: str
    other: str = ""
    seconds: int = 0


def happened(pick: Random) -> list[Act]:
    """People go away, often one after the other; then many vote, and more happens meanwhile."""
    walked = pick.sample(PEOPLE, pick.randint(2, 5))
    acts = [Act("away", who, other) for who, other in pairwise(walked)]
    acts += [_away(pick) for _ in range(pick.randint(0, 2))]
    for account in pick.sample(sorted(ACCOUNTS), pick.randint(3, 7)):
        acts += [_other(pick)] if pick.random() < 0.3 else []
        acts.append(Act("vote", account))
    return acts


def _away(pick: Random) -> Act:
    substitute = pick.choice((*PEOPLE, "a stranger"))
    return Act("away", pick.choice(PEOPLE), substitute, pick.choice((0, 0, -1, 1, 60)))


def _other(pick: Random) -> Act:
    if pick.random() < 0.3:
        return _away(pick)
    kind = pick.choice(("back", "pass", "gone"))
    return Act(kind, pick.choice(PEOPLE), seconds=pick.choice((1, 59, 60)))


def policy_with_closed(group: str) -> str:
    """The policy of the world, where that group admits no substitutes."""
    before, found, after = POLICY.partition(f"[groups.{group}]")
    return before + found + after.replace("substitutes = true", "", 1) if group else POLICY


class Ledger:
    """What is known without the core: who voted, and whose seats each vote may fill."""

    def __init__(self, category: str, closed: str) -> None:
        self.closed = closed
        self.scene = Scene(category, policy=policy_with_closed(closed)).open()
        self.seats = SEATS[category]
        self.votes: dict[str, list[tuple[str, str]]] = {}  #: person -> (group, whose seat)

    def do(self, act: Act) -> None:
        """Let it happen."""
        scene = self.scene
        match act.kind:
            case "pass":
                scene.pass_(act.seconds)
            case "gone":
                scene.gone ^= {act.who}
            case "back":
                scene.absences.pop(act.who, None)
            case "away":
                since = scene.now + timedelta(seconds=act.seconds)
                scene.absences[act.who] = Absence(
                    person=act.who, substitute=act.other, since=since, until=since + LASTS
                )
            case _:
                self.vote(act.who)

    def vote(self, account: str) -> None:
        """Somebody agrees; what the core says of it must be what the books say."""
        if self.scene.e.status is not Status.PENDING:
            return
        person, had = ACCOUNTS[account], self.scene.e.vote_of(ACCOUNTS[account])
        entitled = list(self.entitled(person))
        taken = why(self.scene.vote(account)) is None
        assert not taken or entitled, f"entitled: {person or 'a stranger'} decides"
        assert taken or had is not None or not entitled, f"entitled: {person} is kept out"
        if taken:
            self.votes[person] = entitled
        if self.scene.e.status is Status.APPROVED:
            assert self.filled(), "seats: one member counted as two, or nobody"

    def entitled(self, person: str) -> Iterator[tuple[str, str]]:
        """(group, whose seat): their own, or that of somebody who is away."""
        for group in set(self.seats):
            able = MEMBERS[group] - {"req"} - self.scene.gone
            if person in able:
                yield group, person
            elif group != self.closed and person not in ("", "req", *self.scene.gone):
                yield from ((group, away) for away in able if self.end_of(away) == person)

    def end_of(self, person: str) -> str:
        """Whoever is here at the end of the absences, by walking them."""
        walked = [person]
        while (found := self.scene.absences.get(walked[-1])) and self._covers(found):
            if found.substitute in walked or len(walked) > 3:
                return ""
            walked.append(found.substitute)
        return walked[-1] if len(walked) > 1 else ""

    def _covers(self, absence: Absence) -> bool:
        now = max(self.scene.now, self.scene.e.updated_at or START)
        return absence.since <= now < absence.until

    def filled(self) -> bool:
        """Whether the seats can be filled by different people, each for a different member."""
        voted = [[None, *((p, g, whose) for g, whose in seats)] for p, seats in self.votes.items()]
        for chosen in product(*voted):
            sat = [seat for seat in chosen if seat is not None]
            mine = sorted(group for _, group, _ in sat)
            if mine == sorted(self.seats) and len({whose for *_, whose in sat}) == len(sat):
                return True
        return False


@dataclass(frozen=True)
class Case:
    """Everything of one run: what is asked for, which group is closed, and what happens."""

    category: str
    closed: str
    acts: tuple[Act, ...]

    def play(self) -> None:
        """Let it all happen; AssertionError for the first thing that is wrong."""
        books = Ledger(self.category, self.closed)
        for act in self.acts:
            books.do(act)


def drawn(n: int) -> Case:
    """Anything, in any order; the same for the same number."""
    pick = Random(n)
    category = pick.choice(("deployment", "other", "architecture"))
    closed = pick.choice(CLOSED)
    return Case(category, closed, tuple(happened(pick)))


def search(times: int, beginning: int = 0) -> None:
    """So many of them."""
    for n in range(beginning, beginning + times):
        drawn(n).play()


# -- planted bugs -------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]

#: What shows each bug, the shortest that was found.
STORED = Path(__file__).with_suffix(".json")


def whoever_is_away_is_away_for_ever(m: pytest.MonkeyPatch) -> None:
    m.setattr(People, "at", lambda self, now: self)


def the_requester_lends_the_seat(m: pytest.MonkeyPatch) -> None:
    def loose(e: Any, person: str, people: People) -> Any:
        return tuple(standing_in.steads(person, e.plan.substitutes, people))

    m.setattr("approvals.decide.who.in_stead", loose)


def a_chain_has_no_end(m: pytest.MonkeyPatch) -> None:
    m.setattr(standing_in, "FOLLOWED", 99)


def only_the_first_is_asked(m: pytest.MonkeyPatch) -> None:
    def first(person: str, people: People) -> str | None:
        found = people.absences.get(person)
        return found.substitute if found and found.substitute in people.persons else None

    m.setattr(standing_in, "substitute_of", first)


def closed_groups_admit_substitutes(m: pytest.MonkeyPatch) -> None:
    real = standing_in.steads

    def open_(person: str, groups: Any, people: People) -> Any:
        return real(person, ("dba", "sec"), people)

    m.setattr(tally, "steads", open_)


def whoever_left_lends_the_seat(m: pytest.MonkeyPatch) -> None:
    def loose(person: str, groups: Any, people: People) -> Any:
        away = standing_in.stood_in_for_by(person, people)
        for g in groups:
            for a in away if person not in people.groups[g] else ():
                if a in people.groups[g]:
                    yield g, a

    m.setattr(tally, "steads", loose)


def every_vote_in_somebodys_stead_counts(m: pytest.MonkeyPatch) -> None:
    def loose(e: Any, own: Any, entitled: Any) -> Any:
        found = dict(own)
        for vote in e.votes:
            for group, _ in vote.stead:
                found[group] = found[group] | {vote.person}
        return found

    m.setattr(tally, "_with_steads", loose)


def substitutes_do_not_count(m: pytest.MonkeyPatch) -> None:
    m.setattr("approvals.decide.who.in_stead", lambda e, person, people: ())


#: Each bug, and how the books say that they found it.
PLANTED: dict[str, tuple[Plant, str]] = {
    plant.__name__: (plant, breaks)
    for plant, breaks in (
        (whoever_is_away_is_away_for_ever, "entitled"),
        (the_requester_lends_the_seat, "entitled"),
        (a_chain_has_no_end, "entitled|seats"),
        (only_the_first_is_asked, "entitled"),
        (closed_groups_admit_substitutes, "entitled"),
        (whoever_left_lends_the_seat, "entitled"),
        (every_vote_in_somebodys_stead_counts, "seats"),
        (substitutes_do_not_count, "entitled"),
    )
}


def shows(bug: str, case: Case) -> bool:
    """Whether the books find that very thing wrong; the bug is planted."""
    try:
        case.play()
    except AssertionError as error:
        return str(error).startswith(tuple(f"{b}:" for b in PLANTED[bug][1].split("|")))
    except KeyError:  # the bug stumbled over itself, and nobody was asked
        return False
    return False


def shortest(bug: str, case: Case) -> Case:
    """Without every act that is not needed to show it."""
    for act in reversed(case.acts):
        at = case.acts.index(act)
        fewer = replace(case, acts=case.acts[:at] + case.acts[at + 1 :])
        case = fewer if shows(bug, fewer) else case
    return case


def stored() -> dict[str, Case]:
    """The example of each bug."""
    return {
        bug: Case(category, closed, tuple(Act(*act) for act in acts))
        for bug, (category, closed, acts) in json.loads(STORED.read_text()).items()
    }


def store(examples: dict[str, Case]) -> None:
    """A line a bug."""
    lines = [
        f'  "{bug}": ' + json.dumps([c.category, c.closed, [list(astuple(a)) for a in c.acts]])
        for bug, c in sorted(examples.items())
    ]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
