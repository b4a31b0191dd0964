"""Secrets that are named in words: assigned, given to a flag, in a header line, in SQL, said."""

import re

from bot.redaction.names import LONG_NAMES, names_secrets

_Q = r"\\*[\"']"
#: A value in quotation marks, escaped where the text is JSON within JSON; `N'…'`, `b"…"` too.
_QUOTED = r"(?:[a-zA-Z]{1,2}(?=[\"']))?(?P<mark>\\*[\"'])(?:(?!(?P=mark)).)*(?P=mark)"

#: Begins at the word itself, never before it: looking back is cheap, looking ahead is quadratic.
_ASSIGNED = re.compile(
    rf"""(?isx)(?P<word>{LONG_NAMES}|(?<![a-z0-9])(?:pass|pwd|psk|otp|auth|cookie))
    (?P<sign>(?:{_Q})?\s*(?:=>|:=|[=:])\s*)
    (?P<value>{_QUOTED}|(?:bearer|basic)\s+[^\s"'\\]+|[^\s,;&"'}}\]\\]+|{_Q}[^\n]+)"""
)
#: What stands before the word and belongs to the name, such as `db_` of `db_password`.
_NAME_BEFORE, _LONGEST_NAME = re.compile(r"[\w-]*\Z"), 40

#: A line of its own, as in YAML and in headers: a passphrase of several words ends with the line.
_LINE = re.compile(
    r"(?im)(?P<name>^[ \t>*-]*[\w.-]{0,40}?(?:pass(?:word|phrase)|secret|mnemonic|phrase))"
    r"(?P<sign>[ \t]*[=:][ \t]*)(?P<value>[^\s\"'\[{][^\n\"']*)$"
)
_HEADER = re.compile(
    r"(?i)(?P<name>\b(?:proxy-)?authorization|\b(?:set-)?cookie2?)(?P<sign>:[ \t]*+)"
    r"(?!\[hidden)[^\n\r\"'\\]+"
)
_ELEMENT = re.compile(
    rf"(?i)(?P<open><(?P<name>[\w:.-]{{0,40}}?(?:{LONG_NAMES}))\b[^<>]{{0,200}}>)"
    rf"(?!\[hidden)[^<]+(?=</)"
)

#: `--token VALUE` within one text; lists are looked at by item.
_FLAG = re.compile(
    rf"(?i)(?P<flag>(?<!\S)--?[\w-]{{0,40}}?(?:{LONG_NAMES})[ \t]+)"
    rf"(?P<value>{_QUOTED}|[^\s-]\S*)"
)
#: `-u NAME:PASSWORD` of curl; the password that mysql and sshpass take right after `-p`.
_SHORT_FLAG = re.compile(
    r"(?P<user>(?<!\S)(?:-u|--user|--proxy-user)[ =]\s*[\"']?[^\s:\"'/]+:)(?P<one>[^\s\"'/]+)|"
    r"(?P<mysql>\bmysql\w*[^\n|;]{0,200}?\s-p)(?P<two>[^\s-][^\s]*)|"
    r"(?P<sshpass>\bsshpass\s+-p\s*)(?P<three>\S+)|"
    r"(?P<redis>\bredis-cli\b[^\n|;]{0,200}?\s-a\s+)(?P<four>\S+)"
)

#: `PASSWORD 'x'` and `IDENTIFIED BY x` in statements; `the password is x1` in sentences.
_SAID = re.compile(
    r"(?i)(?P<lead>\b(?:password|secret|passphrase)\s*\(?\s*(?='|\")|"
    r"\bidentified\s+(?:with\s+\S+\s+)?by\s+(?:values\s+|password\s+)?)"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s;'\"]+)|"
    r"(?P<is>\b(?:password|passphrase|secret|token|pin|otp|code)\s+(?:is|was|ist|lautet)\s+)"
    r"(?=\S*\d)[^\s,;]+"
)
#: A scheme of HTTP and what follows it, without its header's name.
_SCHEME = re.compile(
    r"(?P<scheme>\b(?:Bearer|bearer|Basic|basic)\s+)(?=[\w.~+/-]*[0-9=])[\w.~+/-]{12,}=*"
)


def without_spoken(text: str) -> str:
    """The text without what is named a secret in words."""
    if "-u" in text or "mysql" in text or "sshpass" in text or "redis-cli" in text:
        text = _SHORT_FLAG.sub(_after_short_flag, text)
    low = text.lower()
    if not names_secrets(low):
        return text
    if "cookie" in low or "authorization" in low:
        text = _HEADER.sub(r"\g<name>\g<sign>[hidden: \g<name>]", text)
    if "\n" in text or ": " in text or "=" in text:
        text = _LINE.sub(_lined, text)
    text = _ASSIGNED.sub(_assigned, text)
    if "</" in text:
        text = _ELEMENT.sub(r"\g<open>[hidden: \g<name>]", text)
    text = _FLAG.sub(_flagged, text)
    text = _SAID.sub(_told, text)
    return _SCHEME.sub(r"\g<scheme>[hidden: token]", text)


def _lined(found: re.Match[str]) -> str:
    if " " not in found["value"].strip() or "[hidden" in found["value"]:
        return found[0]  # one word is what is assigned, and its end is seen better there
    return f"{found['name']}{found['sign']}[hidden: {found['name'].strip(' >*-' + chr(9))}]"


def _assigned(found: re.Match[str]) -> str:
    if found["value"].lstrip("\\\"'").startswith("[hidden"):
        return found[0]
    before = _NAME_BEFORE.search(found.string, max(0, found.start() - _LONGEST_NAME), found.start())
    name = f"{before[0] if before else ''}{found['word']}"
    mark = found["mark"] or ""
    return f"{found['word']}{found['sign']}{mark}[hidden: {name}]{mark}"


def _flagged(found: re.Match[str]) -> str:
    if found["value"].lstrip("\\\"'").startswith("[hidden"):
        return found[0]
    return f"{found['flag']}[hidden: {found['flag'].strip().lstrip('-')}]"


def _after_short_flag(found: re.Match[str]) -> str:
    kept = found["user"] or found["mysql"] or found["sshpass"] or found["redis"]
    return found[0] if "[hidden" in found[0] else f"{kept}[hidden: password]"


def _told(found: re.Match[str]) -> str:
    if "[hidden" in found[0]:
        return found[0]
    return f"{found['lead'] or found['is']}[hidden: password]"
