"""The log: one shape for our lines and those of libraries, and no secret in any field."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.observing import configure_logging
from bot.redaction import redact_text


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written; everything is as before afterwards."""
    before, handlers, written = (
        structlog.get_config(),
        list(logging.getLogger().handlers),
        io.StringIO(),
    )
    configure_logging(redact_text, written)
    yield written
    structlog.configure(**before)
    logging.getLogger().handlers = handlers


def lines(log: io.StringIO) -> list[dict[str, object]]:
    """Each line as JSON."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_every_field_is_cleaned_however_deep(log: io.StringIO) -> None:
    said = "password=hunter22"
    structlog.get_logger().warning(
        "x", path=f"/a?{said}", findings=[said, {said: said}], error=ValueError(said), count=3
    )
    (line,) = lines(log)
    assert "hunter22" not in log.getvalue()
    assert (line["path"], line["count"]) == ("/a?password=[hidden: password]", 3)


def test_what_libraries_warn_of_is_a_line_as_ours_and_as_clean(log: io.StringIO) -> None:
    library = logging.getLogger("aiohttp.server")
    try:
        raise RuntimeError("token=hunter22")
    except RuntimeError:
        library.exception("Error handling %s", "pwd=hunter22")
    library.info("not told")
    (line,) = lines(log)
    assert (line["event"], line["level"]) == ("Error handling pwd=[hidden: pwd]", "error")
    assert "RuntimeError: token=[hidden: token]" in str(line["exception"])


def test_set_up_again_it_writes_each_line_once(log: io.StringIO) -> None:
    configure_logging(redact_text, log)
    logging.getLogger("asyncio").error("slow")
    assert [line["event"] for line in lines(log)] == ["slow"]
