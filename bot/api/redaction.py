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
from detect_secrets.plugins.npm import NpmDetector
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
        NpmDetector,
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

#: Words in a key that make its value a secret; the last word of the key must be one of them.
_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secrets?|tokens?|api_?keys?|access_?keys?|private_?keys?|"
    r"client_?secret|secret_?keys?|signing_?keys?|encryption_?keys?|auth(?:orization)?|"
    r"cookies?|credentials?|bearer|session_?id"
)
_SECRET_KEY = re.compile(rf"(?:^|[_\-. ])(?:{_NAMES})$", re.I)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
)
#: Parts of those words: a text without any holds no assignment, and most texts hold none.
_STEMS = ("pass", "pwd", "secret", "token", "key", "auth", "cookie", "credential", "bearer", "sess")
#: Begins at the word itself, never before it: looking back is cheap, looking ahead is quadratic.
_ASSIGNED = re.compile(
    rf"""(?ix)(?P<word>{_NAMES})["']?\s*(?P<sign>[=:])\s*
    (?P<value>"[^"]*"|'[^']*'|(?:bearer|basic)\s+\S+|[^\s,;&"'}}\]]+)"""
)
#: What stands before the word and belongs to the name, such as `db_` of `db_password`.
_NAME_BEFORE, _LONGEST_NAME = re.compile(r"[\w-]*\Z"), 40
_USERINFO = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/:@]*):(?P<secret>[^\s/@]+)@", re.I
)
_MORE_SHAPES = re.compile(
    r"\b(?:gh[opsur]_\w{20,}|github_pat_\w{20,}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|"
    r"(?:sk|rk)_(?:live|test)_\w{10,}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[\w-]{30,}|"
    r"whsec_[\w+/=]{20,}|glpat-[\w-]{15,}|andon_[\w-]{30,}|"
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
    return all(map(_is_clean, value)) if isinstance(value, list) else True


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
        return [_walk(item, f"{at}/{n}", show, hidden) for n, item in enumerate(value)]
    return value


def _member(
    key: str, value: Any, at: str, show: Sequence[str], hidden: list[str]
) -> tuple[str, Any]:
    """A member as it may be stored. A secret may stand as a key too."""
    path = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
    cleaned = redact_text(key)
    if cleaned != key:
        hidden.append(f"{at}/*")
    if is_secret_name(key) and value not in (None, "", [], {}) and not _is_shown(path, show):
        hidden.append(path)
        return cleaned, f"[hidden: {key}]"
    return cleaned, _walk(value, path, show, hidden)


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
    if "=" in text or ":" in text:
        low = text.lower()
        if any(stem in low for stem in _STEMS):
            text = _ASSIGNED.sub(_assigned, text)
    if len(text) >= LONG and _LONG_RUN.search(text):
        text = _MORE_SHAPES.sub("[hidden: token]", text)
        text = "\n".join(_line(line) for line in text.split("\n"))
    return text


def _assigned(found: re.Match[str]) -> str:
    if found["value"].startswith("[hidden"):
        return found[0]
    before = _NAME_BEFORE.search(found.string, max(0, found.start() - _LONGEST_NAME), found.start())
    name = f"{before[0] if before else ''}{found['word']}"
    return f"{found['word']}{found['sign']}[hidden: {name}]"


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
