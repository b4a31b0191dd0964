"""Who plays: the people and channels of the demo, as `policy.toml` beside this file names them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.demo.workspace import Channel, ChannelKind, Person, Team, Workspace

#: Who may decide what in the demo.
POLICY = Path(__file__).with_name("policy.toml")

#: Whom the page opens as: may decide all three operations of the beginning.
APPROVER = "URAVI"

#: Name and what they are, in the order of the page's list.
_PEOPLE = {
    "Ravi": "in every group",
    "Ines": "databases",
    "Mia": "finance",
    "Tom": "finance",
    "Sam": "on call",
    "Dana": "owns search-api",
    "Lena": "owns payments",
    "Omar": "decides nothing here",
}

#: Channels' ids by name.
CHANNELS = {
    "database": "C0DATABASE",
    "payments-approvals": "C0PAYMENTS",
    "operations": "C0OPERATIONS",
}

#: Private channels, and who is in them.
_PRIVATE = {"payments-approvals": ("URAVI", "UMIA", "UTOM", "ULENA")}


def the_workspace(manifest: Mapping[str, Any], *, bot_token: str, app_token: str) -> Workspace:
    """A workspace with everybody in it, to which the app comes by Socket Mode."""
    people = [
        Person(
            id=f"U{name.upper()}",
            name=name,
            real_name=name,
            title=title,
            email=f"{name.lower()}@example.com",
        )
        for name, title in _PEOPLE.items()
    ]
    everyone = [person.id for person in people]
    channels = [
        Channel(
            id=id_,
            name=name,
            kind=ChannelKind.PRIVATE if name in _PRIVATE else ChannelKind.PUBLIC,
            members=_PRIVATE.get(name, everyone),
        )
        for name, id_ in CHANNELS.items()
    ]
    return Workspace(
        manifest,
        people=people,
        channels=channels,
        team=Team(name="Local workspace"),
        signing_secret="not used over Socket Mode",  # noqa: S106  a stand-in's, not Slack's
        bot_token=bot_token,
        app_token=app_token,
    )
