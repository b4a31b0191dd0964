"""How an operation is put before people: as text, whole or as head and tail, nothing invisible.

The core decides it, not the surface, because a release of something not shown whole is refused
unless the approver opened all of it (CARDS section 1).
"""

import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from approvals.escalation import Escalation, Json, Money
from approvals.events import canonical_text

#: A card shows this much of one block of text whole; else its first and last lines.
MOST_LINES, MOST_CHARACTERS = 12, 1200
HEAD, TAIL = 6, 3

#: All blocks of a card share this many characters, so that a card stays below Slack's limit.
CARD_CHARACTERS = 3600

#: Minor units of the currencies that do not have two decimals (ISO 4217).
_DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3}


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


def parts(escalation: Escalation) -> tuple[Part, ...]:
    """Everything that would run, in the order of the request, whole."""
    operation = escalation.operation
    found: list[Part] = []
    if operation is not None:
        own = [o for o in escalation.options if o.arguments]
        text = arguments_text(operation.arguments, operation.money)
        if text or not own:
            found.append(Part(option=None, text=text or visible(operation.name)))
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
    lines: list[str] = []
    if money is not None:
        lines += _money_lines(money)
    if isinstance(rest.get("argv"), list):
        lines.append(shlex.join(str(a) for a in rest.pop("argv")))
    if isinstance(rest.get("cwd"), str):
        lines.append(f"in {rest.pop('cwd')}")
    if isinstance(rest.get("env"), Mapping):
        lines += [f"{k}={v}" for k, v in sorted(rest.pop("env").items())]
    if isinstance(rest.get("sql"), str):
        lines.append(rest.pop("sql"))
    lines += [f"{key}: {_plain(rest[key])}" for key in sorted(rest)]
    return visible("\n".join(lines))


def _money_lines(money: Money) -> list[str]:
    named = (("from", money.account), ("to", money.beneficiary))
    return [amount(money), *(f"{word:<5} {value}" for word, value in named if value)]


def amount(money: Money) -> str:
    """`90,000.00 EUR` from minor units, with the currency's own number of decimals."""
    decimals = _DECIMALS.get(money.currency, 2)
    sign, minor = ("-" if money.amount_minor < 0 else ""), str(abs(money.amount_minor))
    padded = minor.rjust(decimals + 1, "0")
    whole = f"{int(padded[: len(padded) - decimals]):,}"
    return f"{sign}{whole}{'.' + padded[-decimals:] if decimals else ''} {money.currency}"


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else canonical_text(value)


def visible(text: str) -> str:
    """The text with control, bidirectional and zero-width characters written as `\\u202e`.

    Line breaks and tabs stay. Characters of Unicode categories Cc, Cf, Co, Cs, Zl, Zp count.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(c) for c in text.replace("\r\n", "\n"))


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}:
        code = ord(character)
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return character
