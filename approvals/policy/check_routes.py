"""Routes whose address cannot be one, or carries a secret in plain: the policy lies in git."""

import re
from collections.abc import Iterator

from approvals.policy.check_names import Mistake
from approvals.policy.model import Policy

#: What is read from the environment when something is sent.
PLACE = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}")

#: Schemes that may be used without any key: mail within the house, receivers of one's own.
KEYLESS = frozenset(
    ("mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "syslog", "rsyslog")
)

_SECRET_PART = re.compile(r"[?&](?:pass\w*|pwd|token|secret|\w*key|auth)=([^&]+)", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/?@]*?:([^/?@]+)@")

#: Long runs of letters and digits that no word and no name of a host looks like.
_RANDOM = (
    re.compile(r"(?<![\w-])(?=(?:\w*\d){2})(?=(?:\w*[A-Za-z]){4})[A-Za-z0-9]{16,}(?![\w-])"),
    re.compile(r"(?<![\w-])(?=(?:[\w-]*\d){4})(?=(?:[\w-]*[A-Za-z]){4})[\w-]{24,}(?![\w-])"),
)


def route_mistakes(policy: Policy) -> Iterator[Mistake]:
    """What is wrong with the addresses of routes. The address itself is never repeated."""
    for name, route in policy.routes.items():
        reason = _wrong(route.address)
        if reason:
            yield ("routes", name, "address"), reason


def _wrong(address: str) -> str | None:
    scheme, found, _ = address.partition("://")
    if not found or not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        return 'is not an address; write one like "mailtos://user:${MAIL_PASSWORD}@example.com"'
    plain = PLACE.sub("", address)
    if "$" in plain:
        return "what comes from the environment is written ${NAME}, in capitals"
    if _has_secret(plain) or (scheme not in KEYLESS and plain == address):
        return "a secret stands here in plain; write ${NAME} and set NAME in the environment"
    return None


def _has_secret(plain: str) -> bool:
    """Whether anything secret is left once the places for secrets are taken out."""
    named = any(pattern.search(plain) for pattern in (_PASSWORD, _SECRET_PART))
    return named or any(pattern.search(plain) for pattern in _RANDOM)
