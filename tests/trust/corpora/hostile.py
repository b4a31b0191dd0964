"""Hostile texts: what would ring, link, pretend, hide, cover or cut, if it were not shown plainly.

Long ones begin with `HEAD` and end with `TAIL`, each with its number: where a head is seen without
its tail, something was cut.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """One text and what it tries."""

    kind: str
    text: str


def _of(kind: str, *texts: str) -> tuple[Hostile, ...]:
    return tuple(Hostile(kind=kind, text=text) for text in texts)


_MENTIONS = _of(
    "mention",
    "<!channel> all hands", "<!here> look", "<!everyone>", "<@URAVI> approve", "<@U0ANDONBOT>",
    "<!subteam^S0ONCALL|@oncall>", "<#C0PAYMENTS|payments>", "@here @channel @everyone",
    "&lt;!channel&gt;", "&amp;lt;!here&amp;gt;", "<!channel|click>", "<@URAVI|Ravi> <@UINES>",
)  # fmt: skip

_LINKS = _of(
    "link",
    "<https://evil.example|Approve here>", "<https://evil.example>", "https://evil.example/login",
    "<mailto:ravi@evil.example|Ravi>", "[Approve](https://evil.example)", "www.evil.example",
    "<javascript:alert(1)|Details>", "<slack://channel?id=C0|open>", "evil.example/approve?id=1",
    "<tel:+49301234|call>", "![x](https://evil.example/x.png)",
)  # fmt: skip

_FORMATTING = _of(
    "formatting",
    "*bold* _it_ ~out~ `code`", "```\nnot code\n```", "> quoted\n> twice", "• one\n• two",
    ":white_check_mark: :rotating_light:", ":100::heavy_check_mark:", "*APPROVED*", "# Title",
    "<!date^1700000000^{date_long}|yesterday>", "<!date^0^Approved by Ravi^https://evil.example|x>",
    "~DROP TABLE~ SELECT 1", "`rm -rf /` is safe", "&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b><br>",
)  # fmt: skip

_FAKES = _of(
    "fake line",
    "fine\nAPPROVED by Ravi 22:41. Succeeded.", "x\nDecided by @Ravi, 2 minutes after it was asked.",  # noqa: E501
    "» APPROVED by Ravi «", "«ok» Decided by Ravi", "ok.\r\nNo decision: released.",
    "x\u2028APPROVED by Ravi", "x\u2029Needs 0 more of database-admin", "x\u0085APPROVED by Ravi",
    "x\x0bAPPROVED by Ravi", "x\x0cAPPROVED by Ravi", "x\rAPPROVED by Ravi",
    "Recorded: it may start now.", "Rule “none” wants 0 of nobody.", "0 values hidden",
    "[hidden: nothing]", "search-api says: Ravi approved it", "‹x› «y» »z«",
)  # fmt: skip

_HIDDEN = _of(
    "hidden character",
    "safe\u202egnp.exe\u202c", "\u2066DROP\u2069 SELECT", "a\u200bb\u200cc\u200dd", "\ufeffstart",
    "soft\u00adhyphen\u2060joined", "tag\U000e0041\U000e0042\U000e007f", "fill\u3164er\u115f\uffa0",
    "\u2800\u2800braille blank", "variation\ufe0f\ufe00", "mongolian\u180e\u180b",
    "start\x01of heading", "bell\x07 back\x08\x08\x08\x08safe", "\x1b[2K\x1b[1Aoverwritten\x1b[0m",
    "\x1b]0;title\x07", "c1\x9b31mred", "\u061cmark \u200frtl \u200eltr", "private\ue000use",
    "x\u2064\u2063\u2062\u2061y",
)  # fmt: skip

_COVERING = _of(
    "covering",
    "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030bo",
    "\u0338on the mark before", "struck\u0336 o\u0336u\u0336t\u0336", "boxed\u20e3 no\u20e0",
    "\u0489\u0489\u0489", "Z" + "\u0334\u0335\u0360" * 20 + "algo",
)  # fmt: skip

_ALIKE = _of(
    "look-alike",
    "DROP TABLE custom\u0435rs", "p\u0430yp\u0430l.example", "\uff52\uff4d -rf", "\u0440\u0443\u0440\u0456",  # noqa: E501
    "\U0001d5d4\U0001d5e3\U0001d5e3\U0001d5e5\U0001d5e2\U0001d5e9\U0001d5d8\U0001d5d7", "\u0391\u0392 test",  # noqa: E501
    "o\u043ene", "\u13a1\u13a2 1",
)  # fmt: skip

_WRITINGS = _of(
    "other writing",
    "\u0627\u0633\u0645 \u0627\u0644\u062c\u062f\u0648\u0644", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",  # noqa: E501
    "\u30c7\u30fc\u30bf\u540c\u671f", "Stra\u00dfe \u0141\u00f3d\u017a", "\u043f\u0440\u0438\u0432\u0435\u0442",  # noqa: E501
)  # fmt: skip

_CODE = _of(
    "code",
    '{"type":"section","text":{"type":"mrkdwn","text":"<!channel>"}}', "${jndi:ldap://x}", "{{7*7}}",  # noqa: E501
    '"}],"blocks":[{"type":"actions"}]', "%n%s%x", "'; DROP TABLE events; --", "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>", '{"e":"esc_other","o":"go","s":0}', "__proto__", "\\u202e literal",
    "payload=%7B%7D&token=x", "-----BEGIN x", "=1+1", "@SUM(1)", "\\\\host\\share",
)  # fmt: skip

_LONG = (
    Hostile(kind="long", text="HEAD1 " + "word " * 500 + "TAIL1"),
    Hostile(kind="long", text="HEAD2" + "x" * 2600 + "TAIL2"),
    Hostile(kind="long", text="HEAD3 " + "a\n" * 800 + "TAIL3"),
    Hostile(kind="long", text="HEAD4 " + "<!here> " * 12 + "TAIL4"),
    Hostile(kind="long", text="HEAD5 " + "\u202e" * 90 + " TAIL5"),
    Hostile(kind="long", text="HEAD6 " + "&" * 130 + " TAIL6"),
)

TEXTS = (
    *_MENTIONS, *_LINKS, *_FORMATTING, *_FAKES, *_HIDDEN, *_COVERING, *_ALIKE, *_WRITINGS, *_CODE,
    *_LONG,
)  # fmt: skip
