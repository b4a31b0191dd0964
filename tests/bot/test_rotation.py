"""Secrets change while the server runs: good ones count at once, bad ones change nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from bot.rotation import Rotation, rotation
from bot.settings import SettingsError, read_settings
from bot.signing import KeyRing, SigningKeysError
from tests.bot.test_signing import CLAIMS, a_key, verified


class Desk:
    """A server's keys and Slack secrets, and where an operator changes them."""

    def __init__(self, folder: Path) -> None:
        self.keys, self.secret, self.env = folder / "keys", folder / "secret", folder / ".env"
        self.secret.write_text("old")
        self.ring = KeyRing(self.keys)
        self.secrets: tuple[str, ...] = ("old",)
        self.registry = CollectorRegistry()
        self.rotation = self._watching("http")
        self._written = 0

    def _watching(self, mode: str) -> Rotation:
        settings = read_settings(ANDON_SLACK_MODE=mode, SLACK_BOT_TOKEN="xoxb-of-tests")
        return rotation(settings, self.ring, self._adopt, self._read, self.registry)[0]

    def _read(self) -> Any:
        return read_settings(ANDON_SLACK_MODE="http", SLACK_BOT_TOKEN="xoxb-of-tests")

    def _adopt(self, secrets: tuple[str, ...]) -> bool:
        changed, self.secrets = secrets != self.secrets, secrets
        return changed

    async def looks(self, times: int) -> None:
        """The server looks that often."""
        for _ in range(times):
            await self.rotation.once()

    def counted(self, secrets: str, result: str) -> float:
        """How many changes ended like that."""
        labels = {"secrets": secrets, "result": result}
        return self.registry.get_sample_value("andon_secret_reloads_total", labels) or 0.0


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """One key, one of Slack's secrets in a file of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_SIGNING_SECRET_FILE", str(tmp_path / "secret"))
    return Desk(tmp_path)


async def test_while_nothing_changes_nothing_is_read(desk: Desk) -> None:
    await desk.looks(3)
    results = ("taken", "unchanged", "refused")
    assert [desk.counted(s, r) for s in ("grants", "slack") for r in results] == [0] * 6


async def test_a_changed_secret_is_taken_at_the_second_look(desk: Desk) -> None:
    desk.secret.write_text("old,new")
    await desk.looks(1)
    assert desk.secrets == ("old",)
    await desk.looks(3)
    assert desk.secrets == ("old", "new")
    assert desk.counted("slack", "taken") == 1


async def test_a_signal_takes_it_at_the_next_look(desk: Desk) -> None:
    desk.secret.write_text("new")
    desk.rotation.reload()
    await desk.looks(1)
    assert desk.secrets == ("new",)
    assert desk.counted("grants", "unchanged") == 1


async def test_a_signal_wakes_the_loop(desk: Desk) -> None:
    woken: list[bool] = []
    desk.rotation.wake = lambda: woken.append(True)
    desk.rotation.reload()
    assert woken == [True]


async def test_a_line_of_the_env_file_counts_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_SIGNING_SECRET_FILE")
    desk.env.write_text("SLACK_SIGNING_SECRET=of-the-file\n")
    await desk.looks(2)
    assert desk.secrets == ("of-the-file",)


@pytest.mark.parametrize("how", ["empty", "gone", "no text"])
async def test_a_bad_file_changes_nothing_and_says_why_without_the_secret(
    desk: Desk, how: str
) -> None:
    if how == "gone":
        desk.secret.unlink()
    else:
        desk.secret.write_bytes(b"" if how == "empty" else b"hush\xff")
    with capture_logs() as log:
        await desk.looks(4)
    assert desk.secrets == ("old",)
    assert desk.counted("slack", "refused") == 1
    (said,) = [line for line in log if line["event"] == "secrets-refused"]
    assert said["reason"].startswith("SLACK_SIGNING_SECRET_FILE")
    assert "hush" not in json.dumps(said)
    desk.secret.write_text("new")
    await desk.looks(2)
    assert desk.secrets == ("new",)


async def test_a_new_key_signs_and_the_old_one_still_verifies(desk: Desk) -> None:
    old = desk.ring.sign(CLAIMS)
    a_key(desk.keys, "z-later")
    await desk.looks(2)
    new = desk.ring.sign(CLAIMS)
    kids = [verified(token, desk.ring.jwks())[0]["kid"] for token in (old, new)]
    assert kids[0] != kids[1] == desk.ring.kid
    assert desk.counted("grants", "taken") == 1


async def test_a_key_taken_away_verifies_no_more(desk: Desk) -> None:
    old = desk.ring.sign(CLAIMS)
    first = desk.ring.files()[0]
    a_key(desk.keys, "z-later")
    await desk.looks(2)
    first.unlink()
    await desk.looks(2)
    assert [key["kid"] for key in desk.ring.jwks()["keys"]] == [desk.ring.kid]
    with pytest.raises(StopIteration):
        verified(old, desk.ring.jwks())


async def test_a_public_half_is_published_before_its_key_signs(desk: Desk) -> None:
    kid = desk.ring.kid
    whole = a_key(desk.keys, "z-later", kid="later")
    half = {name: value for name, value in whole.items() if name != "d"}
    (desk.keys / "z-later.jwk").write_text(json.dumps(half))
    await desk.looks(2)
    assert desk.ring.kid == kid
    assert [key["kid"] for key in desk.ring.jwks()["keys"]] == [kid, "later"]
    (desk.keys / "z-later.jwk").write_text(json.dumps(whole))
    await desk.looks(2)
    assert desk.ring.kid == "later"
    assert desk.counted("grants", "taken") == 2


@pytest.mark.parametrize("how", ["half", "no keys", "public only", "no folder"])
async def test_keys_that_cannot_be_used_leave_those_in_force(desk: Desk, how: str) -> None:
    before = desk.ring.kid
    first = desk.ring.files()[0]
    if how == "half":
        (desk.keys / "z.jwk").write_text(first.read_text()[:40])
    elif how == "public only":
        whole = json.loads(first.read_text())
        first.write_text(json.dumps({k: v for k, v in whole.items() if k != "d"}))
    else:
        first.unlink()
        if how == "no folder":
            desk.keys.rmdir()
    await desk.looks(3)
    assert desk.ring.kid == before
    assert verified(desk.ring.sign(CLAIMS), desk.ring.jwks())
    assert desk.counted("grants", "refused") == 1


async def test_what_cannot_be_used_of_one_sort_holds_up_no_other(desk: Desk) -> None:
    (desk.keys / "z.jwk").write_text("{")
    desk.secret.write_text("new")
    await desk.looks(2)
    assert desk.secrets == ("new",)
    assert desk.counted("grants", "refused") == 1


def test_reading_keys_anew_makes_none(desk: Desk) -> None:
    desk.ring.files()[0].unlink()
    with pytest.raises(SigningKeysError, match="can sign"):
        desk.ring.read()
    assert desk.ring.files() == []


def test_settings_that_are_wrong_are_no_secrets(desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setenv("ANDON_PORT", "high")
    with pytest.raises(SettingsError):
        desk._read()


def test_without_slacks_requests_only_the_keys_are_watched(desk: Desk) -> None:
    settings = read_settings(ANDON_SLACK_MODE="off")
    watched, loop = rotation(settings, desk.ring, None, desk._read, CollectorRegistry())
    assert ([source.name for source in watched.sources], loop.name) == (["grants"], "secrets")
