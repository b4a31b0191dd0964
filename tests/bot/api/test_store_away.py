"""While nothing can be stored, callers are told so, and told to ask again; nothing is made up."""

from typing import Any

import pytest

from approvals.ports import NotSavedError, StoreError, UnsureError
from tests.bot.api.conftest import BODY, World


def broken(error: Exception) -> Any:
    """A method that cannot do its work."""

    async def method(*arguments: Any, **more: Any) -> Any:
        raise error

    return method


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (NotSavedError(), "not-saved"),
        (NotSavedError("The server is stopping. Ask again in a moment."), "not-saved"),
        (UnsureError(), "unsure"),
        (StoreError(), "not-saved"),
    ],
)
async def test_what_cannot_be_stored_is_a_503_with_a_time_to_ask_again(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, name: str
) -> None:
    made = await world.open()
    monkeypatch.setattr(world.store.writer, "submit", broken(error))
    path = f"/v1/escalations/{made['id']}"
    answers = [
        await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k2"),
        await world.claim(made["id"], made["digest"]),
        await world.call("POST", f"{path}/outcome", {"result": "failed"}),
        await world.call("POST", f"{path}/withdraw", {}),
        await world.call("POST", f"{path}/context", {}),
    ]
    for answer in answers:
        told = await answer.json()
        assert (answer.status, told["type"]) == (503, f"/problems/{name}")
        assert int(answer.headers["Retry-After"]) >= 1
        assert told["detail"] == str(error)


async def test_a_read_past_the_deadline_is_a_503_rather_than_a_stale_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.open()
    world.clock.pass_(4 * 3600)
    monkeypatch.setattr(world.store.writer, "submit", broken(NotSavedError()))
    for path in (f"/v1/escalations/{made['id']}", "/v1/escalations?status=pending"):
        assert (await world.call("GET", path)).status == 503


async def test_the_same_request_succeeds_when_the_store_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(world.store.writer, "submit", broken(UnsureError()))
        lost = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    back = await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")
    assert (lost.status, back.status) == (503, 201)


async def test_readiness_says_that_the_store_is_away_and_health_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.store.health, "check", broken(OSError("disk I/O error")))
    ready = await world.call("GET", "/readyz", service="")
    told = await ready.json()
    assert (ready.status, told["checks"]["store"]) == (503, {"ok": False})
    assert (await world.call("GET", "/healthz", service="")).status == 200


async def test_a_fault_of_ours_is_a_500_that_tells_nothing_but_a_word_for_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.store.reads, "records", broken(KeyError("hunter2")))
    made = await world.open()
    answer = await world.call("GET", f"/v1/escalations/{made['id']}/events")
    told = await answer.json()
    assert (answer.status, told["type"]) == (500, "/problems/internal")
    assert "hunter2" not in str(told)
    assert "err " in told["detail"]


async def test_public_keys_may_be_kept_and_nothing_else(world: World) -> None:
    keys = await world.call("GET", "/.well-known/jwks.json", service="")
    assert keys.headers["Cache-Control"] == "max-age=300"
    assert all("d" not in key for key in (await keys.json())["keys"])
    for path in ("/v1/escalations", "/metrics", "/readyz", "/nothing"):
        assert (await world.call("GET", path)).headers["Cache-Control"] == "no-store"
