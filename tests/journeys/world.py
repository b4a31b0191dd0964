"""The world of the journeys: people, channels, the policy, and the time of day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from bot.demo.workspace.people import Channel, ChannelKind, Kind, Person, UserGroup
from bot.demo.workspace.workspace import Workspace
from tests.building import ROOT, SAMPLE

NAMES = ("Ravi", "Ines", "Dana", "Lena", "Mia", "Tom", "Omar", "Sam", "Priya")
SECRET, BOT_TOKEN = "signing-secret-of-tests", "xoxb-of-tests"
OPERATIONS, PAYMENTS, DATABASE = "C0OPERATIONS", "C0PAYMENTS", "C0DATABASE"

#: Groups that live in Slack, so that people can join and leave them.
GROUPS = {
    "S0ONCALL": ("USAM", "UPRIYA"),
    "S0FINANCE": ("UMIA", "UTOM", "UOMAR"),
    "S0DATABASE": ("URAVI", "UINES", "UDANA"),
}

DIGEST = '[digest]\nchannel = "operations"\nat = ["09:00"]\n'


def policy_of_tests() -> str:
    """The sample policy, its groups kept in Slack; two directors may override it."""
    text = SAMPLE
    assert DIGEST in text
    for group, name, members in (
        ("S0ONCALL", "platform-oncall", '["sam", "priya"]'),
        ("S0FINANCE", "finance-approvers", '["mia", "tom", "omar"]'),
        ("S0DATABASE", "database-admin", '["ravi", "ines", "dana"]'),
    ):
        listed = f"{name} = {{ members = {members} }}"
        assert listed in text
        text = text.replace(listed, f'{name} = {{ slack_usergroup = "{group}" }}')
    # Tests move the clock past whole days: no digest comes between what they look for.
    return text.replace(DIGEST, "")


class MovedClock:
    """The time of day, moved forward by hand: for server and workspace alike."""

    def __init__(self) -> None:
        self._moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._moved

    def move(self, **by: float) -> None:
        """Let so much time pass at once."""
        self._moved += timedelta(**by)


def workspace_of_tests(clock: Callable[[], datetime], **more: Any) -> Workspace:
    """The people and channels of the sample policy, and some strangers."""
    everyone = [f"U{name.upper()}" for name in NAMES]
    people = [
        Person(id=f"U{n.upper()}", name=n.lower(), real_name=n, tz="Europe/Berlin") for n in NAMES
    ]
    people += [
        Person(id="UGUEST", name="guest", kind=Kind.GUEST),
        Person(id="UFOREIGN", name="foreign", kind=Kind.FOREIGN),
        Person(id="UROBOT", name="robot", kind=Kind.BOT),
        Person(id="UNOBODY", name="nobody"),
    ]
    strangers = ["UGUEST", "UFOREIGN", "UROBOT", "UNOBODY"]
    channels = [
        Channel(id=id_, name=name, kind=kind, members=[*everyone, *strangers])
        for id_, name, kind in (
            (DATABASE, "database", ChannelKind.PUBLIC),
            (PAYMENTS, "payments-approvals", ChannelKind.PRIVATE),
            (OPERATIONS, "operations", ChannelKind.PUBLIC),
        )
    ]
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return Workspace(
        manifest,
        people=people,
        channels=channels,
        groups=[UserGroup(id=id_, handle=id_, members=who) for id_, who in GROUPS.items()],
        clock=lambda: clock().timestamp(),
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token="xapp-of-tests",
        **more,
    )
