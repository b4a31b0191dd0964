"""Secrets never reach the core: what arrives is redacted before anything is made of it.

By key name, by shape (the library's detectors, called one by one), in URLs and in `name=value`
text. The whole token around a hit goes. Paths the policy shows are exempt.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

_DETECTORS = tuple(
    plugin()
    for plugin in (
        ArtifactoryDetector,
        AWSKeyDetector,
        AzureStorageKeyDetector,
        DiscordBotTokenDetector,
        GitHubTokenDetector,
        GitLabTokenDetector,
        JwtTokenDetector,
        MailchimpDetector,
        OpenAIDetector,
        PypiTokenDetector,
        SendGridDetector,
        SlackDetector,
        SquareOAuthDetector,
        StripeDetector,
        TelegramBotTokenDetector,
        TwilioKeyDetector,
    )
)

#: Words at the end of a key that make its value a secret, wherever they stand …
_LONG = (
    r"pass(?:word|wd|phrase|code)|secrets?|token|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|"
    r"secret[_-]?keys?(?:[_-]?base)?|signing[_-]?keys?|encryption[_-]?keys?|authorization|"
    r"credentials?|session[_-]?id"
)
#: … and those that must be words of their own: `pass`, but not `compass`.
_SHORT = r"pass|pwd|auth|cookies?|bearer|tokens"
_SECRET_KEY = re.compile(rf"(?:(?:{_LONG})|(?:^|[_\-. ])(?:{_SHORT}))$", re.I)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
)
#: Begins at the word itself, never before it: looking back is cheap, looking ahead is quadratic.
_ASSIGNED = re.compile(
    rf"""(?ix)(?P<word>{_LONG}|(?<![a-z0-9])(?:pass|pwd|auth|cookie))["']?\s*(?P<sign>[=:])\s*
    (?P<value>"[^"]*"|'[^']*'|(?:bearer|basic)\s+\S+|[^\s,;&"'}}\]]+)"""
)
#: What stands before the word and belongs to the name, such as `db_` of `db_password`.
_NAME_BEFORE, _LONGEST_NAME = re.compile(r"[\w-]*\Z"), 40
#: `--token VALUE` within one text; lists are looked at by item.
_FLAG = re.compile(rf"(?i)(?P<flag>(?<!\S)--?[\w-]*(?:{_LONG})\s+)(?P<value>[^\s-]\S*)")
#: Parts of an address that open what they point to.
_SIGNED = re.compile(
    r"(?i)(?P<name>[?&](?:sig|signature|key|x-amz-(?:signature|credential|security-token))=)"
    r"(?!\[hidden)[^\s&#\"']+"
)
_SLACK_HOOK = re.compile(
    r"(?P<path>hooks\.slack\.com/(?:services|workflows)/)(?!\[hidden)[^\s\"']+"
)
#: `PASSWORD 'x'` and `IDENTIFIED BY 'x'` in statements; `the password is x1` in sentences.
_SAID = re.compile(
    r"(?i)(?P<lead>\bpassword\s+|\bidentified\s+(?:with\s+\S+\s+)?by\s+)(?:'[^']*'|\"[^\"]*\")|"
    r"(?P<is>\b(?:password|passphrase|secret|token)\s+(?:is|was)\s+)(?=\S*\d)[^\s,;]+"
)
_USERINFO = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/:@]*):(?P<secret>[^\s/@]+)@", re.I
)
_MORE_SHAPES = re.compile(
    r"\b(?:gh[opsur]_\w{20,}|github_pat_\w{20,}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|"
    r"(?:sk|rk)_(?:live|test)_\w{10,}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[\w-]{30,}|"
    r"whsec_[\w+/=]{20,}|glpat-[\w-]{15,}|andon_[\w-]{30,}|npm_\w{30,}|hf_[A-Za-z]{30,}|"
    r"sk-(?:proj|ant|svcacct)-[\w-]{20,}|hv[sb]\.[\w-]{20,}|do[opr]_v1_[0-9a-f]{60,}|"
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?)"
)
_TOKEN = re.compile(r"[^\s\"'`,;()<>\[\]{}]+")

#: Characters of a text that could hold a secret at all.
SHORTEST = 8

#: Texts without such a run cannot hold a token worth looking at with every detector.
LONG = 16
_LONG_RUN = re.compile(rf"[A-Za-z0-9_\-./+=]{{{LONG}}}")


@dataclass(frozen=True, slots=True)
class Redacted:
    """The value as it may be stored and shown, and where something was hidden."""

    value: Any
    hidden: tuple[str, ...]


def redact(value: Any, *, show: Iterable[str] = (), base: str = "") -> Redacted:
    """Hide secrets in a JSON value. `show` are dotted paths or pointers, `*` globs, from the root.

    Hidden values read `[hidden: name]`; `hidden` lists their JSON pointers below `base`.
    """
    if _is_clean(value):  # nearly every request is, and then nothing need be copied
        return Redacted(value, ())
    hidden: list[str] = []
    patterns = tuple(p.strip("/").replace(".", "/") for p in show)
    cleaned = _walk(value, base, patterns, hidden)
    return Redacted(cleaned, tuple(hidden))


def _is_clean(value: Any) -> bool:
    """Whether there is nothing to hide, wherever it may stand."""
    if isinstance(value, str):
        return redact_text(value) == value
    if isinstance(value, dict):
        return all(
            not is_secret_name(key) and redact_text(key) == key and _is_clean(item)
            for key, item in value.items()
        )
    if isinstance(value, list):
        return all(map(_is_clean, value)) and not any(map(_after_flag, value, value[1:]))
    return True


def _walk(value: Any, at: str, show: Sequence[str], hidden: list[str]) -> Any:
    if show and _is_shown(at, show):
        return value
    if isinstance(value, str):
        cleaned = redact_text(value)
        if cleaned != value:
            hidden.append(at)
        return cleaned
    if isinstance(value, dict):
        return dict(_member(key, item, at, show, hidden) for key, item in value.items())
    if isinstance(value, list):
        walked = [_walk(item, f"{at}/{n}", show, hidden) for n, item in enumerate(value)]
        for n in range(1, len(walked)):
            said = _after_flag(walked[n - 1], walked[n])
            if said is not None:
                walked[n] = said
                hidden.append(f"{at}/{n}")
        return walked
    return value


def _member(
    key: str, value: Any, at: str, show: Sequence[str], hidden: list[str]
) -> tuple[str, Any]:
    """A member as it may be stored. A secret may stand as a key too."""
    path = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
    cleaned = redact_text(key)
    if cleaned != key:
        hidden.append(f"{at}/*")
    if is_secret_name(key) and _could_be_secret(key, value) and not _is_shown(path, show):
        hidden.append(path)
        return cleaned, f"[hidden: {key}]"
    return cleaned, _walk(value, path, show, hidden)


def _could_be_secret(key: str, value: Any) -> bool:
    """An empty value or a yes or no hides nothing; `max_tokens: 1024` is a number of tokens."""
    if isinstance(value, bool) or value in (None, "", [], {}):
        return False
    return not (isinstance(value, int | float) and key.lower().endswith("tokens"))


def _after_flag(flag: Any, value: Any) -> str | None:
    """What to show after `--token`, or `-u NAME:PASSWORD`, in a command line given as a list."""
    if not isinstance(flag, str) or flag[:1] != "-" or not isinstance(value, str):
        return None
    name, (user, colon, _) = flag.lstrip("-"), value.partition(":")
    if "[hidden" in value:
        return None
    if is_secret_name(name) and not value.startswith("-"):
        return f"[hidden: {name}]"
    return f"{user}:[hidden: password]" if colon and flag in ("-u", "--user") else None


def _is_shown(at: str, show: Sequence[str]) -> bool:
    return any(fnmatchcase(at.strip("/"), pattern) for pattern in show)


@lru_cache(maxsize=4096)  # the same names come again and again
def is_secret_name(name: str) -> bool:
    """Whether a key of that name holds a secret: `db_password`, `apiKey`, `Authorization`."""
    return bool(_SECRET_KEY.search(_CAMEL.sub("_", name)))


def redact_text(text: str) -> str:
    """The text with everything that looks like a secret hidden."""
    if len(text) < SHORTEST:
        return text
    if "PRIVATE KEY" in text:
        text = _PEM.sub("[hidden: private key]", text)
    if "://" in text:
        text = _USERINFO.sub(r"\g<scheme>\g<user>:[hidden: password]@", text)
        text = _SIGNED.sub(r"\g<name>[hidden: signature]", text)
        text = _SLACK_HOOK.sub(r"\g<path>[hidden: address]", text)
    if " " in text or "=" in text or ":" in text:
        text = _spoken(text)
    if len(text) >= LONG and _LONG_RUN.search(text):
        text = _MORE_SHAPES.sub("[hidden: token]", text)
        text = "\n".join(_line(line) for line in text.split("\n"))
    return text


def _spoken(text: str) -> str:
    """Without what is named a secret in words: assigned, given to a flag, said."""
    if not _names_secrets(text.lower()):
        return text
    text = _ASSIGNED.sub(_assigned, text)
    text = _FLAG.sub(_flagged, text)
    return _SAID.sub(_told, text)


def _names_secrets(low: str) -> bool:
    """Whether parts of those words stand in it at all. Written out: it looks at every text."""
    return (
        "pass" in low
        or "pwd" in low
        or "secret" in low
        or "token" in low
        or "key" in low
        or "auth" in low
        or "cookie" in low
        or "credential" in low
        or "session" in low
        or "fied by" in low
    )


def _assigned(found: re.Match[str]) -> str:
    if found["value"].startswith("[hidden"):
        return found[0]
    before = _NAME_BEFORE.search(found.string, max(0, found.start() - _LONGEST_NAME), found.start())
    name = f"{before[0] if before else ''}{found['word']}"
    return f"{found['word']}{found['sign']}[hidden: {name}]"


def _flagged(found: re.Match[str]) -> str:
    if found["value"].startswith("[hidden"):
        return found[0]
    return f"{found['flag']}[hidden: {found['flag'].strip().lstrip('-')}]"


def _told(found: re.Match[str]) -> str:
    return f"{found['lead'] or found['is']}[hidden: password]"


def _line(line: str) -> str:
    for secret in set(_found(line)):
        whole = next((t for t in _TOKEN.findall(line) if secret in t), secret)
        line = line.replace(whole, "[hidden: token]")
    return line


def _found(line: str) -> Iterator[str]:
    if not _LONG_RUN.search(line):
        return
    for detector in _DETECTORS:
        for secret in detector.analyze_string(line):
            if secret and "hidden:" not in secret:
                yield secret
