"""Fuzzing the API: no 5xx, no traceback, and every answer is one that the documents name."""

import asyncio
import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import pytest
import requests
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode

from approvals.refusals import FieldError
from bot.api.openapi import document
from bot.api.routes import ROUTES
from bot.app import Server, serving
from bot.settings import Settings
from tests.bot.api.contract import CONTRACT
from tests.building import ROOT
from tests.trust.fuzz.audited import findings
from tests.trust.fuzz.heard import Heard, hearing
from tests.trust.fuzz.noise import Noise
from tests.trust.fuzz.requests import APPROVAL, INCIDENT, Request, Requests
from tests.trust.fuzz.wire import Answer, ask
from tests.trust.lane import rounds

#: The same seed brings the same requests.
SEED = int(os.environ.get("ANDON_FUZZ_SEED", "20261112"))

#: Problems as docs/api.md names them: type and status.
DOCUMENTED = frozenset(
    re.findall(
        r"^\| `(/problems/[a-z-]+)` \| (\d+) \|", (ROOT / "docs" / "api.md").read_text(), re.M
    )
)

#: Requests under way at once.
LANES = 8


@dataclass
class Fuzzed:
    """A served Andon, what its log says, and who may call it."""

    server: Server
    http: aiohttp.ClientSession
    heard: Heard
    folder: Path
    keys: tuple[str, ...]
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)

    async def open(self, key: str, body: Any) -> dict[str, Any]:
        """A new escalation."""
        headers = {"Authorization": f"Bearer {self.keys[0]}", "Idempotency-Key": key}
        url = f"{self.server.url}/v1/escalations"
        async with self.http.post(url, json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            return dict(await answer.json())

    async def over(self, key: str, body: Any) -> dict[str, Any]:
        """One that is over already."""
        made = await self.open(key, body)
        url = f"{self.server.url}/v1/escalations/{made['id']}/withdraw"
        headers = {"Authorization": f"Bearer {self.keys[0]}"}
        async with self.http.post(url, json={}, headers=headers) as answer:
            assert answer.status == 200
        return made

    def judge(self, method: str, path: str, answer: Answer, about: object) -> None:
        """Note what came, and what is wrong with it."""
        try:
            judged(method, path, answer)
        except (AssertionError, ValueError, KeyError) as wrong:
            self.faults.append(
                f"{about!r:.2000}\n -> {answer.status} {answer.text:.500}\n{wrong!r:.1500}"
            )
        if self.heard.troubles:
            self.faults.append(f"{about!r:.2000}\n -> log {self.heard.troubles}")
            self.heard.troubles.clear()
        self.answers[str(answer.status)] += 1
        if answer.status == 201:
            self.acknowledged.add(str(json.loads(answer.text)["id"]))


def judged(method: str, path: str, answer: Answer) -> None:
    """Fail for an answer that no document names."""
    assert answer.status < 500
    if method == "HEAD":
        assert answer.status >= 400  # nothing answers it
        return
    CONTRACT.holds(method, path, answer.status, answer.headers, answer.text)
    if answer.status >= 400:
        found = re.search(r'"type": ?"(/problems/[a-z-]+)"', answer.text)
        assert found, "no problem"
        assert (found[1], str(answer.status)) in DOCUMENTED


@asynccontextmanager
async def fuzzed(folder: Path) -> AsyncIterator[Fuzzed]:
    """A server of its own, with two services and an auditor."""
    chosen = Settings(
        _env_file=None,  # type: ignore[call-arg]
        ANDON_DATABASE_URL=f"sqlite:///{folder / 'andon.db'}",
        ANDON_PORT=0,
        ANDON_POLICY=str(ROOT / "policy.toml"),
        ANDON_SIGNING_KEYS=str(folder / "keys"),
        ANDON_SLACK_MODE="off",
        ANDON_ALLOWED_CALLBACKS="service.example",
        ANDON_OPENS_PER_MINUTE=1_000_000,
        ANDON_REQUESTS_PER_MINUTE=1_000_000,
        ANDON_MOST_PENDING=1_000_000,
    )
    with hearing() as heard:
        async with serving(chosen) as server, aiohttp.ClientSession() as http:
            add = server.store.services.add
            keys = (
                await add("data-sync", callback_hosts=["service.example"]),
                await add("other"),
                await add("data-sync", scopes=("read",)),
                await add("audit", scopes=("audit",)),
            )
            yield Fuzzed(server, http, heard, folder, keys)
        assert heard.troubles == []


async def made_requests(world: Fuzzed, random: Random) -> Requests:
    """Where requests come from: some escalations wait already, and some are over."""
    over = [await world.over(f"over-{n}", body) for n, body in enumerate([APPROVAL, INCIDENT])]
    waiting = [await world.open(f"open-{n}", body) for n, body in enumerate([APPROVAL, INCIDENT])]
    digest = over[0]["digest"]
    words = (*(made["id"] for made in over), digest, "platform-oncall", "EUR", "data-sync")
    return Requests(
        random=random,
        noise=Noise(random, words),
        keys=(*world.keys, "andon_nobody"),
        ids=[made["id"] for made in over],
        open_ids=[made["id"] for made in waiting],
        digest=digest,
    )


async def test_no_bent_request_breaks_anything(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    count = rounds(short=4_600, full=94_000)
    async with fuzzed(tmp_path) as world:
        requests = await made_requests(world, Random(SEED))
        silent = await bombard(world, requests, count)
        assert world.faults[:5] == []
        await world.open("after", APPROVAL | {"dedup_key": "after"})
    assert unsound(tmp_path, world) == []
    figure("fuzz: bent requests", f"{count:,} of seed {SEED}: {told(world)}, {silent} hung up on")


async def test_nothing_made_from_the_document_breaks_anything(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    """By schemathesis: what fits the OpenAPI document, and what just does not."""
    count = rounds(short=400, full=6_000)
    async with fuzzed(tmp_path) as world:
        known = await made_requests(world, Random(SEED))
        made = drawn(count, known.ids, world.keys[0])
        await send_all(world, made)
        assert world.faults[:5] == []
        await world.open("after", APPROVAL | {"dedup_key": "after"})
    assert unsound(tmp_path, world) == []
    figure("fuzz: schemathesis", f"{len(made):,} of seed {SEED}: {told(world)}")


def drawn(count: int, ids: Sequence[str], key: str) -> list[Request]:
    """What schemathesis makes of every operation: about so many, right ones and wrong ones."""
    whole = schemathesis.openapi.from_dict(document(ROUTES))
    operations = [found.ok() for found in whole.get_all_operations()]
    odd = [one for one in operations if one.method == "post" or "{id}" in one.path or one.query]
    share = count // (2 * len(odd)) + 1
    plan = [(one, mode, share) for one in odd for mode in GenerationMode]
    plan += [(one, GenerationMode.POSITIVE, 1) for one in operations if one not in odd]
    return [each for one, mode, n in plan for each in cases(one, mode, n, ids, key)]


def cases(
    operation: Any, mode: GenerationMode, count: int, ids: Sequence[str], key: str
) -> list[Request]:
    """So many cases of one operation, as requests; most about escalations that exist."""
    found, choose = list[Request](), Random(SEED)

    @seed(SEED)
    @settings_of(count)
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case: schemathesis.Case) -> None:
        if case.path_parameters and choose.random() < 0.7:
            case.path_parameters["id"] = choose.choice(ids)
        if isinstance(case.query, dict) and "wait" in case.query:
            case.query["wait"] = choose.choice([0, 1, "1", "x", -1])
        found.append(written(case, key))

    each()
    return found


def written(case: schemathesis.Case, key: str) -> Request:
    """A case as bytes."""
    headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
    sent = case.as_transport_kwargs(base_url="http://andon.example", headers=headers)
    ready = requests.Request(**sent).prepare()
    body = ready.body.encode() if isinstance(ready.body, str) else ready.body
    names = {name: said for name, said in ready.headers.items() if name != "Content-Length"}
    return Request(
        method=str(ready.method),
        path=ready.path_url,
        headers=tuple(
            (name, said if isinstance(said, bytes) else said.encode("utf-8", "surrogateescape"))
            for name, said in {"Host": "andon.example", **names}.items()
        ),
        body=body,
    )


def settings_of(count: int) -> settings:
    """So many examples, always the same ones, and none made smaller."""
    return settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def unsound(folder: Path, world: Fuzzed) -> list[str]:
    """What is wrong with the files afterwards: lost, made up, released, or torn."""
    with closing(sqlite3.connect(folder / "andon.db")) as link:
        kept = {id_ for (id_,) in link.execute("SELECT id FROM escalations")}
        wrong = [f"lost {id_}" for id_ in world.acknowledged - kept]
        wrong += [f"{row}" for row in link.execute("PRAGMA foreign_key_check")]
        wrong += [row for (row,) in link.execute("PRAGMA quick_check") if row != "ok"]
        for table in ("votes", "grants"):
            (count,) = link.execute(f"SELECT count(*) FROM {table}").fetchone()
            wrong += [f"{count} {table} out of nowhere"] if count else []
    return wrong + findings(folder)


async def bombard(world: Fuzzed, requests: Requests, count: int) -> int:
    """Send so many bent ones; how many were hung up on without an answer."""
    return await send_all(world, (requests.bent() for _ in range(count)))


async def send_all(world: Fuzzed, requests: Iterable[Request]) -> int:
    """Send and judge them; how many were hung up on without an answer."""
    silent, left = 0, iter(requests)

    async def lane() -> None:
        nonlocal silent
        for made in left:
            answer = await asked(world, made)
            if answer is None:
                silent += 1
            else:
                path = unquote(urlsplit(made.path).path)
                world.judge(made.method, path, answer, made)

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return silent


async def asked(world: Fuzzed, made: Request) -> Answer | None:
    """The answer. Only a request that has no clear end may go without one."""
    try:
        headless = made.method == "HEAD"
        answer = await ask(world.server.port, made.raw(), headless=headless, torn=made.torn)
    except TimeoutError:
        answer = None
    if answer is None and not made.torn:
        world.faults.append(f"{made!r:.2000}\n -> no answer")
    return answer


def told(world: Fuzzed) -> str:
    """Answers by status."""
    return ", ".join(f"{n:,} × {status}" for status, n in sorted(world.answers.items()))


# -- it can fail ----------------------------------------------------------------------------------


def loose(raw: bytes, **_: Any) -> Any:
    """Reads whatever Python's JSON reads."""
    return json.loads(raw)


def brittle(request: web.Request) -> str:
    """A key that is taken for ASCII."""
    return request.headers["Idempotency-Key"].encode("ascii").decode()


def unknown(error: Any) -> tuple[FieldError, ...]:
    """Names the place of an error only where it has one part."""
    (first,) = error.errors()[0]["loc"]
    return (FieldError(pointer=f"/{first}", detail="It is wrong."),)


PLANTED: dict[str, tuple[str, Any]] = {
    "the JSON is read loosely": ("bot.api.door.parse_strict", loose),
    "a header is taken for ASCII": ("bot.api.signed.idempotency_key", brittle),
    "nested errors are forgotten": ("bot.api.door._field_errors", unknown),
    "an error is no problem": ("bot.api.door.of_http", lambda error: error),
}


@pytest.mark.parametrize("bug", PLANTED)
async def test_a_planted_bug_is_found(
    bug: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str, str], None],
) -> None:
    monkeypatch.setattr(*PLANTED[bug])
    async with fuzzed(tmp_path) as world:
        made = await made_requests(world, Random(SEED))
        while not world.faults and made.made < 1_000:
            await bombard(world, made, 100)
        world.heard.troubles.clear()
    assert world.faults
    figure("planted bugs", f"HTTP fuzz: {bug}: found within {made.made:,} requests")
