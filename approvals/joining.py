"""When an equal question joins the pending one: one approval never covers anything else.

An incident holds nothing, so joining it is always safe: without a `dedup_key` it joins what reads
alike once the accidents of one occurrence (numbers, ids, addresses, quoted values) are taken out.
"""

import re
from collections.abc import Mapping
from typing import Any

from approvals.canonical import sha256_of
from approvals.severities import severity_floor
from approvals.words import Kind, Severity

#: Members of a request that must be equal besides service, digest and `dedup_key`.
_SAME = ("environment", "category", "requested_by", "approvers", "callback_url")

#: What differs from one occurrence to the next, and what stands for it. The order matters: a
#: number within an address is no number any more.
_ACCIDENTS = tuple(
    (re.compile(pattern, re.I), stands_for)
    for pattern, stands_for in (
        (r"(?<!\w)(?:'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|«[^»\n]*»|“[^”\n]*”)(?!\w)", "<text>"),
        (r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b", "<id>"),
        (r"(?<![\w.+-])[\w.+-]{1,64}@[\w.-]+\b", "<address>"),
        (r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w.])", "<address>"),
        (r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", "<address>"),
        (r"\b0x[0-9a-f]+\b", "<n>"),
        (r"\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,}\b", "<n>"),
        (r"\d+(?:[.,]\d+)*", "<n>"),
    )
)


def join_key(
    service: str, digest: str, sent: Mapping[str, Any], shown: Mapping[str, Any] | None = None
) -> str | None:
    """What must be equal for a second request to join the first; None where nothing joins it.
    An automation is a record of its own, whatever else ran.

    `shown` is the redacted form of what was sent: no key is made of a secret in an error.
    """
    kind = sent.get("kind", Kind.APPROVAL.value)
    if kind == Kind.AUTOMATION:
        return None
    same = {name: sent.get(name) for name in _SAME}
    if "dedup_key" in sent:
        same["dedup_key"] = sent["dedup_key"]
    elif kind == Kind.INCIDENT:
        same |= {"alike": likeness(shown or sent), "severity": _how_bad(sent)}
    else:
        return None
    return sha256_of({"service": service, "digest": digest, "kind": kind} | same)


def _how_bad(sent: Mapping[str, Any]) -> Severity:
    """An incident that gets worse rings again: it stands for itself."""
    said = sent.get("severity")
    floor = severity_floor(
        sent["category"],
        kind=Kind.INCIDENT,
        environment=sent["environment"],
        attempts=len((sent.get("context") or {}).get("attempts") or ()),
    )
    return Severity.worst(floor, Severity(said) if said else None)


def likeness(shown: Mapping[str, Any]) -> str:
    """What a request is about, without its accidents: its error where it names one, else its title.

    Equal for two that people would call the same.
    """
    return normalised(error_said(shown) or shown["title"])


def error_said(shown: Mapping[str, Any]) -> str:
    """Its error as people write it, `Type: message`; nothing where it names none."""
    error = (shown.get("context") or {}).get("error") or {}
    return ": ".join(error[part] for part in ("type", "message") if error.get(part))


def normalised(text: str) -> str:
    """The text with what differs from one occurrence to the next replaced, spaces folded, in
    lower case: `Timeout after 10 s at 10.0.0.7` and `timeout after 12 s at 10.0.0.9` are one.
    """
    for accident, stands_for in _ACCIDENTS:
        text = accident.sub(stands_for, text)
    return " ".join(text.casefold().split())
