"""Fingerprints: what an escalation is known again by.

::

    exact     service, kind, category, environment, operation and options, error: without accidents
    template  the same with other values: any number, amount, party, environment and target
    error     the same error of the same service

An `exact` is made so that a deed never passes for another one: see `approvals.memory.lifting`.
Where nothing is held and no error is named, the title says what it is about.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import orjson

from approvals.escalation import Escalation, Json
from approvals.joining import normalised
from approvals.memory.lifting import lifted, loosened, number
from approvals.memory.values import Fingerprint
from approvals.severities import PRODUCTION
from approvals.words import Kind

#: Rises whenever the same escalation would get another fingerprint. It is hashed in, so that two
#: of different versions are never alike.
VERSION = 1

#: Hex digits of each hash.
_DIGITS = 32

#: Larger questions are looked through each time: what is remembered has a bound.
_LONGEST = 4096


def fingerprint(fields: Mapping[str, Json], service: str | None = None) -> Fingerprint:
    """The fingerprint of a question, from the JSON fields of its opening event; or from the request
    itself, which does not say by which service.
    """
    looked_at = _looked_at(fields, service or fields["service"])
    text = orjson.dumps(looked_at, option=orjson.OPT_SORT_KEYS)
    return _known(text) if len(text) <= _LONGEST else _made(text)


def known_by(escalation: Escalation) -> Fingerprint | None:
    """The fingerprint it was opened with, or what it would be opened with today: earlier versions
    made none, or another. An automation has none, and neither has what was erased.
    """
    kept = escalation.fingerprint
    if kept is not None and kept.version == VERSION:
        return kept
    if escalation.erased is not None or escalation.kind is Kind.AUTOMATION:
        return None
    fields = {name: getattr(escalation, name) for name in _PLAIN}
    operation = escalation.operation
    return fingerprint(
        fields
        | {
            "operation": asdict(operation) if operation else None,
            "options": [asdict(option) for option in escalation.options],
        }
    )


_PLAIN = ("service", "kind", "category", "environment", "title", "context")
_OF_OPERATION = ("name", "target", "arguments", "money")
_OF_MONEY = ("amount_minor", "currency", "account", "beneficiary")
_OF_OPTION = ("key", "effect", "arguments")

#: What says no more than leaving it out.
_NOTHING: tuple[Json, ...] = (None, {}, [])


def _looked_at(fields: Mapping[str, Json], service: str) -> dict[str, Json]:
    """The part of the fields that a fingerprint is made of."""
    operation, error = fields.get("operation"), (fields.get("context") or {}).get("error") or {}
    said = ": ".join(str(error[part]) for part in ("type", "message") if error.get(part))
    money = operation and operation.get("money")
    return {
        "service": service,
        "kind": fields.get("kind", Kind.APPROVAL),
        "category": fields["category"],
        "environment": fields["environment"],
        "operation": operation and _only(_OF_OPERATION, operation),
        "money": money and _only(_OF_MONEY, money),
        "options": [_only(_OF_OPTION, option) for option in fields["options"]],
        "error": said or None,
        "title": None if operation or said else fields["title"],
    }


def _only(names: tuple[str, ...], given: Mapping[str, Json]) -> dict[str, Json]:
    return {name: given[name] for name in names if given.get(name) not in _NOTHING}


def _made(text: bytes) -> Fingerprint:
    said = orjson.loads(text)
    operation, money = said["operation"] or {}, said["money"] or {}
    target = operation.get("target")
    error = _error(said["error"]) if said["error"] else None
    about = _error(said["title"]) if said["title"] else None
    what = {
        "version": VERSION,
        "service": said["service"],
        "kind": said["kind"],
        "category": said["category"],
        "error": error,
        "about": about,
    }
    run = {
        "name": operation.get("name"),
        "arguments": lifted(operation.get("arguments")),
        "options": [
            {**option, "arguments": lifted(option.get("arguments"))} for option in said["options"]
        ],
        "currency": money.get("currency"),
    }
    exact = {
        **what,
        **run,
        "environment": _environment(said["environment"]),
        "target": target,
        "amount": number(money["amount_minor"]) if "amount_minor" in money else None,
        "parties": [money.get("account"), money.get("beneficiary")],
    }
    failed = {"version": VERSION, "service": said["service"], "error": error}
    return Fingerprint(
        version=VERSION,
        exact=_hash({"exact": exact}),
        template=_hash({"template": {**what, **loosened(run, target)}}),
        error=_hash({"error": failed}) if error else None,
    )


_known = lru_cache(maxsize=1024)(_made)


@lru_cache(maxsize=512)
def _error(text: str) -> str:
    return normalised(text)


@lru_cache(maxsize=128)
def _environment(name: str) -> str:
    folded = name.casefold()
    return PRODUCTION[0] if folded in PRODUCTION else folded


def _hash(value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:_DIGITS]
