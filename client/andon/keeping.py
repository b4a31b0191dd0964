"""Keys kept on disk before they are sent, so that a crash heals and nothing is taken twice.

::

    STATE/claims/ESCALATION[.N].json   the key and nonce of a claim
              claiming --> taken       once the grant was verified, before the caller gets it
    STATE/asked/ASKED.json             the idempotency key of what was asked, and its escalation

A claim that was sent and never answered is sent again with the same key, and gets the same grant.
One that was *taken* is never handed out again: whoever took it may have begun to run, and nobody
can know how far it came. While a claim is under way its file is locked, so that two callers who
share a folder never share a key: the second gets a file of its own, and loses the claim.
"""

import hashlib
import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from andon.canonical import canonical
from andon.errors import UnavailableError

try:
    import fcntl
except ImportError:  # without locks on files, no key is shared between callers
    fcntl = None  # type: ignore[assignment]

#: Seconds after which nothing that was kept can matter any more: ninety days.
KEPT_S = 90 * 24 * 3600

#: Callers of one escalation that may share a folder at a time.
MOST_SLOTS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimKeys:
    """What makes one claim this caller's own."""

    digest: str
    key: str
    nonce: str
    is_taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked under which key."""

    key: str
    escalation: str | None = None  #: its id, once that is known


class NotKeptError(UnavailableError):
    """The keys could not be kept, so nothing was sent."""


class KeptClaim:
    """The keys of one claim, locked for this caller while it is under way."""

    def __init__(self, path: Path, lock: "_Lock", keys: ClaimKeys) -> None:
        self._path, self._lock = path, lock
        self.keys = keys

    def take(self) -> None:
        """From here on the grant is never handed out again. Raises NotKeptError."""
        self.keys = replace(self.keys, is_taken=True)
        _write(self._path, asdict(self.keys))

    def forget(self) -> None:
        """It came to nothing."""
        _remove(self._path)

    def close(self) -> None:
        """Let others have it."""
        self._lock.close(is_needed=self._path.exists())


class Keeper:
    """The folder the keys lie in."""

    def __init__(self, folder: Path) -> None:
        self._claims, self._asked = folder / "claims", folder / "asked"

    def claim(self, escalation_id: str, digest: str, nonce: str | None = None) -> KeptClaim:
        """The keys for a claim of this escalation, kept and locked until closed.

        Raises NotKeptError.
        """
        _folder(self._claims)
        path, lock = self._free(_safe(escalation_id))
        try:
            return KeptClaim(path, lock, _keys(path, digest, nonce))
        except BaseException:
            lock.close(is_needed=path.exists())
            raise

    def forget_claim(self, escalation_id: str) -> None:
        """Its outcome is reported: nothing of it is needed any more."""
        with suppress(OSError):
            for path in self._claims.glob(f"{_safe(escalation_id)}.*"):
                _remove(path)

    def asked(self, what: Any) -> Asked:
        """The key under which this is asked; kept before it is sent. Raises NotKeptError."""
        path = self._path_of(what)
        found = _read(path)
        with suppress(TypeError):
            if found is not None:
                return Asked(**found)
        made = Asked(key=random_key())
        _folder(self._asked)
        _write(path, asdict(made))
        return made

    def answered(self, what: Any, asked: Asked) -> None:
        """The escalation of what was asked is known. Raises NotKeptError."""
        _write(self._path_of(what), asdict(asked))

    def forget_asked(self, what: Any) -> None:
        """It is over: asked again, it is a new question."""
        _remove(self._path_of(what))

    def _path_of(self, what: Any) -> Path:
        return self._asked / f"{hashlib.sha256(canonical(what)).hexdigest()}.json"

    def _free(self, name: str) -> tuple[Path, "_Lock"]:
        """The first place that nobody has locked."""
        for slot in range(MOST_SLOTS):
            mark = f"{slot}" if fcntl is not None else secrets.token_hex(8)
            lock = _Lock.taken(self._claims / f"{name}.{mark}.lock")
            if lock is not None:
                return self._claims / f"{name}.{mark}.json", lock
        raise NotKeptError(f"More than {MOST_SLOTS} callers here claim {name} at once.")


class _Lock:
    """A locked file, for as long as it is open: the system lets go of it when its owner dies."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    @classmethod
    def taken(cls, path: Path) -> "_Lock | None":
        """The lock, or None where another has it. Raises NotKeptError."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _not_kept(path, error) from error
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it before may have removed the file between our two steps.
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return cls(path, descriptor)
        except OSError:
            pass
        os.close(descriptor)
        return None

    def close(self, *, is_needed: bool) -> None:
        """Let go of it; the file goes, too, where nothing is kept beside it."""
        if not is_needed:
            _remove(self._path)
        os.close(self._descriptor)


def _keys(path: Path, digest: str, nonce: str | None) -> ClaimKeys:
    """What was kept for the same digest and nonce, or new ones, kept."""
    found = _read(path)
    with suppress(TypeError):
        if found is not None:
            keys = ClaimKeys(**found)
            if keys.digest == digest and nonce in (None, keys.nonce):
                return keys
    made = ClaimKeys(digest=digest, key=random_key(), nonce=nonce or random_key())
    _write(path, asdict(made))
    return made


def random_key() -> str:
    """A key nobody can guess."""
    return secrets.token_hex(16)


def _safe(name: str) -> str:
    """A file's name for an id, whatever the server calls it."""
    if name.isascii() and name.replace("_", "").isalnum() and len(name) <= 64:
        return name
    return hashlib.sha256(name.encode()).hexdigest()


def _folder(path: Path) -> None:
    """The folder is there, and what was forgotten in it long ago is not. Raises NotKeptError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in path.iterdir():
            with suppress(FileNotFoundError):  # another caller tidies up, too
                if time.time() - old.stat().st_mtime > KEPT_S:
                    old.unlink()
    except OSError as error:
        raise _not_kept(path, error) from error


def _read(path: Path) -> dict[str, Any] | None:
    """What was kept; None where nothing readable was. Raises NotKeptError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise _not_kept(path, error) from error
    return found if isinstance(found, dict) else None


def _write(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all: written aside, synced, renamed. Raises NotKeptError."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync(path.parent)
    except OSError as error:
        _remove(aside)
        raise _not_kept(path, error) from error


def _sync(folder: Path) -> None:
    """A renamed file survives a crash only once its folder is on disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _not_kept(path: Path, error: OSError) -> NotKeptError:
    return NotKeptError(
        f"The keys cannot be kept in {path.parent} ({error.strerror or error}); nothing was sent.",
        advice="Make room there, or set ANDON_STATE to another folder, and ask again.",
    )
