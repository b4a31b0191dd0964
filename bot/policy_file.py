"""The policy file while the server runs: taken as a whole when it changes, or not at all.

::

    change noticed -> the same at the next look -> read -> good: adopted for new escalations
    SIGHUP ------------------------------------------^     bad: named, counted, nothing changes

Among several servers nothing is adopted here: `bot.agreed_policy` says what is in force.

An editor may write in place, and half a file may be a policy too: one with its last rules missing.
So a change counts when two looks in a row find the same; a signal says that the file is done.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from approvals.events import sha256
from approvals.policy.load import Finding, PolicyError, parse_policy
from approvals.policy.model import Policy
from approvals.ports import Clock
from bot.settings import SettingsError

log = structlog.get_logger(__name__)

#: Lines of mistakes that health names.
MOST_LINES = 20

#: Lets a good policy count, with what can be known of its people.
Adopt = Callable[[Policy], Awaitable[None]]


def read_policy(path: Path) -> Policy:
    """The policy file. Raises SettingsError with file, line and what to do."""
    try:
        return parse_policy(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError as error:
        raise SettingsError(
            f"There is no policy file {path}. Copy the sample policy.toml, or set ANDON_POLICY."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not text in UTF-8 ({error}).") from error
    except PolicyError as error:
        raise SettingsError(str(error)) from error


class Look(NamedTuple):
    """What one look found: the text, or why there is none."""

    text: str | None
    why: str
    settled: bool  #: nobody wrote meanwhile

    @property
    def digest(self) -> str:
        """The same for the same."""
        return hashlib.sha256(f"{self.text}|{self.why}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that was not taken, and every reason."""

    at: datetime
    findings: tuple[Finding, ...]


class PolicyFile:
    """Watches the file. `once` is the work of a loop; `reload` is the signal's."""

    def __init__(
        self,
        path: Path,
        policy: Policy,
        *,
        adopt: Adopt | None,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._path, self._adopt, self._clock = path, adopt, clock
        self.in_force = policy
        self.version = policy.version  #: of the file as it stands, good or bad; empty without one
        self.refused: Refused | None = None
        self.wake: Callable[[], None] = lambda: None
        self._told = False
        self._stamp: tuple[int, ...] = ()  # of the file that was judged last
        self._judged = Look(policy.text, "", True).digest
        self._noticed = ""
        self._reloads = Counter(
            "andon_policy_reloads_total",
            "Changed policy files, by whether they were taken",
            ["result"],
            registry=registry,
        )
        self._mistakes = Gauge(
            "andon_policy_mistakes",
            "Mistakes in the policy file as it stands; above 0 an older one is in force",
            registry=registry,
        )

    def reload(self) -> None:
        """The file is done: read it now, whatever its date."""
        self._told = True
        self.wake()

    def health(self) -> dict[str, Any]:
        """For readiness: which policy is in force, and whether the file is another."""
        told: dict[str, Any] = {"ok": True, "version": self.in_force.version}
        if self.refused is not None:
            lines = sorted({finding.line for finding in self.refused.findings})
            told["refused"] = {
                "at": self.refused.at.isoformat(),
                "mistakes": len(self.refused.findings),
                "lines": lines[:MOST_LINES],
            }
        return told

    async def once(self) -> bool:
        """Look at the file, and take it if it is another and good."""
        told, self._told = self._told, False
        stamp = await asyncio.to_thread(_stamp_of, self._path)
        if stamp == self._stamp and not told:
            return False
        look = await asyncio.to_thread(_looked, self._path)
        if look.settled and (told or look.digest in (self._judged, self._noticed)):
            await self._judge(look, told)
            self._stamp = stamp
        else:
            self._noticed, self._told = look.digest, self._told or told
        return False

    async def _judge(self, look: Look, told: bool) -> None:
        if look.digest == self._judged and not told:
            return
        try:
            await self._take(self._read(look))
        except PolicyError as error:
            self._refuse(error)
        self._judged = look.digest
        self.version = sha256(look.text) if look.text is not None else ""

    async def _take(self, policy: Policy) -> None:
        result = "unchanged" if policy.version == self.in_force.version else "taken"
        if result == "taken" and self._adopt is None:
            result = "read"  # and another has to say that it counts
        elif result == "taken" and self._adopt is not None:
            await self._adopt(policy)
            self.in_force = policy
        self.refused = None
        self._mistakes.set(0)
        self._reloads.labels(result).inc()
        log.info(f"policy-{result}", version=policy.version)

    def _read(self, look: Look) -> Policy:
        name = self._path.name
        if look.text is None:
            raise PolicyError(name, [Finding(line=1, where="", reason=look.why)])
        if not look.text.strip():
            reason = "is empty; nobody could decide anything"
            raise PolicyError(name, [Finding(line=1, where="", reason=reason)])
        return parse_policy(look.text, name)

    def _refuse(self, error: PolicyError) -> None:
        self.refused = Refused(at=self._clock(), findings=error.findings)
        self._mistakes.set(len(error.findings))
        self._reloads.labels("refused").inc()
        for found in error.findings:
            log.error(
                "policy-mistake",
                file=str(self._path),
                line=found.line,
                where=found.where,
                reason=found.reason,
            )
        log.error(
            "policy-refused",
            file=str(self._path),
            mistakes=len(error.findings),
            in_force=self.in_force.version,
        )


def _stamp_of(path: Path) -> tuple[int, ...]:
    """What differs once the file was written or replaced; nothing where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return (0,)
    return found.st_ino, found.st_mtime_ns, found.st_size


def _looked(path: Path) -> Look:
    """The file's text, or why it cannot be read."""
    before = _stamp_of(path)
    try:
        text, why = path.read_text(encoding="utf-8"), ""
    except FileNotFoundError:
        text, why = None, f"there is no file {path}"
    except (OSError, UnicodeDecodeError) as error:
        text, why = None, f"cannot be read ({error})"
    return Look(text, why, before == _stamp_of(path))
