"""Servers, callers, and one cell of the matrix: a failure, a way in, and what came of it."""

import json
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from andon.testing.troubles import Broken
from andon.testing.wire import Asked, Told

from tests.client.matrix import migration
from tests.client.matrix.failures import Failure
from tests.client.matrix.oracle import Truth
from tests.client.matrix.processes import has_ended
from tests.client.matrix.proxy import Proxy, Spoil
from tests.client.matrix.servers import ServerProcess
from tests.forging import Forge

#: Cells at a time.
AT_ONCE = 6

#: Seconds until a caller has to be done, on a busy machine: longer than any patience.
DONE_S = 120

#: Seconds without a sensible answer after which a caller gives up: soon where nothing will come,
#: later where something will on a busy machine, and where a server starts.
IMPATIENT_S, PATIENT_S, RESTART_S = 3, 15, 60


@dataclass
class World:
    """Everything that is shared between cells."""

    folder: Path
    callers: Forge
    serving: Forge
    servers: dict[str, ServerProcess] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def server(self, name: str) -> ServerProcess:
        """The server of that name, started when it is first needed."""
        with self.lock:
            if name not in self.servers:
                self.servers[name] = ServerProcess(self.serving, self.folder / name)
            return self.servers[name]

    def stop(self) -> None:
        """Nothing is left."""
        for server in self.servers.values():
            server.stop()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of a cell."""

    failure: str
    entry: str
    effects: int  #: how often the guarded thing happened
    granted: int  #: verified grants that were delivered; or records, of what runs by itself
    codes: tuple[str, ...]  #: how the callers ended
    said: str
    wrong: str = ""


class Cell:
    """One failure at one way in."""

    def __init__(self, world: World, failure: Failure, entry: str, *, bug: str = "") -> None:
        self._failure, self._entry, self._bug = failure, entry, bug
        self._world = world
        self._server = world.server("killed" if failure.restarts else "steady")
        with world.lock:
            number = len(list(world.folder.glob("cell-*")))
            self._folder = world.folder / f"cell-{number}"
            self._folder.mkdir()
        (self._folder / "here").mkdir()
        self._pid, self._runs, self._is_moved = 0, 0, False
        self._spoil: Spoil = failure.spoil(self._server.forger)
        self._proxy = Proxy(self._server.url, self._answer)
        self._proxy.listen(not failure.gone)

    # -- in the way ---------------------------------------------------------------------------

    def _answer(self, proxy: Proxy, asked: Asked) -> Told | Broken:
        """What the failure makes of it; and it may kill whoever asks, or the server."""
        where = self._failure.kill if self._runs == 1 else ""
        if asked.action == "read" and self._failure.mutates:
            self._move()
        if where == f"{asked.action} before":
            return self._kill()
        answer = self._spoil(proxy, asked)
        if where == f"{asked.action} after":
            return self._kill()
        if asked.action == self._failure.restarts and proxy.asked[asked.action] == 1:
            self._server.restart()
            return Broken(how="reset")
        return answer

    def _kill(self) -> Broken:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        return Broken(how="reset")

    def _move(self) -> None:
        """The working directory is another from here on."""
        if not self._is_moved:
            self._is_moved = True
            (self._folder / "here").rename(self._folder / "there")

    # -- a run --------------------------------------------------------------------------------

    def _job(self, **changes: Any) -> dict[str, Any]:
        failure, name = self._failure, str(self._runs)
        return {
            "entry": self._entry,
            "folder": str(self._folder / ("there" if self._is_moved else "here")),
            "said": str(self._folder / "said"),
            "exit": str(self._folder / f"exit-{name}"),
            "effects": str(self._folder / "effects"),
            "title": f"{failure.word} {failure.name}"[:150],
            "request": failure.request,
            "mutates": failure.mutates,
            "lingers": failure.kill == "running" and self._runs == 1,
            "disk": failure.disk if failure.disk != "no folder" else "",
            "bug": self._bug,
            "clock_off_s": failure.clock_off_s,
            "patience_s": self._patience_s,
            "timeout_s": 1.5 if failure.runs else 1.0,
            "environment": self._environment(),
            **changes,
        }

    @property
    def _patience_s(self) -> int:
        if self._failure.restarts:
            return RESTART_S
        return PATIENT_S if self._failure.runs else IMPATIENT_S

    def _environment(self) -> dict[str, str]:
        failure, told = self._failure, self._server.told
        state = self._folder / "state"
        if failure.disk == "no folder":
            state.write_text("a file, where a folder should be")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "ANDON_URL": self._proxy.url,
            "ANDON_KEY": str(told.get(failure.key, "andon_of_nobody")),
            "ANDON_STATE": str(state),
            **self._pinned(),
        }

    def _pinned(self) -> dict[str, str]:
        pinned = self._folder / "jwks.json"
        if not self._failure.pinned:
            return {}
        forger = self._server.forger
        keys = {"server": forger.jwks, "other": forger.other.jwks()}.get(self._failure.pinned)
        if keys is not None:
            pinned.write_text(json.dumps(keys))
        return {"ANDON_JWKS_FILE": str(pinned)}

    def _run(self, **changes: Any) -> str:
        """How a caller ended: its exit code, `killed`, or `hung`."""
        self._runs += 1
        job = self._job(**changes)
        self._pid = self._world.callers.start(**job)
        if job["lingers"]:
            self._until_it_runs()
            self._kill()
        code = Path(job["exit"])
        if not has_ended(self._pid, DONE_S):
            self._kill()
            return "hung"
        return code.read_text() if code.exists() else "killed"

    def _until_it_runs(self) -> None:
        """Or until it has ended without."""
        until = time.monotonic() + DONE_S
        while time.monotonic() < until and not self._effects():
            if has_ended(self._pid, 0.01):
                return

    def _effects(self) -> int:
        effects = self._folder / "effects"
        lines = len(effects.read_text().splitlines()) if effects.exists() else 0
        return lines + migration.effects(self._folder)

    # -- the verdict --------------------------------------------------------------------------

    def end(self) -> Ended:
        """Run it to its end, once more where it was killed, and judge."""
        codes = self._runs_to_the_end()
        self._proxy.listen(False)
        ended = Ended(
            failure=self._failure.name,
            entry=self._entry,
            effects=self._effects(),
            granted=len(self._granted()),
            codes=tuple(codes),
            said=self._said(),
        )
        return replace(ended, wrong=self._wrong(ended))

    def _runs_to_the_end(self) -> list[str]:
        """How it ended; and, where it was killed, how it ended the second time."""
        codes = [self._run()]
        if self._failure.kill:
            if self._failure.corrupts:
                for kept in (self._folder / "state").rglob("*.json"):
                    kept.write_text('{"digest": 7')
            codes.append(self._run())
        return codes

    def _said(self) -> str:
        said = self._folder / "said"
        return said.read_text(errors="replace")[-2000:] if said.exists() else ""

    def _granted(self) -> set[str]:
        truth = Truth(
            opened=self._proxy.opened,
            jwks=self._server.forger.jwks if self._failure.verifies else {"keys": []},
            is_changed=self._failure.mutates,
            now=time.time() + self._failure.clock_off_s,
        )
        return truth.grants(self._proxy.delivered)

    def _wrong(self, ended: Ended) -> str:
        if "hung" in ended.codes:
            return "it hung"
        if ended.effects != ended.granted:
            return f"it happened {ended.effects} times, with {ended.granted} verified grants"
        if self._failure.runs and not ended.effects:
            return "it never happened, though nothing stood in its way in the end"
        if not self._failure.runs and ended.effects:
            return "it happened"
        return ""
