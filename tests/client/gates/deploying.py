"""Somebody who deploys with Alembic, in this process, while people decide."""

from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.config import Config
from andon import Client

from tests.client.gates.postgres import Database
from tests.client.gates.projects import Project
from tests.client.serving import Served

#: What people do once they were asked.
Decision = Callable[[str], Any]


class Deployer:
    """Runs `upgrade` and `downgrade`; each question is answered by the next decision."""

    def __init__(self, project: Project, served: Served, andon: Client) -> None:
        self.project, self._served = project, served
        self.ids: list[str] = []  #: of all that was asked
        self.said: list[str] = []
        self.pauses = 0
        self.config = Config(str(project.settings))
        self.config.attributes["asking"] = {
            "client": andon,
            "say": self.said.append,
            "pause": lambda seconds: self._paused(),
        }
        self._meanwhile: Callable[[], Any] = lambda: None

    @property
    def database(self) -> Database:
        """The project's."""
        return self.project.database

    def pause(self, meanwhile: Callable[[], Any]) -> None:
        """What happens while it waits for a lock."""
        self._meanwhile = meanwhile

    def _paused(self) -> None:
        self.pauses += 1
        self._meanwhile()

    def upgrade(self, *decisions: Decision, to: str = "heads") -> list[str]:
        """`alembic upgrade`; the ids of what was asked."""
        return self._while_people(decisions, lambda: command.upgrade(self.config, to))

    def downgrade(self, *decisions: Decision, to: str) -> list[str]:
        """`alembic downgrade`."""
        return self._while_people(decisions, lambda: command.downgrade(self.config, to))

    def _while_people(self, decisions: tuple[Decision, ...], act: Callable[[], None]) -> list[str]:
        known = len(self.ids)
        people = self._served.meanwhile(lambda: self._decide(decisions))
        try:
            act()
        finally:
            people.join()
        return self.ids[known:]

    def _decide(self, decisions: tuple[Decision, ...]) -> None:
        for decision in decisions:
            self._served.when_asked(self.ids.append).join()
            decision(self.ids[-1])
