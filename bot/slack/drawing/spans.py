"""Pieces of a line: our words, foreign words, people and times; as elements or as plain text.

Foreign text passes through `one_line` or `quoted` and ends in literal elements only: no mention, no
link, no emoji, no line break and no closing quotation mark can come out of it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from approvals.escalation import Requester
from approvals.people import People
from approvals.showing import visible

Element = dict[str, Any]
Block = dict[str, Any]

#: Two times closer than this need no date beside the hour.
SAME_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a line. `text` is also what stands for a person or a time in plain text."""

    text: str
    bold: bool = False
    account: str | None = None  #: a Slack account: drawn as a user element
    channel: str | None = None  #: a Slack channel's id: drawn as a channel element
    url: str | None = None  #: an address of our own, never foreign: drawn as a link
    at: datetime | None = None  #: a time: drawn as a date element in the reader's zone
    format: str = "{time}"

    def spoken(self, zone: str) -> str:
        """The piece as plain text."""
        if self.at is None:
            return self.text
        return spoken_time(self.at, zone, near=None if "date" in self.format else self.at)

    def element(self) -> Element:
        """The element of a rich_text section."""
        if self.account is not None:
            return {"type": "user", "user_id": self.account}
        if self.channel is not None:
            return {"type": "channel", "channel_id": self.channel}
        if self.at is not None:
            stamp = int(self.at.timestamp())
            date = {"timestamp": stamp, "format": self.format, "fallback": self.text}
            return {"type": "date", **date}
        if self.url is not None:
            return {"type": "link", "url": self.url, "text": self.text}
        found: Element = {"type": "text", "text": self.text}
        return found | {"style": {"bold": True}} if self.bold else found


Line = Iterable[Span | str]

#: What Slack turns into a picture in a top-level text; a time such as 22:40:02 is none.
_EMOJI_NAME = re.compile(r"(?<!\d):([+\w'-]+):(?!\d)")


def bold(text: str) -> Span:
    """Our own words, set off."""
    return Span(text=text, bold=True)


def when(at: datetime, *, near: datetime | None = None, seconds: bool = False) -> Span:
    """A point in time. With the day, unless it lies within half a day of `near`."""
    close = near is not None and abs(at - near) < SAME_DAY
    clock = "{time_secs}" if seconds else "{time}"
    written = clock if close else "{date_short_pretty} " + clock
    return Span(text=spoken_time(at, "UTC", near=near), at=at, format=written)


def day(at: datetime) -> Span:
    """A day, where the hour tells nothing."""
    return Span(text=f"{at.day} {at:%b}", at=at, format="{date_short_pretty}")


def spoken_time(
    at: datetime, zone: str, *, near: datetime | None = None, named: bool = True
) -> str:
    """`23:30 CET`, or `13 Nov 23:30 CET` when far from `near`. Without `named`, no zone name."""
    local = at.astimezone(ZoneInfo(zone))
    close = near is not None and abs(at - near) < SAME_DAY
    text = f"{local:%H:%M}" if close else f"{local.day} {local:%b %H:%M}"
    return f"{text} {local:%Z}" if named else text


def duration(took: timedelta) -> str:
    """`11 minutes`, `2 hours`, `38 seconds`: how long it took, in its largest unit."""
    seconds = int(took.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size or (seconds >= size and unit == "minute"):
            count = seconds // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def one_line(text: str, most: int = 200) -> str:
    """Foreign text on one line, nothing invisible, cut at a word."""
    lines = (" ".join(line.split()) for line in visible(text).splitlines())
    return cut(" ⏎ ".join(line for line in lines if line), most)


def quoted(text: str, most: int = 200) -> Span:
    """Foreign words between « and »; their own such marks become single ones."""
    tamed = one_line(text, most).replace("«", "‹").replace("»", "›")
    return Span(text=f"«{tamed}»")


def cut(text: str, most: int) -> str:
    """The text, or as many whole words as fit and `…`."""
    if len(text) <= most:
        return text
    kept = text[: max(0, most - 1)]
    at_word, _, _ = kept.rpartition(" ")
    return (at_word if len(at_word) > most // 2 else kept).rstrip(" ,;:·") + "…"


def person(id_: str, people: People) -> Span:
    """A person: a user element where they have an account, else the name."""
    known = people.persons.get(id_)
    if known is None:
        return Span(text=one_line(id_, 60))
    return Span(text=name_of(id_, people), account=known.accounts[0] if known.accounts else None)


def name_of(id_: str, people: People) -> str:
    """The name alone: where nobody may be rung."""
    known = people.persons.get(id_)
    return one_line(known.name if known else id_, 60)


def requester(asked: Requester | None, people: People) -> Span | None:
    """Who asked. Only a person the policy knows is an element; a name the caller gave is quoted."""
    if asked is None:
        return None
    known = asked.person or getattr(people.of_account(asked.slack or ""), "id", None)
    if known and known in people.persons:
        return person(known, people)
    return quoted(asked.name or asked.id, 60)


def joined(spans: Iterable[Span | str], between: str = ", ", last: str | None = None) -> list[Span]:
    """The pieces with words between them; `last` stands before the last piece."""
    listed = [as_span(s) for s in spans]
    found: list[Span] = []
    for n, span in enumerate(listed):
        if n:
            final = n == len(listed) - 1 and last is not None
            found.append(Span(text=last if final and last is not None else between))
        found.append(span)
    return found


def any_of(names: Iterable[str]) -> str:
    """`Mia, Tom or Omar`."""
    return plain(joined(names, ", ", " or "))


def all_of(names: Iterable[str]) -> str:
    """`Mia, Tom and Omar`."""
    return plain(joined(names, ", ", " and "))


def as_span(piece: Span | str) -> Span:
    """A string is our own plain words."""
    return piece if isinstance(piece, Span) else Span(text=piece)


def plain(line: Line, zone: str = "UTC") -> str:
    """The line as text, for top-level texts; times in that zone, named."""
    return "".join(as_span(piece).spoken(zone) for piece in line)


def elements(line: Line) -> list[Element]:
    """The line as elements; empty pieces are left out, for Slack refuses them."""
    return [as_span(p).element() for p in line if as_span(p).text]


def section(*lines: Line) -> Element:
    """One rich_text_section of several lines."""
    return {"type": "rich_text_section", "elements": _with_breaks(lines)}


def quote(*lines: Line) -> Element:
    """A quotation bar."""
    return {"type": "rich_text_quote", "elements": _with_breaks(lines)}


def bullets(lines: Iterable[Line]) -> Element:
    """A bulleted list, one line an entry."""
    entries = [section(line) for line in lines]
    return {"type": "rich_text_list", "style": "bullet", "elements": entries}


def preformatted(text: str) -> Element:
    """Literal text in a box. An empty text is shown as such."""
    return {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": text or "(empty)"}],
    }


def rich(*parts: Element, block_id: str) -> Block:
    """A rich_text block."""
    return {"type": "rich_text", "block_id": block_id, "elements": list(parts)}


def plain_text(text: str) -> Element:
    """A plain_text object that turns nothing into an emoji."""
    return {"type": "plain_text", "text": text, "emoji": False}


def context(text: str, *, block_id: str) -> Block:
    """One line of small print."""
    return {"type": "context", "block_id": block_id, "elements": [plain_text(text)]}


def header(text: str, *, block_id: str) -> Block:
    """The title line, foreign or ours."""
    return {"type": "header", "block_id": block_id, "text": plain_text(one_line(text, 150))}


def date_markup(at: datetime, *, near: datetime | None = None) -> str:
    """A time for our own mrkdwn, where no element can stand."""
    span = when(at, near=near)
    return f"<!date^{int(at.timestamp())}^{span.format}|{span.text}>"


def escaped(text: str) -> str:
    """Text for a top-level `text`: no mention, no link, no channel, no emoji name."""
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return _EMOJI_NAME.sub(r"(\1)", text)


def _with_breaks(lines: Iterable[Line]) -> list[Element]:
    found: list[Element] = []
    for n, line in enumerate(lines):
        if n:
            found.append({"type": "text", "text": "\n"})
        found += elements(line)
    return found
