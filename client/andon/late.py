"""What ran while Andon could not be told: kept on disk before it runs, and told later."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from andon import keeping

#: Whoever kept something and says no more about it has died of it.
DEAD_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Late:
    """The folder it lies in: one file each, `STATE/late/KEY.json`."""

    folder: Path

    def keep(self, key: str, told: Mapping[str, Any]) -> None:
        """Keep it, in place of what was kept of it before. Raises NotKeptError."""
        keeping._folder(self.folder)
        keeping._write(self._path(key), dict(told))

    def over(self, now: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What has ended, or whose owner has died; by key. Raises NotKeptError."""
        for path in sorted(self.folder.glob("*.json")):
            told = keeping._read(path)
            if told is not None and _is_over(told, now):
                yield path.stem, told

    def forget(self, key: str) -> None:
        """It was told."""
        keeping._remove(self._path(key))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _is_over(told: Mapping[str, Any], now: datetime) -> bool:
    with suppress(KeyError, ValueError, TypeError):
        return "result" in told or now >= datetime.fromisoformat(told["at"]) + DEAD_AFTER
    return False
