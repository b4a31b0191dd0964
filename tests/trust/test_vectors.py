"""Signatures and replays: what Slack or a service cannot have sent is refused, and runs nothing."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from bot.app import Server, serving
from bot.background.webhooks import callback_headers
from bot.demo.workspace.server import serve
from tests.journeys.conftest import settings_for
from tests.journeys.world import OPERATIONS, SECRET, MovedClock, workspace_of_tests
from tests.trust.fuzz.heard import Heard, hearing
from tests.trust.fuzz.requests import APPROVAL
from tests.trust.fuzz.wire import Answer, ask
from tests.trust.test_fuzz_http import Fuzzed, fuzzed
from tests.trust.vectors import REFUSED, TAKEN, Bend, Sent, verified, webhook_signature
from tests.trust.webhook_vectors import REFUSED as WEBHOOKS_REFUSED
from tests.trust.webhook_vectors import TAKEN as WEBHOOKS
from tests.trust.webhook_vectors import Signed

Figure = Callable[[str, str], None]

#: The one before stays good while secrets are rotated.
SECRETS = f"{SECRET},secret-of-before"


@dataclass
class Door:
    """A served Andon in HTTP mode, as Slack sees it."""

    server: Server
    heard: Heard
    clock: MovedClock
    fields: dict[str, str]  #: a slash command that anybody may type
    sent: int = 0

    def command(self) -> Sent:
        """One that was never sent before."""
        self.sent += 1
        body = urlencode({**self.fields, "n": str(self.sent)}).encode()
        stamp = b"%d" % self.clock().timestamp()
        return Sent(secret=SECRET.encode(), stamp=stamp, body=body)

    async def post(self, sent: Sent) -> Answer:
        """The answer to it."""
        answer = await ask(self.server.port, sent.raw())
        assert answer is not None
        return answer

    async def judged(self, bend: Bend) -> tuple[int, bool]:
        """Status, and whether the command ran."""
        answer = await self.post(bend(self.command()))
        return answer.status, "/escalations" in answer.text


@asynccontextmanager
async def doors(folder: Path) -> AsyncIterator[Door]:
    """A server beside a workspace."""
    clock = MovedClock()
    workspace = workspace_of_tests(clock)
    async with serve(workspace) as running:
        workspace.api_url = running.api_url  # type: ignore[attr-defined]
        secrets = {"slack_signing_secret": SecretStr(SECRETS)}
        settings = settings_for(workspace, folder, "http").model_copy(update=secrets)
        with hearing() as heard:
            async with serving(settings, clock=clock) as server:
                general = workspace.conversations[OPERATIONS]
                command = workspace.app.commands["/escalations"]
                fields = workspace.payloads.command("USAM", general, command, "help")
                door = Door(server, heard, clock, fields)
                async with asyncio.timeout(10):
                    while (await door.judged(lambda s: s))[0] == 503:  # noqa: ASYNC110  not known yet
                        await asyncio.sleep(0.02)
                yield door
            assert heard.troubles == []


def test_there_are_at_least_sixty_vectors_of_each() -> None:
    assert len(TAKEN) + len(REFUSED) >= 60
    assert len(WEBHOOKS) + len(WEBHOOKS_REFUSED) >= 60


async def test_what_slack_signed_is_taken_and_nothing_else_is(
    tmp_path: Path, figure: Figure
) -> None:
    async with doors(tmp_path) as door:
        taken = {name: await door.judged(bend) for name, bend in TAKEN.items()}
        refused = {name: await door.judged(bend) for name, bend in REFUSED.items()}
    assert taken == dict.fromkeys(TAKEN, (200, True))
    assert refused == dict.fromkeys(REFUSED, (401, False))
    figure("signature vectors", f"Slack: {len(taken)} taken, {len(refused)} refused")


REPLAYED: dict[str, Bend] = {
    "byte by byte": lambda s: s,
    "as if Slack tried again": lambda s: replace(s, more=(("X-Slack-Retry-Num", b"1"),)),
    "with the names in lower case": lambda s: replace(
        s, names=(s.names[0].lower(), s.names[1].lower())
    ),
    "as JSON": lambda s: replace(s, kind=b"application/json"),
    "with another body": lambda s: replace(s, written=s.body + b"&text=list"),
    "with the signature in capitals": lambda s: replace(s, signature=b"v0=" + s.right[3:].upper()),
    "with spaces around": lambda s: replace(s, spaced=b" "),
}


async def test_what_was_taken_once_runs_never_again(tmp_path: Path, figure: Figure) -> None:
    async with doors(tmp_path) as door:
        for name, bend in REPLAYED.items():
            first = door.command()
            assert "/escalations" in (await door.post(first)).text
            again = await door.post(bend(first))
            assert (name, again.status in (200, 400, 401), again.text) == (name, True, "")
        late = door.command()
        assert "/escalations" in (await door.post(late)).text
        door.clock.move(minutes=9)
        assert (await door.post(late)).status == 401
    figure("signature vectors", f"Slack: {len(REPLAYED) + 1} ways to replay, none ran again")


# -- callbacks, as a service verifies them --------------------------------------------------------

NEW, OLD = (
    "whsec_" + "bmV3LXNlY3JldC1vZi10aGUtdGVzdHMh",
    "whsec_" + "b2xkLXNlY3JldC1vZi10aGUtdGVzdHMh",
)
BODIES = (
    b"{}",
    b'{"type":"escalation.approved"}',
    '{"ä":"日本"}'.encode(),
    b'"' + b"x" * 99_999 + b'"',
)


@pytest.mark.parametrize("body", BODIES, ids=["empty", "plain", "beyond ASCII", "long"])
def test_a_callback_is_signed_as_standard_webhooks_say(body: bytes) -> None:
    at = datetime.now(UTC)
    headers = dict(callback_headers("msg_1", at, body, [NEW, OLD]))
    one, other = headers["webhook-signature"].split(" ")
    stamp = headers["webhook-timestamp"]
    assert one == webhook_signature(NEW, "msg_1", stamp, body)
    assert other == webhook_signature(OLD, "msg_1", stamp, body)
    assert stamp == str(int(at.timestamp()))
    for secret in (NEW, OLD):
        assert verified([secret], headers, body, time.time())
        assert Webhook(secret).verify(body, headers) == json.loads(body)


#: What somebody on the way could do to a callback.
ALTERED: dict[str, Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]] = {
    "another body": lambda h, b: (h, b + b" "),
    "another id": lambda h, b: ({**h, "webhook-id": "msg_2"}, b),
    "another time": lambda h, b: ({**h, "webhook-timestamp": f"{time.time() + 9:.0f}"}, b),
    "no signature": lambda h, b: ({**h, "webhook-signature": ""}, b),
    "another version": lambda h, b: (
        {**h, "webhook-signature": h["webhook-signature"].replace("v1,", "v2,")}, b
    ),
    "a signature cut short": lambda h, b: (
        {**h, "webhook-signature": h["webhook-signature"].split(" ")[0][:-2]}, b
    ),
    "id and time run together": lambda h, b: (
        {**h, "webhook-id": f"{h['webhook-id']}.{h['webhook-timestamp']}",
         "webhook-timestamp": "0"}, b
    ),
}  # fmt: skip


@pytest.mark.parametrize("alter", ALTERED)
def test_a_callback_altered_on_the_way_is_told_from_ours(alter: str) -> None:
    body = b'{"type":"escalation.approved"}'
    headers = dict(callback_headers("msg_1", datetime.now(UTC), body, [NEW]))
    assert not verified([NEW], *ALTERED[alter](headers, body), time.time())


def test_a_callback_replayed_later_is_told_from_a_fresh_one() -> None:
    at = datetime.now(UTC) - timedelta(seconds=301)
    headers = dict(callback_headers("msg_1", at, b"{}", [NEW]))
    assert not verified([NEW], headers, b"{}", time.time())


# -- signed intake --------------------------------------------------------------------------------


@dataclass
class Intake:
    """A served Andon whose service signs what it asks; its two secrets are live, a third is not."""

    world: Fuzzed
    secrets: tuple[str, str]
    gone: str
    sent: int = 0

    def signed(self) -> Signed:
        """A request that was never sent before."""
        self.sent += 1
        asked = {**APPROVAL, "title": f"Data sync {self.sent}", "dedup_key": f"d{self.sent}"}
        body = json.dumps(asked).encode()
        stamp, id_ = str(int(time.time())), f"msg_{self.sent}"
        return Signed(secrets=self.secrets, stamp=stamp, id=id_, body=body)

    async def post(self, sent: Signed) -> Answer:
        """The answer to it."""
        answer = await ask(self.world.server.port, sent.raw())
        assert answer is not None
        return answer


@asynccontextmanager
async def intakes(folder: Path) -> AsyncIterator[Intake]:
    """A server of its own."""
    async with fuzzed(folder) as world:
        services = world.server.store.services
        gone = await services.secret("data-sync")
        await services.revoke("data-sync", secrets=True)
        old, new = await services.secret("data-sync"), await services.secret("data-sync")
        await services.secret("other")
        assert None not in (gone, old, new)
        yield Intake(world, (str(new), str(old)), str(gone))


async def test_only_what_a_service_signed_is_opened(tmp_path: Path, figure: Figure) -> None:
    async with intakes(tmp_path) as intake:
        bends = dict(WEBHOOKS_REFUSED)
        bends["a secret that was taken back"] = lambda s: replace(s, secrets=(intake.gone, ""))
        taken = {n: (await intake.post(b(intake.signed()))).status for n, b in WEBHOOKS.items()}
        refused = {n: (await intake.post(b(intake.signed()))).status for n, b in bends.items()}
        key = (("Authorization", f"Bearer {intake.world.keys[0]}"),)
        both = await intake.post(replace(intake.signed(), more=key))
        assert (taken, refused) == (dict.fromkeys(taken, 201), dict.fromkeys(refused, 401))
        assert (both.status, both.text.count("two-credentials")) == (400, 1)
    with closing(sqlite3.connect(tmp_path / "andon.db")) as link:
        assert link.execute("SELECT count(*) FROM escalations").fetchone() == (len(taken),)
    told = f"{len(taken)} taken, {len(refused) + 1} refused"
    figure("signature vectors", f"Standard Webhooks, signed intake: {told}")


async def test_signed_intake_sent_again_opens_nothing_more(tmp_path: Path) -> None:
    """Byte by byte it is the same request; with its id and another body it is none."""
    async with intakes(tmp_path) as intake:
        first = intake.signed()
        one, again = await intake.post(first), await intake.post(first)
        other = await intake.post(replace(first, body=first.body + b" "))
        changed = first.body.replace(b"Data sync", b"Data sunk")
        reused = await intake.post(replace(first, body=changed))
    assert [a.status for a in (one, again, other, reused)] == [201, 200, 200, 422]
    assert "idempotency-key-reused" in reused.text
    assert json.loads(one.text)["id"] == json.loads(again.text)["id"]


# -- it can fail ----------------------------------------------------------------------------------


PLANTED: dict[str, tuple[str, object]] = {
    "signatures are not compared": ("bot.slack.guard.hmac.compare_digest", lambda one, other: True),
    "the time is not looked at": ("bot.slack.guard.OLDEST_S", 10**12),
    "replays are not remembered": ("storage.services.SqlSignatures.first_time", None),
    "only a prefix is compared": (
        "bot.slack.guard.hmac.compare_digest", lambda one, other: other[:40] == one[:40]
    ),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
async def test_a_planted_bug_is_found(
    bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    where, instead = PLANTED[bug]

    async def always(seen: object, signature: str, now: datetime) -> bool:
        return True

    monkeypatch.setattr(where, instead or always)
    async with doors(tmp_path) as door:
        ran = [name for name, bend in REFUSED.items() if (await door.judged(bend))[1]]
        first = door.command()
        await door.post(first)
        again = (await door.post(first)).text
        door.heard.troubles.clear()
    assert ran or again
    figure("planted bugs", f"signature vectors: {bug}: {len(ran) or 1} run that must not")
