"""What a list was asked for: `mine`, `critical`, `service:x`, `group:x`; all of it must fit."""

from collections.abc import Mapping
from dataclasses import dataclass

from approvals.escalation import Escalation
from approvals.people import People, Person
from approvals.tally import is_requester, required_groups
from approvals.words import Severity

#: Words a list understands, and names before a colon.
WORDS, NAMES = ("mine", "critical"), ("service", "group", "category")

#: Characters of a filter that a button carries; more words than that filter nothing people mean.
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """An empty one lets everything through."""

    mine: bool = False  #: what the caller asked for
    critical: bool = False
    named: tuple[tuple[str, str], ...] = ()  #: (service, group or category; its name), in order

    @property
    def words(self) -> str:
        """As it is typed."""
        said = [word for word in WORDS if getattr(self, word)]
        return " ".join([*said, *(f"{name}:{value}" for name, value in self.named)])

    @property
    def by_service(self) -> bool:
        """Whether one service's are asked for: then each is a line of its own."""
        return any(name == "service" for name, _ in self.named)

    def admits(self, e: Escalation, account: str, person: Person | None, people: People) -> bool:
        """Whether the escalation is among what was asked for."""
        if self.mine and not is_requester(e, account, person, people):
            return False
        if self.critical and e.severity is not Severity.CRITICAL:
            return False
        said: Mapping[str, tuple[str, ...]] = {
            "service": (e.service.casefold(),),
            "category": (e.category.casefold(),),
            "group": tuple(group.casefold() for group in required_groups(e)),
        }
        return all(value in said[name] for name, value in self.named)


def filter_of(words: list[str]) -> Filter | str:
    """The filter these words ask for, or the first word that is none."""
    named: list[tuple[str, str]] = []
    for word in words:
        name, colon, value = word.casefold().partition(":")
        if colon and name in NAMES and value:
            named.append((name, value))
        elif name not in WORDS or colon:
            return word
    plain = {word.casefold() for word in words}
    found = Filter(mine="mine" in plain, critical="critical" in plain, named=tuple(named))
    return found if len(found.words) <= LONGEST else words[-1]
