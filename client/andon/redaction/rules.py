"""One text without secrets: each rule hides its part `secret` and keeps what stands around it."""

import re

from andon.redaction.chance import HIDDEN, without_chance
from andon.redaction.names import LONG

_KEEP = r"(?!\[hidden)"
_MARK = r"\\*[\"']"
#: A text in quotation marks, escaped where it is JSON within JSON; `N'…'` and `b"…"` too.
_QUOTED = rf"(?:[a-zA-Z]{{1,2}}(?=[\"']))?(?P<mark>{_MARK}){_KEEP}(?P<secret>(?:(?!(?P=mark)).)+)"
_NAMED = rf"(?:{LONG}|(?<![a-z0-9])(?:pass|pwd|psk|otp|auth|cookie))"
_IS = rf"(?:{_MARK})?\s{{0,9}}(?:=>|:=|[=:])\s{{0,9}}"
_FLAG = rf"(?<!\S)--?[\w-]{{0,40}}?(?:{LONG})[ \t]{{1,9}}"

#: Tokens known by how their makers begin them.
_BEGINNINGS = (
    r"gldt-|xapp-|(?:sk|rk|pk)_(?:live|test)_|(?:AKIA|ASIA)(?=[0-9A-Z]{16})|"
    r"AIza(?=[\w-]{30})|ya29\.|GOCSPX-|whsec_|andon_(?=[\w-]{30})|"
    r"npm_(?=\w{30})|pypi-(?=[\w-]{30})|hf_(?=[A-Za-z]{30})|sk-(?:proj|ant|svcacct|or)-|"
    r"SG\.(?=[\w-]{16})|SK(?=[0-9a-f]{32})|hv[sbr]\.(?=[\w-]{20})|do[opr]_v1_|dapi(?=[0-9a-f]{32})|"
    r"dckr_pat_|shp(?:at|ca|pa|ss)_|EAAA(?=[\w-]{20})|sq0[a-z]{3}-|lin_api_|NRAK-|glsa_|"
    r"glc_(?=[\w+/=]{30})|pul-(?=[0-9a-f]{40})|PMAK-|secret_(?=[A-Za-z0-9]{40})|figd_|"
    r"AGE-SECRET-KEY-1|eyJ(?=[\w-]{8,500}\.eyJ)|\d{8,10}:AA(?=[\w-]{33})"
)

_SOURCES = (
    # Private keys; where the end was cut off, all that follows. PuTTY writes its own kind.
    r"(?P<secret>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z))",
    r"(?P<secret>Private-Lines: \d+\s.*?)(?=\nPrivate-MAC|\Z)",
    # User and password in an address; what an address is signed with; hooks, that are secret whole.
    r"(?i)\b[a-z][a-z0-9+.-]{1,30}://[^\s/:@\"'<>]{0,200}:(?!\[hidden|\d{1,5}[/?#])"
    r"(?P<secret>[^\s/\"'<>]{1,500}|[^\s@/\"'<>][^\s@\"'<>]{0,120})@",
    r"(?i)[?&](?:sig|signature|key|code|auth|x-(?:amz|goog)-(?:signature|credential|"
    rf"security-token))={_KEEP}(?P<secret>[^\s&#\"'<>]+)",
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/\d+/|"
    rf"webhook\.office\.com/webhook\w{{0,9}}/|api\.telegram\.org/bot){_KEEP}(?P<secret>[^\s\"'<>]+)",
    # `user:password@tcp(host)` of Go, `scott/tiger@//host` of Oracle.
    rf"(?<![\w/:])[\w.-]{{1,60}}:{_KEEP}(?P<secret>[^\s@:/\"']{{1,200}})(?=@(?:tcp|unix)\()",
    rf"\b(?:sqlplus\s(?:-\S+\s)*|jdbc:oracle:\w+:)[\w$#]{{1,60}}/{_KEEP}(?P<secret>[^\s@\"']+)(?=@)",
    # Lines of HTTP; a passphrase of several words ends with its line; then what is assigned.
    r"(?i)\b(?:(?:proxy-)?authorization|(?:set-)?cookie2?):[ \t]*+"
    rf"{_KEEP}(?P<secret>[^\n\r\"'\\]+)",
    r"(?im)^[ \t>*-]*[\w.-]{0,40}?(?:pass(?:word|phrase)|secret|mnemonic|phrase)[ \t]*[=:][ \t]*"
    rf"{_KEEP}(?P<secret>[^\s\"'\[{{][^\n\"'\[ ]* [^\n\"'\[]*)$",
    rf"(?is){_NAMED}{_IS}{_QUOTED}(?P=mark)",
    rf"(?i){_NAMED}{_IS}{_KEEP}(?P<secret>(?:bearer|basic)\s+[^\s\"'\\\[]+)",
    rf"(?i){_NAMED}{_IS}{_KEEP}(?P<secret>[^\s,;&\"'}}\]\\\[][^\s,;&\"'}}\]\\]*)",
    rf"(?i){_NAMED}{_IS}{_MARK}{_KEEP}(?P<secret>[^\s\"'\\\[][^\n\"'\[]*)$",
    rf"(?i)<[\w:.-]{{0,40}}?(?:{LONG})\b[^<>]{{0,200}}>{_KEEP}(?P<secret>[^<]+)(?=</)",
    # Flags of commands, those of one letter too.
    rf"(?is){_FLAG}{_QUOTED}(?P=mark)",
    rf"(?i){_FLAG}{_KEEP}(?P<secret>[^\s\"'-]\S*)",
    rf"(?<!\S)(?:-u|--user|--proxy-user)[ =]\s{{0,9}}[\"']?[^\s:\"'/]{{1,60}}:{_KEEP}"
    r"(?P<secret>[^\s\"'/]+)",
    rf"\bmysql\w{{0,9}}[^\n|;]{{0,200}}?\s-p{_KEEP}(?P<secret>[^\s-]\S*)",
    rf"\bsshpass\s+-p\s*{_KEEP}(?P<secret>\S+)",
    rf"\bredis-cli\b[^\n|;]{{0,200}}?\s-a\s+{_KEEP}(?P<secret>\S+)",
    # Statements and sentences.
    rf"(?i)\b(?:password|secret|passphrase)\s{{0,9}}\(?\s{{0,9}}(?=['\"]){_QUOTED}(?P=mark)",
    r"(?i)\bidentified\s+(?:with\s+\S+\s+)?by\s+(?:values\s+|password\s+)?[\"']?"
    rf"{_KEEP}(?P<secret>[^\s;'\"]+)",
    r"(?i)\b(?:password|passphrase|secret|token|pin|otp|code)\s+(?:is|was|ist|lautet)\s+"
    rf"{_KEEP}(?P<secret>(?=\S*\d)[^\s,;]+)",
    r"\b(?:[Bb]earer|[Bb]asic)\s+(?P<secret>(?=[\w.~+/-]*[0-9=])[\w.~+/-]{12,}=*)",
    # Tokens by their beginnings, with all that belongs to them.
    r"(?P<secret>(?:gh[opsur]_(?=\w{20})|github_pat_|glpat-|xox[abeoprs]-)[\w.+/=~-]{10,})",
    rf"\b(?P<secret>(?:{_BEGINNINGS})[\w.+/=~-]{{10,}})",
)

RULES = tuple(re.compile(source, re.S) for source in _SOURCES)

#: Characters of a text that could hold a secret at all.
SHORTEST = 8


def without_secrets(text: str) -> str:
    """The text with everything that looks like a secret hidden."""
    if len(text) < SHORTEST:
        return text
    for rule in RULES:
        text = rule.sub(_hide, text)
    return without_chance(text)


def _hide(found: re.Match[str]) -> str:
    start, end = (at - found.start() for at in found.span("secret"))
    return f"{found[0][:start]}{HIDDEN}{found[0][end:]}"
