"""How much, how large and how slow what comes in may be: all bounds of HTTP in one place.

::

    connection  as many as there are descriptors for; then the longest idle one makes room
    head        a line of 8 kB, 100 fields of 8 kB each, complete within 15 s
    body        1 MiB as it is (never decompressed), complete within 15 s
    answer      taken by the caller, some of it every 30 s
    next        within 75 s on the same connection; 32 requests may be sent ahead

There is no bound on the connections of one address: behind a proxy all callers are one.
"""

import resource
from collections.abc import Mapping
from typing import Any

#: Bytes a body may have.
MOST_BYTES = 1 << 20

#: Bytes aiohttp takes of a body; the doors themselves take less, and say so.
MOST_BODY = 2 << 20

#: Seconds for a request's head, and for its body.
HEAD_S = BODY_S = 15.0

#: Seconds within which a caller has to take something of its answer.
TAKE_S = 30.0

#: Descriptors that are for everything else: the store, Slack, callbacks.
KEPT = 256

#: What aiohttp itself watches.
HTTP: Mapping[str, Any] = {
    "max_line_size": 8190,
    "max_field_size": 8190,
    "max_headers": 100,
    "auto_decompress": False,  # what is packed is refused; unpacked it may be any size
    "keepalive_timeout": 75.0,
    "lingering_time": 2.0,  # for what is still sent of a body that was refused
    "read_bufsize": 1 << 16,
}


def most_connections() -> int:
    """How many connections there are descriptors for."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(64, limit - KEPT)
