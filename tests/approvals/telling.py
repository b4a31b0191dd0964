"""What the core says of a story, word for word: records, refusals, answers, what is owed, the end.

A story is a stored example, or one of the tests' own scenes. `told/` keeps what was said of each;
`python -m tests.approvals.telling` writes it anew, and the difference is what a change changes.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from approvals import commands
from approvals.codec import dump
from approvals.decide import State
from approvals.step import Step
from tests.approvals import examples, scene, world
from tests.approvals.world import START

TOLD = Path(__file__).with_name("told")

#: What is written out once and named afterwards, where it is longer than this.
LONG = 160

#: What is only named: other tests say what is in it.
NAMED = frozenset({"plan", "options", "operation"})

#: What is not told: hashes of what is. `tests/approvals/memory` says what is in them.
UNTOLD = frozenset({"fingerprint"})


class Pages:
    """What is told of one story, in lines; what is long and comes again is named `=1a2b3c`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._known: set[str] = set()
        self._ends: dict[str, Any] = {}

    def step(self, command: commands.Command, done: Step) -> None:
        """One command and everything that came of it."""
        self._say("", type(command).__name__, _given(command))
        for record in done.records:
            said = {"by": record.by, "body": record.body, "facts": record.facts, "at": record.at}
            self._say("  ", record.kind, said)
        for work in done.work:
            self._say("    ", f"owes {type(work).__name__}", plain(work))
        if done.refusal is not None:
            self._say("  ", "refused", plain(done.refusal))
        self._say("  ", "answered", plain(done.answer))
        if done.escalation is not None:
            self._ends[done.escalation.id] = dump(done.escalation)

    def finished(self) -> list[str]:
        """With how everything ended."""
        for id_, ended in self._ends.items():
            self._say("", f"in the end {id_}", ended)
        return self.lines

    def _say(self, margin: str, what: str, values: Any) -> None:
        self.lines.append(
            f"{margin}{what} {json.dumps(self._short(plain(values)), sort_keys=True)}"
        )

    def _short(self, value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        name = _name(value)
        if len(json.dumps(value)) > LONG and name in self._known:
            return name
        self._known.add(name)
        if isinstance(value, list):
            return [self._short(v) for v in value]
        self._known |= {_name(value[k]) for k in NAMED & value.keys()}
        return {k: self._short(v) for k, v in value.items()}


def _name(value: Any) -> str:
    return "=" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:6]


def _given(command: commands.Command) -> dict[str, Any]:
    given: dict[str, Any] = plain(command)
    return {k: v for k, v in given.items() if k not in ("id", "digest", "body_hash", "request")}


def plain(value: Any) -> Any:
    """As JSON has it; moments are told in seconds from the beginning, defaults not at all."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {f.name: getattr(value, f.name) for f in fields(value) if not _usual(f, value)}
        return plain(told)
    if isinstance(value, datetime):
        return f"{(value - START).total_seconds():+g}s"
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items() if k not in UNTOLD}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    return value


def _usual(field: Any, value: Any) -> bool:
    usual = field.default if field.default_factory is MISSING else field.default_factory()
    return usual is not MISSING and getattr(value, field.name) == usual


@contextmanager
def listening(patched: pytest.MonkeyPatch) -> Iterator[Pages]:
    """Whatever the tests' own worlds drive through the core is written down."""
    pages = Pages()

    def heard(real: Callable[..., Step]) -> Callable[..., Step]:
        def step(state: State, command: commands.Command, *rest: Any) -> Step:
            done = real(state, command, *rest)
            pages.step(command, done)
            return done

        return step

    for where in (world, scene):
        patched.setattr(where, "step", heard(where.step))
    yield pages


def stories() -> dict[str, Callable[[], None]]:
    """Every story by its name; examples that are the same are told once."""
    found: dict[str, Callable[[], None]] = {}
    seen: set[str] = set()
    for bug, steps in examples.stored().items():
        machine = examples.machine_for(bug)
        same = f"{machine.__name__} {[(s.rule, str(s.given)) for s in steps]}"
        if len(steps) <= 2 and same not in seen:
            seen.add(same)
            found[bug] = lambda machine=machine, steps=steps: examples.play(machine, steps)
    return found


def told(story: Callable[[], None]) -> str:
    """What is said of it."""
    with pytest.MonkeyPatch.context() as patched, listening(patched) as pages:
        story()
    return "\n".join(pages.finished()) + "\n"


def main() -> None:
    """Write down what is said now."""
    TOLD.mkdir(exist_ok=True)
    for name, story in stories().items():
        (TOLD / f"{name}.txt").write_text(told(story))


if __name__ == "__main__":
    main()
