"""Which addresses a service may be called back at, judged by their text."""

from collections.abc import Collection
from urllib.parse import urlsplit

#: Names of this machine, and the addresses the socket sees for them.
LOOPBACK = {
    "127.0.0.1": ("127.0.0.1",),
    "::1": ("::1",),
    "localhost": ("127.0.0.1", "::1"),
}


def refuse_callback(url: str, allowed: Collection[str]) -> str | None:
    """Why the address cannot be used, or None.

    `allowed` are hosts (https on its usual port only) and exact `host:port` pairs; plain http is
    for an exact loopback pair alone.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "This is not a web address."
    if parts.username is not None or parts.password is not None:
        return "Leave user and password out of the address."
    if not host or not host.isascii() or any(c in url for c in "\\ \t\r\n"):
        return "Write the host in plain ASCII."
    known = {_split(each) for each in allowed}
    if parts.scheme == "http":
        exact = host in LOOPBACK and (host, port) in known and port is not None
        return None if exact else "Use https; plain http is only for an allowed loopback host:port."
    if parts.scheme != "https":
        return "Use https."
    if (host, port) in known or (port == 443 and (host, None) in known):
        return None
    return (
        f"{host} is not allowed for this service: add it with --callback-host and to "
        "ANDON_ALLOWED_CALLBACKS."
    )


def refuse_host(allowed: str) -> str | None:
    """Why an entry of a list of allowed hosts means nothing, or None."""
    meant = "leave scheme and path out, and write the port as a number."
    try:
        host, port = _split(allowed)
    except ValueError:
        return f"{allowed!r} is no host or host:port; {meant}"
    plain = host.isascii() and not set(host) & set("/@\\ ?#*")
    if not host or not plain or (port is not None and not 0 < port < 65536):
        return f"{allowed!r} is no host or host:port; {meant}"
    return None


def loopback_pairs(allowed: Collection[str]) -> frozenset[tuple[str, int]]:
    """Address and port of everything allowed on this machine: what the socket may reach inside."""
    pairs = (_split(each) for each in allowed)
    return frozenset(
        (address, port)
        for host, port in pairs
        if port is not None
        for address in LOOPBACK.get(host, ())
    )


def _split(allowed: str) -> tuple[str, int | None]:
    """Host and port; `[::1]:9000`, `host:9000`, `host`. Raises ValueError."""
    host, colon, port = allowed.rpartition(":")
    if not colon or port.endswith("]"):
        return allowed.strip("[]").lower(), None
    return host.strip("[]").lower(), int(port)
