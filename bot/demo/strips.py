"""A strip: one blocked service, really calling Andon's API, held until people decided.

::

    opening -> held -> released -> running -> succeeded
                  \\-> aborted | expired | withdrawn: it never runs
    withdrawn too where it was started over before it had asked
    refused: Andon did not take it, or what came was no grant; it never runs either
"""

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from approvals.canonical import operation_digest
from bot.demo.calling import Caller, NotAGrant
from bot.demo.scenes import Scene

#: Seconds between two tries while Andon does not answer as it should.
RETRY_S = 1.0

#: Seconds between two looks at whether a card is there.
LOOK_S = 0.1

#: How a strip sums up an end that is no release.
_ENDS = {"rejected": "aborted", "expired": "expired", "withdrawn": "withdrawn"}

_UNREACHABLE = (aiohttp.ClientError, TimeoutError)


@dataclass(kw_only=True)
class Strip:
    """One held operation and what became of it, as the page shows it."""

    scene: Scene
    caller: Caller
    changed: Callable[[], None]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    #: One for all tries, so that a lost answer never opens, or takes, a second time.
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    escalation: str | None = None
    digest: str = ""
    state: str = "opening"
    line: str = "asks Andon"
    decide_by: str | None = None
    took_ms: int | None = None  #: from the deciding click to the verified grant
    history: list[dict[str, str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The strip for the page."""
        return {
            "key": self.scene.key,
            "service": self.scene.service,
            "command": self.scene.command,
            "change": self.scene.change,
            "escalation": self.escalation,
            "state": self.state,
            "line": self.line,
            "history": self.history,
            "decide_by": self.decide_by,
            "click_to_release_ms": self.took_ms,
        }

    @property
    def is_waiting(self) -> bool:
        """Whether nothing was decided yet."""
        return self.state in ("opening", "held")

    async def live(self) -> None:
        """Ask, wait, and run only with a grant. What cannot be asked stays held."""
        while self.is_waiting:
            try:
                await (self._wait() if self.escalation else self._open())
            except NotAGrant as error:
                self._say("refused", str(error))
            except _UNREACHABLE:
                self._say(self.state, "Andon does not answer. Nothing runs; asking again.")
                await asyncio.sleep(RETRY_S)

    async def _open(self) -> None:
        status, answer = await self.caller.call(
            "POST", "/v1/escalations", self.scene.body, Idempotency_Key=self.key
        )
        if status not in (200, 201):
            self._say("refused", _problem(answer))
            return
        self.escalation, self.digest = answer["id"], answer["digest"]
        self.decide_by = answer["deadline_at"]
        if self.is_waiting:
            self._say("held", self.scene.command)
        else:
            await self._withdraw()

    async def until_shown(self) -> None:
        """Until people have its card before them, or need none any more."""
        while self.is_waiting and not await self._is_shown():  # noqa: ASYNC110  over HTTP
            await asyncio.sleep(LOOK_S)

    async def _is_shown(self) -> bool:
        if self.escalation is None:
            return False
        with suppress(*_UNREACHABLE):
            _, answer = await self.caller.call("GET", f"/v1/escalations/{self.escalation}")
            return (answer.get("progress") or {}).get("delivered_at") is not None
        return False

    async def _wait(self) -> None:
        """One parked request; it comes back when people have decided."""
        status, answer = await self.caller.call(
            "GET", f"/v1/escalations/{self.escalation}", Prefer="wait=30"
        )
        if status != 200:
            await asyncio.sleep(RETRY_S)
        elif answer["status"] == "approved":
            await self._take(answer["decided_at"])
        elif answer["status"] in _ENDS:
            self._say(_ENDS[answer["status"]], _why_not(answer))

    async def _take(self, decided_at: str) -> None:
        status, claimed = await self.claim(self.digest, self.key)
        if status == 503:
            await asyncio.sleep(RETRY_S)
            return
        if status != 200:
            self._say("refused", _problem(claimed))
            return
        await self.caller.verify(
            claimed["grant"], sub=str(self.escalation), digest=self.digest, nonce=self.key
        )
        waited = self.clock() - datetime.fromisoformat(decided_at)
        self.took_ms = max(0, round(waited.total_seconds() * 1000))
        label = self._label(claimed["option"])
        self._say("released", self.scene.command, note=f"as “{label}”, grant verified")
        await self._run()

    def _label(self, key: str) -> str:
        options = self.scene.body.get("options", ())
        return next((one["label"] for one in options if one["key"] == key), key)

    async def _run(self) -> None:
        self._say("running", f"{self.scene.command} (pretended)")
        await asyncio.sleep(self.scene.runs_s)
        body = {"result": "succeeded", "detail": "Pretended by the demo; nothing was touched."}
        await self.caller.call("POST", f"/v1/escalations/{self.escalation}/outcome", body)
        self._say("succeeded", self.scene.command)

    async def claim(self, digest: str, key: str) -> tuple[int, dict[str, Any]]:
        """Try to take the release of that digest, with that key."""
        body, path = {"digest": digest, "nonce": key}, f"/v1/escalations/{self.escalation}/claim"
        return await self.caller.call("POST", path, body, Idempotency_Key=key)

    async def twice(self) -> dict[str, Any]:
        """Try to run it once more."""
        return await self._attempt(self.digest)

    async def change(self) -> dict[str, Any]:
        """Try to run something else than was shown."""
        body = self.scene.changed_body()
        return await self._attempt(operation_digest(body["operation"], body.get("options")))

    async def _attempt(self, digest: str) -> dict[str, Any]:
        status, problem = await self.claim(digest, uuid.uuid4().hex)
        return {"status": status, "problem": problem}

    async def give_up(self) -> None:
        """Take the question back, if nobody has answered it; one not asked yet never will be."""
        if self.is_waiting:
            self._say("withdrawn", "It never ran.")
            if self.escalation:
                await self._withdraw()

    async def _withdraw(self) -> None:
        path, body = f"/v1/escalations/{self.escalation}/withdraw", {"reason": "Starting over"}
        await self.caller.call("POST", path, body)

    def _say(self, state: str, line: str, note: str = "") -> None:
        if state != self.state:
            at = self.clock().isoformat(timespec="milliseconds")
            self.history.append({"state": state, "at": at, "note": note})
        self.state, self.line = state, line
        self.changed()


def _problem(answer: dict[str, Any]) -> str:
    return f"{answer.get('title')}: {answer.get('detail')}"


def _why_not(answer: dict[str, Any]) -> str:
    reason = (answer["decision"] or {}).get("reason")
    return f"«{reason}» It never ran." if reason else "It never ran."
