"""What a store keeps of one escalation, row for row, as one moment had it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from approvals.auditing.chain import Entry
from approvals.escalation import Escalation

#: The columns a store would write beside the document of an escalation, without the document.
Columns = Callable[[Escalation], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The document, its columns, its records, and the rows that are made of them."""

    id: str
    body: str
    columns: Mapping[str, Any]
    entries: tuple[Entry, ...]
    votes: tuple[tuple[Any, ...], ...] = ()  #: seq, person, option, effective, at
    decisions: tuple[tuple[Any, ...], ...] = ()  #: seq, status, option, by, at
    grants: tuple[tuple[Any, ...], ...] = ()  #: id, kid, compact JWS
    callbacks: tuple[tuple[str, str], ...] = ()  #: delivery id, payload
    sealed: int = 0  #: the last record that a block seals


class Keys(Protocol):
    """Public keys of signatures."""

    def has_signed(self, kid: str, text: str, signature: str) -> bool:
        """Whether that key has signed the text; the signature is base64url."""
