"""What is asked: the operation that is held, its options, its money, and the digest of them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from andon.canonical import sha256_of

Effect = Literal["release", "abort"]

#: What a request without options offers, exactly; part of the digest.
DEFAULT_OPTIONS: tuple[Mapping[str, str], ...] = (
    {"key": "approve", "label": "Approve", "effect": "release"},
    {"key": "reject", "label": "Reject", "effect": "abort"},
)

#: Decimals of the currencies that do not have two (ISO 4217).
_DECIMALS = {
    code: decimals
    for decimals, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for code in codes.split()
}

#: Digits no amount has, before or after the point.
_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: `Money(Decimal("12.50"), "EUR")` or `Money(amount_minor=1250, currency="EUR")`.

    A float never is money: 0.1 + 0.2 is not 0.3, and people approve exact amounts.
    """

    amount: Decimal | None = None  #: in major units, such as euros
    currency: str = ""  #: ISO 4217, such as EUR
    account: str | None = None  #: from where
    beneficiary: str | None = None  #: to whom
    amount_minor: int = field(default=None, kw_only=True)  # type: ignore[assignment]  #: in cents

    def __post_init__(self) -> None:
        """Both amounts are known from here on."""
        if len(self.currency) != 3 or not self.currency.isalpha() or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is no currency; write it as ISO 4217 does: EUR.")
        decimals = _DECIMALS.get(self.currency, 2)
        if (self.amount is None) == (self.amount_minor is None):
            raise TypeError("Give either a Decimal amount or amount_minor, in cents.")
        if self.amount_minor is None:
            object.__setattr__(self, "amount_minor", _minor(self.amount, self.currency, decimals))
        elif type(self.amount_minor) is not int:
            raise TypeError(f"amount_minor is a whole number of cents, not {self.amount_minor!r}.")
        object.__setattr__(self, "amount", Decimal(f"{self.amount_minor}E-{decimals}"))

    def as_sent(self) -> dict[str, Any]:
        """As the request says it."""
        given = {"account": self.account, "beneficiary": self.beneficiary}
        more = {name: value for name, value in given.items() if value is not None}
        return {"amount_minor": self.amount_minor, "currency": self.currency, **more}


def _minor(amount: object, currency: str, decimals: int) -> int:
    if not isinstance(amount, Decimal):
        raise TypeError(
            f"Money is a Decimal or amount_minor=…, not the {type(amount).__name__} {amount!r}: "
            'write Money(Decimal("12.50"), "EUR") or Money(amount_minor=1250, currency="EUR").'
        )
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount.")
    _, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  it is finite
    if len(digits) + max(exponent, 0) > _MOST_DIGITS or exponent < -_MOST_DIGITS:
        raise ValueError(f"{amount} is no amount: it has too many digits.")
    minor = Fraction(amount) * Fraction(10**decimals)
    if minor.denominator != 1:
        raise ValueError(f"{amount} has more decimals than {currency} has ({decimals}).")
    return minor.numerator


@dataclass(frozen=True, slots=True)
class Option:
    """One offered answer."""

    key: str  #: what programs call it
    label: str  #: what people read on the button
    effect: Effect = "release"  #: what choosing it does to the operation
    description: str | None = None
    irreversible: bool = False
    arguments: Mapping[str, Any] | None = None  #: what this option runs, where several release

    def as_sent(self) -> dict[str, Any]:
        """As the request says it: what was not given is left out."""
        sent: dict[str, Any] = {"key": self.key, "label": self.label, "effect": self.effect}
        if self.description is not None:
            sent["description"] = self.description
        if self.irreversible:
            sent["irreversible"] = True
        if self.arguments is not None:
            sent["arguments"] = dict(self.arguments)
        return sent


@dataclass(frozen=True, slots=True)
class Operation:
    """What would run. The digest covers it whole; pass references to secrets, not secrets."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    target: str | None = None  #: what it touches; typed by people where it matters most
    money: Money | None = None

    def as_sent(self) -> dict[str, Any]:
        """As the request says it."""
        sent: dict[str, Any] = {"name": self.name, "arguments": dict(self.arguments)}
        if self.target is not None:
            sent["target"] = self.target
        if self.money is not None:
            sent["money"] = money_of(self.money).as_sent()
        return sent


#: An operation, or the JSON of one.
AnyOperation = Operation | Mapping[str, Any]

#: Options, or the JSON of them.
AnyOptions = Sequence[Option | Mapping[str, Any]]


def money_of(given: object) -> Money:
    """The money it is. Raises TypeError with what to write instead."""
    if isinstance(given, Money):
        return given
    raise TypeError(
        f"Money is given as andon.Money, not as the {type(given).__name__} {given!r}: "
        'write Money(Decimal("12.50"), "EUR").'
    )


def operation_as_sent(operation: AnyOperation) -> dict[str, Any]:
    """The operation as JSON."""
    return operation.as_sent() if isinstance(operation, Operation) else dict(operation)


def options_as_sent(options: AnyOptions | None) -> list[dict[str, Any]] | None:
    """The options as JSON; None for the default ones."""
    if options is None:
        return None
    return [o.as_sent() if isinstance(o, Option) else dict(o) for o in options]


def digest_of(operation: AnyOperation, options: AnyOptions | None = None) -> str:
    """What votes and grants bind to: the operation and its options, as they are sent."""
    offered = options_as_sent(options)
    return sha256_of(
        {
            "operation": operation_as_sent(operation),
            "options": [dict(o) for o in DEFAULT_OPTIONS] if offered is None else offered,
        }
    )
