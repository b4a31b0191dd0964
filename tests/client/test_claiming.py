"""Taking the release: whatever does not fit on the way, nothing is handed out."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from andon import (
    AndonError,
    Client,
    ExpiredError,
    GrantError,
    Operation,
    Option,
    RefusedRequestError,
    RejectedError,
    TakenError,
    UnavailableError,
    WithdrawnError,
)
from andon.testing import Asked, FakeAndon, Told

from tests.client.faked import client_of

DROP = Operation("drop", {"sql": "DROP TABLE a"})
OTHER = Operation("drop", {"sql": "DROP TABLE b"})


@pytest.fixture
def fake() -> FakeAndon:
    """People who say nothing by themselves."""
    return FakeAndon("silent")


@pytest.fixture
def client(fake: FakeAndon, tmp_path: Path) -> Client:
    """A caller with a second of patience."""
    return client_of(fake, tmp_path, patience_s=1)


def approved(fake: FakeAndon, client: Client, **more: Any) -> str:
    """The id of something that people released."""
    made = client.open("Drop a", operation=DROP, **more)
    fake.approve(made.id)
    return made.id


def lapse(fake: FakeAndon, id_: str) -> None:
    """It was approved, and nobody came."""
    fake.approve(id_)
    fake.let_pass(10 * 24 * 3600)


def stop(fake: FakeAndon, id_: str) -> None:
    """It was approved, and stopped."""
    fake.approve(id_)
    fake.stop(id_, reason="wait for Monday")


def void(fake: FakeAndon, id_: str) -> None:
    """It was approved by somebody who has left."""
    fake.approve(id_)
    fake.void(id_)


ENDS: dict[str, tuple[Callable[[FakeAndon, str], Any], type[AndonError], bool]] = {
    "nobody has decided": (lambda fake, id_: None, RefusedRequestError, False),
    "rejected": (lambda fake, id_: fake.reject(id_), RejectedError, False),
    "expired": (lambda fake, id_: fake.expire(id_), ExpiredError, True),
    "withdrawn": (lambda fake, id_: fake.withdraw(id_), WithdrawnError, False),
    "lapsed": (lapse, ExpiredError, True),
    "stopped": (stop, RejectedError, False),
    "void": (void, RejectedError, False),
}


@pytest.mark.parametrize(("end", "error", "retry"), ENDS.values(), ids=ENDS.keys())
def test_what_is_not_released_is_not_handed_out(
    fake: FakeAndon, client: Client, end: Any, error: type[AndonError], retry: bool
) -> None:
    """Each says whether asking again may help."""
    made = client.open("Drop a", operation=DROP)
    end(fake, made.id)
    with pytest.raises(error) as raised:
        client.claim(made.id, DROP)
    assert (raised.value.id, raised.value.retry) == (made.id, retry)


def test_what_ended_is_told_apart(fake: FakeAndon, client: Client) -> None:
    """Stopped by whom and why; void for nobody in particular."""
    for end, kind in ((stop, "stopped"), (void, "void")):
        made = client.open("Drop a", operation=DROP)
        end(fake, made.id)
        with pytest.raises(RejectedError) as raised:
            client.claim(made.id, DROP)
        assert raised.value.reason_kind == kind


def test_another_operation_is_not_even_claimed(fake: FakeAndon, client: Client) -> None:
    """The release stays for what was shown."""
    id_ = approved(fake, client)
    with pytest.raises(GrantError, match="not the operation"):
        client.claim(id_, OTHER)
    assert client.claim(id_, DROP).option == "approve"


def test_other_options_are_another_question(fake: FakeAndon, client: Client) -> None:
    """They are part of the digest."""
    id_ = approved(fake, client)
    options = [Option("yes", "Yes"), Option("no", "No", effect="abort")]
    with pytest.raises(GrantError, match="not the operation"):
        client.claim(id_, DROP, options=options)


def test_who_was_faster_is_named(fake: FakeAndon, client: Client, tmp_path: Path) -> None:
    """Another caller, in another folder, with another key."""
    id_ = approved(fake, client)
    client_of(fake, tmp_path / "elsewhere").claim(id_, DROP)
    with pytest.raises(TakenError, match="Another caller") as raised:
        client.claim(id_, DROP)
    assert raised.value.who == "tests"


@pytest.mark.parametrize("how", ["lost", "truncated", "cut", "reset", "500", "503", "html"])
def test_a_claim_without_an_answer_heals_later(
    fake: FakeAndon, client: Client, tmp_path: Path, how: Any
) -> None:
    """In another process, from the same folder: the same key gets the same grant."""
    id_ = approved(fake, client)
    fake.go_away(how, on="claim")
    with pytest.raises(UnavailableError):
        client.claim(id_, DROP)
    fake.come_back()
    assert client_of(fake, tmp_path).claim(id_, DROP).escalation_id == id_


def test_a_grant_that_does_not_verify_is_not_marked_as_taken(
    fake: FakeAndon, client: Client
) -> None:
    """So that it can be had once the clock or the keys are mended."""
    id_ = approved(fake, client)
    fake.alter = _altered(lambda told: {**told, "grant": told["grant"][:-4] + "AAAA"})
    with pytest.raises(GrantError):
        client.claim(id_, DROP)
    fake.alter = None
    assert client.claim(id_, DROP).option == "approve"


BENT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another option beside the grant": lambda told: {**told, "option": "other"},
    "no grant": lambda told: {k: v for k, v in told.items() if k != "grant"},
    "a grant that is no text": lambda told: {**told, "grant": 7},
    "an empty grant": lambda told: {**told, "grant": ""},
    "the header alone": lambda told: {**told, "grant": told["grant"].split(".")[0]},
    "no option": lambda told: {**told, "option": None},
    "a list": lambda told: [told],
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT.keys())
def test_an_answer_that_is_bent_releases_nothing(
    fake: FakeAndon, client: Client, bend: Callable[[dict[str, Any]], Any]
) -> None:
    """Whatever is wrong with it."""
    id_ = approved(fake, client)
    fake.alter = _altered(bend)
    with pytest.raises((GrantError, UnavailableError)):
        client.claim(id_, DROP)


def test_a_replayed_grant_releases_nothing(fake: FakeAndon, client: Client, tmp_path: Path) -> None:
    """A true one, of another escalation of the same operation."""
    first, second = approved(fake, client), approved(fake, client)
    old = client_of(fake, tmp_path / "elsewhere").claim(first, DROP)
    fake.alter = _altered(lambda told: {**told, "grant": old.token})
    with pytest.raises(GrantError, match=r"its (sub|nonce) is"):
        client.claim(second, DROP)


def test_a_grant_of_an_earlier_claim_releases_nothing(
    fake: FakeAndon, client: Client, tmp_path: Path
) -> None:
    """Of the same escalation, for another nonce."""
    id_ = approved(fake, client)
    old = client_of(fake, tmp_path / "elsewhere").claim(id_, DROP, nonce="another")
    fake.alter = lambda asked, told: (
        replace(told, status=200, body=json.dumps(_granted(old.token)).encode())
        if asked.path.endswith("/claim")
        else told
    )
    with pytest.raises((GrantError, UnavailableError)):
        client.claim(id_, DROP)


def test_a_clock_that_is_off_is_named(fake: FakeAndon, tmp_path: Path) -> None:
    """Nothing runs, and the error says what may be wrong."""
    from datetime import UTC, datetime

    client = client_of(fake, tmp_path, clock=lambda: datetime(2031, 1, 1, tzinfo=UTC))
    id_ = approved(fake, client)
    with pytest.raises(GrantError, match="clock"):
        client.claim(id_, DROP)


def test_keys_are_on_disk_before_anything_is_sent(
    fake: FakeAndon, client: Client, tmp_path: Path
) -> None:
    """Or a crash could lose the only key to the grant."""
    id_ = approved(fake, client)
    seen: list[bool] = []

    def look(asked: Asked, told: Told) -> Told:
        if asked.path.endswith("/claim"):
            kept = list((tmp_path / "state" / "claims").glob("*.json"))
            seen.append(json.loads(kept[0].read_text())["is_taken"])
        return told

    fake.alter = look
    client.claim(id_, DROP)
    assert seen == [False]


def test_where_keys_cannot_be_kept_nothing_is_claimed(fake: FakeAndon, tmp_path: Path) -> None:
    """The release stays for who can take it."""
    (tmp_path / "state").write_text("no folder")
    client = client_of(fake, tmp_path)
    id_ = approved(fake, client)
    with pytest.raises(UnavailableError, match="nothing was sent"):
        client.claim(id_, DROP)
    assert fake.escalation(id_)["claim"] is None


def test_what_is_reported_leaves_no_key(fake: FakeAndon, client: Client, tmp_path: Path) -> None:
    """And the same report again is fine."""
    id_ = approved(fake, client)
    client.claim(id_, DROP)
    for _ in range(2):
        assert client.report(id_, "succeeded").is_ended
    assert list((tmp_path / "state" / "claims").iterdir()) == []


def test_of_many_at_once_one_takes_it(fake: FakeAndon, client: Client, tmp_path: Path) -> None:
    """From one folder, with a client each: nobody shares a key."""
    id_ = approved(fake, client)

    def take(_: int) -> str:
        try:
            return client_of(fake, tmp_path).claim(id_, DROP).option
        except TakenError:
            return "taken"

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(take, range(8)))
    assert sorted(taken) == ["approve", *["taken"] * 7]


def _altered(bend: Callable[[dict[str, Any]], Any]) -> Callable[[Asked, Told], Told]:
    """Answers to claims, bent."""

    def alter(asked: Asked, told: Told) -> Told:
        if not asked.path.endswith("/claim") or told.status != 200:
            return told
        return replace(told, body=json.dumps(bend(json.loads(told.body))).encode())

    return alter


def _granted(token: str) -> dict[str, str]:
    at = "2026-11-12T21:30:00Z"
    return {"grant": token, "option": "approve", "claimed_at": at, "expires_at": at}
