"""Alarms as incidents in Andon: opened when they begin, withdrawn when they are over."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.watching.alarms import Alarm, Reason, Told

if TYPE_CHECKING:
    from andon.client import Client


class Incidents:
    """Tells Andon. Blocks and raises, as the client does: a `Telling` does it in its own thread.

    `said` goes into every incident (`environment`, `reference`), `context` is added to the facts of
    the alarm (`user_impact`, `runbook`). Without a client, one of the environment's settings.
    Processes that see the same trouble share an incident: that is withdrawn only where
    one alone saw it.
    """

    def __init__(
        self,
        client: "Client | None" = None,
        *,
        context: Mapping[str, Any] | None = None,
        **said: Any,
    ) -> None:
        self._client = client
        self._context = dict(context or {})
        self._said = said
        self._open: dict[str, str] = {}

    def __call__(self, told: Told) -> None:
        """Open an incident, or withdraw it."""
        if isinstance(told, Alarm):
            self._begun(told)
        elif told.key in self._open:
            self._ended(told.key, told.reason)

    def _begun(self, alarm: Alarm) -> None:
        said: dict[str, Any] = {
            "category": alarm.category,
            "summary": alarm.summary,
            "severity": alarm.severity,
            "context": alarm.context() | self._context,
            "dedup_key": alarm.dedup_key,
            **self._said,
        }
        opened = self._asked().open(alarm.title, kind="incident", key=alarm.key, **said)
        if alarm.reason is not Reason.FIRST_SEEN:  # Those are never over by themselves.
            self._open[alarm.key] = opened.id

    def _ended(self, key: str, reason: str) -> None:
        client, id = self._asked(), self._open[key]
        found = client.get(id)
        if found.status == "pending" and found.occurrences <= 1:
            client.withdraw(id, reason)
        del self._open[key]

    def _asked(self) -> "Client":
        from andon.client import Client

        self._client = self._client or Client()
        return self._client
