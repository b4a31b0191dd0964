"""Who and what a workspace consists of: people, user groups, channels, the installed app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """What an account is."""

    MEMBER = "member"  #: an ordinary account of this workspace
    GUEST = "guest"  #: sees only the channels it was invited to
    BOT = "bot"  #: no person
    FOREIGN = "foreign"  #: of another workspace, here through a shared channel


class ChannelKind(StrEnum):
    """What a conversation is."""

    PUBLIC = "channel"  #: every member sees it
    PRIVATE = "private"  #: only who is in it
    DIRECT = "im"  #: the app and one person


@dataclass(frozen=True, kw_only=True)
class Team:
    """The workspace's own name and address."""

    id: str = "T0LOCAL"
    name: str = "Local workspace"
    domain: str = "local-workspace"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One account. `tz` is an IANA zone; without one, the machine's own."""

    id: str
    name: str
    real_name: str = ""
    title: str = ""
    email: str = ""
    kind: Kind = Kind.MEMBER
    deleted: bool = False
    tz: str | None = None
    team_id: str = ""  #: of a foreign account, its own workspace
    paused_until: float | None = None  #: no notification before, in unix seconds

    @property
    def zone(self) -> tzinfo | None:
        """Where this person's clock stands; None is the machine's own zone."""
        return ZoneInfo(self.tz) if self.tz else None

    def team(self, home: Team) -> str:
        """The workspace this account belongs to."""
        if self.kind is Kind.FOREIGN:
            return self.team_id or "T0ELSEWHERE"
        return home.id

    def as_slack(self, home: Team, *, with_email: bool) -> dict[str, Any]:
        """The `user` object of users.info; the e-mail address needs a scope of its own."""
        profile = {"real_name": self.real_name or self.name, "title": self.title}
        if with_email and self.email:
            profile["email"] = self.email
        return {
            "id": self.id,
            "team_id": self.team(home),
            "name": self.name,
            "deleted": self.deleted,
            "real_name": self.real_name or self.name,
            "tz": self.tz or "Etc/UTC",
            "profile": profile,
            "is_bot": self.kind is Kind.BOT,
            "is_app_user": False,
            "is_restricted": self.kind is Kind.GUEST,
            "is_ultra_restricted": False,
            **({"is_stranger": True} if self.kind is Kind.FOREIGN else {}),
        }


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """A named set of people, mentioned as `@handle`."""

    id: str
    handle: str
    members: Sequence[str]
    name: str = ""

    def as_slack(self, home: Team, *, with_users: bool) -> dict[str, Any]:
        """The `usergroup` object of usergroups.list."""
        users = {"users": list(self.members)} if with_users else {}
        return {
            "id": self.id,
            "team_id": home.id,
            "is_usergroup": True,
            "name": self.name or self.handle,
            "handle": self.handle,
            "date_delete": 0,
            "user_count": len(self.members),
            **users,
        }


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A conversation as it is set up. `bot` says whether the app was invited."""

    id: str
    name: str
    kind: ChannelKind = ChannelKind.PUBLIC
    members: Sequence[str] = ()
    bot: bool = True
    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command the manifest registers."""

    command: str
    description: str
    usage_hint: str = ""

    def as_page(self) -> dict[str, str]:
        """As the page's composer hints at it."""
        return {
            "command": self.command,
            "description": self.description,
            "usage_hint": self.usage_hint,
        }


@dataclass(frozen=True, kw_only=True)
class App:
    """The installed app, as far as its manifest grants it anything."""

    name: str
    scopes: frozenset[str]
    commands: Mapping[str, Command]
    events: frozenset[str]
    interactive: bool
    home_tab: bool
    messages_tab: bool
    id: str = "A0LOCAL"
    bot_id: str = "B0LOCAL"
    bot_user: str = "U0ANDONBOT"
    token: str = field(default="local-verification-token", repr=False)

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "App":
        """Read a Slack app manifest. What it does not say is not granted."""
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        home = features.get("app_home", {})
        scopes = frozenset(manifest["oauth_config"]["scopes"].get("bot", ()))
        commands = _commands(features) if "commands" in scopes else ()
        return cls(
            name=manifest["display_information"]["name"],
            scopes=scopes,
            commands={entry["command"]: _command(entry) for entry in commands},
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            interactive=settings.get("interactivity", {}).get("is_enabled", False),
            home_tab=home.get("home_tab_enabled", False),
            messages_tab=home.get("messages_tab_enabled", False),
        )


def _commands(features: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return features.get("slash_commands", ())  # type: ignore[no-any-return]


def _command(entry: Mapping[str, Any]) -> Command:
    return Command(
        command=entry["command"],
        description=entry.get("description", ""),
        usage_hint=entry.get("usage_hint", ""),
    )
