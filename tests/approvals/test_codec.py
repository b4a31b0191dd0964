"""Values to JSON and back: nothing is lost, defaults are left out, instants are exact."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from approvals.codec import dump, dump_text, instant, load, load_text, parse_instant
from tests.approvals.stories import STORIES, pending


@pytest.mark.parametrize("name", STORIES)
def test_an_escalation_survives_being_stored(name: str) -> None:
    """As values and as text."""
    e = STORIES[name]().e
    assert load(dump(e)) == e
    assert load_text(dump_text(e)) == e
    assert json.loads(dump_text(e)) == json.loads(json.dumps(dump(e)))


def test_a_text_is_read_once_and_another_by_a_letter_is_another() -> None:
    """A dozen look at an escalation after each commit."""
    text = dump_text(pending().e)
    assert load_text(text) is load_text(text)
    assert load_text(text.replace('"version":1', '"version":2')).version == 2


def test_what_says_nothing_is_not_stored() -> None:
    """Defaults come back by themselves."""
    stored = dump(pending().e)
    assert not {"decision", "claim", "votes", "stopped", "occurrences"} & stored.keys()


@pytest.mark.parametrize("spoilt", ["{}", '{"id": "esc_1"}', "[]", "not JSON"])
def test_what_is_no_escalation_is_refused(spoilt: str) -> None:
    """Rather than half read."""
    with pytest.raises(ValidationError):
        load_text(spoilt)


def test_another_status_than_there_is_is_refused() -> None:
    """A store that was tampered with does not release."""
    with pytest.raises(ValidationError):
        load({**dump(pending().e), "status": "allowed"})


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 12, 21, 0, tzinfo=UTC), "2026-11-12T21:00:00.000000Z"),
        (datetime(2026, 11, 12, 21, 0, 0, 5, tzinfo=UTC), "2026-11-12T21:00:00.000005Z"),
        (
            datetime(2026, 11, 12, 22, 0, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-12T21:00:00.000000Z",
        ),
    ],
)
def test_an_instant_is_written_in_utc_to_the_microsecond(at: datetime, text: str) -> None:
    """And read back as the same one."""
    assert instant(at) == text
    assert parse_instant(text) == at


def test_an_instant_without_a_zone_is_none() -> None:
    """It could be any."""
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 11, 12, 21, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", ["", "2026-11-12", "2026-11-12T21:00:00Z", "2026-11-12T21:00:00.000000+01:00"]
)
def test_only_our_own_instants_are_read(text: str) -> None:
    """One way of writing, one hash."""
    with pytest.raises(ValueError, match=r".+"):
        parse_instant(text)
