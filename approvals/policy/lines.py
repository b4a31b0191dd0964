"""Where things stand in a TOML text; the standard reader does not say.

Reads only text that `tomllib` has accepted, so it need not know what is forbidden.
"""

import re
from bisect import bisect
from collections.abc import Sequence

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[\s,]|#[^\n]*)*")
_NAME = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_NAMES = re.compile(rf"{_NAME.pattern}(?:\.{_NAME.pattern})*")
_TEXT = re.compile(
    r'"{3}(?:[^\\]|\\.)*?"{3,5}|"(?:[^"\\\n]|\\.)*"' r"|'{3}.*?'{3,5}|'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")


class Lines:
    """The line of every place in the text, such as `("rules", 2, "match")`; 1 is the first."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._lines = text.split("\n")
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._known: dict[Path, int] = {}
        self._tables: list[tuple[int, Path]] = []
        self._entries: dict[Path, int] = {}  #: of lists of tables, so far
        self._read()

    def of(self, path: Sequence[str | int]) -> int:
        """The line of a place, or of the nearest place around it."""
        known = (self._known.get(tuple(path[:n])) for n in range(len(path), 0, -1))
        return next((line for line in known if line), 1)

    def rules(self) -> tuple[str, ...]:
        """The text of each rule, as written; comments that lead over to the next stay out."""
        ends = [line for line, path in self._tables if len(path) == 2 or path[0] != "rules"]
        found: list[str] = []
        while (start := self._known.get(("rules", len(found)))) is not None:
            end = next((line for line in ends if line > start), len(self._lines) + 1)
            body = self._lines[start - 1 : end - 1]
            while not body[-1].strip() or body[-1].lstrip().startswith("#"):
                body.pop()
            found.append("\n".join(body))
        return tuple(found)

    # -- reading --------------------------------------------------------------------------------

    def _read(self) -> None:
        table: Path = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _skip(self) -> bool:
        """Pass what says nothing; whether anything is left."""
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)

    def _header(self) -> Path:
        line, many = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        path = self._resolved(self._names(), last=many)
        self._at += 2 if many else 1
        self._note(path, line)
        self._tables.append((line, path))
        return path

    def _resolved(self, names: Sequence[str], *, last: bool) -> Path:
        """The path of a header: names of lists of tables stand for their newest entry."""
        path: Path = ()
        for n, name in enumerate(names):
            path = (*path, name)
            count = self._entries.get(path, 0)
            if last and n == len(names) - 1:
                self._entries[path] = count + 1
                path = (*path, count)
            elif count:
                path = (*path, count - 1)
        return path

    def _names(self) -> list[str]:
        """The names of a dotted key."""
        found = _NAMES.match(self._text, self._at)
        written = found[0] if found else ""
        self._at += len(written)
        return ["".join(name) for name in _NAME.findall(written)]

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = (*table, *self._names())
        self._note(path, line)
        self._at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        opening = self._text[self._at]
        if opening == "[":
            self._inside("]", path)
        elif opening == "{":
            self._inside("}", path)
        else:
            found = (_TEXT if opening in "\"'" else _BARE).match(self._text, self._at)
            self._at = found.end() if found else len(self._text)

    def _inside(self, closing: str, path: Path) -> None:
        """A list's items or a table's pairs, up to the closing bracket."""
        self._at += 1
        count = 0
        while self._skip() and self._text[self._at] != closing:
            if closing == "}":
                self._pair(path)
            else:
                self._note((*path, count), self._line())
                self._value((*path, count))
            count += 1
        self._at += 1

    def _note(self, path: Path, line: int) -> None:
        for n in range(1, len(path) + 1):
            self._known.setdefault(path[:n], line)

    def _line(self) -> int:
        return bisect(self._breaks, self._at) + 1
