"""What doctor looks at on this machine: settings, keys, the port."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from approvals.policy.model import Policy
from bot.doctor.finding import Finding
from bot.settings import Settings, unknown_settings
from bot.signing import KeyRing, SigningKeysError

#: Seconds for whoever has the port to say who it is.
PATIENCE_S = 2


def settings_given(settings: Settings) -> Iterator[Finding]:
    """Settings that are none, and those that work but expose something."""
    for name, near in unknown_settings().items():
        hint = f"Did you mean {near}?" if near else "Leave it out; docs/settings.md lists them."
        yield Finding(part="settings", said=f"{name} is no setting and is ignored", do=hint)
    yield Finding(part="settings", said=f"Slack mode {settings.slack_mode}")
    if settings.slack_mode == "off":
        said = "Slack is off: nobody can decide, and everything will expire"
        yield Finding(part="settings", said=said, is_note=True)


def keys(directory: Path) -> Iterator[Finding]:
    """Keys that sign grants: there, readable by us, and by nobody else."""
    if not directory.exists():
        yield Finding(
            part="keys", said=f"{directory} is not there yet; `serve` makes it with a key"
        )
        return
    if directory.is_dir() and not list(directory.glob("*.jwk")):
        yield Finding(part="keys", said=f"{directory} holds no key yet; `serve` makes one")
        return
    try:
        ring = KeyRing(directory)
    except SigningKeysError as error:
        yield Finding(part="keys", said=str(error), do="Restore or remove what it names.")
        return
    n = len(ring.jwks()["keys"])
    yield Finding(part="keys", said=f"{n} in {directory}, {ring.kid} signs")
    for path, most in ((directory, 0o700), *((f, 0o600) for f in sorted(directory.glob("*.jwk")))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            said = f"{path} is open to others ({mode:04o})"
            yield Finding(part="keys", said=said, do=f"chmod {most:o} {path}")


async def port(settings: Settings) -> Finding:
    """Free, or taken by a server of ours."""
    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            return Finding(part="port", said=f"{where} is free")
        except OSError as error:
            reason = error.strerror
    if await _is_andon(settings):
        return Finding(part="port", said=f"a server of ours answers on {where}")
    do = "Stop what has it, or set ANDON_PORT or ANDON_HOST."
    return Finding(part="port", said=f"{where} cannot be listened on ({reason})", do=do)


async def in_force(settings: Settings, policy: Policy) -> list[Finding]:
    """Whether a running server decides by the file as it stands; nothing where none runs."""
    told = await _told(settings, "/readyz")
    version = (told or {}).get("checks", {}).get("policy", {}).get("version")
    if version is None:
        return []
    if version == policy.version:
        return [Finding(part="policy", said="the running server decides by this file")]
    said = f"the running server decides by another one ({version[:19]})"
    do = "It takes a changed file within seconds; `policy-refused` in its log says why it did not."
    return [Finding(part="policy", said=said, do=do)]


async def _is_andon(settings: Settings) -> bool:
    return await _told(settings, "/healthz") is not None


async def _told(settings: Settings, path: str) -> Any:
    """What a server of ours says there; None where none answers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{host}:{settings.port}{path}") as answer,
        ):
            return await answer.json() if answer.headers.get("Server") == "Andon" else None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return None
