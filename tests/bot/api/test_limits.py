"""How often a service may ask, and what it is told about it."""

from typing import Any

import pytest

from bot.api.door import API
from bot.api.limits import (
    FAILURES_PER_MINUTE,
    MOST_WINDOWS,
    Bounds,
    Limiter,
    headers_of,
)
from tests.bot.api.conftest import BODY, World
from tests.bot.api.test_alerts import a_notification, an_alert


class Seconds:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(limiter: Limiter, times: int, service: str = "payments") -> int:
    """How many of so many requests were within the limit."""
    return sum(limiter.request(service).taken for _ in range(times))


def test_a_service_may_ask_so_often_a_minute_and_others_are_not_concerned() -> None:
    limiter = Limiter(Bounds(requests_per_minute=10), Seconds())
    assert taken(limiter, 12) == 10
    assert taken(limiter, 12, "search") == 10


@pytest.mark.parametrize(
    ("passed", "more"), [(59.9, 0), (60.0, 0), (66.0, 1), (90.0, 5), (113.0, 9), (120.0, 10)]
)
def test_the_window_slides_so_that_no_minute_has_more(passed: float, more: int) -> None:
    seconds = Seconds()
    limiter = Limiter(Bounds(requests_per_minute=10), seconds)
    taken(limiter, 10)
    seconds.now = passed
    assert taken(limiter, 20) == more


def test_what_is_refused_does_not_count() -> None:
    seconds = Seconds()
    limiter = Limiter(Bounds(requests_per_minute=10), seconds)
    taken(limiter, 1000)
    seconds.now = 120.0
    assert taken(limiter, 20) == 10


def test_a_bound_of_its_own_goes_before_the_usual_one() -> None:
    limiter = Limiter(Bounds(opens_per_minute=10), Seconds())
    assert sum(limiter.opening("payments", 3).taken for _ in range(20)) == 3
    assert sum(limiter.opening("search", None).taken for _ in range(20)) == 10


def test_an_answer_tells_how_one_stands() -> None:
    seconds = Seconds()
    limiter = Limiter(Bounds(requests_per_minute=10), seconds)
    seconds.now = 18.5
    told = headers_of([limiter.request("payments"), limiter.opening("payments", 5)])
    assert told == {
        "RateLimit-Policy": '"requests";q=10;w=60, "opens";q=5;w=60',
        "RateLimit": '"requests";r=9;t=42, "opens";r=4;t=42',
    }


def test_strangers_cannot_fill_the_memory() -> None:
    limiter = Limiter(now=Seconds())
    for n in range(MOST_WINDOWS + 100):
        limiter.stranger(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(limiter._windows._windows) == MOST_WINDOWS


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        (None, "", True),
    ],
)
def test_strangers_are_told_apart_by_who_has_an_address(
    one: str | None, other: str, same: bool
) -> None:
    limiter = Limiter(now=Seconds())
    limiter.stranger(one)
    assert limiter.stranger(other).left == FAILURES_PER_MINUTE - (2 if same else 1)


async def opened(world: World, key: str, **headers: str) -> Any:
    """An open, whatever is answered."""
    return await world.call("POST", "/v1/escalations", BODY, Idempotency_Key=key, **headers)


def allow(world: World, **bounds: int) -> None:
    """Other bounds for the service under test."""
    world.client.app[API].limiter.bounds = Bounds(**bounds)  # type: ignore[union-attr]


async def test_beyond_the_limit_it_is_told_how_long_to_wait(world: World) -> None:
    allow(world, opens_per_minute=2)
    answers = [await opened(world, f"k{n}") for n in range(3)]
    assert [a.status for a in answers] == [201, 201, 429]
    told = await answers[2].json()
    assert told["type"] == "/problems/too-many-requests"
    assert told["detail"].startswith("More than 2 opens a minute.")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].headers["RateLimit"].split(", ")[1].startswith('"opens";r=0;t=')
    assert (await world.call("GET", "/v1/escalations")).status == 200


async def test_every_answer_to_a_service_tells_and_no_other_does(world: World) -> None:
    made = await world.open()
    for path, status in ((made["id"], 200), ("esc_none", 404), (f"{made['id']}?wait=x", 422)):
        answer = await world.call("GET", f"/v1/escalations/{path}")
        assert answer.status == status
        assert answer.headers["RateLimit-Policy"] == '"requests";q=6000;w=60'
    assert 'opens";q=600' in (await opened(world, "k")).headers["RateLimit-Policy"]
    for path, service in (("/healthz", ""), ("/v1/escalations", "")):
        answer = await world.call("GET", path, service=service)
        assert "RateLimit" not in answer.headers


async def test_a_read_counts_once_however_long_it_is_parked(world: World) -> None:
    made = await world.open()
    left = [
        (await world.call("GET", f"/v1/escalations/{made['id']}?wait={wait}")).headers["RateLimit"]
        for wait in (0, 1, 0)
    ]
    counts = [int(said.split("r=")[1].split(";")[0]) for said in left]
    assert counts == [counts[0], counts[0] - 1, counts[0] - 2]


async def test_an_address_without_a_good_key_is_told_to_wait_and_good_keys_are_taken(
    world: World,
) -> None:
    bad = {"Authorization": "Bearer andon_guess"}
    answers = [
        (await world.call("GET", "/v1/escalations", service="", **bad)).status
        for _ in range(FAILURES_PER_MINUTE + 2)
    ]
    assert answers[-3:] == [401, 429, 429]
    last = await world.call("GET", "/v1/escalations", service="", **bad)
    assert last.headers["Connection"] == "close"
    assert "RateLimit" not in last.headers
    assert (await world.call("GET", "/v1/escalations")).status == 200


async def test_too_many_pending_is_a_429_that_passes_when_people_decide(world: World) -> None:
    allow(world, most_pending=1)
    first = await world.open("a")
    refused = await opened(world, "b")
    assert refused.status == 429
    assert (await refused.json())["type"] == "/problems/too-many-pending"
    assert int(refused.headers["Retry-After"]) > 0
    await world.approve(first["id"])
    assert (await opened(world, "b")).status == 201


async def test_a_service_is_added_with_bounds_of_its_own(world: World) -> None:
    world.keys["small"] = await world.store.services.add(
        "small", opens_per_minute=2, most_pending=1
    )
    answers = [await opened(world, f"k{n}", Authorization=f"Bearer {world.keys['small']}")
               for n in range(3)]  # fmt: skip
    assert [(await a.json()).get("type") for a in answers] == [
        None,
        "/problems/too-many-pending",
        "/problems/too-many-requests",
    ]


async def test_nothing_more_is_owed_to_a_receiver_that_takes_nothing(world: World) -> None:
    allow(world, most_callbacks=1)
    hook = {"callback_url": "https://service.example/andon"}
    await world.approve((await world.open("a", **hook))["id"])
    world.client.app[API].callbacks.clear()  # what was counted is believed for two seconds
    body = {**BODY, **hook}
    refused = await world.call("POST", "/v1/escalations", body, Idempotency_Key="b")
    assert (refused.status, (await refused.json())["type"]) == (
        429,
        "/problems/too-many-callbacks",
    )
    assert (await opened(world, "b")).status == 201  # without one


@pytest.mark.parametrize("bound", ["opens_per_minute", "most_pending"])
async def test_alertmanager_hears_503_because_it_sends_nothing_else_again(
    world: World, bound: str
) -> None:
    allow(world, **{bound: 1})
    statuses = []
    for name in ("aaaa000011112222", "bbbb000011112222"):
        body = a_notification(an_alert(fingerprint=name))
        statuses.append((await world.call("POST", "/v1/hooks/alertmanager", body)).status)
    assert statuses == [200, 503]
