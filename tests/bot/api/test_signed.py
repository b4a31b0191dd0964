"""Signed intake: who opens by a signature, and what is no good one."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse

from bot.api import signed
from bot.api.limits import FAILURES_PER_MINUTE
from tests.bot.api.conftest import BODY, World

RAW = json.dumps(BODY).encode()


def signature(secret: str, id_: str, stamp: str, raw: bytes) -> str:
    """As the standard says, written down once more."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{id_}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


@dataclass
class Signing:
    """A service that signs."""

    world: World
    secret: str

    def headers(self, id_: str = "msg_1", raw: bytes = RAW, off_s: int = 0) -> dict[str, str]:
        """The three headers of now, or of some seconds off."""
        stamp = str(int(self.world.clock.now.timestamp()) + off_s)
        signed = signature(self.secret, id_, stamp, raw)
        return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": signed}

    async def send(
        self, headers: dict[str, str], raw: bytes = RAW, path: str = "/v1/escalations"
    ) -> ClientResponse:
        """Send it so."""
        sent = {"Content-Type": "application/json", **headers}
        response = await self.world.client.post(path, data=raw, headers=sent)
        await self.world.contract.check(response)
        return response


@pytest.fixture
async def signing(world: World) -> Signing:
    """The service of the tests, with a secret."""
    secret = await world.store.services.secret("data-sync")
    assert secret is not None
    return Signing(world, secret)


async def test_a_signed_request_opens_for_the_service_whose_secret_it_is(signing: Signing) -> None:
    await signing.world.store.services.secret("other")
    answer = await signing.send(signing.headers())
    made = await answer.json()
    assert (answer.status, made["service"]) == (201, "data-sync")
    assert answer.headers["RateLimit-Policy"] == '"requests";q=6000;w=60, "opens";q=600;w=60'


async def test_sent_again_it_is_the_same_request_whoever_sends_it(signing: Signing) -> None:
    headers = signing.headers()
    first, again = await signing.send(headers), await signing.send(headers)
    assert (first.status, again.status) == (201, 200)
    later = await signing.send(signing.headers(off_s=30))
    assert {(await a.json())["id"] for a in (first, again, later)} == {(await first.json())["id"]}


async def test_the_id_is_the_idempotency_key(signing: Signing) -> None:
    await signing.send(signing.headers("msg_1"))
    keyed = await signing.world.call("POST", "/v1/escalations", BODY, Idempotency_Key="msg_1")
    assert keyed.status == 200
    other = json.dumps({**BODY, "title": "Another"}).encode()
    refused = await signing.send(signing.headers("msg_1", other), other)
    assert (await refused.json())["type"] == "/problems/idempotency-key-reused"


async def test_a_service_may_say_whose_signature_it_is(signing: Signing) -> None:
    named = await signing.send({**signing.headers("a"), "Andon-Service": "data-sync"})
    assert named.status == 201
    for name in ("other", "nobody", ""):
        refused = await signing.send({**signing.headers("b"), "Andon-Service": name})
        assert refused.status == 401, name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"webhook-id": "msg_2"}, "No live secret"),
        ({"webhook-id": "msg.1"}, "no dot"),
        ({"webhook-id": ""}, "visible ASCII"),
        ({"webhook-id": "m s"}, "visible ASCII"),
        ({"webhook-id": "m" * 256}, "visible ASCII"),
        ({"webhook-timestamp": "0{stamp}"}, "whole seconds"),
        ({"webhook-timestamp": "{stamp}.0"}, "whole seconds"),
        ({"webhook-timestamp": "-{stamp}"}, "whole seconds"),
        ({"webhook-timestamp": "+{stamp}"}, "whole seconds"),
        ({"webhook-timestamp": "1e9"}, "whole seconds"),
        ({"webhook-timestamp": ""}, "whole seconds"),
        ({"webhook-timestamp": "9" * 40}, "whole seconds"),
        ({"webhook-timestamp": "١٧٠٠٠٠٠٠٠٠"}, "whole seconds"),
        ({"webhook-signature": ""}, "base64 of an HMAC"),
        ({"webhook-signature": "v2,{base64}"}, "base64 of an HMAC"),
        ({"webhook-signature": "{base64}"}, "base64 of an HMAC"),
        ({"webhook-signature": "v1,{base64} " * 9}, "base64 of an HMAC"),
        ({"webhook-signature": "v1,{short}"}, "No live secret"),
        ({"webhook-signature": "v1,{base64}="}, "No live secret"),
        ({"webhook-signature": "v1,AAAA"}, "No live secret"),
    ],
)
async def test_what_is_no_good_signature_opens_nothing(
    signing: Signing, change: dict[str, str], says: str
) -> None:
    good = signing.headers()
    parts = {
        "stamp": good["webhook-timestamp"],
        "base64": good["webhook-signature"].removeprefix("v1,"),
        "short": good["webhook-signature"].removeprefix("v1,")[:-4],
    }
    changed = {name: value.format(**parts) for name, value in change.items()}
    refused = await signing.send(good | changed)
    assert refused.status == 401
    assert says in (await refused.json())["detail"]
    assert await signing.world.store.reads.pending() == ()


@pytest.mark.parametrize("name", signed.HEADERS)
async def test_all_three_headers_are_needed(signing: Signing, name: str) -> None:
    headers = signing.headers()
    del headers[name]
    assert (await signing.send(headers)).status == 401


@pytest.mark.parametrize(("off_s", "status"), [(-301, 401), (-300, 201), (300, 201), (301, 401)])
async def test_it_is_good_for_five_minutes(signing: Signing, off_s: int, status: int) -> None:
    assert (await signing.send(signing.headers(off_s=off_s))).status == status


async def test_another_body_is_not_what_was_signed(signing: Signing) -> None:
    refused = await signing.send(signing.headers(), RAW + b" ")
    assert refused.status == 401


@pytest.mark.parametrize("raw", [b"\xff\xfe{}", b"{", b'{"a": 1, "a": 2}'])
async def test_what_is_signed_must_still_be_strict_json(signing: Signing, raw: bytes) -> None:
    refused = await signing.send(signing.headers(raw=raw), raw)
    assert refused.status in (400, 401)


async def test_one_of_several_signatures_is_enough(signing: Signing) -> None:
    headers = signing.headers()
    wrong = signature(signing.secret, "other", "1", RAW)
    for n, signatures in enumerate((f"{wrong} {{}}", f"{{}} {wrong}", "v1a,x {}")):
        mine = signing.headers(f"m{n}")
        sent = mine | {"webhook-signature": signatures.format(mine["webhook-signature"])}
        assert (await signing.send(sent)).status == 201
    assert (await signing.send(headers | {"webhook-signature": f"{wrong} {wrong}"})).status == 401


async def test_while_a_secret_is_replaced_both_are_good_and_then_the_new_one(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, old = signing.world.store.services, signing.secret
    signing.world.clock.pass_(1)
    new = await services.secret("data-sync")
    monkeypatch.setattr(signed, "KEY_TTL_S", 0.0)
    for n, secret in enumerate((old, new)):
        signing.secret = str(secret)
        assert (await signing.send(signing.headers(f"k{n}"))).status == 201
    await services.revoke("data-sync", keep_newest=True, secrets=True)
    signing.secret = old
    assert (await signing.send(signing.headers("late"))).status == 401
    signing.secret = str(new)
    assert (await signing.send(signing.headers("late"))).status == 201


async def test_a_secret_made_a_moment_ago_is_good_at_once(signing: Signing) -> None:
    await signing.send(signing.headers("a"))
    signing.secret = str(await signing.world.store.services.secret("data-sync"))
    assert (await signing.send(signing.headers("b"))).status == 201


async def test_a_revoked_secret_is_believed_two_seconds_at_most(signing: Signing) -> None:
    await signing.send(signing.headers("a"))
    await signing.world.store.services.revoke("data-sync", secrets=True)
    deadline = time.monotonic() + signed.KEY_TTL_S + 2
    n = 0
    while (await signing.send(signing.headers(f"b{n}"))).status == 201:
        n += 1
        assert time.monotonic() < deadline
    assert (await signing.send(signing.headers("c"))).status == 401


@pytest.mark.parametrize(
    "more", [{"Authorization": "Bearer {key}"}, {"Idempotency-Key": "msg_1"}], ids=str
)
async def test_a_key_and_a_signature_are_one_too_many(
    signing: Signing, more: dict[str, str]
) -> None:
    key = signing.world.keys["data-sync"]
    sent = signing.headers() | {name: value.format(key=key) for name, value in more.items()}
    refused = await signing.send(sent)
    assert (refused.status, (await refused.json())["type"]) == (400, "/problems/two-credentials")


async def test_a_signature_opens_and_does_nothing_else(signing: Signing) -> None:
    """It covers neither method nor path: elsewhere it would be good for whatever is there."""
    made = await (await signing.send(signing.headers())).json()
    paths = [f"/v1/escalations/{made['id']}/{verb}" for verb in ("withdraw", "context", "claim")]
    for path in (*paths, "/v1/hooks/alertmanager"):
        refused = await signing.send(signing.headers(raw=b"{}"), b"{}", path)
        assert refused.status == 401, path
    found = await signing.world.read(made["id"])
    assert found["status"] == "pending"


async def test_each_header_counts_once(signing: Signing) -> None:
    good = signing.headers()
    for name, value in good.items():
        twice: Any = [*good.items(), (name, value), ("Content-Type", "application/json")]
        response = await signing.world.client.post("/v1/escalations", data=RAW, headers=twice)
        assert response.status == 401, name


async def test_with_many_secrets_the_service_has_to_be_named(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed, "MOST_HASHED", len(RAW))
    assert (await signing.send(signing.headers("a"))).status == 201
    await signing.world.store.services.secret("other")
    monkeypatch.setattr(signed, "KEY_TTL_S", 0.0)
    refused = await signing.send(signing.headers("b"))
    assert refused.status == 401
    assert "Andon-Service" in (await refused.json())["detail"]
    named = await signing.send({**signing.headers("b"), "Andon-Service": "data-sync"})
    assert named.status == 201


async def test_a_large_body_is_hashed_beside_the_loop_all_the_same(signing: Signing) -> None:
    raw = json.dumps({**BODY, "summary": "s" * 9000, "context": {"system_state": {
        f"k{n}": "word " * 1000 for n in range(40)}}}).encode()  # fmt: skip
    assert len(raw) > signed.HASHED_HERE
    assert (await signing.send(signing.headers(raw=raw), raw)).status == 201
    assert (await signing.send(signing.headers("x", raw=raw[:-1]), raw)).status == 401


async def test_who_guesses_is_told_to_wait(signing: Signing) -> None:
    bad = signing.headers("guess")
    statuses = [
        (await signing.send(bad | {"webhook-id": f"g{n}"})).status
        for n in range(FAILURES_PER_MINUTE + 1)
    ]
    assert statuses[-2:] == [401, 429]
    assert (await signing.send(signing.headers("good"))).status == 201
