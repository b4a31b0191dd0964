"""Alertmanager's payload, version 4, and the incident that each of its alerts is.

Here alone unknown fields are taken: the payload is Alertmanager's and grows with its versions, and
nobody who writes an alert can leave them out. What we need of it is asked for strictly; what people
write into labels and annotations is taken as far as it goes, because refusing an alert for its
wording would tell nobody that something is down.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from approvals.words import Kind, Severity
from bot.api.models import ADDRESS, ENVIRONMENT, SLUG, Key, Model
from bot.redaction import redact_text

#: Where nothing says otherwise: an alert is worse taken too seriously than not enough.
ENVIRONMENT_DEFAULT, CATEGORY_DEFAULT = "production", "service_health"

#: Other words for an environment that rules of a policy match by its name.
ENVIRONMENTS: Mapping[str, str] = {"prod": "production", "prd": "production"}

#: What the label `severity` says, in our words. Other words are taken as high.
SEVERITIES: Mapping[str, Severity] = {
    word: severity
    for severity, words in {
        Severity.CRITICAL: "critical page emergency disaster fatal p1 sev1",
        Severity.HIGH: "error high major p2 sev2",
        Severity.MEDIUM: "warning warn medium moderate average p3 sev3",
        Severity.LOW: "info informational information notice low minor none p4 p5 sev4 sev5",
    }.items()
    for word in words.split()
}

#: Labels that stand elsewhere in the incident.
_TOLD = frozenset({"alertname", "severity", "environment", "env", "andon_category"})

#: Characters of a title, a text, a value of a label; labels kept.
TITLE, TEXT, VALUE, MOST_LABELS = 150, 10_000, 300, 50

#: Why an incident ends whose alert did.
RESOLVED = "Resolved in Alertmanager"


class Foreign(BaseModel):
    """A part of what another program sends."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class AlertIn(Foreign):
    """One alert of a group."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: Annotated[str, Field(alias="startsAt", min_length=1, max_length=64)]
    generator_url: Annotated[str, Field(alias="generatorURL")] = ""
    fingerprint: Key


class AlertmanagerIn(Foreign):
    """A notification of Alertmanager about one group of alerts."""

    version: Literal["4"]
    group_key: Annotated[str, Field(alias="groupKey", min_length=1)]
    external_url: Annotated[str, Field(alias="externalURL")] = ""
    truncated: Annotated[int, Field(alias="truncatedAlerts")] = 0
    alerts: Annotated[list[AlertIn], Field(min_length=1)]


class HookQuery(Model):
    """What an address of the hook may say for all its alerts."""

    environment: Annotated[str, Field(pattern=ENVIRONMENT)] | None = None


class IncidentTold(BaseModel):
    """What became of one alert."""

    fingerprint: str
    did: Literal["opened", "joined", "withdrawn", "nothing"]
    id: str | None


class AlertmanagerOut(BaseModel):
    """What became of a notification, alert by alert."""

    incidents: list[IncidentTold]


def dedup_key(group_key: str, alert: AlertIn) -> str:
    """One incident for each alert within its group: what a repeat joins and an end withdraws."""
    return f"alert:{alert.fingerprint}:{_hash(group_key)[:16]}"


def idempotency_key(group_key: str, alert: AlertIn, round_: str) -> str:
    """One occurrence: the same for a notification that is sent again, another for a repeat."""
    return _hash("\n".join((group_key, alert.fingerprint, alert.starts_at, alert.status, round_)))


def incident(told: AlertmanagerIn, alert: AlertIn, environment: str | None) -> dict[str, Any]:
    """The request that an alert amounts to, as a service would send it to `/v1/escalations`."""
    severity = _severity(alert.labels.get("severity"))
    body = {
        "kind": Kind.INCIDENT.value,
        "category": _category(alert),
        "title": _title(alert),
        "summary": _said(alert, "description", "message", most=TEXT),
        "severity": severity.value if severity else None,
        "environment": _environment(alert, environment),
        "reference": alert.fingerprint,
        "dedup_key": dedup_key(told.group_key, alert),
        "context": _context(told, alert),
    }
    return {name: value for name, value in body.items() if value is not None}


def _severity(said: str | None) -> Severity | None:
    """None leaves it to the policy: the category's own."""
    word = (said or "").strip().lower()
    return SEVERITIES.get(word, Severity.HIGH) if word else None


def _category(alert: AlertIn) -> str:
    said = alert.labels.get("andon_category") or alert.annotations.get("andon_category") or ""
    slug = re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")
    return slug if re.search(SLUG, slug) and _is_plain(said) else CATEGORY_DEFAULT


def _environment(alert: AlertIn, given: str | None) -> str:
    said = alert.labels.get("environment") or alert.labels.get("env") or given or ""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", said).strip("-._")[:40]
    known = ENVIRONMENTS.get(name.lower(), name) if _is_plain(said) else ""
    return known or ENVIRONMENT_DEFAULT


def _is_plain(name: str) -> bool:
    """Names are kept as they are: one that looks like a secret is none."""
    return redact_text(name) == name


def _title(alert: AlertIn) -> str:
    """What is wrong: the rule's own summary, else its name and where."""
    where = alert.labels.get("instance") or alert.labels.get("service") or alert.labels.get("job")
    name = alert.labels.get("alertname") or f"Alert {alert.fingerprint}"
    named = _line(f"{name} on {where}" if where else name, TITLE)
    return _said(alert, "summary", "title", most=TITLE) or named or f"Alert {alert.fingerprint}"


def _context(told: AlertmanagerIn, alert: AlertIn) -> dict[str, Any]:
    """What people need in order to judge, as far as the alert says it."""
    labels = {k: v for k, v in alert.labels.items() if k not in _TOLD and v.strip()}
    state = {_line(k, VALUE): _line(v, VALUE) for k, v in list(labels.items())[:MOST_LABELS]}
    name = _line(alert.labels.get("alertname", ""), VALUE)
    affected = _line(alert.labels.get("service") or alert.labels.get("job") or "", VALUE)
    runbook = _address(alert.annotations.get("runbook_url") or alert.annotations.get("runbook"))
    found = {
        "error": {"type": name} if name else None,
        "system_state": {**state, "firing_since": alert.starts_at},
        "affected_services": [affected] if affected else None,
        "user_impact": _said(alert, "user_impact", "impact", most=TEXT),
        "runbook": runbook,
        "links": list(_links(told, alert)) or None,
    }
    return {part: value for part, value in found.items() if value is not None}


def _links(told: AlertmanagerIn, alert: AlertIn) -> Iterator[dict[str, str]]:
    dashboard = alert.annotations.get("dashboard_url") or alert.annotations.get("dashboard")
    for title, said in (
        ("Dashboard", dashboard),
        ("The alert's expression", alert.generator_url),
        ("Alertmanager", told.external_url),
    ):
        url = _address(said)
        if url:
            yield {"title": title, "url": url}


def _address(said: str | None) -> str | None:
    """An address people may be shown: of the web, and not cut."""
    url = (said or "").strip()
    fits = len(url) <= 2000 and url.isprintable() and " " not in url
    return url if fits and re.search(ADDRESS, url) else None


def _said(alert: AlertIn, *names: str, most: int) -> str | None:
    """The first of these annotations that says something; a title is one line of it."""
    for name in names:
        said = alert.annotations.get(name, "")
        text = _line(said, most) if most == TITLE else redact_text(said).strip()[:most]
        if text:
            return text
    return None


def _line(text: str, most: int) -> str:
    """One line. Secrets are hidden before it is cut: a piece of one is not known any more."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in redact_text(text)).split())
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
