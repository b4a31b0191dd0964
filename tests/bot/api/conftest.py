"""The API over real HTTP on loopback, with a store on disk and a clock moved by hand."""

import io
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from approvals.escalation import Escalation
from bot.api import Api, Runner, Waiters, add_api
from bot.metrics import CountedWriter, Metrics, Watch
from bot.signing import KeyRing
from storage import Store, open_store
from storage.backlog import backlog
from tests.bot.api.contract import CONTRACT, Contract
from tests.building import BODY, Clock, FileFacts, a_question, a_vote

TROUBLE: dict[str, Any] = {
    "kind": "incident",
    "category": "service_health",
    "title": "3 hosts do not answer",
    "environment": "production",
    "context": {"error": {"type": "ConnectTimeout", "message": "web-3:443 after 10 s"}},
}


class Served(TestServer):
    """Listens as the real server does."""

    async def _make_runner(self, **options: Any) -> Runner:
        return Runner(self.app, **options)


@dataclass
class World:
    """A server under test."""

    client: TestClient[web.Request, web.Application]
    store: Store
    clock: Clock
    facts: FileFacts
    waiters: Waiters
    contract: Contract
    folder: Path
    keys: dict[str, str] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        service: str = "data-sync",
        **headers: str,
    ) -> ClientResponse:
        """One call of a service; underscores in header names become dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if service:
            sent.setdefault("Authorization", f"Bearer {self.keys[service]}")
        response = await self.client.request(method, path, json=body, headers=sent)
        await self.contract.check(response)
        return response

    async def post(self, raw: bytes, path: str = "/v1/escalations", **headers: str) -> Any:
        """A body of bytes, as a service may send them."""
        sent = {
            "Authorization": f"Bearer {self.keys['data-sync']}",
            "Content-Type": "application/json",
            "Idempotency-Key": "k",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.post(path, data=io.BytesIO(raw), headers=sent)
        await self.contract.check(response)
        return response

    async def open(self, key: str = "k1", **changes: Any) -> dict[str, Any]:
        """A new escalation, as answered."""
        response = await self.call(
            "POST", "/v1/escalations", {**BODY, **changes}, Idempotency_Key=key
        )
        assert response.status in (200, 201), await response.text()
        return dict(await response.json())

    async def open_incident(self, key: str = "i1", **changes: Any) -> dict[str, Any]:
        """A new incident, as answered."""
        body = {**TROUBLE, **changes}
        response = await self.call("POST", "/v1/escalations", body, Idempotency_Key=key)
        assert response.status in (200, 201), await response.text()
        return dict(await response.json())

    async def ask(self, id_: str, text: str = "is it tested?", account: str = "USAM") -> None:
        """Somebody who may decide asks for what is missing."""
        settled = await self.store.writer.submit(a_question(id_, account, text=text))
        assert settled.refusal is None, settled.refusal

    async def read(self, id_: str, **headers: str) -> dict[str, Any]:
        """The escalation as it stands."""
        return dict(await (await self.call("GET", f"/v1/escalations/{id_}", **headers)).json())

    async def approve(self, id_: str) -> None:
        """Sam says yes."""
        await self.store.writer.submit(a_vote(id_))

    async def claim(self, id_: str, digest: str, key: str = "c1") -> ClientResponse:
        """The service takes the release."""
        body = {"digest": digest, "nonce": "n1"}
        path = f"/v1/escalations/{id_}/claim"
        return await self.call("POST", path, body, Idempotency_Key=key)


@pytest.fixture
async def world(tmp_path: Path, migrated: Path) -> AsyncIterator[World]:
    """A server of the test's own."""
    async with a_world(tmp_path, migrated) as made:
        yield made


@asynccontextmanager
async def a_world(tmp_path: Path, migrated: Path, **more: Any) -> AsyncIterator[World]:
    """A server on a fresh file, with two services and an auditor."""
    shutil.copy(migrated, tmp_path / "andon.db")
    clock, facts, waiters = Clock(), FileFacts(), Waiters()
    metrics = Metrics()

    def committed(escalations: Sequence[Escalation]) -> None:
        waiters.committed(escalations)
        metrics.committed(escalations)

    ring = KeyRing(tmp_path / "keys")
    async with open_store(
        f"sqlite:///{tmp_path / 'andon.db'}",
        facts=facts,
        signer=ring,
        clock=clock,
        committed=committed,
        server=True,
    ) as store:
        app = web.Application(client_max_size=2 << 20)
        watch = Watch(
            metrics,
            looked=partial(backlog, store.database),
            clock=clock,
            people_as_of=lambda now: facts.facts(now).people.as_of,
        )
        api = Api(
            writer=CountedWriter(store.writer, metrics),
            reads=store.reads,
            cards=store.cards,
            services=store.services,
            facts=facts,
            health=store.health,
            clock=clock,
            waiters=waiters,
            jwks=ring.jwks,
            metrics_text=watch.text,
            answered=metrics.answered,
            allowed_callbacks=frozenset({"service.example", "127.0.0.1:9"}),
            **more,
        )
        add_api(app, api)
        async with TestClient(Served(app)) as client:
            made = World(
                client=client,
                store=store,
                clock=clock,
                facts=facts,
                waiters=waiters,
                contract=CONTRACT,
                folder=tmp_path,
            )
            hosts = ("service.example", "127.0.0.1:9")
            made.keys["data-sync"] = await store.services.add("data-sync", callback_hosts=hosts)
            made.keys["other"] = await store.services.add("other")
            made.keys["reader"] = await store.services.add("data-sync", scopes=("read",))
            made.keys["auditor"] = await store.services.add("audit", scopes=("audit",))
            made.keys["admin"] = await store.services.add("data-sync", scopes=("admin",))
            yield made
