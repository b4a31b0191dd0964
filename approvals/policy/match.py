"""What a rule is for: match tables, and what a request says that they look at. No expressions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from approvals.policy.entries import Currency, Part, SumOf
from approvals.words import Kind, Severity

#: Keys that hold one name or several, with `*` globs.
GLOBS = ("category", "environment", "service", "operation")


_NAMES = {"type": "array", "items": {"type": "string"}}

#: One name or a list of them.
Globs = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, _NAMES]}),
]


#: How a schema names the kinds that people are asked for.
ASKING = WithJsonSchema({"type": "string", "enum": [Kind.APPROVAL.value, Kind.INCIDENT.value]})


def asking(instead: str) -> AfterValidator:
    """Takes the kinds that people are asked for; of an automation it says what to do instead."""

    def asks(kind: Kind) -> Kind:
        if kind is Kind.AUTOMATION:
            raise ValueError(instead)
        return kind

    return AfterValidator(asks)


Asking = Annotated[Kind, asking("no rule decides an automation; write [automation]"), ASKING]


@dataclass(frozen=True, slots=True)
class Amount:
    """The amount a request moves, and what the last 24 h before it added up to, by key."""

    minor: int
    currency: str
    sums: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a request says that rules match on. Severity is the floor's or the caller's."""

    category: str
    environment: str
    service: str
    operation: str
    severity: Severity
    kind: Kind = Kind.APPROVAL
    amount: Amount | None = None


class MoneyMatch(Part):
    """Above an amount, alone or together with what the last 24 h added up to.

    The bound is exclusive. A negative amount counts by its size: a refund moves money too.
    """

    currency: Currency
    above_minor: int = Field(strict=True, ge=0)
    sum_24h: tuple[SumOf, ...] = ()

    def admits(self, amount: Amount) -> bool:
        """Whether the amount is above, in this currency."""
        return amount.currency == self.currency and any(self.above(amount))

    def above(self, amount: Amount) -> Iterator[str]:
        """What is above the bound: `amount`, or the sum of a key."""
        size, sums = abs(amount.minor), dict(amount.sums)
        if size > self.above_minor:
            yield "amount"
        for key in self.sum_24h:
            if key in sums and size + sums[key] > self.above_minor:
                yield key


class Match(Part):
    """What a rule is for. Every key given must match; lists match any; `*` globs."""

    category: Globs = ()
    severity: Severity | None = None  #: at least
    environment: Globs = ()
    service: Globs = ()
    operation: Globs = ()
    kind: Asking | None = None
    money: MoneyMatch | None = None

    def admits(self, said: Said) -> bool:
        """Whether a request that says this is what the rule is for."""
        return self.admits_but_for_money(said) and self.admits_money(said)

    def admits_but_for_money(self, said: Said) -> bool:
        """Whether all keys but `money` match."""
        if self.severity is not None and said.severity.rank < self.severity.rank:
            return False
        if self.kind is not None and said.kind is not self.kind:
            return False
        return all(fits(getattr(said, key), getattr(self, key)) for key in GLOBS)

    def admits_money(self, said: Said) -> bool:
        """Whether the amount is one the rule is for."""
        return self.money is None or (said.amount is not None and self.money.admits(said.amount))


def fits(value: str, globs: Sequence[str]) -> bool:
    """Whether the value is one of those; no globs fit everything."""
    return not globs or any(fnmatchcase(value, glob) for glob in globs)
