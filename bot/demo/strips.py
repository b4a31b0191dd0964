"""A strip: one blocked service, really calling Andon's API, held until people decided.

::

    open -> wait (parked) -> approved -> claim -> running -> outcome
                          -> rejected | expired | withdrawn: it never runs
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.demo.scenes import Scene

#: How a strip sums up an end that is no release.
_ENDS = {
    "rejected": "aborted",
    "expired": "expired",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One service's way to Andon."""

    http: aiohttp.ClientSession
    base: str
    key: str

    async def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one call."""
        sent = {"Authorization": f"Bearer {self.key}", **headers}
        async with self.http.request(method, self.base + path, json=body, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)


@dataclass(kw_only=True)
class Strip:
    """One held operation and what became of it, as the page shows it."""

    scene: Scene
    caller: Caller
    changed: Callable[[], None]
    escalation: str | None = None
    digest: str = ""
    state: str = "opening"
    line: str = ""
    decide_by: str | None = None
    took_ms: int | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def shown(self) -> dict[str, Any]:
        """The strip for the page."""
        return {
            "key": self.scene.key,
            "service": self.scene.service,
            "command": self.scene.command,
            "escalation": self.escalation,
            "state": self.state,
            "line": self.line,
            "history": self.history,
            "decide_by": self.decide_by,
            "click_to_release_ms": self.took_ms,
            "actions": ["twice", "amount"] if self.escalation else [],
        }

    async def live(self) -> None:
        """Ask, wait, and run only with a grant."""
        try:
            await self._open()
            await self._wait()
        except (aiohttp.ClientError, TimeoutError) as error:
            self._say("refused", f"Andon cannot be reached ({type(error).__name__}). Nothing runs.")

    async def _open(self) -> None:
        status, answer = await self.caller.call(
            "POST", "/v1/escalations", self.scene.body, **{"Idempotency-Key": uuid.uuid4().hex}
        )
        if status not in (200, 201):
            self._say("refused", f"{answer.get('title')}: {answer.get('detail')}")
            return
        self.escalation, self.digest = answer["id"], answer["digest"]
        self.decide_by = answer["deadline_at"]
        self._say("held", f"held: {self.scene.command}")

    async def _wait(self) -> None:
        """Parked requests, one after the other, until people have decided."""
        while self.escalation and self.state == "held":
            status, answer = await self.caller.call(
                "GET", f"/v1/escalations/{self.escalation}", Prefer="wait=30"
            )
            if status != 200:
                await asyncio.sleep(1)
                continue
            if answer["status"] == "approved":
                await self._take(answer)
            elif answer["status"] in _ENDS:
                self._say(_ENDS[answer["status"]], self._no(answer))

    def _no(self, answer: dict[str, Any]) -> str:
        reason = (answer["decision"] or {}).get("reason")
        said = f": «{reason}»" if reason else ""
        return f"{answer['status']}{said}. It never ran."

    async def _take(self, answer: dict[str, Any]) -> None:
        status, claimed = await self.claim(self.digest, uuid.uuid4().hex)
        if status != 200:
            self._say("refused", f"{claimed.get('title')}: {claimed.get('detail')}")
            return
        decided = datetime.fromisoformat(answer["decided_at"])
        self.took_ms = max(0, round((datetime.now(UTC) - decided).total_seconds() * 1000))
        self._say(
            "released", f"released as «{claimed['option']}», {self.took_ms} ms after the click"
        )
        await self._run()

    async def _run(self) -> None:
        self._say("running", f"running: {self.scene.command} (pretended)")
        await asyncio.sleep(self.scene.runs_s)
        body = {"result": "succeeded", "detail": "a pretended run; nothing was touched"}
        await self.caller.call("POST", f"/v1/escalations/{self.escalation}/outcome", body)
        self._say("succeeded", "succeeded")

    async def claim(self, digest: str, key: str) -> tuple[int, dict[str, Any]]:
        """Try to take the release with that digest and key."""
        return await self.caller.call(
            "POST",
            f"/v1/escalations/{self.escalation}/claim",
            {"digest": digest, "nonce": key},
            **{"Idempotency-Key": key},
        )

    async def twice(self) -> dict[str, Any]:
        """Try to run it once more."""
        status, problem = await self.claim(self.digest, uuid.uuid4().hex)
        return {"status": status, "problem": problem}

    async def other_amount(self) -> dict[str, Any]:
        """Try to run something else than was shown."""
        changed = json.dumps([self.scene.body, "one more zero"]).encode()
        digest = "sha256:" + hashlib.sha256(changed).hexdigest()
        status, problem = await self.claim(digest, uuid.uuid4().hex)
        return {"status": status, "problem": problem}

    async def give_up(self) -> None:
        """Take the question back."""
        if self.escalation and self.state == "held":
            await self.caller.call(
                "POST", f"/v1/escalations/{self.escalation}/withdraw", {"reason": "starting over"}
            )

    def _say(self, state: str, line: str) -> None:
        self.state, self.line = state, line
        at = round((time.monotonic() - self._since) * 1000)
        self.history.append({"at_ms": at, "text": line})
        self.changed()
