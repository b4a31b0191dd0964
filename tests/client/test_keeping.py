"""Keys are on disk before they are sent, and never shared."""

import os
import stat
from pathlib import Path

import pytest
from andon import UnavailableError
from andon.keeping import Asked, Keeper, NotKeptError

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """A folder of its own."""
    return Keeper(tmp_path / "state")


def test_a_broken_off_claim_finds_its_keys_again(keeper: Keeper, tmp_path: Path) -> None:
    """A caller that died leaves no lock, and what it kept."""
    first = keeper.claim("esc_1", DIGEST)
    first.close()
    assert Keeper(tmp_path / "state").claim("esc_1", DIGEST).keys == first.keys


@pytest.mark.parametrize("other", [("esc_2", DIGEST), ("esc_1", f"sha256:{'b' * 64}")])
def test_another_escalation_or_digest_gets_keys_of_its_own(
    keeper: Keeper, other: tuple[str, str]
) -> None:
    """A key is for one claim alone."""
    first = keeper.claim("esc_1", DIGEST)
    first.close()
    assert keeper.claim(*other).keys.key != first.keys.key


def test_callers_at_once_never_share_a_key(keeper: Keeper) -> None:
    """Or both would be handed the same grant."""
    first, second = keeper.claim("esc_1", DIGEST), keeper.claim("esc_1", DIGEST)
    assert first.keys.key != second.keys.key
    first.close()
    second.close()


def test_what_was_taken_is_remembered(keeper: Keeper) -> None:
    """A restart sees that somebody may have begun to run."""
    first = keeper.claim("esc_1", DIGEST)
    first.take()
    first.close()
    assert keeper.claim("esc_1", DIGEST).keys.is_taken


def test_what_is_reported_leaves_nothing(keeper: Keeper, tmp_path: Path) -> None:
    """Neither keys nor locks."""
    for _ in range(2):
        kept = keeper.claim("esc_1", DIGEST)
        kept.take()
        kept.close()
    keeper.forget_claim("esc_1")
    assert list((tmp_path / "state" / "claims").iterdir()) == []


def test_a_refused_claim_leaves_nothing(keeper: Keeper, tmp_path: Path) -> None:
    """Nor does its lock."""
    kept = keeper.claim("esc_1", DIGEST)
    kept.forget()
    kept.close()
    assert list((tmp_path / "state" / "claims").iterdir()) == []


def test_only_the_owner_can_read_them(keeper: Keeper, tmp_path: Path) -> None:
    """Whoever has the key has the grant."""
    keeper.claim("esc_1", DIGEST)
    keeper.asked({"a": 1})
    for path in (tmp_path / "state").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1, "other": 2}', "\x00"])
def test_a_damaged_file_is_made_anew(keeper: Keeper, tmp_path: Path, text: str) -> None:
    """Half a key is none."""
    kept = keeper.claim("esc_1", DIGEST)
    kept.close()
    (tmp_path / "state" / "claims" / "esc_1.0.json").write_text(text)
    assert keeper.claim("esc_1", DIGEST).keys.key != kept.keys.key


def test_an_odd_id_stays_in_the_folder(keeper: Keeper, tmp_path: Path) -> None:
    """Whatever the server calls it."""
    keeper.claim("../../etc/passwd", DIGEST)
    assert all(tmp_path in path.parents for path in tmp_path.rglob("*.json"))
    assert not (tmp_path / "etc").exists()


def test_the_same_question_has_the_same_key(keeper: Keeper) -> None:
    """Until it is over."""
    first = keeper.asked({"operation": "x"})
    keeper.answered({"operation": "x"}, Asked(key=first.key, escalation="esc_1"))
    assert keeper.asked({"operation": "x"}) == Asked(key=first.key, escalation="esc_1")
    assert keeper.asked({"operation": "y"}).key != first.key
    keeper.forget_asked({"operation": "x"})
    assert keeper.asked({"operation": "x"}).key != first.key


def test_where_keys_cannot_be_kept_nothing_is_sent(tmp_path: Path) -> None:
    """It says where, and what to do."""
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(NotKeptError, match="ANDON_STATE") as raised:
        Keeper(tmp_path / "state").claim("esc_1", DIGEST)
    assert isinstance(raised.value, UnavailableError)


def test_a_full_disk_leaves_no_half_file(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be synced was not kept."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotKeptError, match="No space left"):
        keeper.claim("esc_1", DIGEST)
    assert list((tmp_path / "state" / "claims").iterdir()) == []
