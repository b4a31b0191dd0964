"""Settings come from the environment or a file; what cannot be meant is refused in one sentence."""

import os
from pathlib import Path

import pytest

from bot.settings import SettingsError, read_settings, secret_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, without a word of ours in the environment."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_want_a_workspace() -> None:
    with pytest.raises(SettingsError, match="needs SLACK_BOT_TOKEN and SLACK_APP_TOKEN"):
        read_settings()


def test_the_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("ANDON_SLACK_MODE=off\nANDON_PORT=1\nANDON_HOST=::1\n")
    monkeypatch.setenv("ANDON_PORT", "2")
    settings = read_settings()
    assert (settings.slack_mode, settings.port, settings.host) == ("off", 2, "::1")


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_secret_may_lie_in_a_file_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (folder / "bot").write_text("xoxb-from-a-file\n")
    lines = {"ANDON_SLACK_MODE": "http", "SLACK_SIGNING_SECRET": "new, old",
             "SLACK_BOT_TOKEN_FILE": str(folder / "bot")}  # fmt: skip
    if where == "file":
        (folder / ".env").write_text("\n".join(f"{k}={v}" for k, v in lines.items()))
    for name, value in lines.items() if where == "environment" else ():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert settings.slack_bot_token.get_secret_value() == "xoxb-from-a-file"
    assert settings.signing_secrets == ("new", "old")
    assert "xoxb" not in repr(settings)


def test_a_secret_given_twice_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(folder / "bot"))
    with pytest.raises(SettingsError, match="are both given; leave one out") as caught:
        read_settings()
    assert "xoxb-1" not in str(caught.value)


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"\xff\xfe", "it is no text")])
def test_a_secrets_file_holds_a_secret(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    (folder / "bot").write_bytes(content)
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(folder / "bot"))
    with pytest.raises(SettingsError, match=words):
        read_settings(ANDON_SLACK_MODE="off")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANDON_PORT", "-1"), ("ANDON_PORT", "http"), ("ANDON_HOST", ""), ("ANDON_POLICY", ""),
        ("ANDON_SLACK_API_URL", "slack.com/api/"), ("ANDON_SLACK_API_URL", "https://slack.com/api"),
        ("ANDON_ALLOWED_CALLBACKS", "https://a.example"), ("ANDON_ALLOWED_CALLBACKS", "*.example"),
        ("ANDON_ALLOWED_CALLBACKS", "a.example:0"), ("ANDON_ALLOWED_CALLBACKS", "a.example:99999"),
        ("ANDON_ALLOWED_CALLBACKS", "a.example/path"), ("ANDON_SIGNING_KEYS", ""),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings(ANDON_SLACK_MODE="off")


def test_callback_hosts_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDON_ALLOWED_CALLBACKS", " a.example, 127.0.0.1:9000 ,,[::1]:9 ")
    allowed = read_settings(ANDON_SLACK_MODE="off").allowed_callbacks
    assert allowed == ("a.example", "127.0.0.1:9000", "[::1]:9")


def test_the_secret_of_a_route_is_read_when_it_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert secret_of("PAGER_KEY") is None
    (folder / ".env").write_text(f"PAGER_KEY_FILE={folder / 'key'}\n")
    with pytest.raises(SettingsError, match=r"PAGER_KEY_FILE: .*No such file"):
        secret_of("PAGER_KEY")
    (folder / "key").write_text("from a file\n")
    assert secret_of("PAGER_KEY") == "from a file"
    monkeypatch.setenv("PAGER_KEY", "from the environment")
    assert secret_of("PAGER_KEY") == "from the environment"
