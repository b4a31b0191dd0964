"""Seeing it run: structured logs on standard error."""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

#: Fields of a log line that may quote what was sent.
_QUOTING = ("exception", "error", "event")


class _Bearing:
    """A stream that cannot fail: a full disk under the log must stop nothing that is logged of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it, or lose it."""
        with suppress(OSError, ValueError):  # ValueError: it is closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Send it on, or lose it."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logging(clean: Callable[[str], str], stream: TextIO | None = None) -> None:
    """JSON lines where a machine reads, colours where a person does; times in ISO UTC.

    `clean` hides secrets: an exception's words may hold what somebody sent. Lines go to `stream`,
    or to standard error.
    """

    def cleaned(logger: WrappedLogger, name: str, line: EventDict) -> EventDict:
        for field in _QUOTING:
            if isinstance(line.get(field), str):
                line[field] = clean(line[field])
        return line

    stream = stream or sys.stderr
    tty = stream.isatty()
    bearing: Any = _Bearing(stream)
    # Never the rich traceback: it prints the values of local variables.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            cleaned,
            plain if tty else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(bearing),
    )
