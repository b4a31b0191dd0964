"""What runs by itself has no grant: what the server has on record is what may run.

What goes wrong on the way to the record, and what has to come of it::

    WELL       it is on the record in the end   --> it runs
    AWAY       nothing sensible is answered     --> it does not run; what is harmless runs if it is
                                                    asked to, and is told later
    REFUSED    it is not let, or cannot be kept --> it does not run
"""

import json
from dataclasses import replace
from typing import Any

from andon.testing.wire import Asked

from tests.client.matrix import spoiling
from tests.client.matrix.failures import Failure
from tests.client.matrix.oracle import records
from tests.client.matrix.proxy import Spoil
from tests.client.matrix.recoveries import CATCH_UP, WHEN_AWAY
from tests.client.matrix.spoiling import rewritten, trouble
from tests.client.matrix.world import Cell, Ended

#: What puts it on the record.
RECORD = "automations"

#: What people were told of that ran meanwhile, and would not have been let.
CALLED = "called"

#: Seconds after which whoever says no more about what it ran is taken for dead, and some more.
DEAD_S = 3600


def _f(name: str, runs: bool, spoil: Spoil | None = None, **more: Any) -> Failure:
    return Failure(name=name, runs=runs, **more, **({"spoil": lambda _: spoil} if spoil else {}))


def _lying(**changes: Any) -> Spoil:
    """What is answered is not the record of this."""
    return rewritten(RECORD, lambda body: {**body, **changes})


def _over(body: dict[str, Any]) -> dict[str, Any]:
    """Nobody told its end in time."""
    return {**body, "operation": {**body["operation"], "state": "unknown"}}


WELL = (
    _f("all goes well", True),
    Failure(name="down at first", runs=True, spoil=lambda _: spoiling.coming_up(0.6)),
    _f("down from the report on", True, trouble("refused", "outcome")),
    _f("slow once at each step", True, trouble("slow", times=1)),
    _f("slow at the report for good", True, trouble("slow", "outcome")),
    _f("reset once at each step", True, trouble("reset", times=1)),
    _f("the answer is lost once at each step", True, trouble("lost", times=1)),
    _f("reset in the middle of an answer, once", True, trouble("truncated", times=1)),
    _f("half of the JSON, once", True, trouble("cut", times=1)),
    _f("500 once at each step", True, trouble("500", times=1)),
    _f("500 at the report for good", True, trouble("500", "outcome")),
    _f("503 with Retry-After, once at each step", True, trouble("503", times=1)),
    _f("429 with Retry-After, once", True, trouble("429", RECORD, times=1)),
    _f("403 at the report", True, trouble("403", "outcome")),
    _f("the clock is three hours behind", True, clock_off_s=-3 * 3600),
    _f("the clock is three hours ahead", True, clock_off_s=3 * 3600),
    _f("the folder is full", True, disk="full", needs="mounts"),
    _f("the folder is read-only", True, disk="read only", needs="mounts"),
    _f("the folder is none", True, disk="no folder"),
    *(
        _f(f"killed: {where}", True, kill=where)
        for where in (
            f"{RECORD} before",
            f"{RECORD} after",
            "outcome before",
            "outcome after",
            "running",
        )
    ),
    _f("the server is killed once it is recorded", True, restarts=RECORD),
)  # fmt: skip

AWAY = (
    _f("nothing listens", False, gone=True),
    _f("nothing listens, and killed: running", False, gone=True, kill="running", key="alone"),
    _f("down for good", False, trouble("reset")),
    _f("slow at the record for good", False, trouble("slow", RECORD)),
    _f("done too late for good", False, spoiling.too_late(2.0, RECORD)),
    _f("the answer is lost for good", False, trouble("lost", RECORD)),
    _f("reset in the middle of the answer, for good", False, trouble("truncated", RECORD)),
    _f("half of the answer's JSON, for good", False, trouble("cut", RECORD)),
    _f("a page of HTML", False, trouble("html", RECORD)),
    _f("redirected", False, trouble("redirect", RECORD)),
    _f("500 for good", False, trouble("500", RECORD)),
    _f("503 for good", False, trouble("503", RECORD)),
    _f("the answer is about another operation", False, _lying(digest="sha256:" + "0" * 64)),
    _f("the answer is about something held", False, _lying(kind="approval", status="pending")),
    _f("the answer says it is over", False, rewritten(RECORD, _over)),
)  # fmt: skip

REFUSED = (
    _f("401", False, trouble("401", RECORD)),
    _f("403", False, trouble("403", RECORD)),
    _f("wrong key", False, key="nobody's"),
    _f("a key that may not open", False, key="cannot open"),
    _f("nothing listens, and the folder is full", False, gone=True, disk="full", needs="mounts"),
    _f("nothing listens, and the folder is none", False, gone=True, disk="no folder"),
)  # fmt: skip

FAILURES: tuple[Failure, ...] = (*WELL, *AWAY, *REFUSED)


def named(name: str) -> Failure:
    """The failure of that name."""
    return next(failure for failure in FAILURES if failure.name == name)


class RecordCell(Cell):
    """One failure at one way in by which something runs by itself."""

    def end(self) -> Ended:
        """Run it to its end, mend what was wrong, let it tell what it could not, and judge."""
        codes = self._runs_to_the_end()
        runs, effects = len(codes), self._effects()
        recorded = records(self._proxy.opened, self._proxy.recorded)
        self._mend()
        codes.append(self._run(entry=CATCH_UP, clock_off_s=DEAD_S, disk="", lingers=False))
        told = self._told()
        self._proxy.listen(False)
        ended = Ended(
            failure=self._failure.name,
            entry=self._entry,
            effects=effects,
            granted=len(recorded),
            codes=tuple(codes),
            said=self._said(),
        )
        return replace(ended, wrong=self._judged(ended, runs, told))

    def _mend(self) -> None:
        self._spoil = spoiling.nothing
        self._proxy.listen(True)

    def _told(self) -> list[str]:
        """How it stands on the server's record; or that people were called instead."""
        key = self._server.told.get(self._failure.key, "")
        made = [id_ for id_, e in self._proxy.opened.items() if e["kind"] != "approval"]
        read = [f"/v1/escalations/{id_}" for id_ in made]
        headers = [("authorization", f"Bearer {key}")]
        asked = (Asked.at("GET", path, headers, b"") for path in read)
        found = [json.loads(self._proxy.forward(one).body) for one in asked]
        return [e["operation"]["state"] if e["operation"] else CALLED for e in found]

    def _judged(self, ended: Ended, runs: int, told: list[str]) -> str:
        """What is wrong; of what ran, everything is on the record in the end."""
        well = ended.codes[:runs].count("0")
        if "hung" in ended.codes:
            return "it hung"
        if ended.effects != self._due:
            return f"it happened {ended.effects} times, not {self._due}"
        if self._entry != WHEN_AWAY and ended.effects != ended.granted:
            return f"it happened {ended.effects} times, with {ended.granted} records"
        if not ended.effects <= len(told) <= runs:
            return f"{ended.effects} of {runs} runs happened; told in the end: {told}"
        if sum(each in ("succeeded", CALLED) for each in told) < well:
            return f"{well} runs succeeded; told in the end: {told}"
        return ""

    @property
    def _due(self) -> int:
        """How often it has to happen."""
        failure = self._failure
        runs = failure.runs or (failure in AWAY and self._entry == WHEN_AWAY)
        is_twice = failure.kill == "running" or failure.kill.startswith("outcome")
        return (2 if is_twice else 1) if runs else 0
