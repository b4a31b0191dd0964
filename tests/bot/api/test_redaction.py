"""No secret is ever stored, logged, counted or answered; and hardly any other text is touched."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.observing import configure_logging
from bot.redaction import is_secret_name, redact, redact_text
from tests.bot.api.conftest import BODY, World
from tests.bot.api.corpus import BENIGN, LEAKS, Leak
from tests.building import a_vote


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the server writes to standard error."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    before = structlog.get_config()
    configure_logging(redact_text)
    yield written
    structlog.configure(**before)


def body_with(leak: Leak) -> dict[str, Any]:
    """A request that carries the secret."""
    return {**BODY, **leak.fields}


def everything_on_disk(world: World) -> bytes:
    """The database file and its log, as bytes."""
    folder = Path(world.folder)
    return b"".join(file.read_bytes() for file in sorted(folder.glob("andon.db*")))


async def test_no_secret_of_the_corpus_is_found_anywhere_afterwards(
    world: World, logged: io.StringIO
) -> None:
    """One server is told all of them, right and wrong, and then searched from end to end."""
    calls = [
        world.call("POST", "/v1/escalations", {**body_with(leak), **wrong}, Idempotency_Key=f"k{n}")
        for n, leak in enumerate(LEAKS)
        for wrong in ({}, {"decide_within_s": leak.secret, "severity": leak.secret})
    ]
    answers = await asyncio.gather(*calls)
    assert [a.status for a in answers] == [201, 422] * len(LEAKS)
    listed = await world.call("GET", "/v1/escalations?limit=100")
    metrics = await world.call("GET", "/metrics")
    texts = [await a.text() for a in (*answers, listed, metrics)]
    ids = [json.loads(t)["id"] for t in texts[: 2 * len(LEAKS) : 2]]
    logs = [await world.call("GET", f"/v1/escalations/{i}/events") for i in ids]
    texts += [await a.text() for a in logs]
    said = "\n".join(texts) + logged.getvalue()
    stored = everything_on_disk(world)
    assert b"hidden" in stored
    found = [leak.secret for leak in LEAKS if leak.secret in said or leak.secret.encode() in stored]
    assert found == []


async def test_what_is_told_later_is_as_free_of_secrets(world: World) -> None:
    """Context, outcome, the reason to withdraw and the keys of calls: none keeps a secret."""
    secrets = [f"ghp_{letter * 36}" for letter in "ABCDE"]
    first, second = await world.open("k1"), await world.open(secrets[4])
    path = f"/v1/escalations/{first['id']}"
    error = {"message": f"refused, token={secrets[0]}"}
    answers = [await world.call("POST", f"{path}/context", {"error": error})]
    await world.store.writer.submit(a_vote(first["id"], shown=1))
    assert (await world.claim(first["id"], first["digest"])).status == 200
    outcome = {"result": "failed", "detail": f"used {secrets[1]}", "undo": f"revoke {secrets[2]}"}
    answers.append(await world.call("POST", f"{path}/outcome", outcome))
    taken_back = f"/v1/escalations/{second['id']}/withdraw"
    answers.append(await world.call("POST", taken_back, {"reason": f"leaked {secrets[3]}"}))
    assert [a.status for a in answers] == [200, 200, 200]
    said = "\n".join([await a.text() for a in answers])
    stored = everything_on_disk(world)
    assert [s for s in secrets if s in said or s.encode() in stored] == []
    assert said.count("[hidden: ") >= 4


def test_the_corpus_is_large_and_each_secret_one_of_its_own() -> None:
    assert len(LEAKS) >= 60
    assert len({leak.secret for leak in LEAKS}) >= 60
    assert len(set(BENIGN)) >= 100


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.secret[:24])
def test_what_was_hidden_is_listed(leak: Leak) -> None:
    cleaned = redact(leak.fields)
    assert leak.secret not in json.dumps(cleaned.value)
    assert cleaned.hidden
    for pointer in cleaned.hidden:
        assert pointer.startswith("/" + next(iter(leak.fields)))


def test_of_the_benign_texts_hardly_any_is_touched() -> None:
    touched = [text for text in BENIGN if redact(text).value != text]
    assert len(touched) <= 0.05 * len(BENIGN), touched


def test_redacting_twice_changes_nothing_more() -> None:
    for leak in LEAKS:
        once = redact(leak.fields).value
        assert redact(once).value == once


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True), ("PGPASSWORD", True), ("dbPassword", True), ("X-Api-Key", True),
        ("SECRET_KEY_BASE", True), ("session_id", True), ("http_auth", True), ("pwd", True),
        ("tokens", True), ("Set-Cookie", True), ("csrftoken", True),
        ("author", False), ("compass", False), ("bypass", False), ("dedup_key", False),
        ("primary_key", False), ("monkey", False), ("token_count", False), ("secretary", False),
        ("passenger", False), ("idempotency_key", False), ("public_key", False),
    ],
)  # fmt: skip
def test_a_name_says_whether_its_value_is_a_secret(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


@pytest.mark.parametrize(
    "value",
    [
        {"password": ""}, {"password": None}, {"password": {}}, {"use_password": True},
        {"max_tokens": 1024}, {"token": False}, {"argv": ["login", "--password-stdin"]},
        {"argv": ["x", "--token", "--force"]}, {"argv": ["ps", "-u", "postgres"]},
    ],
)  # fmt: skip
def test_where_there_is_nothing_to_hide_nothing_is_hidden(value: dict[str, Any]) -> None:
    assert redact(value).hidden == ()
    assert redact(value).value == value


def test_shown_paths_are_exempt_and_their_neighbours_are_not() -> None:
    given = {"operation": {"money": {"account": "x", "token": "a"}, "arguments": {"token": "b"}}}
    cleaned = redact(given, show=("operation.money.*",))
    assert cleaned.value["operation"]["money"] == {"account": "x", "token": "a"}
    assert cleaned.hidden == ("/operation/arguments/token",)


def test_a_hidden_value_keeps_its_name_so_that_people_know_what_was_there() -> None:
    cleaned = redact({"argv": ["psql", "--password=abc"], "db_password": "abc"})
    assert cleaned.value == {
        "argv": ["psql", "--password=[hidden: --password]"],
        "db_password": "[hidden: db_password]",
    }


async def test_an_exception_in_the_log_holds_no_secret_and_no_local_variable(
    logged: io.StringIO,
) -> None:
    def fails(token: str) -> None:
        raise ValueError(f"cannot use password={token}")

    secret = "-".join(("hunter2", "abc"))
    try:
        fails(secret)
    except ValueError:
        structlog.get_logger().exception("failed")
    assert secret not in logged.getvalue()
    assert "ValueError" in logged.getvalue()


REPEATED = ("a", "password", "=", "-----", "token ", "x://", "--secret ", "//r/:_authToken=", "'")


@pytest.mark.parametrize("part", REPEATED)
def test_no_text_makes_it_slow(part: str) -> None:
    """A quadratic pattern would take minutes here, and the whole run would tell."""
    assert isinstance(redact_text(part * (100_000 // len(part))), str)
