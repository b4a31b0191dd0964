"""Where the settings come from, and what is said where they are wrong."""

from pathlib import Path

import pytest
from andon import SettingsError
from andon.settings import read_settings

URL, KEY = "https://andon.example.com", "key-of-payments"


def test_arguments_win_over_the_environment() -> None:
    """What is said in code counts."""
    env = {"ANDON_URL": "https://other.example.com", "ANDON_KEY": "other", "ANDON_STATE": "/x"}
    found = read_settings(URL + "/", KEY, environment=env)
    assert (found.url, found.key, found.state) == (URL, KEY, Path("/x"))


def test_a_key_may_lie_in_a_file(tmp_path: Path) -> None:
    """With its line end."""
    (tmp_path / "key").write_text("key-of-a-file\n")
    env = {"ANDON_URL": URL, "ANDON_KEY_FILE": str(tmp_path / "key"), "HOME": "/home/x"}
    assert read_settings(environment=env).key == "key-of-a-file"


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "Set ANDON_URL"),
        ({"ANDON_URL": URL}, "Set ANDON_KEY"),
        ({"ANDON_URL": URL, "ANDON_KEY": "a", "ANDON_KEY_FILE": "b"}, "leave one out"),
        ({"ANDON_URL": URL, "ANDON_KEY_FILE": "/nowhere"}, "/nowhere: No such file"),
        ({"ANDON_URL": URL, "ANDON_KEY": "two words"}, "no key"),
        ({"ANDON_URL": "andon.example.com", "ANDON_KEY": "a"}, "Write https://HOST"),
        ({"ANDON_URL": "https://h:port", "ANDON_KEY": "a"}, "Write https://HOST"),
        ({"ANDON_URL": "https://u:p@h", "ANDON_KEY": "a"}, "belongs into ANDON_KEY"),
        ({"ANDON_URL": URL + "/v1/", "ANDON_KEY": "a"}, "without /v1"),
        ({"ANDON_URL": "http://andon.example.com", "ANDON_KEY": "a"}, "not encrypted"),
    ],
)
def test_what_is_missing_or_wrong_is_said_with_what_to_do(env: dict[str, str], said: str) -> None:
    """Nothing is asked with half of the settings."""
    with pytest.raises(SettingsError, match=said):
        read_settings(environment=env)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"])
def test_plain_http_is_fine_on_this_machine(url: str) -> None:
    """Nobody is on the way."""
    assert read_settings(url, KEY, environment={"ANDON_STATE": "/x"}).url == url


def test_plain_http_is_fine_with_pinned_keys() -> None:
    """A forged grant would not verify."""
    env = {"ANDON_JWKS_FILE": "/etc/andon.jwks", "ANDON_STATE": "/x"}
    assert read_settings("http://andon:8080", KEY, environment=env).url == "http://andon:8080"


def test_a_key_is_never_shown() -> None:
    """Not in logs, not in tracebacks."""
    assert KEY not in repr(read_settings(URL, KEY, environment={"ANDON_STATE": "/x"}))


def test_the_state_lies_where_the_system_wants_it() -> None:
    """XDG's folder where there is one."""
    found = read_settings(URL, KEY, environment={"XDG_STATE_HOME": "/var/state"})
    assert found.state == Path("/var/state/andon")
