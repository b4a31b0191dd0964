"""Seeing it run: structured logs on standard error."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: The one handler of what libraries log, so that setting it up again replaces it.
_LIBRARIES = "andon"


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

    `clean` hides secrets: any field of a line, and an exception's words above all, may quote what
    somebody sent. Lines go to `stream`, or to standard error; warnings of libraries beside ours.
    """

    def cleaned(logger: WrappedLogger, name: str, line: EventDict) -> EventDict:
        return {field: _cleaned(value, clean) for field, value in line.items()}

    stream = stream or sys.stderr
    bearing: Any = _Bearing(stream)
    # Never the rich traceback: it prints the values of local variables.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(),
        cleaned,
    ]
    rendered = plain if stream.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*before, rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(bearing),
    )
    _take_over_libraries(bearing, [*before, rendered])


def _take_over_libraries(stream: Any, processors: Sequence[Processor]) -> None:
    """What libraries warn of is written as our own lines are, and as clean."""
    handler = logging.StreamHandler(stream)
    handler.set_name(_LIBRARIES)
    handler.setLevel(logging.WARNING)
    without = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[without, *processors]))
    root = logging.getLogger()
    for one in [one for one in root.handlers if one.get_name() == _LIBRARIES]:
        root.removeHandler(one)
    root.addHandler(handler)


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """The value with every text in it cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(inner, clean) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleaned(inner, clean) for inner in value]
    plain = value is None or isinstance(value, (bool, int, float))
    return value if plain else clean(str(value))
