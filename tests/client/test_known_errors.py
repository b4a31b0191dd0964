"""Known errors: what a review confirmed of an error, and nothing that would stop a recovery."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from andon import AsyncClient, Automation, Client, KnownError
from andon.flow.knowing import KEPT, KEPT_AWAY, PATH, Known, renewed
from andon.flow.steps import Lost
from andon.testing import FakeAndon

from tests.building import START, Clock
from tests.client.scripted import Played, problem, raw, said

TIMEOUT = {
    "service": "data-sync",
    "error_type": "ConnectTimeout",
    "message": "warehouse-db:<n> after <n> s",
    "recovery": "restart",
    "steps": "Restart the pool.",
}
FRESH = said(200, {"items": [TIMEOUT]}, etag='"t1"')


class ConnectTimeout(Exception):  # noqa: N818  as others call theirs
    """Somebody's own error."""


def timeout(port: int = 5432) -> ConnectTimeout:
    """It happens again and again, on one port or another."""
    return ConnectTimeout(f"warehouse-db:{port} after 10 s")


@pytest.fixture
def clock() -> Clock:
    """The client's time."""
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeAndon:
    """An Andon that knows an error."""
    made = FakeAndon(clock=clock)
    known = {"recovery": "restart", "steps": "Restart the pool."}
    made.confirm_error("ConnectTimeout", "warehouse-db:1111 after 3 s", **known)  # type: ignore[arg-type]
    return made


@pytest.fixture
def automation(fake: FakeAndon, clock: Clock) -> Automation:
    """A service that recovers by itself."""
    return Automation(
        Client(fake.url, fake.key, jwks=fake.jwks, transport=fake.transport, clock=clock)
    )


def asked(fake: FakeAndon) -> int:
    """How often Andon was asked for them."""
    return sum(one.path == PATH for one in fake.asked)


# -- what is known ------------------------------------------------------------------------------


def test_a_known_error_is_known_again_whatever_its_numbers(automation: Automation) -> None:
    found = automation.known(timeout(6000))
    assert isinstance(found, KnownError)
    assert (found.recovery, found.steps) == ("restart", "Restart the pool.")
    assert automation.known(timeout(7000)) == found


@pytest.mark.parametrize(
    "error",
    [ConnectTimeout("another-db:5432 after 10 s"), OSError("warehouse-db:5432 after 10 s")],
)
def test_another_message_or_type_is_another_error(automation: Automation, error: Exception) -> None:
    assert automation.known(error) is None


def test_an_error_known_of_any_type_is_known_after_its_own(
    fake: FakeAndon, automation: Automation
) -> None:
    fake.confirm_error(None, "warehouse-db:5432 after 10 s", recovery="retry")
    own, other = automation.known(timeout()), automation.known(OSError(str(timeout())))
    assert own is not None
    assert other is not None
    assert (own.recovery, other.recovery) == ("restart", "retry")


def test_what_it_came_from_may_be_part_of_what_was_confirmed(
    fake: FakeAndon, automation: Automation
) -> None:
    """As it is sent to people: with its notes and causes."""
    fake.confirm_error("RuntimeError", "sync failed\nfrom OSError: [Errno 28] no space", steps="x")
    try:
        raise RuntimeError("sync failed") from OSError("[Errno 28] no space")
    except RuntimeError as error:
        found = automation.known(error)
    assert found is not None
    assert found.steps == "x"
    assert automation.known(RuntimeError("sync failed")) is None


def test_a_secret_in_an_error_is_compared_as_people_see_it(
    fake: FakeAndon, automation: Automation
) -> None:
    fake.confirm_error("OSError", "password=[hidden]", steps="Rotate it.")
    assert automation.known(OSError("password=hunter2xyz was refused")) is not None


async def test_the_awaited_twin_knows_the_same(fake: FakeAndon, clock: Clock) -> None:
    client = AsyncClient(fake.url, fake.key, jwks=fake.jwks, transport=fake.transport, clock=clock)
    automation = Automation(client)
    found = await automation.aknown(timeout())
    assert found is not None
    assert found.recovery == "restart"
    with pytest.raises(TypeError, match=r"await automation.aknown"):
        automation.known(timeout())
    await client.close()


async def test_a_client_is_used_in_its_own_way(automation: Automation) -> None:
    with pytest.raises(TypeError, match="This Automation has a Client"):
        await automation.aknown(timeout())


@pytest.mark.parametrize("awaited", [False, True])
async def test_without_a_client_one_is_made_of_the_environment(
    andon_fake: FakeAndon, awaited: bool
) -> None:
    andon_fake.confirm_error("ConnectTimeout", str(timeout()), recovery="cache")
    automation = Automation()
    found = await automation.aknown(timeout()) if awaited else automation.known(timeout())
    assert found is not None
    assert found.recovery == "cache"


# -- asking -------------------------------------------------------------------------------------


def test_it_is_asked_once_a_minute_and_sent_again_only_when_it_changed(
    fake: FakeAndon, automation: Automation, clock: Clock
) -> None:
    for _ in range(3):
        automation.known(timeout())
    assert asked(fake) == 1
    clock.pass_(KEPT.total_seconds())
    assert automation.known(timeout()) is not None
    assert asked(fake) == 2
    assert fake.asked[-1].header("If-None-Match") is not None
    fake.confirm_error("ConnectTimeout", str(timeout()), steps="Call the network team.")
    clock.pass_(KEPT.total_seconds())
    found = automation.known(timeout())
    assert found is not None
    assert (found.recovery, found.steps) == (None, "Call the network team.")


def test_a_clock_that_was_set_back_does_not_keep_it_from_asking(
    fake: FakeAndon, automation: Automation, clock: Clock
) -> None:
    automation.known(timeout())
    clock.pass_(-86_400)
    automation.known(timeout())
    assert asked(fake) == 2


def test_while_andon_is_away_what_it_said_counts_for_an_hour(
    fake: FakeAndon, automation: Automation, clock: Clock
) -> None:
    assert automation.known(timeout()) is not None
    fake.go_away()
    clock.pass_(KEPT_AWAY.total_seconds() - 1)
    assert automation.known(timeout()) is not None
    clock.pass_(KEPT.total_seconds())
    assert automation.known(timeout()) is None
    fake.come_back()
    clock.pass_(KEPT.total_seconds())
    assert automation.known(timeout()) is not None


BEFORE = Known(items=(KnownError(message="x"),), tag="t0", asked_at=START, said_at=START)


@pytest.mark.parametrize(
    ("answer", "items", "tag"),
    [
        (FRESH, 1, "t1"),
        (said(200, {"items": []}, etag='W/"t2"'), 0, "t2"),
        (said(200, {"items": []}), 0, None),
        (raw(304), 1, "t0"),
        (problem(404, "no-such-address"), 0, None),
        (problem(401), 0, None),
        (problem(403), 0, None),
        (problem(429), 1, "t0"),
        (problem(503), 1, "t0"),
        (raw(302, location="/"), 1, "t0"),
        (said(200, {"items": [{"message": 7}]}), 1, "t0"),
        (raw(200, b"<html>"), 1, "t0"),
        (Lost(why="refused"), 1, "t0"),
    ],
)
def test_whatever_comes_is_an_answer(answer: Any, items: int, tag: str | None) -> None:
    """Asked once, within seconds; nothing is raised, and nothing is waited for."""
    now = START + KEPT
    played = Played(answer)
    found = played.run(renewed(BEFORE, now))
    assert (len(found.items), found.tag, found.asked_at) == (items, tag, now)
    (call,) = played.calls
    assert (call.path, dict(call.headers)) == (PATH, {"If-None-Match": '"t0"'})
    assert call.timeout_s <= 5
    assert played.pauses == []


def test_the_first_time_nothing_is_known_before() -> None:
    played = Played(Lost(why="refused"))
    assert played.run(renewed(Known(), START)) == Known(asked_at=START)
    assert dict(played.calls[0].headers) == {}
    assert Played(raw(304)).run(renewed(Known(), START)) == Known(asked_at=START)


def test_an_hour_without_an_answer_ends_what_is_known() -> None:
    late = START + KEPT_AWAY
    for answer in (problem(503), Lost(why="refused")):
        assert Played(answer).run(renewed(BEFORE, late)) == Known(asked_at=late)
        before = late - timedelta(seconds=1)
        assert Played(answer).run(renewed(BEFORE, before)).items == BEFORE.items


class UnspeakableError(Exception):
    """Its notes are no notes."""

    __notes__ = 7  # type: ignore[assignment]


@pytest.mark.parametrize("awaited", [False, True])
async def test_what_goes_wrong_is_logged_and_stops_nothing(
    awaited: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that are missing, an error that cannot be told."""
    for name in ("ANDON_URL", "ANDON_KEY", "ANDON_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    automation = Automation()
    with caplog.at_level(logging.WARNING, "andon"):
        error = timeout()
        found = await automation.aknown(error) if awaited else automation.known(error)
    assert found is None
    assert "Whether the error is known could not be found" in caplog.text


def test_an_error_that_cannot_be_told_is_unknown(automation: Automation) -> None:
    assert automation.known(UnspeakableError("x")) is None
