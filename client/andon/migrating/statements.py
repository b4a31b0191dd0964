"""Reading SQL as text: where a statement ends, which tables it names, what two tellings share."""

import re
from collections.abc import Iterator, Sequence

#: Stands, in what people are shown, for a literal that is computed anew each time.
HOLE = "'…'"

_STRING = r"[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<dollars>\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$)"
    rf"|(?P<string>{_STRING})"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<end>;)",
    re.DOTALL,
)
_LITERAL = re.compile(rf"({_STRING}|\b\d+(?:\.\d+)?\b)", re.DOTALL)

_WORD = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_NAME = rf"{_WORD}(?:\s*\.\s*{_WORD})?"
_NAMES = rf"(?P<names>{_NAME}(?:\s*,\s*{_NAME})*)"
_QUALIFIERS = r"(?:(?:CONCURRENTLY|IF\s+EXISTS|ONLY)\s+)*"
_TOUCHING = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"(?:ALTER|DROP)\s+(?:FOREIGN\s+)?TABLE\s+{_QUALIFIERS}{_NAMES}",
        rf"(?:ALTER|DROP|REINDEX)\s+INDEX\s+{_QUALIFIERS}{_NAMES}",
        rf"CREATE\s+(?:UNIQUE\s+)?INDEX\b.*?\bON\s+{_QUALIFIERS}(?P<names>{_NAME})",
        rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\b.*?\bON\s+(?P<names>{_NAME})",
        rf"(?:TRUNCATE|LOCK)\s+(?:TABLE\s+)?{_QUALIFIERS}{_NAMES}",
        rf"(?:REINDEX|COMMENT\s+ON)\s+TABLE\s+{_QUALIFIERS}(?P<names>{_NAME})",
        rf"(?:VACUUM|CLUSTER|ANALYZE)\s+(?:FULL\s+)?(?P<names>{_NAME})",
        rf"REFRESH\s+MATERIALIZED\s+VIEW\s+{_QUALIFIERS}(?P<names>{_NAME})",
        rf"UPDATE\s+{_QUALIFIERS}(?P<names>{_NAME})",
        rf"(?:DELETE\s+FROM|INSERT\s+INTO|MERGE\s+INTO|COPY)\s+{_QUALIFIERS}(?P<names>{_NAME})",
    )
)
_REFERENCED = re.compile(rf"\bREFERENCES\s+({_NAME})", re.IGNORECASE)


def split(sql: str) -> list[str]:
    """The statements of a script, without their comments and empty ones."""
    return [text for text in ("".join(part).strip() for part in _parts(sql)) if text]


def _parts(sql: str) -> Iterator[list[str]]:
    part: list[str] = []
    at = 0
    for token in _TOKEN.finditer(sql):
        part.append(sql[at : token.start()])
        at = token.end()
        if token["end"]:
            yield part
            part = []
        elif not token["comment"]:
            part.append(token[0])
    yield [*part, sql[at:]]


def touched(sql: str) -> tuple[str, ...]:
    """Names of tables and indexes that a script changes or locks, as it writes them."""
    return tuple(dict.fromkeys(name for text in split(sql) for name in _named(text)))


def _named(statement: str) -> Iterator[str]:
    for pattern in _TOUCHING:
        if found := pattern.match(statement):
            yield from re.findall(_NAME, found["names"])
            break
    # A foreign key locks the other table too; a string that reads so is none.
    yield from _REFERENCED.findall(re.sub(_STRING, "''", statement))


def shared(one: Sequence[str], other: Sequence[str]) -> list[str] | None:
    """What two tellings of the same statements have in common; a literal that differs is a HOLE.

    None when they differ in more than literals.
    """
    pairs = list(zip(one, other, strict=False))
    common = [_common(first, second) for first, second in pairs]
    if len(one) != len(other) or None in common:
        return None
    return [text for text in common if text is not None]


def _common(one: str, other: str) -> str | None:
    if one == other:
        return one
    first, second = _LITERAL.split(one), _LITERAL.split(other)
    if first[::2] != second[::2]:
        return None
    return "".join(a if a == b else HOLE for a, b in zip(first, second, strict=True))


def fits(statement: str, shown: str) -> bool:
    """Whether a statement is the one that was shown, whatever stands in its holes."""
    return _common(statement, shown) == shown
