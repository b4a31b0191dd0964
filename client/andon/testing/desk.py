"""What the server does with each request, without people: the same rules, kept in memory."""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from andon.canonical import sha256_of
from andon.grants import ISSUER
from andon.operation import DEFAULT_OPTIONS
from andon.testing.held import DECIDE_S, GRANT_S, Held, instant, offered
from andon.testing.problems import RefusedError
from andon.testing.signing import SigningKey

#: Members that must be equal for a second request to join the first.
_SAME = ("kind", "environment", "category", "requested_by", "approvers", "callback_url")

#: Seconds within which an outcome is reported; afterwards it is unknown.
REPORT_S = 3600


def new_id(prefix: str) -> str:
    """`esc_019…`: ordered by time, and not to be guessed."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}7{secrets.token_hex(10)[:19]}"


def digest_of(body: Mapping[str, Any]) -> str:
    """What people decide on: operation and options, as sent."""
    usual = [] if body.get("kind") == "incident" else list(DEFAULT_OPTIONS)
    options = body.get("options", usual)
    return sha256_of({"operation": body.get("operation"), "options": options})


class Desk:
    """Every escalation, and the verbs of a service."""

    def __init__(self, clock: Callable[[], datetime], signing: SigningKey, needed: int) -> None:
        self.clock, self.signing, self.needed = clock, signing, needed
        self.escalations: dict[str, Held] = {}
        self.known_errors: list[dict[str, Any]] = []  #: as reviews confirmed them
        self._opened: dict[tuple[str, str], tuple[str, str]] = {}

    def open(self, service: str, key: str, body: Mapping[str, Any]) -> tuple[Held, bool]:
        """The escalation of this request, and whether it is new. Raises RefusedError."""
        sent, known = sha256_of(body), self._opened.get((service, key))
        if known is not None:
            if known[0] != sent:
                raise RefusedError("idempotency-key-reused")
            return self.escalations[known[1]], False
        joined = self._twin(service, body)
        if joined is not None:
            self._join(joined, body)
        held = joined or self._new(service, body)
        self._opened[service, key] = (sent, held.id)
        return held, joined is None

    def knows(self, service: str, key: str) -> bool:
        """Whether this key opened something."""
        return (service, key) in self._opened

    def _new(self, service: str, body: Mapping[str, Any]) -> Held:
        now = self.clock()
        within = timedelta(seconds=body.get("decide_within_s", DECIDE_S))
        held = Held(
            id=new_id("esc"),
            group_id=self._group(service, body) or new_id("grp"),
            service=service,
            body=body,
            digest=digest_of(body),
            join_key=_join_key(service, body),
            created_at=now,
            deadline_at=now + within,
            options=offered(body),
            needed=self.needed,
            context=dict(body.get("context", {})),
        )
        held.note(now, "escalation:opened", f"service:{service}", body)
        self.escalations[held.id] = held
        return held

    def _twin(self, service: str, body: Mapping[str, Any]) -> Held | None:
        key = _join_key(service, body)
        for held in self.escalations.values():
            self.let_time_pass(held)
            if key is not None and held.join_key == key and held.is_pending:
                return held
        return None

    def _group(self, service: str, body: Mapping[str, Any]) -> str | None:
        key = body.get("dedup_key")
        alike = (
            held.group_id
            for held in reversed(self.escalations.values())
            if key is not None and held.service == service and held.body.get("dedup_key") == key
        )
        return next(alike, None)

    def _join(self, held: Held, body: Mapping[str, Any]) -> None:
        held.occurrences += 1
        held.context |= body.get("context", {})
        self._note(held, "escalation:joined", {"context": body.get("context", {})})

    def find(self, service: str | None, id_: str) -> Held:
        """The service's own, or any where `service` is None. Raises RefusedError."""
        held = self.escalations.get(id_)
        if held is None or service not in (None, held.service):
            raise RefusedError("not-found")
        self.let_time_pass(held)
        return held

    def let_time_pass(self, held: Held) -> None:
        """What time alone brings about."""
        now = self.clock()
        if held.is_pending and not held.is_incident and now >= held.deadline_at:
            held.end(now, "expired", "expiry")
            self._decided(held, "clock")
        lapsed = held.claim_until is not None and now >= held.claim_until
        if held.state == "held" and held.status == "approved" and lapsed:
            held.state = "lapsed"
            held.note(now, "operation:lapsed", "clock", {})
        until = held.taken["report_until"] if held.taken else held.report_until
        if until is not None and held.outcome is None and now >= until:
            self._reported(held, {"result": "unknown"}, "clock")

    def _decided(self, held: Held, by: str) -> None:
        held.note(self.clock(), "escalation:decided", by, {"status": held.status})
        if held.decision is not None:
            held.decision["head"] = held.head

    def decide(self, held: Held, status: str, person: str, **decision: Any) -> None:
        """People have decided. Raises RefusedError where it is over."""
        if not held.is_pending:
            raise RefusedError("already-terminal")
        held.end(self.clock(), status, decision.pop("by", "votes"), **decision)
        self._decided(held, f"person:{person}")

    def claim(self, held: Held, key: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """The release, once. Raises RefusedError."""
        taken = held.taken
        if taken is not None and taken["key"] == key:
            if (taken["digest"], taken["nonce"]) != (asked["digest"], asked["nonce"]):
                raise RefusedError("idempotency-key-reused")
            return dict(taken["answer"])
        no = _not_to_be_had(held, asked["digest"])
        if no is not None:
            held.note(self.clock(), "refusal:recorded", f"service:{held.service}", {}, quiet=True)
            raise RefusedError(no)
        return self._take(held, key, asked)

    def _take(self, held: Held, key: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        now = self.clock()
        over = now + timedelta(seconds=GRANT_S)
        held.claim, held.state = {"at": instant(now), "by": held.service}, "released"
        answer = {
            "grant": self.signing.sign(claims_of(held, asked["nonce"], now)),
            "option": held.decision and held.decision["option"],
            "claimed_at": instant(now),
            "expires_at": instant(over),
        }
        until = now + timedelta(seconds=REPORT_S)
        held.taken = {"key": key, **asked, "answer": answer, "report_until": until}
        held.note(now, "operation:claimed", f"service:{held.service}", dict(asked))
        return answer

    def report(self, held: Held, outcome: Mapping[str, Any]) -> None:
        """What became of it; once, and the same again. Raises RefusedError."""
        if held.is_incident:
            raise RefusedError("not-held")
        if held.claim is None and not held.is_automation:
            raise RefusedError("not-claimed")
        known = held.outcome
        if known is not None and known["told_by"] != "clock":
            if all(known[n] == outcome.get(n) for n in ("result", "detail", "undo")):
                return
            raise RefusedError("outcome-differs")
        self._reported(held, outcome, f"service:{held.service}")

    def _reported(self, held: Held, outcome: Mapping[str, Any], by: str) -> None:
        left_out = {"detail": None, "undo": None}
        held.outcome = {**left_out, **outcome, "at": instant(self.clock()), "told_by": by}
        held.state = outcome["result"]
        held.note(self.clock(), "operation:reported", by, dict(outcome))

    def withdraw(self, held: Held, body: Mapping[str, Any]) -> None:
        """The service takes it back. Raises RefusedError."""
        if not held.is_pending:
            raise RefusedError("already-terminal")
        reason = body.get("reason", "").strip() or None
        held.end(self.clock(), "withdrawn", "requester", reason=reason)
        self._decided(held, f"service:{held.service}")

    def tell(self, held: Held, body: Mapping[str, Any]) -> None:
        """More context, an answer, or both. Raises RefusedError."""
        if "question" in body and "answer" not in body:
            detail = "It names a question; say the answer in `answer`."
            raise RefusedError("unprocessable", errors=[("/question", detail)])
        if not held.is_pending:
            raise RefusedError("already-terminal")
        context = {n: v for n, v in body.items() if n not in ("answer", "question")}
        if "answer" in body:
            self._answer(held, body["answer"].strip(), body.get("question"))
        if any(held.context.get(name) != value for name, value in context.items()):
            held.context |= context
            self._note(held, "context:added", {"context": context})

    def _answer(self, held: Held, text: str, question: str | None) -> None:
        meant = [q for q in held.questions if question in (None, q["id"])]
        unanswered = [q for q in meant if q["answer"] is None]
        if not meant:
            raise RefusedError("no-question")
        by = f"service:{held.service}"
        if not unanswered:
            if (meant[-1]["answer"], meant[-1]["answered_by"]) == (text, by):
                return
            raise RefusedError("already-answered")
        for each in unanswered:
            each |= {"answer": text, "answered_by": by, "answered_at": instant(self.clock())}
        self._note(held, "question:answered", {"text": text})

    def resolve(self, held: Held, told: Mapping[str, Any], by: str | None = None) -> None:
        """An incident is over, and what it was: by the service or a person. Raises RefusedError."""
        if not held.is_incident:
            raise RefusedError("not-an-incident")
        who = by or f"service:{held.service}"
        said = {"by_hand": None, "automatable": None, **told, "by": who}
        known = held.resolution
        if known is not None and all(known[name] == value for name, value in said.items()):
            return
        if not held.is_pending:
            raise RefusedError("already-terminal")
        held.resolution = {**said, "at": instant(self.clock())}
        held.end(self.clock(), "resolved", who)
        held.note(self.clock(), "escalation:resolved", who, told)

    def _note(self, held: Held, kind: str, body: Mapping[str, Any]) -> None:
        held.note(self.clock(), kind, f"service:{held.service}", body)


def claims_of(held: Held, nonce: str, now: datetime) -> dict[str, Any]:
    """What a grant of this escalation says."""
    decision = held.decision or {}
    people = [v["person"] for v in held.votes if v["option"] == decision.get("option")]
    return {
        "iss": ISSUER,
        "aud": held.service,
        "sub": held.id,
        "environment": held.body["environment"],
        "digest": held.digest,
        "option": decision.get("option"),
        "nonce": nonce,
        "approvers": people,
        "policy": held.told()["policy"]["version"],
        "head": decision.get("head"),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + GRANT_S,
        "jti": new_id("gnt"),
    }


def _not_to_be_had(held: Held, digest: str) -> str | None:
    """Why there is no release to take, in the server's order."""
    if held.is_incident or held.is_automation:
        return "not-held"
    if digest != held.digest:
        return "digest-mismatch"
    if held.claim is not None:
        return "already-claimed"
    if held.status != "approved":
        return "not-approved"
    if held.stopped is not None:
        return "approval-void" if held.is_void else "stopped"
    return "lapsed" if held.state == "lapsed" else None


def _join_key(service: str, body: Mapping[str, Any]) -> str | None:
    if body.get("kind") == "automation":
        return None  # each is a record of its own
    if "dedup_key" not in body and body.get("kind") != "incident":
        return None
    same = {name: body.get(name) for name in _SAME}
    alike = body.get("dedup_key") or [body["title"], body.get("context", {}).get("error")]
    return sha256_of({"service": service, "digest": digest_of(body), "alike": alike, **same})
