"""Secrets known by their shape: tokens of well-known makers, private keys.

The library's detectors are called one by one; beside them stand shapes that it does not know.
"""

import re
from collections.abc import Iterator

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

#: What stands in a text in which one of the detectors finds anything: asked at once, not by each of
#: their thirty patterns. Every alternative begins with a character, so most places are passed over.
_MAYBE = re.compile(
    r"A(?:KC|P[\dA-F]|3T|BIA|CCA|KIA|SIA|C[a-z0-9]{32}|ccountKey=)|S(?:G\.|K[a-z0-9]{32})|"
    r"'[^'\"]{40}['\"]|\"[^'\"]{40}['\"]|M[\w-]{23,25}\.|N[\w-]{23,25}\.|O[\w-]{23,25}\.|"
    r"GR1348941|g(?:h[pousr]_|l(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-)|eyJ|-us[0-9]|"
    r"T3BlbkFJ|pypi-Ag|x[oO][xX]|X[oO][xX]|//[hH][oO]{2}..\.|sq0csp-|k_live_|:[\w-]{35}"
)

#: The end may be cut off: then all that follows is the key. PuTTY writes its own kind.
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)|"
    r"Private-Lines: \d+\s.*?(?=\nPrivate-MAC|\Z)",
    re.S,
)
_SHAPES = re.compile(
    r"\b(?:gh[opsur]_\w{20,}|github_pat_\w{20,}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|"
    r"(?:sk|rk|pk)_(?:live|test)_\w{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}|"
    r"ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|whsec_[\w+/=]{20,}|glpat-[\w-]{15,}|"
    r"andon_[\w-]{30,}|npm_\w{30,}|hf_[A-Za-z]{30,}|sk-(?:proj|ant|svcacct|or)-[\w-]{20,}|"
    r"hv[sbr]\.[\w-]{20,}|do[opr]_v1_[0-9a-f]{60,}|dapi[0-9a-f]{32}\b|dckr_pat_[\w-]{20,}|"
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|(?:EAAA|sq0)[\w-]{20,}|lin_api_\w{30,}|"
    r"NRAK-[A-Z0-9]{20,}|glsa_\w{30,}|glc_[\w+/=]{30,}|pul-[0-9a-f]{40}|"
    r"PMAK-[0-9a-f]{20,}-[0-9a-f]{30,}|secret_[A-Za-z0-9]{40,}|figd_[\w-]{30,}|"
    r"AGE-SECRET-KEY-1[0-9A-Z]{40,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?)"
)
_TOKEN = re.compile(r"[^\s\"'`,;()<>\[\]{}]+")

#: Texts without such a run cannot hold a token worth looking at with every detector.
LONG_RUN = re.compile(r"[A-Za-z0-9_\-./+=]{16}")


def without_keys(text: str) -> str:
    """The text with private keys hidden."""
    return _PEM.sub("[hidden: private key]", text)


def without_shapes(text: str) -> str:
    """The text with tokens of known shapes hidden, each with all that belongs to it."""
    text = _SHAPES.sub("[hidden: token]", text)
    if not _MAYBE.search(text):
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    for secret in set(_found(line)):
        whole = next((t for t in _TOKEN.findall(line) if secret in t), secret)
        line = line.replace(whole, "[hidden: token]")
    return line


def _found(line: str) -> Iterator[str]:
    if not LONG_RUN.search(line):
        return
    for detector in _DETECTORS:
        for secret in detector.analyze_string(line):
            if secret and "hidden:" not in secret:
                yield secret
