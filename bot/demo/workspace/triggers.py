"""What an interaction gives the app for a while: a trigger id, and an address to answer to."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.workspace.errors import Refused

#: Seconds a trigger id lives; it works once.
TRIGGER_S = 3.0

#: A response_url takes five answers in half an hour.
ANSWERS, ANSWERS_S = 5, 30 * 60.0


@dataclass(kw_only=True)
class _Trigger:
    person: str
    at: float
    in_modal: bool
    used: bool = False


class Triggers:
    """Issues trigger ids and takes each of them once, while it lives."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._issued: dict[str, _Trigger] = {}

    def issue(self, person: str, *, in_modal: bool = False) -> str:
        """A fresh trigger id for something this person did just now."""
        number = len(self._issued) + 1
        trigger_id = f"{number}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = _Trigger(person=person, at=self._clock(), in_modal=in_modal)
        return trigger_id

    def spend(self, trigger_id: str, *, in_modal: bool = False) -> str:
        """Whose it was. Raises Refused for an unknown, a used and an old one.

        `in_modal`: only one that came from within a modal will do.
        """
        trigger = self._issued.get(trigger_id)
        if trigger is None or (in_modal and not trigger.in_modal):
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._clock() - trigger.at > TRIGGER_S:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.person


@dataclass(kw_only=True)
class AnswerAddress:
    """Where a response_url leads: a conversation, as one person sees it."""

    person: str
    channel: str
    message_ts: str | None
    at: float
    uses: int = 0


class AnswerAddresses:
    """Issues response_urls and counts their uses."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._issued: dict[str, AnswerAddress] = {}

    def issue(self, *, person: str, channel: str, message_ts: str | None) -> str:
        """The secret last part of a fresh address."""
        secret = secrets.token_urlsafe(24)
        self._issued[secret] = AnswerAddress(
            person=person, channel=channel, message_ts=message_ts, at=self._clock()
        )
        return secret

    def use(self, secret: str) -> AnswerAddress:
        """Where it leads. Raises Refused (404) when it is unknown, old or used up."""
        address = self._issued.get(secret)
        if address is None or self._clock() - address.at > ANSWERS_S:
            raise Refused("expired_url", status=404)
        if address.uses >= ANSWERS:
            raise Refused("used_url", status=404)
        address.uses += 1
        return address
