"""What doctor looks at of what servers on one database have in common: policy and keys."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from approvals.codec import instant
from approvals.policy.model import Policy
from approvals.sharing import ActivePolicy, KnownKey
from bot.agreed_policy import DO
from bot.counted import counted
from bot.doctor.finding import Finding
from bot.settings import Settings
from bot.signing import SigningKeysError, public_keys

#: The active policy, and every key that was ever published.
Shared = tuple[ActivePolicy | None, tuple[KnownKey, ...]]

#: None where a server is alone. Raises OSError, ValueError, RuntimeError.
SharedOf = Callable[[Settings], Shared | None]


def looked_at(settings: Settings, shared_of: SharedOf) -> Shared | None:
    """What they share; None, too, where the database cannot be looked at: that was said before."""
    try:
        return shared_of(settings)
    except (OSError, ValueError, RuntimeError):
        return None


def shared(settings: Settings, policy: Policy | None, common: Shared) -> Iterator[Finding]:
    """Whether this server's file is the active one, and whether its keys may sign."""
    active, known = common
    if policy is not None:
        yield _policy(policy, active)
    try:
        own = public_keys(Path(settings.signing_keys))
    except SigningKeysError:
        return  # it was named before
    names = {key.kid: key for key in known}
    for half in own:
        yield _key(half, names.get(str(half["kid"])))
    served = sum(key.retired_at is None for key in known)
    yield Finding(part="keys", said=f"the servers together serve {counted(served, 'key')}")


def _policy(policy: Policy, active: ActivePolicy | None) -> Finding:
    if active is None:
        said = "none is active yet: the first server that starts activates its own"
        return Finding(part="policy", said=said)
    since = f"since {instant(active.set_at)}, by {active.set_by}"
    if active.version == policy.version:
        return Finding(part="policy", said=f"this file is the active one, {since}")
    said = f"active is {active.version[:19]} ({since}), and this file is {policy.version[:19]}"
    return Finding(part="policy", said=said, do=DO)


def _key(half: Mapping[str, Any], known: KnownKey | None) -> Finding:
    kid = half["kid"]
    if known is None:
        said = f"{kid} is not published yet; a server that starts with it does so"
    elif json.loads(known.jwk)["x"] != half["x"]:
        do = "Give it a `kid` of its own."
        return Finding(part="keys", said=f"another key is known as {kid}", do=do)
    elif known.retired_at is not None:
        said = f"{kid} is retired since {instant(known.retired_at)}"
    elif known.signs_at > datetime.now(UTC):
        said = f"{kid} is published, and signs from {instant(known.signs_at)} on"
    else:
        said = f"{kid} is known to everybody"
    return Finding(part="keys", said=said)
