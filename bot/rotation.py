"""Secrets while the server runs: taken anew when their files change, all of one sort or none.

::

    change noticed -> the same at the next look -> read -> good: in force from the next request on
    SIGHUP ------------------------------------------^     bad: named, counted, nothing changes

What is replaced is the operators' to overlap: two of Slack's signing secrets, two keys that sign
grants. Services' keys and secrets lie in the database, and need none of this.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, Counter

from bot.background.loop import Loop
from bot.settings import FILE, Settings, SettingsError, file_of_secret
from bot.signing import KeyRing

log = structlog.get_logger(__name__)

#: Seconds between two looks when nothing wakes it.
LOOK_S = 2.0

#: What differs between two looks at the same files where one was written or replaced.
Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One sort of secrets: where they lie, how they are read, and how they come into force."""

    name: str
    files: Callable[[], Iterable[Path]]
    read: Callable[[], Any]  #: in a thread; raises SettingsError or OSError
    adopt: Callable[[Any], bool]  #: in the loop; whether anything is another now


@dataclass
class _Known:
    """What was seen of a source's files."""

    judged: Stamp
    noticed: Stamp = ()


@dataclass
class Rotation:
    """Watches the files. `once` is the work of a loop; `reload` is the signal's."""

    sources: Sequence[Source]
    registry: CollectorRegistry
    wake: Callable[[], None] = lambda: None
    _told: bool = False
    _known: dict[str, _Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = {source.name: _Known(_stamp(source)) for source in self.sources}
        self._reloads = Counter(
            "andon_secret_reloads_total",
            "Changed files of secrets, by whether they were taken",
            ["secrets", "result"],
            registry=self.registry,
        )

    def reload(self) -> None:
        """The files are done: read them now, whatever their dates."""
        self._told = True
        self.wake()

    async def once(self) -> bool:
        """Look at the files, and take what is another and good."""
        told, self._told = self._told, False
        for source in self.sources:
            known = self._known[source.name]
            stamp = await asyncio.to_thread(_stamp, source)
            if told or (stamp != known.judged and stamp == known.noticed):
                await self._take(source)
                known.judged = stamp
            known.noticed = stamp
        return False

    async def _take(self, source: Source) -> None:
        try:
            read = await asyncio.to_thread(source.read)
        except (SettingsError, OSError) as error:
            # Both say what is wrong with a file, and never what stands in it.
            log.error("secrets-refused", secrets=source.name, reason=str(error))
            self._reloads.labels(source.name, "refused").inc()
            return
        result = "taken" if source.adopt(read) else "unchanged"
        log.info(f"secrets-{result}", secrets=source.name)
        self._reloads.labels(source.name, result).inc()


def rotation(
    settings: Settings,
    ring: KeyRing,
    adopt: Callable[[tuple[str, ...]], bool] | None,
    reread: Callable[[], Settings],
    registry: CollectorRegistry,
) -> tuple[Rotation, Loop]:
    """The watch over what this server has, and its loop. `adopt` is Slack's, where it is on."""
    keys = Source(name="grants", files=ring.files, read=ring.read, adopt=ring.adopt)
    slack = Source(
        name="slack",
        files=lambda: (Path(FILE), *file_of_secret("SLACK_SIGNING_SECRET")),
        read=lambda: reread().signing_secrets,
        adopt=adopt or (lambda secrets: False),
    )
    watched = Rotation(
        (keys, slack) if adopt and settings.slack_mode == "http" else (keys,), registry
    )
    loop = Loop("secrets", watched.once, LOOK_S)
    watched.wake = loop.wake
    return watched, loop


class _Stat(NamedTuple):
    """A file, as far as a change of it shows."""

    name: str
    inode: int = 0
    written: int = 0
    size: int = 0


def _stamp(source: Source) -> Stamp:
    """What differs once one of them was written, replaced, added or taken away."""
    return tuple(_stat(path) for path in source.files())


def _stat(path: Path) -> _Stat:
    try:
        found = path.stat()
    except OSError:
        return _Stat(str(path))
    return _Stat(str(path), found.st_ino, found.st_mtime_ns, found.st_size)
