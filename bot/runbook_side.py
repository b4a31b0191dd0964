"""Composition of runbooks: the folder of the settings, read at the start and watched by a loop."""

from collections.abc import Iterator
from pathlib import Path

from bot.background.loop import Loop
from bot.people import KnownPeople
from bot.runbook_folder import RunbookFolder
from bot.settings import Settings

#: Seconds between two looks at the folder.
RUNBOOKS_S = 5.0


def runbook_loops(settings: Settings, people: KnownPeople) -> Iterator[Loop]:
    """The loop that watches them, where there is a folder; what lies there counts at once."""
    if settings.runbooks:
        folder = RunbookFolder(Path(settings.runbooks), people.shelve)
        folder.begin()
        yield Loop("runbooks", folder.once, RUNBOOKS_S)
