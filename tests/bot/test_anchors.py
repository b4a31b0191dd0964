"""The file of anchors: appended to and nothing else, whatever a loss of power left at its end."""

import base64
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from approvals.events import GENESIS
from approvals.sealing import Block, Head, sealed
from bot.anchors import AnchorFile, ForeignFileError, anchors_of
from bot.settings import read_settings
from bot.signing import KeyRing
from tests.building import START


def blocks(n: int) -> list[Block]:
    """So many blocks, each on the one before."""
    made: list[Block] = []
    for number in range(1, n + 1):
        head = Head(escalation_id=f"esc_{number}", seq=1, hash=f"sha256:{number:064}")
        prev = made[-1].hash if made else GENESIS
        made.append(sealed([head], number=number, prev=prev, at=START))
    return made


BLOCKS = blocks(4)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys")


@pytest.fixture
def file(tmp_path: Path, keys: KeyRing) -> AnchorFile:
    return AnchorFile(tmp_path / "andon.anchors", keys)


def lines(file: AnchorFile) -> Sequence[str]:
    return file.path.read_text().split("\n")


def test_before_the_first_block_there_is_no_file(file: AnchorFile) -> None:
    assert file.last() is None
    assert not file.path.exists()


def test_a_block_is_a_line_and_the_last_line_is_the_last_block(file: AnchorFile) -> None:
    file.append(BLOCKS[:2])
    file.append(BLOCKS[2:3])
    assert [json.loads(line)["block"] for line in lines(file)[:-1]] == [1, 2, 3]
    last = file.last()
    assert last is not None
    assert last.names(BLOCKS[2])


def test_what_somebody_else_has_anchored_meanwhile_is_not_anchored_again(
    file: AnchorFile, keys: KeyRing
) -> None:
    """A replica in the same folder; a thread that goes on while the server stops."""
    other = AnchorFile(file.path, keys)
    with ThreadPoolExecutor() as threads:
        for n in range(1, len(BLOCKS) + 1):
            list(threads.map(lambda each, n=n: each.append(BLOCKS[:n]), [file, other] * 4))
    assert [json.loads(line)["block"] for line in lines(file)[:-1]] == [1, 2, 3, 4]


def test_a_line_is_verified_without_our_code(file: AnchorFile, keys: KeyRing) -> None:
    file.append(BLOCKS[:1])
    said = json.loads(lines(file)[0])
    signed = json.dumps(
        {name: said[name] for name in ("at", "block", "hash")}, separators=(",", ":")
    )
    (published,) = keys.jwks()["keys"]
    key = Ed25519PublicKey.from_public_bytes(unpadded(published["x"]))
    key.verify(unpadded(said["sig"]), signed.encode())
    assert said["kid"] == published["kid"]


def unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize("cut", [1, 2, 50, 200])
def test_after_a_torn_line_the_next_begins_anew(file: AnchorFile, cut: int) -> None:
    file.append(BLOCKS[:2])
    torn = file.path.read_bytes()[:-cut]
    file.path.write_bytes(torn)
    last = file.last()
    assert last is not None
    assert last.block == (2 if cut == 1 else 1)
    file.append(BLOCKS[last.block :])
    assert file.path.read_bytes().startswith(torn + b"\n{")
    again = file.last()
    assert again is not None
    assert again.names(BLOCKS[3])


def test_a_first_line_that_was_torn_is_no_line(file: AnchorFile) -> None:
    file.path.write_text('{"at":"2026')
    assert file.last() is None


def test_a_file_of_something_else_is_not_appended_to(file: AnchorFile) -> None:
    file.path.write_text("root:x:0:0\n")
    with pytest.raises(ForeignFileError, match="holds something else than anchors"):
        file.last()


def test_a_file_that_cannot_be_written_says_so(file: AnchorFile) -> None:
    file.path.mkdir()
    with pytest.raises(IsADirectoryError):
        file.append(BLOCKS[:1])


def test_anchors_lie_beside_the_database_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "ANDON_SLACK_MODE": "off",
        "ANDON_DATABASE_URL": "sqlite:////var/lib/andon/andon.db",
    }
    assert anchors_of(read_settings(**given)) == Path("/var/lib/andon/andon.anchors")
    assert anchors_of(read_settings(**given, ANDON_ANCHORS="/mnt/a")) == Path("/mnt/a")
