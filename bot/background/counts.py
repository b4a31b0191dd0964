"""What operators see of the background beside its log: refusals, what was given up, failures."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class Counts:
    """Counted into the registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.refused = Counter(
            "andon_cards_refused_total",
            "Cards that Slack refused until somebody mends it, by its code",
            ["code"],
            registry=registry,
        )
        self.given_up = Counter(
            "andon_deliveries_given_up_total",
            "Messages and callbacks that will never arrive",
            ["kind", "why"],
            registry=registry,
        )
        self._failures = Gauge(
            "andon_background_failures",
            "Failures in a row of each background loop; 0 while it works",
            ["loop"],
            registry=registry,
        )

    def watch(self, loop: str, failures: Callable[[], int]) -> None:
        """Show how often in a row a loop failed."""
        self._failures.labels(loop).set_function(failures)
