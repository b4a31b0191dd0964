"""What all tests run under: plain log lines.

Unless told otherwise, structlog draws an exception with the values of all its local variables: that
takes seconds of processor time each, and a test that makes something fail does it on purpose.
"""

import structlog

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)
