"""Stored examples: the few steps that show a planted bug, as the search found them.

`examples.json` has one for each bug, a line a step: the rule of the machine and what it was given;
`@2` stands for what the second step gave. Played without the bug nothing is wrong, with it an
invariant breaks. `make planted` searches anew and writes the file.
"""

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import (
    RULE_MARKER,
    Bundle,
    RuleBasedStateMachine,
    run_state_machine_as_test,
)

from tests.approvals import planted_answers, planted_calls, planted_questions
from tests.approvals.invariants import InvariantError
from tests.approvals.machine import Machine
from tests.approvals.machine_calls import CallingMachine
from tests.approvals.machine_verbs import Verbs
from tests.approvals.planted_verbs import PLANTED_VERBS
from tests.approvals.planting import PLANTED, Planted

STORED = Path(__file__).with_suffix(".json")

#: The bugs are listed by being defined; naming the files keeps them from being left out.
FILES = (planted_questions, planted_answers, planted_calls)

SEARCH = settings(
    max_examples=600,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # what is found is made shorter here, step by step
)

#: Every bug that a state machine has to find.
BUGS: dict[str, Planted] = PLANTED | PLANTED_VERBS


@dataclass(eq=False)
class Told:
    """One step: what was done, with what, some of it what another step gave."""

    rule: str
    given: dict[str, Any]


def machine_for(bug: str) -> type[RuleBasedStateMachine]:
    """Which machine has to find it."""
    if bug in PLANTED_VERBS:
        return Verbs
    of_the_chain = PLANTED[bug].plant.__module__ == planted_calls.__name__
    return CallingMachine if of_the_chain else Machine


def finds(bug: str, error: Exception) -> bool:
    """Whether that very invariant is broken which the bug breaks."""
    return isinstance(error, InvariantError) and str(error).startswith(BUGS[bug].breaks)


# -- playing -----------------------------------------------------------------------------------


def play(machine: type[RuleBasedStateMachine], steps: Sequence[Told]) -> None:
    """Do it all again; InvariantError for the first thing that is wrong."""
    playing, gave = machine(), dict[int, Any]()
    for step in steps:
        rule = getattr(playing, step.rule)
        given = {k: gave[id(v)] if isinstance(v, Told) else v for k, v in step.given.items()}
        gave[id(step)] = rule(**_as_meant(machine, step.rule, given))
    playing.teardown()


def _as_meant(machine: type, rule: str, given: dict[str, Any]) -> dict[str, Any]:
    """JSON knows neither words of ours nor tuples."""
    meant = _hints(machine, rule)

    def one(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return tuple(value)
        hint = meant.get(name)
        return hint(value) if inspect.isclass(hint) and issubclass(hint, Enum) else value

    return {name: one(name, value) for name, value in given.items()}


@cache
def _hints(machine: type, rule: str) -> dict[str, Any]:
    return get_type_hints(getattr(machine, rule))


# -- searching ---------------------------------------------------------------------------------


def search(bug: str, beginning: int) -> list[Told] | None:
    """With the bug planted: the steps up to where the machine finds it, or None."""
    steps: list[Told] = []
    machine = seed(beginning)(_telling(machine_for(bug), steps))
    try:
        run_state_machine_as_test(machine, settings=SEARCH)
    except InvariantError as error:
        return list(steps) if finds(bug, error) else None
    return None


def _telling(machine: type[RuleBasedStateMachine], steps: list[Told]) -> Any:
    """The machine, whose rules also tell what is done; each run begins anew."""
    gave: dict[Any, Told] = {}

    def begin(self: Any) -> None:
        steps.clear()
        gave.clear()
        machine.__init__(self)

    def told(name: str, rule: Any) -> Any:
        def run(self: Any, **given: Any) -> Any:
            from_others = {k for k, v in rule.arguments.items() if isinstance(v, Bundle)}
            refer = {k: gave.get(v, v) if k in from_others else v for k, v in given.items()}
            steps.append(step := Told(name, refer))
            result = rule.function(self, **given)
            gave.setdefault(result, step)
            return result

        return run

    def marked(name: str, f: Any) -> Any:
        def plain(self: Any, *args: Any, **given: Any) -> Any:
            return f(self, *args, **given)

        rule = getattr(f, RULE_MARKER)
        run = told(name, rule)
        run.__name__ = run.__qualname__ = name
        setattr(plain, RULE_MARKER, replace(rule, function=run))
        return plain

    rules = {n: marked(n, f) for n, f in inspect.getmembers(machine) if hasattr(f, RULE_MARKER)}
    return type("Telling", (machine,), {"__init__": begin, **rules})


def shortened(bug: str, steps: Sequence[Told]) -> list[Told]:
    """As few of the steps as still show the bug; each is left out in turn."""
    left = list(steps)
    for step in list(reversed(left)):
        fewer = _without(left, step)
        try:
            play(machine_for(bug), fewer)
        except InvariantError as error:
            left = fewer if finds(bug, error) else left
    return left


def _without(steps: Sequence[Told], gone: Told) -> list[Told]:
    """Nor what needs it."""
    left: list[Told] = []
    for step in steps:
        needs = [v for v in step.given.values() if isinstance(v, Told)]
        if step is not gone and all(any(n is kept for kept in left) for n in needs):
            left.append(step)
    return left


# -- storing -----------------------------------------------------------------------------------


def stored() -> dict[str, list[Told]]:
    """The example of each bug."""
    return {bug: _read(steps) for bug, steps in json.loads(STORED.read_text()).items()}


def _read(lines: Sequence[tuple[str, dict[str, Any]]]) -> list[Told]:
    steps: list[Told] = []
    for rule, given in lines:
        refer = {
            k: steps[int(v[1:]) - 1] if isinstance(v, str) and v.startswith("@") else v
            for k, v in given.items()
        }
        steps.append(Told(rule, refer))
    return steps


def store(examples: dict[str, list[Told]]) -> None:
    """A line a step, so that a change of one is read as one."""
    bugs = []
    for bug, steps in sorted(examples.items()):
        places = {id(step): f"@{n}" for n, step in enumerate(steps, 1)}
        lines = []
        for step in steps:
            given = {k: places.get(id(v), v) for k, v in step.given.items()}
            lines.append("    " + json.dumps([step.rule, given]))
        bugs.append(f'  "{bug}": [\n' + ",\n".join(lines) + "\n  ]")
    STORED.write_text("{\n" + ",\n".join(bugs) + "\n}\n")
