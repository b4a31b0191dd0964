"""What the server's corpora say of the client's own redaction, and the shapes values take."""

import json
from typing import Any

import pytest
from andon.redaction import is_secret_name, redacted
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust.corpora.benign import TEXTS
from tests.trust.corpora.secrets import Secret, keyed, secrets

KNOWN = secrets()


def named(one: Any) -> str:
    """The kind of a secret, as a test is called."""
    return getattr(one, "kind", "")


TOKEN = "gh" + "p_" + "a1B2" * 9


def test_no_secret_of_the_corpus_is_left() -> None:
    found = [s.kind for s in KNOWN for text in s.texts if s.is_in(redacted(text))]
    assert found == []


def test_under_other_seeds_none_is_left_either() -> None:
    """What chance makes can read like a word: one in a hundred at most, of what is only random."""
    made = [one for seed in (100, 101, 102) for one in secrets(seed)]
    missed = [one.kind for one in made if any(one.is_in(redacted(t)) for t in one.texts)]
    assert [kind for kind in missed if not kind.startswith("random ")] == []
    assert len(missed) <= len(made) / 100


@pytest.mark.parametrize(
    ("secret", "value"), tuple(keyed()), ids=lambda one: getattr(one, "kind", "")
)
def test_a_name_that_tells_hides_its_value(secret: Secret, value: dict[str, Any]) -> None:
    assert secret.value not in json.dumps(redacted(value))


def test_hardly_any_benign_text_is_touched() -> None:
    touched = [text for text in TEXTS if redacted(text) != text]
    assert len(touched) <= 0.05 * len(TEXTS), touched


def test_the_name_stays_and_the_value_goes() -> None:
    value = {"db_password": "x1", "note": "token=abc12345", "port": 5432}
    expected = {"db_password": "[hidden]", "note": "token=[hidden]", "port": 5432}
    assert redacted(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"password": None}, {"password": ""}, {"has_token": True}, {"max_tokens": 1024}, 7, None,
        {"name": "PATH", "value": "/usr/bin"}, ["ls", "--tokens-of", "x"], "[hidden]", [], {},
    ],
)  # fmt: skip
def test_what_hides_nothing_is_left_alone(value: Any) -> None:
    assert redacted(value) == value


def test_a_command_line_hides_what_follows_a_flag() -> None:
    given = ["curl", "-u", "me:pw", "--api-key", "k1", "--verbose", "x"]
    expected = ["curl", "-u", "me:[hidden]", "--api-key", "[hidden]", "--verbose", "x"]
    assert redacted(given) == expected


def test_a_secret_that_is_a_key_goes_and_its_neighbours_stay_apart() -> None:
    given = {TOKEN: 1, TOKEN.replace("a1", "a2"): 2}
    assert redacted(given) == {"[hidden]": 1, "[hidden] 2": 2}


def test_bytes_and_tuples_become_what_json_can_say() -> None:
    assert redacted((b"password=hunter22", {"a": frozenset({1})})) == [
        "password=[hidden]",
        {"a": [1]},
    ]


def test_a_private_key_goes_whole_though_its_end_was_cut_off() -> None:
    text = "the key:\n-----BEGIN " + "PRIVATE KEY-----\nMIIabc\ndef\n"
    assert redacted(text) == "the key:\n[hidden]"


@pytest.mark.parametrize(("name", "secret"), [
    ("dbPassword", True), ("X-Api-Key", True), ("SENTRY_DSN", True), ("compass", False),
    ("keyboard", False), ("token_count", False), ("pass", True),
])  # fmt: skip
def test_names_tell_by_their_end(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


CORPUS = [text for s in KNOWN for text in s.texts] + list(TEXTS)
PIECES = st.integers(0, len(CORPUS) - 1).map(lambda n: CORPUS[n])
TEXT = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=4).map("".join)
VALUES = st.recursive(
    st.one_of(TEXT, st.integers(), st.none(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_twice_is_the_same_as_once(value: Any) -> None:
    once = redacted(value)
    assert redacted(once) == once


@pytest.mark.parametrize(
    "unit", ["-", "password='", "://a:", "eyJa", "--token ", "aB3/", "<password ", "x-", '\\"']
)
def test_a_hostile_text_is_read_to_its_end(unit: str) -> None:
    """Were any rule to look back over what it has read, none of these would end in an hour."""
    hostile = unit * (60_000 // len(unit))
    assert TOKEN not in redacted(f"{hostile} {TOKEN}")
