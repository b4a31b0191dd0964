"""Bugs to plant: each takes one rule out of the core. A property test that misses one is blind.

Each names the invariants that may be the first to break, so that nothing else passes for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from approvals import commands, decide
from approvals.refusals import Why
from approvals.verdict import Verdict

# The package offers each verb under its file's name, so the files are asked for by their path.
claiming = import_module("approvals.decide.claim")
reasoning = import_module("approvals.decide.reason")
rechecking = import_module("approvals.decide.recheck")
voting = import_module("approvals.decide.vote")
withdrawing = import_module("approvals.decide.withdraw")
planning = import_module("approvals.policy.plan")

MonkeyPatch = pytest.MonkeyPatch
Plant = Callable[[MonkeyPatch], None]


@dataclass(frozen=True)
class Planted:
    """A bug, and the beginnings of what the run must say when it finds it."""

    plant: Plant
    breaks: tuple[str, ...]


PLANTED: dict[str, Planted] = {}


def breaks(*invariants: str) -> Callable[[Plant], Plant]:
    """Put the bug on the list."""

    def listed(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = Planted(plant, invariants)
        return plant

    return listed


def verb_is(m: MonkeyPatch, verb: type[commands.Command], made: Callable[..., Verdict]) -> None:
    m.setitem(decide._VERBS, verb, made)  # type: ignore[arg-type]


def without(m: MonkeyPatch, module: Any, name: str, *whys: Why) -> None:
    """The check goes on as if it had not found these reasons."""
    real = getattr(module, name)

    def loose(*a: Any) -> Any:
        no = real(*a)
        return None if no is not None and no.refusal and no.refusal.why in whys else no

    m.setattr(module, name, loose)
