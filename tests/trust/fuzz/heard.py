"""An ear for the log: what the server says of its own troubles, from whichever logger."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

#: Loggers that are silenced for what they quote; their troubles count all the same.
SILENCED = ("andon.bolt", "slack_sdk")


class Heard(logging.Handler):
    """Errors and tracebacks, as texts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.troubles: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """What a library logs."""
        if record.levelno >= logging.ERROR or record.exc_info:
            self.troubles.append(f"{record.name}: {self.format(record)}")

    def __call__(self, logger: Any, method: str, line: Any) -> Any:
        """What we log."""
        if method in ("error", "critical", "exception") or line.get("exc_info"):
            self.troubles.append(f"{line} {traceback.format_exc()}")
        raise structlog.DropEvent


@contextmanager
def hearing() -> Iterator[Heard]:
    """Hear everything that is logged within."""
    heard, root = Heard(), logging.getLogger()
    before = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in SILENCED}
    structlog.configure(processors=[heard])
    root.addHandler(heard)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield heard
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        root.removeHandler(heard)
        structlog.configure(**before)
