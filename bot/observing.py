"""Seeing it run: structured logs on standard error, metrics in a registry of their own."""

import logging
import sys
from collections.abc import Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from approvals.escalation import Escalation


def configure_logging() -> None:
    """JSON lines where a machine reads, colours where a person does; times in ISO UTC."""
    tty = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if tty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class Metrics:
    """What is counted. Names end in their unit."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.changes = Counter(
            "andon_escalation_changes_total",
            "Escalations changed by commits, by what they became",
            ["status", "state"],
            registry=self.registry,
        )
        self.parked = Gauge("andon_parked_requests", "Requests waiting", registry=self.registry)

    def committed(self, escalations: Sequence[Escalation]) -> None:
        """Count what a commit changed."""
        for escalation in escalations:
            self.changes.labels(escalation.status.value, escalation.state.value).inc()

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)
