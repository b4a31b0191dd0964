"""The policy among several servers on one database: one version is active, and all decide by it.

::

    `policy activate` -> the active version -> every server decides by it, at its next look
    a server's file of another version -> that server is not ready, and says so

What is in force comes from the database, so two files never decide side by side; the file of a
server is what readiness holds against it. Only a person activates, and the first server ever.
"""

from collections.abc import Callable
from typing import Any

import structlog

from approvals.policy.load import PolicyError, parse_policy
from approvals.policy.model import Policy
from approvals.ports import Clock
from approvals.sharing import ActivePolicy, Policies
from bot.policy_file import Adopt, PolicyFile
from bot.settings import SettingsError

log = structlog.get_logger(__name__)

#: What to do about a server whose file is another.
DO = (
    "Give this server the active file (`policy active` prints it), or, to let its own file count "
    "for all, run `policy activate` beside it."
)

#: What to do about a text that this version of the program does not understand.
NEWER = "Start a version that can read it, or activate another with `policy activate`."


async def in_force(policies: Policies, said: Policy, clock: Clock) -> Policy:
    """The active policy; what the file says where there was none yet.

    Raises SettingsError where this version cannot read the active one.
    """
    active = await policies.begin(said.version, said.text, clock())
    if active.version == said.version:
        return said
    try:
        return _read(active)
    except PolicyError as error:
        raise SettingsError(f"The active policy cannot be used. {NEWER}\n{error}") from error


class AgreedPolicy:
    """Follows the active version, and holds the file of this server against it."""

    def __init__(
        self, file: PolicyFile, policies: Policies, adopt: Adopt, doubt: Callable[[bool], None]
    ) -> None:
        self._file, self._policies, self._adopt = file, policies, adopt
        self._doubt = doubt
        self._unread = ""  # the active version, where we cannot read it
        self._said: tuple[str, str] = file.in_force.version, ""

    async def once(self) -> bool:
        """Look which version is active, and at the file."""
        await self._follow()
        await self._file.once()
        self._tell()
        return False

    async def _follow(self) -> None:
        version = await self._policies.active_version()
        if version in (self._file.in_force.version, self._unread):
            self._understands(version == self._file.in_force.version)
            return
        active = await self._policies.active()
        if active is None:
            return
        try:
            policy = _read(active)
        except PolicyError as error:
            self._unread = active.version
            self._understands(False)
            log.error("policy-unreadable", version=active.version, reason=str(error), do=NEWER)
            return
        await self._adopt(policy)
        self._file.in_force = policy
        self._understands(True)
        log.info("policy-taken", version=policy.version, by=active.set_by)

    def _understands(self, understands: bool) -> None:
        """By a policy that is not the active one nobody decides here: people are not known then."""
        self._unread = "" if understands else self._unread
        self._doubt(not understands)

    @property
    def _differs(self) -> bool:
        return self._file.version != self._file.in_force.version

    def _tell(self) -> None:
        """Say it once whenever the file and what is active part, or meet."""
        said = self._file.in_force.version, self._file.version if self._differs else ""
        if said == self._said:
            return
        self._said = said
        if self._differs:
            log.error("policy-not-active", active=said[0], file=said[1] or None, do=DO)
        else:
            log.info("policy-agrees", version=said[0])

    def health(self) -> dict[str, Any]:
        """For readiness: which version is in force, and whether this server has just that file."""
        told = self._file.health()
        if self._unread:
            return told | {"ok": False, "active": self._unread, "do": NEWER}
        if self._differs:
            return told | {"ok": False, "file": self._file.version or None, "do": DO}
        return told


def _read(active: ActivePolicy) -> Policy:
    return parse_policy(active.text, "the active policy")
