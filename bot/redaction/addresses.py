"""Secrets in addresses and connection strings: user and password, signatures, hooks."""

import re

_USERINFO = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/:@\"'<>]*):(?!\[hidden|\d{1,5}[/?#])"
    r"(?P<secret>[^\s/\"'<>]+|[^\s@/\"'<>][^\s@\"'<>]{0,120})@",
    re.I,
)
#: Parts of an address that open what they point to.
_SIGNED = re.compile(
    r"(?i)(?P<name>[?&](?:sig|signature|key|code|auth|x-(?:amz|goog)-"
    r"(?:signature|credential|security-token))=)(?!\[hidden)[^\s&#\"'<>]+"
)
#: Addresses whose path is the secret.
_HOOK = re.compile(
    r"(?P<path>hooks\.slack\.com/(?:services|workflows|triggers)/|"
    r"discord(?:app)?\.com/api/webhooks/\d+/|[\w.-]*webhook\.office\.com/webhook[\w]*/|"
    r"api\.telegram\.org/bot)(?!\[hidden)[^\s\"'<>]+"
)
#: `user:password@tcp(host:3306)/db` of Go, `scott/tiger@//host` and `scott/tiger@host` of Oracle.
_BARE = re.compile(
    r"(?P<go>(?<![\w/:])[\w.-]+:)(?P<one>[^\s@:/\"']+)(?=@(?:tcp|unix)\()|"
    r"(?P<oracle>(?:\bsqlplus\s+(?:-\S+\s+)*|\bjdbc:oracle:\w+:)[\w$#]+/)(?P<two>[^\s@\"']+)(?=@)"
)


def without_addresses(text: str) -> str:
    """The text with what opens an address hidden."""
    if "://" in text:
        text = _USERINFO.sub(r"\g<scheme>\g<user>:[hidden: password]@", text)
        text = _SIGNED.sub(r"\g<name>[hidden: signature]", text)
    if "/" in text:
        text = _HOOK.sub(r"\g<path>[hidden: address]", text)
        text = _BARE.sub(lambda found: f"{found['go'] or found['oracle']}[hidden: password]", text)
    return text
