"""Which addresses a service may be called back at, judged by their text."""

from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def refuse_callback(url: str, allowed: frozenset[str]) -> str | None:
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
    pair = f"{host}:{port}"
    if parts.scheme == "http":
        exact = host in _LOOPBACK and pair in allowed
        return None if exact else "Use https; plain http is only for an allowed loopback host:port."
    if parts.scheme != "https":
        return "Use https."
    if pair in allowed or (host in allowed and port in (None, 443)):
        return None
    return (
        f"{host} is not allowed for this service: add it with --callback-host and to "
        "ANDON_ALLOWED_CALLBACKS."
    )
