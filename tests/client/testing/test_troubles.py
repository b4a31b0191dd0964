"""What can be wrong on the way, in this process and on loopback alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import httpx2
import pytest
from andon.testing import Asked, FakeAndon, Told
from andon.testing.troubles import How

from tests.client.contract.wires import FakeWire, client_of

BROKEN = {
    "refused": httpx2.ConnectError,
    "reset": httpx2.ReadError,
    "lost": httpx2.ReadError,
    "slow": httpx2.ReadTimeout,
    "truncated": httpx2.RemoteProtocolError,
}


@contextmanager
def over(way: str) -> Iterator[FakeWire]:
    """A fake in this process, or on loopback."""
    fake = FakeAndon("silent")
    if way == "loopback":
        with fake, client_of(fake.url) as http:
            yield _impatient(FakeWire(fake, http))
    else:
        with httpx2.Client(base_url=fake.url, transport=fake.transport) as http:
            yield _impatient(FakeWire(fake, http))


def _impatient(wire: FakeWire) -> FakeWire:
    wire.http.timeout = 0.2
    return wire


@pytest.fixture(params=["in process", "loopback"])
def wire(request: pytest.FixtureRequest) -> Iterator[FakeWire]:
    """Both ways."""
    with over(request.param) as made:
        yield made


@pytest.mark.parametrize("how", BROKEN)
def test_the_connection_breaks(wire: FakeWire, how: How) -> None:
    wire.fake.go_away(how)
    with pytest.raises(BROKEN[how]):
        wire.opening()
    wire.fake.come_back()
    assert wire.opening().status_code == (200 if how in ("lost", "truncated") else 201)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("401", 401),
        ("403", 403),
        ("429", 429),
        ("500", 500),
        ("503", 503),
        ("html", 200),
        ("redirect", 302),
        ("cut", 201),
    ],
)
def test_something_else_answers(wire: FakeWire, how: How, status: int) -> None:
    wire.fake.go_away(how)
    response = wire.opening()
    assert response.status_code == status
    assert ("Retry-After" in response.headers) is (status in (429, 503))
    assert (how == "redirect") is ("Location" in response.headers and status == 302)
    is_problem = response.headers.get("content-type", "").startswith("application/problem+json")
    assert is_problem is (status >= 400)
    if not is_problem and how != "redirect":
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            response.json()
    assert bool(wire.fake.escalations) is (how == "cut")


def test_every_trouble_is_tried_above() -> None:
    rows = test_something_else_answers.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {*BROKEN, *(how for how, _ in rows)} == set(get_args(How))


def test_a_trouble_is_with_what_it_is_said_to_be_with(wire: FakeWire) -> None:
    wire.fake.go_away("500", on="claim outcome")
    made = wire.open()
    wire.approve(made["id"])
    assert wire.claim(made).status_code == 500
    assert wire.read(made["id"])["claim"] is None


def test_a_trouble_passes_after_so_many_times(wire: FakeWire) -> None:
    wire.fake.go_away("503", times=2)
    assert [wire.opening().status_code for _ in range(3)] == [503, 503, 201]


def test_what_is_refused_for_one_action_breaks_there_alone(wire: FakeWire) -> None:
    wire.fake.go_away("refused", on="claim")
    made = wire.open()
    with pytest.raises(httpx2.TransportError):
        wire.claim(made)


def test_what_was_lost_was_done_and_the_same_key_heals_it(wire: FakeWire) -> None:
    made = wire.open()
    wire.approve(made["id"])
    wire.fake.go_away("lost", on="claim", times=1)
    with pytest.raises(httpx2.ReadError):
        wire.claim(made, "c")
    assert wire.claim(made, "other").status_code == 409
    assert wire.claim(made, "c").status_code == 200


def test_answers_may_be_altered_on_their_way(wire: FakeWire) -> None:
    def lie(asked: Asked, told: Told) -> Told:
        return Told(status=201, headers=told.headers, body=b'{"id": "esc_1"}')

    wire.fake.alter = lie
    assert wire.opening().json() == {"id": "esc_1"}


def test_away_from_the_start() -> None:
    with FakeAndon("away") as fake, client_of(fake.url) as http:
        with pytest.raises(httpx2.ConnectError):
            http.get("/healthz")
        fake.come_back()
        assert http.get("/healthz").status_code == 200


def test_it_listens_where_it_did(wire: FakeWire) -> None:
    before: Any = wire.fake.url
    wire.fake.go_away()
    wire.fake.come_back()
    assert wire.fake.url == before
