"""What the Slack surface needs from outside, in one value."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from approvals.escalation import Escalation
from approvals.people import Absence
from approvals.ports import Absences, Cards, Clock, Deliveries, FactSource, Reads, Storms, Writer
from bot.messaging import Slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the surface needs from outside."""

    writer: Writer
    reads: Reads
    waiting: Callable[[str], Escalation | None]  #: without a read; None says nothing
    cards: Cards
    deliveries: Deliveries
    absences: Absences
    storms: Storms
    facts: FactSource
    slack: Slack
    clock: Clock
    new_id: Callable[[str], str]
    wake: Callable[[], None]  #: there is something to say
    away: Callable[[Iterable[Absence]], None]  #: who is away counts from now on
    lost: Callable[[str], None]  #: the workspace took our token away
