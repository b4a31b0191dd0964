"""Values lifted out of what would run: what differs from one occurrence to the next gives way to a
mark, and everything that could make another deed of it stays as it is written.

::

    lifted                          stays
    times, dates                    words, verbs, flags, paths, who and where
    ids, hashes, revisions          environments; names of hosts, tables, buckets, regions …
    who, of an address of mail      its domain
    a number, a version             how many digits it has, its first part

Where it is unclear which of both something is, it stays: then two that are alike pass for two, and
never two that are not for one.
"""

import re
from functools import lru_cache
from typing import Any

from approvals.escalation import Json

#: Begins every mark, and none of what callers write.
MARK = "\x1f"

#: What names one occurrence, as a member or as a flag. A bare `id` may be that of a server.
_OCCURRENCES = (
    "attempt_id", "batch_id", "build_id", "correlation_id", "event_id", "execution_id",
    "invocation_id", "job_id", "message_id", "order_id", "request_id", "run_id", "session_id",
    "span_id", "task_id", "trace_id", "transaction_id", "uuid", "idempotency_key", "nonce",
    "ticket",
)  # fmt: skip
OCCURRENCE = frozenset(_OCCURRENCES)

#: What names a place or a party, as a part of a name: its value stays to the letter.
_PLACES = (
    "account", "beneficiary", "bucket", "cluster", "database", "db", "dbname", "env",
    "environment", "host", "hostname", "index", "instance", "namespace", "node", "project",
    "queue", "region", "schema", "server", "service", "shard", "table", "target", "tenant",
    "topic", "user", "zone",
)  # fmt: skip
PLACES = frozenset(_PLACES)

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_HH_MM_SS = r"(?:[01]\d|2[0-3]):?[0-5]\d:?[0-5]\d(?:[.,]\d{1,9})?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_DAY = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_NAMES = "|".join(sorted(OCCURRENCE))

#: What may be lifted: a group says by its name as what. Earlier ones go first.
_VALUES = re.compile(
    "|".join(
        (
            r"(?P<id>(?<![0-9A-Za-z])(?:"
            r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}"
            r")(?![0-9A-Za-z]))",
            rf"(?P<time>(?<!\d){_DAY}(?:[T ](?:{_HH_MM_SS}|\d\d:\d\d){_ZONE})?(?!\d)"
            r"|(?<!\d)(?:19|20)\d\d/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])(?!\d)"
            rf"|(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
            rf"(?:[T_-]?{_HH_MM_SS}Z?)?(?!\d)"
            rf"|(?<![\w:.])(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{{1,9}})?{_ZONE}(?![\w:.])"
            r"|(?<![\w:.])(?:[01]\d|2[0-3]):[0-5]\d ?(?:UTC|GMT|Z)(?!\w)"
            rf"|(?<!\w)\d{{1,2}} (?:{_MONTHS})[a-z]* (?:19|20)\d\d(?!\w))",
            rf"(?P<named>(?<![A-Za-z])(?i:{_NAMES.replace('_', '[_-]?')})[\"']?\s*[=:]\s*[\"']?)"
            r"(?:[\w-]+)",
            r"(?P<prefix>(?<![0-9A-Za-z_-])[a-z]{2,8}_)(?=[A-Za-z]*\d)[0-9A-Za-z]{16,}(?![0-9A-Za-z])",
            r"(?<![0-9A-Za-z.])v?(?P<version>\d{1,4})\.\d+\.\d+(?:-?(?:rc|a|b|alpha|beta|dev)[.\d]*)?"
            r"(?![0-9A-Za-z]|\.\w)",
            r"(?P<hash>(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]+|"
            r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,128})(?![0-9A-Za-z]))",
            r"(?P<number>(?<![\w./:@\-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
            r"(?=(?:%|[kKMGTP]i?[bB]?|ms|s|m|h|d|min)?(?![\w/:@\-]|[.,]\w))",
        )
    ),
    re.ASCII,
)
#: Only what holds one of these can hold a value to lift.
_MAYBE = re.compile(r"[\d@]", re.ASCII)
_IDENTIFIES = re.compile(r"(?=[^\d]*\d)[\w:.-]+", re.ASCII).fullmatch
_ADDRESS = re.compile(r"(?<![\w.+:/-])([\w.+-]{1,64})@(?=[A-Za-z0-9-]+\.[\w.-]*[A-Za-z])", re.ASCII)

#: Before an `@` these are who logs in somewhere, and not a person who gets mail.
_ACCOUNTS = frozenset(["admin", "deploy", "ec2-user", "git", "postgres", "root", "ubuntu"])

_NUMBERS = re.compile(rf"{MARK}[nv]-?\d+|{MARK}m-?\d+|\d+", re.ASCII)
_ENVIRONMENTS = re.compile(
    r"(?<![A-Za-z])(?:prod|production|prd|pre-?prod|staging|stage|stg|dev|development|test|testing|"
    r"qa|uat|sandbox)(?![A-Za-z])",
    re.I,
)

#: Longer texts are lifted each time: what is remembered has a bound.
_LONGEST = 512

#: A target of fewer characters is part of many words.
_NAMING = 3


def lifted(value: Json, name: str = "") -> Json:
    """The value with its accidents lifted out; `name` is the member or flag it stands under."""
    if isinstance(value, dict):
        return {key: lifted(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return _listed(value, name)
    if isinstance(value, bool) or value is None or _names_a_place(name):
        return value
    if isinstance(value, str):
        if _names_an_occurrence(name) and _IDENTIFIES(value) and not _ENVIRONMENTS.search(value):
            return f"{MARK}id"
        return _known(value) if len(value) <= _LONGEST else _lifted(value)
    return f"{MARK}id" if _names_an_occurrence(name) else number(value)


def _listed(values: list[Any], name: str) -> list[Any]:
    """A list, in which a flag says what the value after it is."""
    found, last = [], name
    for value in values:
        found.append(lifted(value, last))
        last = value if isinstance(value, str) and value.startswith("-") else name
    return found


@lru_cache(maxsize=1024)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.split(r"[_.-]", name.strip("-").casefold()))


@lru_cache(maxsize=1024)
def _names_a_place(name: str) -> bool:
    return any(part in PLACES or part.removesuffix("s") in PLACES for part in _parts(name))


@lru_cache(maxsize=1024)
def _names_an_occurrence(name: str) -> bool:
    return "_".join(_parts(name)) in OCCURRENCE


def _lifted(text: str) -> str:
    if MARK in text:
        text = text.replace(MARK, f"{MARK}x")
    if not _MAYBE.search(text):
        return text
    return _ADDRESS.sub(_somebody, _VALUES.sub(_marked, text))


_known = lru_cache(maxsize=4096)(_lifted)


def _marked(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    said = found[0]
    if kind == "number":
        return _magnitude(said)
    if kind == "version":
        return f"{MARK}v{found[kind]}"
    if kind in ("named", "prefix"):
        return said if _ENVIRONMENTS.search(said) else f"{found[kind]}{MARK}id"
    return f"{MARK}{kind}"


def _somebody(found: re.Match[str]) -> str:
    """Whose mail it is; where it goes stays, for a domain may name a host."""
    who = found[1]
    return found[0] if who in _ACCOUNTS or _ENVIRONMENTS.search(who) else f"{MARK}person@"


def number(value: float) -> str:
    """The order of magnitude of a number, and whether it is below zero: `8813` is of 4 digits.

    Nothing is like zero.
    """
    said = f"{abs(value):f}" if isinstance(value, float) else str(abs(value))
    return _magnitude(said, below=value < 0)


def _magnitude(said: str, *, below: bool = False) -> str:
    whole, _, part = said.replace(",", "").partition(".")
    digits = len(whole.lstrip("0"))
    if not digits and part.strip("0"):
        digits = -(len(part) - len(part.lstrip("0"))) - 1
    return f"{MARK}{'m' if below else 'n'}{digits}"


def loosened(value: Json, target: str | None = None) -> Json:
    """What `lifted` made of a value, without any number, environment and name of the target."""
    if isinstance(value, str):
        return (_loose if len(value) <= _LONGEST else _loosened)(value, target or "")
    if isinstance(value, dict):
        return {key: loosened(inner, target) for key, inner in value.items()}
    if isinstance(value, list):
        return [loosened(inner, target) for inner in value]
    return value


def _loosened(text: str, target: str) -> str:
    if len(target) >= _NAMING:
        text = text.replace(target, f"{MARK}target")
    return _ENVIRONMENTS.sub(f"{MARK}env", _NUMBERS.sub(f"{MARK}#", text))


_loose = lru_cache(maxsize=4096)(_loosened)
