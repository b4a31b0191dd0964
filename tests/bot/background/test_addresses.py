"""Addresses: secrets are filled in at the last moment, and come out nowhere."""

import pytest

from bot.background.addresses import AddressError, filled, scheme_of

KNOWN = {"USER": "andon", "WORD": "p@ss/w:rd %"}


def test_an_address_without_names_stays_as_it_is() -> None:
    assert filled("json://host/path?x=${", KNOWN.get).text == "json://host/path?x=${"


def test_a_secret_within_an_address_is_escaped() -> None:
    found = filled("mailto://${USER}:${WORD}@host", KNOWN.get)
    assert found.text == "mailto://andon:p%40ss%2Fw%3Ard%20%25@host"


def test_it_may_hold_the_escalations_id_and_the_pages() -> None:
    address = "pagerduty://${USER}@x?dedup={id}&page={page}&x=${id}"
    found = filled(address, KNOWN.get, id_="esc_1", page="msg_2")
    assert found.text == "pagerduty://andon@x?dedup=esc_1&page=msg_2&x=$esc_1"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("json://${A}/", "A is not set; give it in the environment, or as A_FILE."),
        ("json://${A}/${USER}/${B}/${A}", "A and B are not set"),
    ],
)
def test_a_name_that_is_not_set_is_named(address: str, says: str) -> None:
    with pytest.raises(AddressError, match=says):
        filled(address, KNOWN.get)


def test_a_file_that_cannot_be_read_is_named() -> None:
    def unreadable(name: str) -> str | None:
        raise ValueError(f"{name}_FILE: /there: No such file or directory.")

    with pytest.raises(AddressError, match="A_FILE: /there"):
        filled("json://${A}/", unreadable)


def test_neither_the_address_nor_a_secret_shows_when_it_is_printed() -> None:
    found = filled("mailto://${USER}:${WORD}@host", KNOWN.get)
    assert "p@ss" not in repr(found)
    assert "%40" not in repr(found)


def test_what_is_said_about_it_is_said_without_its_secrets() -> None:
    found = filled("mailto://${USER}:${WORD}@host", KNOWN.get)
    said = f"no login with {KNOWN['WORD']} or p%40ss%2Fw%3Ard%20%25 at {found.text}"
    assert (
        found.hide(said) == "no login with [hidden] or [hidden] at mailto://[hidden]:[hidden]@host"
    )


@pytest.mark.parametrize(
    ("address", "scheme"), [("mailtos://x", "mailtos"), ("nothing", ""), ("JSON://x", "json")]
)
def test_the_scheme_is_read_off_before_it_is_filled(address: str, scheme: str) -> None:
    assert scheme_of(address) == scheme
