"""The folder of runbooks while the server runs: a changed page is taken, or stays as it was.

::

    change noticed -> the same at the next look -> read -> good: linked by new escalations
                                                       bad:  named, and the last good one stays

Runbooks decide nothing, so nothing here stops a start. Only what lies in the folder is read: a link
that leads out of it is refused, and folders behind links are passed over.
"""

import asyncio
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

from approvals.memory.pages import PageError, page_of
from approvals.memory.runbooks import Page
from approvals.policy.check_runbooks import missing_pages
from approvals.policy.entries import MOST_NAME, PAGE_NAME
from approvals.policy.lines import Lines
from approvals.policy.load import Finding, placed
from approvals.policy.model import Policy

log = structlog.get_logger(__name__)

#: Pages that are taken, the first by name; files and folders that are looked at.
MOST_PAGES, MOST_FILES = 500, 20_000

#: Bytes that are read of a page: its front matter and its first heading are within them.
MOST_BYTES = 64 * 1024

_NAME = re.compile(PAGE_NAME)

#: By path, what differs once it was written.
Stamps = Mapping[str, tuple[int, ...]]

#: Lets the pages count from now on.
Adopt = Callable[[tuple[Page, ...]], None]


@dataclass(frozen=True, slots=True, order=True)
class Wrong:
    """What is wrong, where, in words."""

    file: str  #: a page's path in the folder, or the folder's
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Folder(NamedTuple):
    """What one look found."""

    pages: Mapping[str, Page]
    wrong: tuple[Wrong, ...]


def read_folder(root: Path, before: Mapping[str, Page] | None = None) -> Folder:
    """The pages in the order of their names. One that is wrong is as it was `before`, or left out;
    where the folder cannot be read, so are all.
    """
    kept, pages, wrong = before or {}, dict[str, Page](), list[Wrong]()
    try:
        files = sorted(_files(root))
    except OSError as error:
        return Folder(kept, (Wrong(str(root), 1, f"cannot be read: {error.strerror}"),))
    if len(files) > MOST_PAGES:
        left_out = f"{len(files):,} pages, and {MOST_PAGES:,} are taken, the first by name"
        wrong.append(Wrong(str(root), 1, left_out))
    for file in files[:MOST_PAGES]:
        try:
            pages[file] = page_of(file, _text(root, file))
        except PageError as error:
            wrong += (Wrong(file, found.line, _said(found)) for found in error.findings)
            pages |= {file: kept[file]} if file in kept else {}
    return Folder(pages, tuple(wrong))


def missing(policy: Policy, folder: Folder, name: str) -> tuple[Wrong, ...]:
    """Pages that rules of the policy name and that are not there; `name` is the policy's file."""
    found = placed(missing_pages(policy, folder.pages), Lines(policy.text))
    return tuple(Wrong(name, one.line, _said(one)) for one in found)


def _said(found: Finding) -> str:
    return f"{found.where}: {found.reason}".removeprefix(": ")


def _refused(file: str, reason: str) -> PageError:
    return PageError(file, [Finding(line=1, where="", reason=reason)])


def _text(root: Path, file: str) -> str:
    """The beginning of a page. Raises PageError."""
    path = root / file
    if not _NAME.fullmatch(file) or len(file) > MOST_NAME:
        raise _refused(file, "name it with letters, digits and . _ -, and .md at its end")
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve(strict=True)):
            raise _refused(file, "is a link that leads out of the folder")
        with path.open("rb") as opened:
            raw = opened.read(MOST_BYTES)
        # A letter that the bound cuts through is no mistake of the page.
        return raw.decode(errors="ignore" if len(raw) == MOST_BYTES else "strict")
    except OSError as error:
        raise _refused(file, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _refused(file, "is not text in UTF-8") from error


def _files(root: Path) -> Iterator[str]:
    """Paths of pages in the folder: ordinary files, nothing hidden. Raises OSError."""
    seen = 0
    for folder, folders, files in os.walk(root, onerror=_raised):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen += len(files) + len(folders)
        if seen > MOST_FILES:
            raise OSError(0, f"more than {MOST_FILES:,} files; name a folder of runbooks alone")
        within = Path(folder).relative_to(root)
        pages = (f for f in files if f.endswith(".md") and not f.startswith("."))
        yield from ((within / f).as_posix() for f in pages if _is_ordinary(Path(folder) / f))


def _raised(error: OSError) -> None:
    raise error


def _is_ordinary(path: Path) -> bool:
    """Whether reading it ends; a link to nowhere is read, and named as a mistake."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _stamps(root: Path) -> Stamps:
    """What differs once a page is written, comes or goes; nothing where none can be read."""
    found: dict[str, tuple[int, ...]] = {}
    with suppress(OSError):
        for file in _files(root):
            found[file] = ()
            with suppress(OSError):
                at = (root / file).stat()
                found[file] = at.st_ino, at.st_mtime_ns, at.st_size
    return found


class RunbookFolder:
    """Watches the folder. `begin` reads it at the start; `once` is the work of a loop."""

    def __init__(self, root: Path, adopt: Adopt) -> None:
        self._root, self._adopt = root, adopt
        self._pages: Mapping[str, Page] = {}
        self._taken: Stamps = {}
        self._noticed: Stamps = {}

    def begin(self) -> None:
        """Read it as it stands; what is wrong is said, and stops nothing."""
        self._taken = _stamps(self._root)
        self._take(read_folder(self._root))

    async def once(self) -> bool:
        """Look at the folder, and read it if it is another and settled."""
        stamps = await asyncio.to_thread(_stamps, self._root)
        if stamps != self._taken and stamps == self._noticed:
            self._take(await asyncio.to_thread(read_folder, self._root, self._pages))
            self._taken = stamps
        self._noticed = stamps
        return False

    def _take(self, folder: Folder) -> None:
        self._pages = folder.pages
        self._adopt(tuple(folder.pages.values()))
        for wrong in folder.wrong:
            log.error("runbook-mistake", file=wrong.file, line=wrong.line, reason=wrong.reason)
        log.info("runbooks-taken", pages=len(folder.pages), mistakes=len(folder.wrong))
