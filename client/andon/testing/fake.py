"""FakeAndon: a strict local Andon for a service's own tests, with people that say what they are
told to. It keeps the server's contract as far as a service can notice it, in memory and in
milliseconds.

What it has not: a policy (every category, environment and group is known, and one person suffices
unless `needed` says more), redaction, limits, callbacks and Slack.
"""

import json
import secrets
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from andon.likeness import normalised
from andon.testing.desk import new_id
from andon.testing.held import instant
from andon.testing.people import People
from andon.testing.routes import Key, ParkedError, Routes
from andon.testing.troubles import AFTERWARDS, Broken, How, Trouble, spoilt
from andon.testing.verdicts import Saying
from andon.testing.wire import Asked, Told

if TYPE_CHECKING:
    from andon.testing.loopback import Loopback
    from andon.testing.transport import FakeTransport

#: Where a client that is given `transport` believes to call.
IN_PROCESS = "http://andon.invalid"

#: Seconds between two looks at the clock while a request is parked.
STEP_S = 0.02


class FakeAndon(People):
    """A local Andon. With `transport` it needs no network; as a context manager it listens on
    loopback, also for other processes::

        fake = FakeAndon("reject")
        client = Client(fake.url, fake.key, jwks=fake.jwks, transport=fake.transport)
    """

    def __init__(
        self,
        verdict: Saying | Literal["away"] = "approve",
        *,
        service: str = "tests",
        needed: int = 1,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`needed` people release; `clock` is the time it lives in."""
        super().__init__(clock, needed)
        self.service = service
        self.asked: list[Asked] = []  #: every request, in order
        self.alter: Callable[[Asked, Told], Told] | None = None  #: changes answers on their way
        self._keys: dict[str, Key] = {}
        self._routes = Routes(self._desk, self._keys, self._settle)
        self._troubles: list[Trouble] = []
        self._listening: Loopback | None = None
        self._closing = False
        self.key = self.add_key(service)
        if verdict == "away":
            self.go_away()
        else:
            self.say(verdict)

    @property
    def url(self) -> str:
        """Where it listens; without a network an address that is nowhere."""
        return self._listening.url if self._listening else IN_PROCESS

    @property
    def transport(self) -> "FakeTransport":
        """For an HTTP client in this process, sync or async: no network at all."""
        from andon.testing.transport import FakeTransport

        return FakeTransport(self)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public key that verifies its grants."""
        return self.signing.jwks()

    def __enter__(self) -> "FakeAndon":
        from andon.testing.loopback import Loopback

        self._closing, self._listening = False, Loopback(self)
        self._follow_troubles()
        return self

    def __exit__(self, *failed: object) -> None:
        with self._changed:
            self._closing, listening = True, self._listening
            self._changed.notify_all()
        if listening is not None:
            listening.listen(False)
        self._listening = None

    def environment(self, folder: Path) -> dict[str, str]:
        """Settings of a client that is to find it, in this process or another. Its public key and
        the client's state are put into `folder`.
        """
        pinned = folder / "jwks.json"
        pinned.write_text(json.dumps(self.jwks), encoding="utf-8")
        return {
            "ANDON_URL": self.url,
            "ANDON_KEY": self.key,
            "ANDON_JWKS_FILE": str(pinned),
            "ANDON_STATE": str(folder / "state"),
        }

    def add_key(self, service: str, *scopes: str) -> str:
        """Another key: of another service, or of this one with other scopes."""
        key = f"andon_{secrets.token_urlsafe(24)}"
        allowed = frozenset(scopes or ("open", "read", "claim"))
        self._keys[key] = Key(service=service, scopes=allowed)
        return key

    def confirm_error(
        self,
        error_type: str | None,
        message: str,
        *,
        recovery: str | None = None,
        steps: str | None = None,
    ) -> None:
        """A review confirms a known error of this service; `message` as it was raised. It takes
        the place of what was confirmed of the same one before.
        """
        said = {"service": self.service, "error_type": error_type, "message": normalised(message)}
        at = instant(self.clock())
        known = {
            "recovery": recovery,
            "steps": steps,
            "escalation": new_id("esc"),
            "reviewed_at": at,
        }
        with self._changed:
            others = [one for one in self._desk.known_errors if one | said != one]
            self._desk.known_errors[:] = [*others, {**said, **known}]

    def go_away(self, how: How = "refused", *, on: str = "", times: int | None = None) -> None:
        """From now on something is wrong: with every request or those of these actions (`claim`,
        `open read` …), until it comes back or so many times.
        """
        with self._changed:
            self._troubles.append(Trouble(how=how, on=frozenset(on.split()), left=times))
            self._changed.notify_all()
        self._follow_troubles()

    def come_back(self) -> None:
        """All troubles are over."""
        with self._changed:
            self._troubles.clear()
            self._changed.notify_all()
        self._follow_troubles()

    def _follow_troubles(self) -> None:
        """Nothing listens on loopback while everything is refused."""
        if self._listening is not None:
            self._listening.listen(not self._is_gone)

    @property
    def _is_gone(self) -> bool:
        return any(t.how == "refused" and not t.on and t.left is None for t in self._troubles)

    def answering(self, asked: Asked) -> Generator[float, None, Told | Broken]:
        """The answer; until there is one, seconds to let pass before going on."""
        with self._changed:
            self.asked.append(asked)
            trouble = next((t for t in self._troubles if t.takes(asked)), None)
        if trouble is not None and trouble.how not in AFTERWARDS:
            return spoilt(trouble.how, None)
        told = yield from self._parked(asked)
        if self.alter is not None:
            told = self.alter(asked, told)
        return told if trouble is None else spoilt(trouble.how, told)

    def _parked(self, asked: Asked) -> Generator[float, None, Told]:
        until: float | None = None
        while True:
            left = STEP_S if until is None else until - time.monotonic()
            try:
                with self._changed:
                    return self._routes.answer(asked, park=left > 0 and not self._closing)
            except ParkedError as parked:
                until = until or time.monotonic() + parked.seconds
                yield min(STEP_S, max(left, 0.001))

    def answer(self, asked: Asked) -> Told | Broken:
        """The answer, waited for in this thread."""
        parts = self.answering(asked)
        while True:
            try:
                pause = next(parts)
            except StopIteration as done:
                answer: Told | Broken = done.value
                return answer
            with self._changed:
                self._changed.wait(pause)
