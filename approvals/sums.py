"""What moved in the last day: transfers add up under three keys, so that splitting one dodges no
gate.

A key is a currency, a kind and whoever it is about, hashed, however it is spelt: `DE02 1203` and
`de02-1203` are one account. The requester is the policy's person, whatever the caller calls them.
Where a request does not say (no account, a requester the policy does not know), it adds up under
its service: leaving something out makes room for nothing.

The window ends now, inclusive, and begins 24 hours before, exclusive: what moved exactly a day ago
no longer counts. Everything counts but what was aborted or lapsed, from when it was asked, until
its end is on record.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unicodedata import normalize

from approvals.commands import Open
from approvals.escalation import Requester
from approvals.people import People
from approvals.words import OperationState

#: How far back amounts add up.
WINDOW = timedelta(hours=24)

#: Operations that will never run, so that their amounts drop out.
DROPPED = (OperationState.ABORTED, OperationState.LAPSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What one request would move, and the keys under which that adds up, by kind."""

    amount_minor: int  #: never negative: a refund moves money too, and makes room for nothing
    currency: str
    keys: tuple[tuple[str, str], ...]


def move_of(command: Open, people: People) -> Move | None:
    """What the request would move; None where it names no money."""
    operation = command.request.get("operation") or {}
    money = operation.get("money")
    if not money:
        return None
    currency = money["currency"]
    return Move(
        amount_minor=abs(money["amount_minor"]),
        currency=currency,
        keys=tuple(
            (kind, _key(currency, kind, who or f"service:{command.service}"))
            for kind, who in _named(money, command.request.get("requested_by"), people)
        ),
    )


def _named(
    money: Mapping[str, Any], asked: Mapping[str, Any] | None, people: People
) -> Iterator[tuple[str, str]]:
    yield "account", _spelt(money.get("account"))
    yield "beneficiary", _spelt(money.get("beneficiary"))
    known = people.meant_by(Requester(id=asked["id"], slack=asked.get("slack"))) if asked else ()
    for person in known:
        yield "requester", person.id
    if not known:
        yield "requester", ""


def _spelt(name: str | None) -> str:
    """One spelling of a name: letters and digits alone, case folded."""
    folded = normalize("NFKC", name or "").casefold()
    return "".join(c for c in folded if c.isalnum()) or folded.strip()


def _key(currency: str, kind: str, who: str) -> str:
    return hashlib.sha256(f"{currency}|{kind}|{who}".encode()).hexdigest()


def sums_before(move: Move | None, totals: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """What moved before this one, by kind; where a requester may mean two people, the larger."""
    found: dict[str, int] = {}
    for kind, key in move.keys if move else ():
        found[kind] = max(found.get(kind, 0), totals.get(key, 0))
    return tuple(found.items())
