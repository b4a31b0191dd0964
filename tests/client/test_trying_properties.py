"""What holds of every retry and breaker, over made-up lives; each rule broken once, and found.

A life is made from a seed, so a planted bug is caught by the same lives every time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from andon import attempting, retrying
from andon.attempting import Course, Rules
from andon.breaker import Circuit, State
from andon.escalating import Incident, Told
from andon.retryable import is_retryable
from andon.retrying import Retrying

from tests.client.people import Still

LIVES = 400
Plant = Callable[[pytest.MonkeyPatch], None]


class Hears:
    """In place of people: what they would hear, at once."""

    def __init__(self) -> None:
        self.heard: list[Incident] = []

    def tell(self, incident: Incident) -> Told:
        """Heard."""
        self.heard.append(incident)
        return Told(f"esc_{len(self.heard)}")


# -- retries --------------------------------------------------------------------------------------


@dataclass
class Life:
    """One call under a retry, as it went."""

    rules: Rules
    began: list[float]  #: when each attempt did
    pauses: list[float]
    outcomes: list[Any]  #: of the attempts that were made
    heard: list[Incident]
    result: Any


def lived(seed: int) -> Life:
    """A call that comes to made-up outcomes, each after a made-up time."""
    chance, still, hears = Random(seed), Still(), Hears()
    still.chance = chance.choice([0.0, 0.5, 1.0])
    rules = Rules(
        attempts=chance.randint(1, 6),
        within_s=chance.choice([0.0, 1.0, 5.0, 100.0]),
        on=(OSError, TypeError),
        times=still.times,
    )
    kinds = (OSError, ConnectionError, TypeError, KeyError, PermissionError, None, OSError, OSError)
    began: list[float] = []
    outcomes: list[Any] = []

    def call() -> str:
        began.append(still.passed)
        still.pass_(chance.choice([0.0, 0.1, 3.0]))
        kind = chance.choice(kinds)
        outcomes.append(kind() if kind else "done")
        if kind:
            raise outcomes[-1]
        return "done"

    try:
        result: Any = Retrying(rules, hears).call(call)  # type: ignore[arg-type]
    except Exception as error:
        result = error
    return Life(rules, began, still.pauses, outcomes, hears.heard, result)


def keeps_the_rules(life: Life) -> bool:
    """Everything that holds of a retry."""
    failed = isinstance(life.result, (OSError, TypeError))
    longest = [min(30.0, 2.0**n) for n in range(len(life.pauses))]
    again = life.outcomes[:-1]
    gave_up_early = failed and is_retryable(life.result) and len(again) + 1 < life.rules.attempts
    return all(
        (
            len(life.began) <= life.rules.attempts,
            life.began[-1] - life.began[0] <= life.rules.within_s,
            all(isinstance(one, OSError) and is_retryable(one) for one in again),
            life.result is life.outcomes[-1],
            len(life.heard) == (1 if failed else 0),
            all(len(incident.attempts) == len(life.began) for incident in life.heard),
            len(life.pauses) == len(again),
            all(0 <= pause <= most for pause, most in zip(life.pauses, longest, strict=True)),
            not gave_up_early or life.rules.within_s < 100,
        )
    )


def test_every_retry_keeps_the_rules() -> None:
    broken = [seed for seed in range(LIVES) if not keeps_the_rules(lived(seed))]
    assert broken == []


def one_more(patch: pytest.MonkeyPatch) -> None:
    pause = Course.pause_s

    def late(course: Course) -> float | None:
        if len(course.attempts) == course.rules.attempts and not course.is_over:
            return 0.0
        return pause(course)

    patch.setattr(Course, "pause_s", late)


def no_end(patch: pytest.MonkeyPatch) -> None:
    def pause(course: Course) -> float | None:
        return None if course.is_over or len(course.attempts) >= course.rules.attempts else 0.9

    patch.setattr(Course, "pause_s", pause)


def tries_what_lasts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attempting, "lasting", lambda error: None)


def waits_too_long(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attempting, "FIRST_S", 2.5)


def gives_up_early(patch: pytest.MonkeyPatch) -> None:
    pause = Course.pause_s
    patch.setattr(
        Course, "pause_s", lambda c: None if len(c.attempts) >= c.rules.attempts - 1 else pause(c)
    )


def tells_each_time(patch: pytest.MonkeyPatch) -> None:
    failed = Course.failed

    def tells(course: Course, error: Exception, of: int | None = None) -> None:
        failed(course, error, of)
        told.append(course)

    told: list[Course] = []
    patch.setattr(Course, "failed", tells)
    heard = Hears.tell

    def tell(hears: Hears, incident: Incident) -> Told:
        for _ in told[1:]:
            heard(hears, incident)
        told.clear()
        return heard(hears, incident)

    patch.setattr(Hears, "tell", tell)


def tells_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Retrying, "_end", lambda *of: None)


def raises_another(patch: pytest.MonkeyPatch) -> None:
    def end(*of: Any) -> None:
        raise RuntimeError("people could not be told")

    patch.setattr(Retrying, "_end", end)


def forgets_attempts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retrying, "tuple", lambda attempts: attempts[-1:], raising=False)


@pytest.mark.parametrize(
    "plant",
    [
        one_more, no_end, tries_what_lasts, waits_too_long, gives_up_early, tells_each_time,
        tells_nobody, raises_another, forgets_attempts,
    ],
)  # fmt: skip
def test_a_planted_bug_of_a_retry_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(not keeps_the_rules(lived(seed)) for seed in range(LIVES))


# -- breakers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """One thing that happened to a circuit."""

    at: float
    what: str  #: admitted, refused, worked, failed
    call: int = -1
    state: State = State.CLOSED  #: afterwards
    opened: bool = False
    told: bool = False


FAILURES, PAUSE_S, OPENINGS, WITHIN_S = 3, 10.0, 3, 100.0


def circuit_life(seed: int) -> list[Seen]:
    """Calls that begin, work, fail and break off at made-up times."""
    chance, now = Random(seed), 0.0
    circuit = Circuit(failures=FAILURES, pause_s=PAUSE_S, openings=OPENINGS, within_s=WITHIN_S)
    seen: list[Seen] = []
    under_way: dict[int, int] = {}
    bad = chance.choice([0.2, 0.6, 0.95])
    for n in range(chance.randint(20, 120)):
        now += chance.choice([0.0, 0.5, 4.0, 10.0, 10.0, 150.0 if chance.random() < 0.1 else 1.0])
        if under_way and chance.random() < 0.55:
            call = chance.choice(list(under_way))
            seen.append(_ended(circuit, call, under_way.pop(call), now, chance, bad))
        else:
            term = circuit.admit(now)
            if term is not None:
                under_way[n] = term
            what = "refused" if term is None else "admitted"
            seen.append(Seen(now, what, n, circuit.state))
    return seen


def _ended(circuit: Circuit, call: int, term: int, now: float, chance: Random, bad: float) -> Seen:
    drawn = chance.random()
    if drawn < 0.05:
        circuit.broke_off(term)
        return Seen(now, "broke off", call, circuit.state)
    if drawn > bad:
        circuit.worked(term)
        return Seen(now, "worked", call, circuit.state)
    opened = circuit.failed(term, now)
    told = opened and circuit.is_repeated()
    if told:
        circuit.latched = True
    return Seen(now, "failed", call, circuit.state, opened, told)


class Told_by_the_rules:  # noqa: N801
    """The same rules, written down a second time over what was seen: slowly and plainly."""

    def __init__(self) -> None:
        self.state, self.since = State.CLOSED, 0.0
        self.row = 0
        self.trial: tuple[int, float] | None = None
        self.counts: set[int] = set()  #: calls that still count
        self.openings: list[float] = []
        self.told_at: list[float] = []

    def agrees(self, one: Seen) -> bool:
        """Whether it went as the rules say."""
        getattr(self, one.what.replace(" ", "_"))(one)
        return self.state is one.state and self.right

    def admitted(self, one: Seen) -> None:
        busy = self.trial is not None and one.at < self.trial[1] + PAUSE_S
        waiting = self.state is State.OPEN and one.at < self.since + PAUSE_S
        self.right = not busy and not waiting
        if self.state is not State.CLOSED:
            self.state, self.trial, self.counts = State.HALF_OPEN, (one.call, one.at), set()
        self.counts.add(one.call)

    def refused(self, one: Seen) -> None:
        busy = self.trial is not None and one.at < self.trial[1] + PAUSE_S
        waiting = self.state is State.OPEN and one.at < self.since + PAUSE_S
        self.right = busy or waiting

    def worked(self, one: Seen) -> None:
        self.right = True
        if one.call in self.counts:
            self.row = 0
            if self.state is State.HALF_OPEN:
                self._turn(State.CLOSED, one.at)

    def broke_off(self, one: Seen) -> None:
        self.right = True
        if one.call in self.counts:
            self.trial = None

    def failed(self, one: Seen) -> None:
        opens = False
        if one.call in self.counts:
            self.row += 1
            opens = self.state is State.HALF_OPEN or self.row >= FAILURES
        told = False
        if opens:
            self._turn(State.OPEN, one.at)
            self.openings.append(one.at)
            told = self._should_hear(one.at)
            if told:
                self.told_at.append(one.at)
        self.right = (one.opened, one.told) == (opens, told)

    def _should_hear(self, now: float) -> bool:
        recent = [at for at in self.openings if at >= now - WITHIN_S]
        episode = self._episode()
        return len(recent) >= OPENINGS and not any(at >= episode for at in self.told_at)

    def _episode(self) -> float:
        """Since when it has opened without a calm time between."""
        begun = self.openings[-1]
        for earlier in reversed(self.openings[:-1]):
            if begun - earlier > WITHIN_S:
                break
            begun = earlier
        return begun

    def _turn(self, state: State, at: float) -> None:
        self.state, self.since, self.row, self.trial = state, at, 0, None
        self.counts = set()


def circuit_keeps_the_rules(seed: int) -> bool:
    """Everything that holds of a breaker."""
    rules = Told_by_the_rules()
    return all(rules.agrees(one) for one in circuit_life(seed))


def test_every_circuit_keeps_the_rules() -> None:
    broken = [seed for seed in range(LIVES) if not circuit_keeps_the_rules(seed)]
    assert broken == []


def test_the_lives_open_close_and_tell() -> None:
    """Lives in which nothing happens would prove nothing."""
    seen = [one for seed in range(LIVES) for one in circuit_life(seed)]
    assert sum(one.told for one in seen) > 20
    assert sum(one.opened for one in seen) > 200
    assert {one.what for one in seen} == {"admitted", "refused", "worked", "failed", "broke off"}


def circuit_plants() -> Iterator[tuple[str, str, Any]]:
    """A method of the circuit, and what stands in its place."""
    failed, worked, admit, turn = Circuit.failed, Circuit.worked, Circuit.admit, Circuit._turn
    yield "old calls count", "failed", lambda c, term, now: failed(c, c._term, now)
    yield "old calls close", "worked", lambda c, term: worked(c, c._term)
    yield (
        "working resets nothing",
        "worked",
        lambda c, term: worked(c, term) if c.state is State.HALF_OPEN else None,
    )
    yield (
        "many trials",
        "admit",
        lambda c, now: c._term if c.state is State.HALF_OPEN else admit(c, now),
    )
    yield "no pause", "wait_s", lambda c, now: 0.0
    yield (
        "a lost trial blocks",
        "wait_s",
        lambda c, now: (
            max(0.0, c.opened[-1] + PAUSE_S - now)
            if c.state is State.OPEN
            else (1.0 if c._trial_until else 0.0)
        ),
    )
    yield (
        "never latched",
        "is_repeated",
        lambda c: len(c.opened) == OPENINGS and c.opened[-1] - c.opened[0] <= WITHIN_S,
    )
    yield "no window", "is_repeated", lambda c: len(c.opened) == OPENINGS and not c.latched
    yield "one opening is enough", "is_repeated", lambda c: not c.latched
    yield "a broken off trial blocks", "broke_off", lambda c, term: None
    yield "a broken off trial closes", "broke_off", lambda c, term: worked(c, term)

    def stuck(c: Circuit, state: State) -> None:
        latched = c.latched
        turn(c, state)
        c.latched = latched or state is State.OPEN

    yield "latched from the start", "_turn", stuck


@pytest.mark.parametrize("plant", tuple(circuit_plants()), ids=lambda plant: plant[0])
def test_a_planted_bug_of_a_breaker_is_found(
    plant: tuple[str, str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, method, instead = plant
    monkeypatch.setattr(Circuit, method, instead)
    assert any(not circuit_keeps_the_rules(seed) for seed in range(LIVES))
