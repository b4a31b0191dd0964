"""What is only random is hidden; ids, digests, paths and words are not."""

from random import Random

import pytest

from bot.redaction import redact_text
from bot.redaction.entropy import HIDDEN, is_random, without_random

HEX = "3f786850e387550fdab836ed7e6dc881de23001b"
RANDOM = "kJ8sQz3VnP5xW2mLr9TbYc4H"


def hexadecimal(digits: int) -> str:
    """So many digits of chance."""
    return "".join(Random(digits).choices("0123456789abcdef", k=digits))


@pytest.mark.parametrize(
    "text",
    [
        RANDOM, "kJ8sQz3V-P5xW2mL_9TbYc4H", "pR7/xK2+mQ9vW4zT8nB6cD1fG3h=",
        "x7k2m9q4w8z3v6b1n5c0j2h7", "GX7K2M4Q3W6ZV5BNC2JH7TLD", "kQzVnPxWmLrTbYcHsJgFdSaWqEzX",
    ],
)  # fmt: skip
def test_chance_is_known_wherever_it_stands(text: str) -> None:
    assert is_random(text)
    assert without_random(f"it said ({text}).") == f"it said ({HIDDEN})."


@pytest.mark.parametrize(
    "text",
    [
        HEX, HEX.upper(), f"0x{HEX}", *map(hexadecimal, (16, 24, 32, 64, 96, 128)),
        "c0ffee00-1234-4abc-8def-0123456789ab", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        f"esc_{hexadecimal(32)}", "org_springframework_boot_autoconfigure_jdbc",
        "CamelCaseIdentifierThatIsRatherLong2", "DE89370400440532013000", "a" * 40,
        "2026-11-12-000123456789-of-42", f"acme/payments/commit/{HEX}/files",
    ],
)  # fmt: skip
def test_what_people_decide_by_is_left_alone(text: str) -> None:
    assert without_random(text) == text


@pytest.mark.parametrize("digits", [33, 48, 60, 80])
def test_hexadecimal_digits_of_a_length_that_no_digest_has_are_chance(digits: int) -> None:
    assert is_random(hexadecimal(digits))


def test_a_path_keeps_the_parts_that_people_named() -> None:
    assert without_random(f"files/download/{RANDOM}/report") == f"files/download/{HIDDEN}/report"


@pytest.mark.parametrize(
    "text",
    [
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtN0kzX9uZ2c3h5eHp5d3Z1dHNycXBvbm1s",
        f"-----BEGIN CERTIFICATE-----\n{RANDOM}{RANDOM}\n-----END CERTIFICATE-----",
        f"-----BEGIN PUBLIC KEY-----\n{RANDOM}{RANDOM}\n-----END PUBLIC KEY-----",
    ],
)
def test_what_says_that_it_is_public_is_left_alone(text: str) -> None:
    assert redact_text(text) == text


def test_what_was_hidden_is_not_looked_at_again() -> None:
    text = f"[hidden: {RANDOM}]"
    assert without_random(text) == text
