"""What is wrong with a message or a window as Slack got it: anything live that is not ours."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import chain
from typing import Any

from approvals.showing import visible
from tests.bot.slack.drawing.reading import everything

#: Elements that ring, lead away or draw a picture.
LIVE = frozenset(
    {"link", "emoji", "broadcast", "usergroup", "usergroup_mention", "color", "team", "image"}
)

#: Our own layout has this one wide space.
_OURS = "\u2003"

_DATE = re.compile(r"<!date\^\d+\^[{}\w ,.]+\|[^<>|]+>")
_PARSED = re.compile(r"[<>*_~`@#]|:[\w+-]+:|\bhttps?:|www\.|&(?!amp;|lt;|gt;)")
_EMOJI = re.compile(r"(?<!\d):[+\w'-]+:(?!\d)")
_FAKE = re.compile(
    r"^(?:APPROVED by Ravi|Decided by (?:@?Ravi)|Needs 0 more|No decision: released)"
)
_HEADS = re.compile(r"HEAD(\d)")

Part = Mapping[str, Any]


def faults(sent: Mapping[str, Any], people: frozenset[str], rooms: frozenset[str]) -> Iterator[str]:
    """Each fault of what one call carried, in words; `people` and `rooms` are the policy's."""
    if "text" in sent and "channel" in sent and not sent.get("blocks"):
        yield f"nothing but a text, where addresses become links: {sent['text']!r}"
    if "text" in sent and "blocks" in sent:
        yield from _of_text(str(sent["text"]))
        yield from _of_posting(sent)
    view = sent.get("view") or {}
    if isinstance(view, str):
        view = json.loads(view)
    blocks = _blocks(sent) or view.get("blocks") or ()
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _of_plain(view[name])
    for part in everything(list(blocks)):
        yield from _of_part(part, people, rooms)
    for section in _sections(blocks):
        yield from _of_section(section)
    yield from _of_cutting(blocks)


def _blocks(sent: Mapping[str, Any]) -> Sequence[Part]:
    found = sent.get("blocks") or ()
    return json.loads(found) if isinstance(found, str) else found


def _of_text(text: str) -> Iterator[str]:
    if re.search(r"[<>\n]|&(?!amp;|lt;|gt;)", text) or _EMOJI.search(text):
        yield f"the top-level text is parsed: {text!r}"
    if visible(text) != text:
        yield f"the top-level text hides something: {text!r}"


def _of_posting(sent: Mapping[str, Any]) -> Iterator[str]:
    """Nothing is turned into a link or a preview behind our back."""
    for name in ("unfurl_links", "unfurl_media", "link_names"):
        if "channel" in sent and "ts" not in sent and "user" not in sent and sent.get(name, False):
            yield f"{name} is on"


def _of_part(part: Part, people: frozenset[str], rooms: frozenset[str]) -> Iterator[str]:
    kind = part.get("type")
    if kind in LIVE:
        yield f"a live {kind}: {part}"
    if kind == "user" and part.get("user_id") not in people:
        yield f"a mention of {part.get('user_id')}"
    if kind == "channel" and part.get("channel_id") not in rooms:
        yield f"a mention of channel {part.get('channel_id')}"
    if kind == "mrkdwn" and _PARSED.search(_DATE.sub("", part["text"])):
        yield f"parsed: {part['text']!r}"
    if kind == "plain_text":
        yield from _of_plain(part)
    text = part.get("text")
    if isinstance(text, str) and visible(text.replace(_OURS, "")) != text.replace(_OURS, ""):
        yield f"hides something: {text!r}"
    if "url" in part and kind == "button":
        yield f"a button that leads to {part['url']}"


def _of_plain(part: Part) -> Iterator[str]:
    if part.get("type") != "plain_text" or part.get("emoji") is not False:
        yield f"draws emoji or is parsed: {part}"
    if "\n" in str(part.get("text")):
        yield f"several lines: {part}"


def _sections(blocks: Sequence[Part]) -> Iterator[Part]:
    """Lines of ours with foreign words in them: everything of rich text that is no box."""
    kinds = ("rich_text_section", "rich_text_quote")
    return (part for part in everything(list(blocks)) if part.get("type") in kinds)


def _of_section(section: Part) -> Iterator[str]:
    texts = [str(e.get("text", "")) for e in section["elements"]]
    for text in texts:
        if "\n" in text.strip("\n"):
            yield f"a line break within a piece: {text!r}"
        if text.startswith("«") and not _is_list(text):
            yield f"a quotation that ends early: {text!r}"
    for line in "".join(texts).split("\n"):
        if _FAKE.search(line):
            yield f"a line like ours: {line!r}"


def _is_list(text: str) -> bool:
    """Several quotations in one piece, each closed before the next."""
    return re.fullmatch(r"[^«»]*(?:«[^«»]*»[^«»]*)+", text) is not None


def _of_cutting(blocks: Sequence[Part]) -> Iterator[str]:
    """A head without its tail says that something is missing."""
    whole = json.dumps(list(blocks), ensure_ascii=False)
    for part in everything(list(blocks)):
        text = part.get("text")
        for number in _HEADS.findall(text) if isinstance(text, str) else ():
            said = "…" in text or "more characters" in text or "Page " in whole
            if f"TAIL{number}" not in whole and not said:
                yield f"cut without a word: {text[:80]!r}"


def all_text(blocks: Sequence[Part]) -> str:
    """Every literal text, run together."""
    texts = (p["text"] for p in everything(list(blocks)) if isinstance(p.get("text"), str))
    return "".join(chain(texts))


def of_sheet(terminal: str, page: str) -> Iterator[str]:
    """What is wrong with an auditor's sheet: in the terminal, and as a page of HTML."""
    if visible(terminal) != terminal:
        yield "the terminal's text hides something"
    if visible(page) != page:
        yield "the page hides something"
    read = _Tags()
    read.feed(page)
    yield from read.faults


class _Tags(HTMLParser):
    """Every element of a page that leads away or runs."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only what the sheet itself is made of."""
        leads = [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        if tag in ("script", "a", "img", "iframe", "form", "link", "b", "br") or leads:
            self.faults.append(f"a live <{tag}> {attrs}")
