"""A strict local stand-in for a Slack workspace, on loopback, for the demo and the tests.

::

    people.py messages.py windows.py state.py   what the workspace holds
    blocks/                                     Block Kit, checked against Slack's limits
    methods/ web_api.py rates.py faults.py      the Web API, its door, and what can go wrong there
    payloads.py line.py socket_mode.py acks.py  what the app is sent, how, and what its answer does
    installation.py workspace.py                the installed app; what people do and see
    triggers.py responses.py                    trigger ids and response_urls
    ui.py server.py                             the page's protocol; all of it on a port

It knows Slack and nothing of what the app is for. What Slack would refuse, it refuses with Slack's
error code; what it does not know, it refuses too.
"""

from bot.demo.workspace.acks import Interaction
from bot.demo.workspace.errors import ImpossibleError, Refused
from bot.demo.workspace.faults import Fault
from bot.demo.workspace.line import Answer
from bot.demo.workspace.messages import Message, Pressable, pressables
from bot.demo.workspace.payloads import ABSENT
from bot.demo.workspace.people import Channel, ChannelKind, Kind, Person, Team, UserGroup
from bot.demo.workspace.server import Running, serve
from bot.demo.workspace.web_api import Call
from bot.demo.workspace.windows import Window
from bot.demo.workspace.workspace import Workspace

__all__ = [
    "ABSENT",
    "Answer",
    "Call",
    "Channel",
    "ChannelKind",
    "Fault",
    "ImpossibleError",
    "Interaction",
    "Kind",
    "Message",
    "Person",
    "Pressable",
    "Refused",
    "Running",
    "Team",
    "UserGroup",
    "Window",
    "Workspace",
    "pressables",
    "serve",
]
