"""The fake and the real server behind one face: what a service asks, and what people say."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx2
from andon.testing import FakeAndon

from approvals import commands
from approvals.commands import Actor
from approvals.escalation import Escalation
from approvals.policy.load import parse_policy
from bot.ids import new_id
from tests.building import BODY, SAMPLE, a_question, a_vote
from tests.client.serving import Served

#: Who calls: the service, and what its key may do.
CALLERS = {
    "own": ("service", "open", "read", "claim"),
    "other": ("other", "open", "read", "claim"),
    "reader": ("service", "read"),
    "auditor": ("auditor", "audit"),
}

TROUBLE: dict[str, Any] = {
    "kind": "incident",
    "category": "service_health",
    "title": "3 hosts do not answer",
    "environment": "production",
}


def problem_of(response: httpx2.Response) -> tuple[int, str]:
    """Status and name of a problem document, which says what to do."""
    assert response.headers["content-type"] == "application/problem+json; charset=utf-8"
    told = response.json()
    assert told["status"] == response.status_code
    assert told["title"]
    assert told["detail"]
    return response.status_code, told["type"].removeprefix("/problems/")


def pointers(response: httpx2.Response) -> set[str]:
    """Which fields a refused request has wrong."""
    assert problem_of(response) == (422, "unprocessable")
    assert all(error["detail"] for error in response.json()["errors"])
    return {error["pointer"] for error in response.json()["errors"]}


class Wire(ABC):
    """Somebody to ask over HTTP, who cannot be told from the other."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http
        self.keys: dict[str, str] = {}

    def key(self, name: str) -> str:
        """A key by what it is for: `own`, `other`, `reader`, `auditor`."""
        if name not in self.keys:
            self.keys[name] = self.add_key(*CALLERS[name])
        return self.keys[name]

    def call(
        self, method: str, path: str, body: Any = None, *, key: str = "own", **headers: str
    ) -> httpx2.Response:
        """One call; underscores in names of headers become dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent.setdefault("Authorization", f"Bearer {self.key(key)}")
        if body is None:
            return self.http.request(method, path, headers=sent)
        return self.http.request(method, path, headers=sent, json=body)

    def post(self, raw: bytes, **headers: str) -> httpx2.Response:
        """A body of bytes, sent to open something."""
        given = {"Idempotency_Key": "k", "Content_Type": "application/json", **headers}
        sent = {n.replace("_", "-"): v for n, v in given.items() if v}
        sent["Authorization"] = f"Bearer {self.key('own')}"
        return self.http.post("/v1/escalations", content=raw, headers=sent)

    def opening(self, idempotency_key: str = "k1", **changes: Any) -> httpx2.Response:
        """Ask for something."""
        body = {name: v for name, v in {**BODY, **changes}.items() if v is not ...}
        return self.call("POST", "/v1/escalations", body, Idempotency_Key=idempotency_key)

    def open(self, idempotency_key: str = "k1", **changes: Any) -> dict[str, Any]:
        """What was opened, or joined."""
        response = self.opening(idempotency_key, **changes)
        assert response.status_code in (200, 201), response.text
        return dict(response.json())

    def open_incident(self, idempotency_key: str = "i1", **changes: Any) -> dict[str, Any]:
        """A call for help."""
        body = {**TROUBLE, **changes}
        response = self.call("POST", "/v1/escalations", body, Idempotency_Key=idempotency_key)
        assert response.status_code in (200, 201), response.text
        return dict(response.json())

    def read(self, id_: str) -> dict[str, Any]:
        """How it stands."""
        return dict(self.call("GET", f"/v1/escalations/{id_}").json())

    def claim(
        self, made: dict[str, Any], idempotency_key: str = "c1", **changes: Any
    ) -> httpx2.Response:
        """Take the release."""
        body = {"digest": made["digest"], "nonce": "n1", **changes}
        path = f"/v1/escalations/{made['id']}/claim"
        return self.call("POST", path, body, Idempotency_Key=idempotency_key)

    def tell(self, made: dict[str, Any], verb: str, body: dict[str, Any]) -> httpx2.Response:
        """`outcome`, `withdraw`, `context` or `resolve`."""
        return self.call("POST", f"/v1/escalations/{made['id']}/{verb}", body)

    @abstractmethod
    def add_key(self, service: str, *scopes: str) -> str:
        """A key of the service under test, or of another, with these scopes."""

    @abstractmethod
    def approve(self, id_: str, reason: str = "the firewall rule is gone") -> None:
        """Sam says yes."""

    @abstractmethod
    def reject(self, id_: str, reason: str = "not tonight") -> None:
        """Sam says no."""

    @abstractmethod
    def stop(self, id_: str) -> None:
        """Priya stops what was approved."""

    @abstractmethod
    def void(self, id_: str) -> None:
        """Whoever approved may no longer decide."""

    @abstractmethod
    def ask(self, id_: str, text: str) -> None:
        """Sam asks before deciding."""

    @abstractmethod
    def let_pass(self, seconds: float) -> None:
        """Time goes on."""

    @abstractmethod
    def now(self) -> datetime:
        """The server's time."""


class FakeWire(Wire):
    """The fake, whose people say nothing by themselves."""

    def __init__(self, fake: FakeAndon, http: httpx2.Client) -> None:
        super().__init__(http)
        self.fake = fake

    def add_key(self, service: str, *scopes: str) -> str:
        known = {"service": self.fake.service}
        return self.fake.add_key(known.get(service, service), *scopes)

    def approve(self, id_: str, reason: str = "the firewall rule is gone") -> None:
        self.fake.approve(id_, reason=reason)

    def reject(self, id_: str, reason: str = "not tonight") -> None:
        self.fake.reject(id_, reason=reason)

    def stop(self, id_: str) -> None:
        self.fake.stop(id_, reason="wrong batch")

    def void(self, id_: str) -> None:
        self.fake.void(id_)

    def ask(self, id_: str, text: str) -> None:
        self.fake.ask(id_, text)

    def let_pass(self, seconds: float) -> None:
        self.fake.let_pass(seconds)

    def now(self) -> datetime:
        return self.fake.clock()


def a_vote_on(held: Escalation, effect: str, reason: str) -> commands.Vote:
    """Sam chooses the first option of that effect, having seen all there is to see."""
    option = next(o.key for o in held.options if o.effect == effect)
    seen = {"shown": held.shown, "digest": held.digest, "rationale": reason}
    vote: commands.Vote = a_vote(held.id, option=option, **seen)
    return vote


#: What tells the services of one test from those of another.
_NUMBERS = itertools.count()


class RealWire(Wire):
    """The real server, for one test: with services of its own."""

    def __init__(self, real: Served, http: httpx2.Client) -> None:
        super().__init__(http)
        self.real, self._number, self._is_voided = real, next(_NUMBERS), False

    def add_key(self, service: str, *scopes: str) -> str:
        return self.real.service(f"{service}-{self._number}", scopes=scopes)

    def _vote(self, id_: str, effect: str, reason: str) -> None:
        self.real.submit(a_vote_on(self.real.read(id_), effect, reason))

    def approve(self, id_: str, reason: str = "the firewall rule is gone") -> None:
        self._vote(id_, "release", reason)

    def reject(self, id_: str, reason: str = "not tonight") -> None:
        self._vote(id_, "abort", reason)

    def stop(self, id_: str) -> None:
        priya = Actor(account="UPRIYA")
        told = {"id": new_id("cmd"), "escalation_id": id_, "reason": "wrong batch"}
        self.real.submit(commands.Stop(actor=priya, **told))

    def void(self, id_: str) -> None:
        left = SAMPLE.replace('members = ["sam", "priya"]', 'members = ["priya"]')
        self._is_voided = True
        self._take_policy(left)

    def _take_policy(self, text: str) -> None:
        async def take() -> None:
            server, policy = self.real.server, parse_policy(text)
            server.people.take(policy, policy.file_people(server.clock()))

        self.real.run(take())

    def ask(self, id_: str, text: str) -> None:
        self.real.submit(a_question(id_, text=text))

    def let_pass(self, seconds: float) -> None:
        self.real.pass_(seconds)

    def now(self) -> datetime:
        return self.real.server.clock()

    def restore(self) -> None:
        """Everybody is back."""
        if self._is_voided:
            self._take_policy(SAMPLE)


def client_of(url: str) -> httpx2.Client:
    """A plain client. Loopback has no certificates, and reading all of them takes its time."""
    return httpx2.Client(base_url=url, trust_env=False, verify=False, timeout=30)


@contextmanager
def fake_wire(*, listening: bool = False) -> Iterator[FakeWire]:
    """The fake, in this process or on loopback."""
    fake = FakeAndon("silent")
    if listening:
        with fake, client_of(fake.url) as http:
            yield FakeWire(fake, http)
    else:
        with httpx2.Client(base_url=fake.url, transport=fake.transport) as http:
            yield FakeWire(fake, http)


@contextmanager
def real_wire(real: Served) -> Iterator[RealWire]:
    """The real server, for one test."""
    with client_of(real.url) as http:
        wire = RealWire(real, http)
        yield wire
        wire.restore()
