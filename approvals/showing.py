"""How an operation is put before people: as text, whole or as head and tail, nothing invisible.

The core decides it, not the surface, because a release of something not shown whole is refused
unless the approver opened all of it (CARDS section 1).
"""

import re
import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from approvals.currencies import decimals_of
from approvals.escalation import Escalation, Json, Money
from approvals.events import canonical_text

#: A card shows this much of one block of text whole; else its first and last lines.
MOST_LINES, MOST_CHARACTERS = 12, 1200
HEAD, TAIL = 6, 3

#: All blocks of a card share this many characters, so that a card stays below Slack's limit.
CARD_CHARACTERS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What a card shows of a text. `hidden` lines between head and tail; 0 when whole."""

    head: tuple[str, ...]
    tail: tuple[str, ...]
    hidden: int
    total: int
    cut: bool = False  #: some line was longer than a card's line

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.hidden == 0 and not self.cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that would run: the operation itself, or what one option adds."""

    option: str | None  #: key of the option; None for the operation
    text: str


#: Arguments that say themselves what is done.
_TELLING = frozenset({"argv", "sql"})


def parts(escalation: Escalation) -> tuple[Part, ...]:
    """Everything that would run, in the order of the request, whole."""
    operation = escalation.operation
    found: list[Part] = []
    if operation is not None:
        own = [o for o in escalation.options if o.arguments]
        text = arguments_text(operation.arguments, operation.money)
        if not (operation.money or operation.arguments.keys() & _TELLING or (own and not text)):
            # Values alone would not say what is done with them.
            text = f"{_one(visible(operation.name))}\n{text}".rstrip("\n")
        if text:
            found.append(Part(option=None, text=text))
        found += [Part(option=o.key, text=arguments_text(o.arguments or {}, None)) for o in own]
    return tuple(found)


def excerpts(escalation: Escalation) -> tuple[tuple[Part, Excerpt], ...]:
    """What the card shows of each part."""
    found = parts(escalation)
    share = min(MOST_CHARACTERS, CARD_CHARACTERS // max(1, len(found)))
    return tuple((part, excerpt(part.text, share)) for part in found)


def is_shown_whole(escalation: Escalation) -> bool:
    """Whether the card itself shows everything that would run."""
    return all(shown.is_whole for _, shown in excerpts(escalation))


def excerpt(text: str, most: int = MOST_CHARACTERS) -> Excerpt:
    """The text whole if it is short, else its first and last lines."""
    lines = tuple(text.splitlines()) or ("",)
    if len(lines) <= MOST_LINES and len(text) <= most:
        return Excerpt(head=lines, tail=(), hidden=0, total=len(lines))
    if len(lines) <= HEAD + TAIL:
        head, tail = lines, lines[:0]
    else:
        head, tail = lines[:HEAD], lines[-TAIL:]
    return Excerpt(
        head=tuple(_cut(line, most // 10) for line in head),
        tail=tuple(_cut(line, most // 10) for line in tail),
        hidden=len(lines) - len(head) - len(tail),
        total=len(lines),
        cut=any(len(line) > most // 10 for line in (*head, *tail)),
    )


def _cut(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[:most]}… {len(line) - most} more characters"


def arguments_text(arguments: Mapping[str, Json], money: Money | None) -> str:
    """What would run, as text: amount, command line, SQL, then the rest by name."""
    rest = dict(arguments)
    lines = _money_lines(money) if money is not None else []
    if rest.get("argv") and isinstance(rest["argv"], list):
        lines.append(shlex.join(_plain(a) for a in rest.pop("argv")))
    if rest.get("cwd") and isinstance(rest["cwd"], str):
        lines.append(_one(f"in {rest.pop('cwd')}"))
    if rest.get("env") and isinstance(rest["env"], Mapping):
        lines += [_one(f"{k}={_plain(v)}") for k, v in sorted(rest.pop("env").items())]
    if rest.get("sql") and isinstance(rest["sql"], str):
        lines.append(rest.pop("sql"))
    lines += [_one(f"{key}: {_plain(rest[key])}") for key in sorted(rest)]
    return visible(_SPACES.sub(_escaped, "\n".join(lines)))


#: Spaces that look like plain ones and are none to a shell or a database.
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def _escaped(found: re.Match[str]) -> str:
    return escaped(found[0])


def _one(line: str) -> str:
    """Further lines set in, so that no value can pass for a line of its own."""
    return line.replace("\r\n", "\n").replace("\n", "\n  ")


def _money_lines(money: Money) -> list[str]:
    named = (("from", money.account), ("to", money.beneficiary))
    return [amount(money), *(_one(f"{word:<5} {value}") for word, value in named if value)]


def amount(money: Money) -> str:
    """`90,000.00 EUR` from minor units, with the currency's own number of decimals."""
    decimals = decimals_of(money.currency)
    if decimals is None:
        return f"{money.amount_minor:,} minor units of {money.currency}"
    sign, minor = ("-" if money.amount_minor < 0 else ""), str(abs(money.amount_minor))
    padded = minor.rjust(decimals + 1, "0")
    whole = f"{int(padded[: len(padded) - decimals]):,}"
    return f"{sign}{whole}{'.' + padded[-decimals:] if decimals else ''} {money.currency}"


def in_words(value: Json) -> str:
    """What JSON says, in words: `documents: 41.2 million, size: 96 GB`."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    return canonical_text(value)


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else canonical_text(value)


#: Categories of characters that leave no mark: control, format, private, surrogate, unassigned,
#: separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})

#: Letters, marks and symbols that are drawn as nothing all the same: fillers, variation selectors,
#: the grapheme joiner, the empty braille pattern.
_BLANK = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)


#: Marks that strike letters out or through: over them one reads what is not there.
_OVERLAYS = frozenset(map(chr, (*range(0x0334, 0x0339), *range(0x20D2, 0x20F1))))

#: Marks upon one letter; no writing has more, and a pile of them covers the lines around.
MOST_MARKS = 3


def visible(text: str) -> str:
    """The text with everything that cannot be seen, or covers what can, written as `\\u202e`:
    control, bidirectional, zero-width, unassigned and blank characters, marks that stand upon no
    letter or are piled up. Line breaks, tabs and plain spaces stay.
    """
    if text.isascii() and text.isprintable():
        return text
    room, seen = 0, []  # room for so many marks upon what stands before
    for character in text.replace("\r\n", "\n"):
        kind = unicodedata.category(character)
        if _is_unseen(character, kind) or (kind[0] == "M" and not room):
            room = 0
            seen.append(escaped(character))
            continue
        room = MOST_MARKS if kind[0] == "L" else max(0, room - 1) if kind[0] == "M" else 0
        seen.append(character)
    return "".join(seen)


def _is_unseen(character: str, kind: str) -> bool:
    if character in "\n\t":
        return False
    return kind in _UNSEEN or character in _BLANK or character in _OVERLAYS


def escaped(character: str) -> str:
    """`\\u202e`: the character by its number."""
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
