"""What is no strict JSON, no JSON, or no HTTP at all: always a problem, never a 5xx."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.bot.api.conftest import BODY, World, a_world

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[World]:
    """One server for all of these: none of them changes anything for another."""
    async with a_world(tmp_path_factory.mktemp("shared"), migrated) as made:
        yield made


GOOD = json.dumps(BODY).encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"a":1,"a":2}', "stands twice"),
        (b'{"a":{"b":1,"b":1}}', "/a/b"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":1e400}', "larger than any double"),
        (b'{"a":9007199254740993}', "beyond 2^53"),
        (b'{"a":-9007199254740993}', "beyond 2^53"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\\u0000"}', "NUL"),
        (b'{"a":"\x00"}', "control character"),
        (b'{"a":' + b"[" * 65 + b"]" * 65 + b"}", "deeper than 64"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
        (GOOD + b"x", "Extra data"),
        (b"", "Expecting value"),
    ],
)
async def test_what_json_leaves_open_is_refused_and_named(
    world: World, raw: bytes, words: str
) -> None:
    response = await world.post(raw)
    told = await response.json()
    assert (response.status, told["type"]) == (400, "/problems/not-strict-json")
    assert words in told["detail"]


async def test_a_body_of_just_one_mebibyte_is_read_and_one_byte_more_is_not(world: World) -> None:
    fits = b'{"x":"' + b"y" * ((1 << 20) - 8) + b'"}'
    assert len(fits) == 1 << 20
    assert (await world.post(fits)).status == 422
    assert (await world.post(fits + b" ")).status == 413


async def test_every_post_is_as_strict_as_the_first(world: World) -> None:
    made = await world.open()
    for verb in ("claim", "outcome", "withdraw", "context"):
        path = f"/v1/escalations/{made['id']}/{verb}"
        assert (await world.post(b'{"a":1,"a":1}', path)).status == 400
        assert (await world.post(b'{"surprise":1}', path)).status == 422
        assert (await world.post(b"{}", path, Content_Type="text/plain")).status == 415


@pytest.mark.parametrize("kind", ["text/plain", "application/json5", "application/xml", "x"])
async def test_another_content_type_is_a_415(world: World, kind: str) -> None:
    response = await world.post(GOOD, Content_Type=kind)
    assert (response.status, (await response.json())["type"]) == (415, "/problems/not-json")


async def test_a_charset_beside_the_type_does_no_harm(world: World) -> None:
    response = await world.post(
        GOOD, Content_Type="application/json; charset=utf-8", Idempotency_Key="charset"
    )
    assert response.status == 201


async def test_an_encoded_body_is_a_415_so_that_nothing_grows_while_it_is_read(
    world: World,
) -> None:
    response = await world.post(gzip.compress(GOOD), Content_Encoding="gzip")
    assert (response.status, (await response.json())["type"]) == (415, "/problems/encoded")


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "schlüssel", "a\tb"])
async def test_an_idempotency_key_is_visible_ascii(world: World, key: str) -> None:
    response = await world.post(GOOD, Idempotency_Key=key)
    assert (response.status, (await response.json())["type"]) == (
        400,
        "/problems/idempotency-key-missing",
    )


async def test_an_idempotency_key_of_255_is_taken(world: World) -> None:
    assert (await world.post(GOOD, Idempotency_Key="!" * 255)).status == 201


HEAD = "POST /v1/escalations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


async def spoken(world: World, text: str) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body that bytes on the wire are answered with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    writer.write(text.replace("{key}", world.keys["data-sync"]).encode("latin-1"))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers["Content-Length"]))
    writer.close()
    await writer.wait_closed()
    return int(head[0].split()[1]), headers, json.loads(body)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("NONSENSE\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\npass word: hunter2\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: hunter2" + "x" * 9000 + "\r\n\r\n", 400),
        ("GET /hunter2" + "x" * 9000 + " HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://[hunter2 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (HEAD + "Transfer-Encoding: chunked\r\n\r\nhunter2\r\n", 400),
        (HEAD + "Content-Length: hunter2\r\n\r\n", 400),
        (HEAD + "Content-Length: 2\r\nExpect: hunter2\r\n\r\n{}", 417),
        (HEAD + "Content-Length: 9000000\r\nExpect: 100-continue\r\n\r\n", 413),
        ("GET /v1/escalations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n", 401),
        ("GET /%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ],
)
async def test_what_is_no_request_of_ours_is_a_problem_that_repeats_nothing(
    world: World, text: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answered, headers, body = await spoken(world, text)
    assert answered == status == body["status"]
    assert headers["Content-Type"].startswith("application/problem+json")
    assert headers["Server"] == "Andon"
    assert "hunter2" not in json.dumps(body) + caplog.text


async def test_a_body_that_may_come_is_told_so(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    head = HEAD + f"Authorization: Bearer {world.keys['data-sync']}\r\nIdempotency-Key: later\r\n"
    writer.write(f"{head}Content-Length: {len(GOOD)}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(GOOD)
    assert (await reader.readline()).startswith(b"HTTP/1.1 201")
    writer.close()
    await writer.wait_closed()


async def test_a_caller_that_hangs_up_in_the_middle_leaves_the_server_well(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    writer.write(
        (
            HEAD + f"Authorization: Bearer {world.keys['data-sync']}\r\nIdempotency-Key: k\r\n"
        ).encode()
        + b"Content-Length: 100\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await world.post(GOOD, Idempotency_Key="after")).status == 201
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("value", ["60", True, 60.0, [60], {}])
async def test_a_number_is_a_number_and_nothing_that_could_be_taken_for_one(
    world: World, value: Any
) -> None:
    body = {**BODY, "decide_within_s": value}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert response.status == 422
    assert (await response.json())["errors"] == [
        {"pointer": "/decide_within_s", "detail": "It must be a whole number."}
    ]


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"title": None}, "/title", "It must be a text."),
        ({"title": " \t"}, "/title", "one line of text"),
        ({"summary": None}, "/summary", "leave it out"),
        ({"operation": None}, "/operation", "say what would run"),
        ({"operation": {"name": "x", "target": None}}, "/operation/target", "leave it out"),
        ({"operation": {"name": "x", "arguments": []}}, "/operation/arguments", "an object"),
        ({"context": {"error": {"type": None}}}, "/context/error/type", "leave it out"),
        ({"context": {"mood": "bad"}}, "/context/mood", "no such field"),
        ({"context": {"runbook": "ftp://a"}}, "/context/runbook", "https://"),
        ({"options": [{}, {}]}, "/options/0/key", "It is required."),
        ({"options": BODY["options"] * 2}, "/options/2/key", "Another option has this key"),
        (
            {"options": [BODY["options"][0], {**BODY["options"][0], "key": "b"}]},
            "/options",
            "one that aborts",
        ),
        ({"options": [{**BODY["options"][0], "irreversible": "no"}] * 2}, "/options/0/irreversible",
         "true or false"),
        ({"operation": {"name": "x", "money": {"amount_minor": "1", "currency": "EUR"}}},
         "/operation/money/amount_minor", "whole number"),
        ({"operation": {"name": "x", "money": {"amount_minor": 1, "currency": "euro"}}},
         "/operation/money/currency", "EUR"),
        ({"severity": "urgent"}, "/severity", "'critical'"),
        ({"a/b~c": 1}, "/a~1b~0c", "no such field"),
    ],
)  # fmt: skip
async def test_each_wrong_field_has_its_place_and_a_sentence(
    world: World, change: dict[str, Any], pointer: str, detail: str
) -> None:
    body = {**BODY, **change}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    errors = {e["pointer"]: e["detail"] for e in (await response.json())["errors"]}
    assert response.status == 422
    assert detail in errors[pointer]


async def test_an_approval_without_an_operation_is_told_at_the_operation(world: World) -> None:
    body = {name: value for name, value in BODY.items() if name != "operation"}
    response = await world.call("POST", "/v1/escalations", body, Idempotency_Key="k")
    assert [e["pointer"] for e in (await response.json())["errors"]] == ["/operation"]


async def test_an_expectation_at_no_address_is_a_problem_too(world: World) -> None:
    """aiohttp refuses it before any of our doors is asked, in its own words."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    writer.write(HEAD.replace("/v1/escalations", "/nowhere").encode() + b"Expect: tea\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert head.startswith("HTTP/1.1 417")
    assert "application/problem+json" in head
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_only_says_it_is_packed_leaves_no_trace(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused unread, and what is left of it is never unpacked."""
    answer = await world.post(GOOD, Content_Encoding="gzip", Idempotency_Key="packed")
    assert answer.status == 415
    assert caplog.text == ""


async def test_what_is_no_http_is_cached_and_sniffed_by_nobody(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.client.port)
    writer.write(b"NO HTTP\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert ("no-store" in head, "nosniff" in head) == (True, True)
    writer.close()
    await writer.wait_closed()
