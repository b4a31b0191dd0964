"""The Web API's methods by family: one file a family, one function a method.

`METHODS` is the whole of it; a method that is not there answers `unknown_method`.
"""

from bot.demo.workspace.methods import chat, conversations, people, system, views
from bot.demo.workspace.methods.registry import METHODS, Arguments, Desk, Method

__all__ = [
    "METHODS",
    "Arguments",
    "Desk",
    "Method",
    "chat",
    "conversations",
    "people",
    "system",
    "views",
]
