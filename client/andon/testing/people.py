"""The people of the fake: they say what they are told to, when somebody looks, or at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from andon.testing.desk import Desk, new_id
from andon.testing.held import Held, instant
from andon.testing.problems import RefusedError
from andon.testing.signing import SigningKey
from andon.testing.verdicts import Saying, Verdict

#: Who else says yes where one is not enough.
OTHERS = ("priya", "mia", "tom", "lena", "omar", "ines", "ravi", "dana", "noor")


class People:
    """People before a desk. Each verb may be called from any thread, and wakes who waits."""

    def __init__(self, wall: Callable[[], datetime], needed: int) -> None:
        self._wall, self._passed = wall, timedelta()
        self.signing = SigningKey(new_id("key"))
        self._desk = Desk(self.clock, self.signing, needed)
        self._verdicts: list[Verdict] = []
        self._changed = threading.Condition(threading.RLock())

    def clock(self) -> datetime:
        """The time here."""
        return self._wall() + self._passed

    def let_pass(self, seconds: float) -> None:
        """Time goes on: deadlines come."""
        with self._changed:
            self._passed += timedelta(seconds=seconds)
            self._changed.notify_all()

    @property
    def escalations(self) -> list[dict[str, Any]]:
        """All there are, oldest first, as a service reads them."""
        with self._changed:
            return [held.told() for held in self._desk.escalations.values()]

    def escalation(self, id_: str) -> dict[str, Any]:
        """One, as a service reads it. Raises LookupError."""
        with self._about(id_) as held:
            return held.told()

    def say(
        self,
        saying: Saying,
        *,
        option: str | None = None,
        reason: str | None = None,
        by: str = "sam",
        title: str = "*",
        category: str = "*",
        environment: str = "*",
    ) -> None:
        """From now on people say this, of whatever matches; what was said last counts.

        What is opened is pending: they have spoken when somebody looks.
        """
        verdict = Verdict(
            saying=saying,
            option=option,
            reason=reason,
            by=by,
            title=title,
            category=category,
            environment=environment,
        )
        with self._changed:
            self._verdicts.insert(0, verdict)
            self._changed.notify_all()

    def approve(
        self, id_: str, *, option: str | None = None, reason: str | None = None, by: str = "sam"
    ) -> None:
        """One person releases it; where more are needed it stays pending until they do too."""
        with self._about(id_) as held:
            self._vote(held, held.option("release", option), reason, by)

    def reject(
        self, id_: str, *, option: str | None = None, reason: str | None = None, by: str = "sam"
    ) -> None:
        """A person says no."""
        with self._about(id_) as held:
            self._vote(held, held.option("abort", option), reason, by)

    def expire(self, id_: str) -> None:
        """Nobody has decided, and the time is over."""
        with self._about(id_) as held:
            self._expire(held)

    def withdraw(self, id_: str, *, reason: str | None = None, by: str = "dana") -> None:
        """The person it was asked for takes it back."""
        with self._about(id_) as held:
            self._desk.decide(held, "withdrawn", by, by="requester", reason=reason)

    def stop(self, id_: str, *, reason: str | None = None, by: str = "priya") -> None:
        """What was approved is stopped before it is taken."""
        with self._about(id_) as held:
            self._stop(held, reason, by)

    def void(self, id_: str) -> None:
        """Whoever approved may no longer decide, so nothing is released."""
        with self._about(id_) as held:
            self._void(held)

    def lapse(self, id_: str) -> None:
        """Approved, and the time to take it is over."""
        with self._about(id_) as held:
            self._lapse(held)

    def take(self, id_: str) -> None:
        """Another caller takes the release first."""
        with self._about(id_) as held:
            self._take(held)

    def ask(self, id_: str, text: str, *, by: str = "sam") -> str:
        """Somebody asks before they decide. Returns the question's id."""
        blank = {"answer": None, "answered_by": None, "answered_at": None}
        with self._about(id_) as held:
            asked = {"id": new_id("que"), "by": by, "text": text, "at": instant(self.clock())}
            held.questions.append({**asked, **blank})
            held.looked_at = held.looked_at or self.clock()
            held.note(self.clock(), "question:asked", f"person:{by}", {"text": text})
            return asked["id"]

    def look(self, id_: str) -> None:
        """Somebody opens it."""
        with self._about(id_) as held:
            held.looked_at = held.looked_at or self.clock()

    def acknowledge(self, id_: str, *, by: str = "sam") -> None:
        """Somebody says that they are looking into it."""
        with self._about(id_) as held:
            held.looked_at, held.looking = held.looked_at or self.clock(), by
            held.note(self.clock(), "escalation:acknowledged", f"person:{by}", {})

    def resolve(self, id_: str, root_cause: str, *, by: str = "sam") -> None:
        """A person ends an incident."""
        with self._about(id_) as held:
            self._desk.resolve(held, {"root_cause": root_cause}, f"person:{by}")

    @contextmanager
    def _about(self, id_: str) -> Iterator[Held]:
        """The one of that id, alone; afterwards who waits is woken. Raises LookupError."""
        with self._changed:
            held = self._desk.escalations.get(id_)
            if held is None:
                raise LookupError(f"There is no escalation {id_!r}; `escalations` has all.")
            self._desk.let_time_pass(held)
            try:
                yield held
            except RefusedError as error:
                said = f"{held.body['title']!r} is {held.status} and {held.state}: {error}."
                raise LookupError(said) from error
            self._changed.notify_all()

    def _settle(self, held: Held) -> None:
        """Let people say what they were told to, where they still may."""
        verdict = next((v for v in self._verdicts if v.concerns(held)), None)
        if verdict is None or not held.is_pending or held.is_incident:
            return
        if verdict.saying == "expire":
            self._expire(held)
        elif verdict.saying == "withdraw":
            decided = {"by": "requester", "reason": verdict.reason}
            self._desk.decide(held, "withdrawn", verdict.by, **decided)
        elif verdict.saying == "reject":
            self._vote(held, held.option("abort", verdict.option), verdict.reason, verdict.by)
        elif verdict.saying != "silent":
            self._release(held, verdict)

    def _release(self, held: Held, verdict: Verdict) -> None:
        """As many people as are needed say yes; then what spoils it happens."""
        option = held.option("release", verdict.option)
        everybody = (verdict.by, *(name for name in OTHERS if name != verdict.by))
        for person in everybody[: held.needed]:
            self._vote(held, option, verdict.reason, person)
        if verdict.saying == "lapse":
            self._lapse(held)
        elif verdict.saying == "taken":
            self._take(held)
        elif verdict.saying == "stop":
            self._stop(held, None, "priya")
        elif verdict.saying == "void":
            self._void(held)

    def _vote(self, held: Held, option: dict[str, Any], reason: str | None, by: str) -> None:
        """A vote; where it is the last that is needed, or says no, it decides."""
        if not held.is_pending:
            raise RefusedError("already-terminal")
        held.looked_at = held.looked_at or self.clock()
        others = [vote for vote in held.votes if vote["person"] != by]
        cast = {"person": by, "option": option["key"], "rationale": reason}
        held.votes = [*others, {**cast, "at": instant(self.clock()), "counts": True}]
        held.note(self.clock(), "vote:cast", f"person:{by}", cast)
        alike = [vote for vote in held.votes if vote["option"] == option["key"]]
        if option["effect"] == "abort":
            self._desk.decide(held, "rejected", by, option=option["key"], reason=reason)
        elif len(alike) >= held.needed:
            self._desk.decide(held, "approved", by, option=option["key"], reason=reason)

    def _expire(self, held: Held) -> None:
        if not held.is_pending:
            raise RefusedError("already-terminal")
        held.deadline_at = self.clock()
        self._desk.let_time_pass(held)

    def _approved(self, held: Held) -> None:
        if held.is_pending:
            self._release(held, Verdict(saying="approve"))
        if held.status != "approved" or held.state != "held":
            raise RefusedError("not-approved")

    def _lapse(self, held: Held) -> None:
        self._approved(held)
        held.claim_until = self.clock()
        self._desk.let_time_pass(held)

    def _take(self, held: Held) -> None:
        self._approved(held)
        asked = {"digest": held.digest, "nonce": new_id("nonce")}
        self._desk.claim(held, new_id("claim"), asked)

    def _stop(self, held: Held, reason: str | None, by: str) -> None:
        self._approved(held)
        held.stopped = {"by": by, "at": instant(self.clock()), "reason": reason}
        held.state = "aborted"
        held.note(self.clock(), "operation:stopped", f"person:{by}", {"reason": reason})

    def _void(self, held: Held) -> None:
        self._stop(held, None, "andon")
        held.is_void = True
        for vote in held.votes:
            vote["counts"] = False
