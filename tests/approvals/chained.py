"""One escalation with a chain, and people who are away, paused, or have ways outside Slack.

The stages are written by hand: what the policy makes of a file is another test's business.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from approvals import commands
from approvals.commands import Actor
from approvals.owes import Direct, Page, PostCard, ThreadLine
from approvals.people import Absence, People
from approvals.snapshot import Step
from approvals.step import Step as Done
from tests.approvals.scene import Scene

#: Everybody at once; after a quarter of an hour again with a page, twice; then the owner.
STAGES = (
    Step(to=("channel", "approvers")),
    Step(to=("approvers", "route:pager"), after_s=900, repeat=1, every_s=600),
    Step(to=("owners", "person:dee"), after_s=1800),
)

PLAN: dict[str, Any] = {
    "steps": STAGES,
    "channel": "C0DBA",
    "owners": ("cem",),
    "acknowledge_for_s": 600,
    "respond_within_s": 900,
    "decide_within_s": 14_400,
    "extend_by_s": 3600,
    "undelivered_max_s": 7200,
}


class ChainScene(Scene):
    """A scene whose plan has a chain; `plan` changes it, `people` are moved about by hand."""

    def __init__(self, category: str = "deployment", *, plan: Any = None, **body: Any) -> None:
        super().__init__(category, **body)
        self.plan = {**PLAN, **(plan or {})}
        self.paused: dict[str, datetime] = {}
        self.routes: dict[str, tuple[str, ...]] = {}
        self.no_account: set[str] = set()

    @property
    def people(self) -> People:
        """Who is who now, and how they can be reached."""
        found = super().people
        persons = {
            p.id: replace(
                p,
                paused_until=self.paused.get(p.id),
                routes=self.routes.get(p.id, ()),
                accounts=() if p.id in self.no_account else p.accounts,
            )
            for p in found.persons.values()
        }
        return replace(found, persons=persons)

    def absent(self, person: str, substitute: str, seconds: float = 86_400) -> "ChainScene":
        """Somebody is away from now on."""
        until = self.now + timedelta(seconds=seconds)
        self.absences[person] = Absence(
            person=person, substitute=substitute, since=self.now, until=until
        )
        return self

    def pause(self, person: str, seconds: float = 86_400) -> "ChainScene":
        """Somebody's notifications are paused from now on."""
        self.paused[person] = self.now + timedelta(seconds=seconds)
        return self

    def at(self, seconds: float) -> "ChainScene":
        """So long after it was opened."""
        self.now = self.e.created_at + timedelta(seconds=seconds)
        return self

    def tick_at(self, seconds: float) -> Done:
        """The clock comes by so long after it was opened."""
        return self.at(seconds).tick()

    def opened(self) -> Done:
        """A service asks, and it is taken."""
        done = self.try_to_open()
        assert done.refusal is None, done.refusal
        return done

    def acknowledge(self, account: str = "UBEN", **given: Any) -> Done:
        """Somebody says that they are looking."""
        return self.send(commands.Acknowledge, actor=Actor(account=account, **given))

    def extend(self, account: str = "UBEN", **given: Any) -> Done:
        """Somebody gives it more time."""
        return self.send(commands.Extend, actor=Actor(account=account, **given))

    def miss(self, to: str, why: str = "channel_not_found") -> Done:
        """A way failed."""
        return self.send(commands.Miss, to=to, why=why)

    def arrived(self) -> Done:
        """The first message was taken, late."""
        return self.send(commands.Arrived)

    def due_in(self) -> float | None:
        """Seconds from opening until something is due."""
        due = self.e.due_at
        return (due - self.e.created_at).total_seconds() if due else None


def called(done: Done) -> list[str]:
    """Who is told, in order: cards, direct messages, pages, and those mentioned in the thread."""
    found: list[str] = []
    for work in done.work:
        match work:
            case PostCard():
                found.append(f"card {work.target}")
            case Direct():
                found.append(f"message {work.to} {work.case}")
            case Page():
                found.append(f"page {work.route}")
            case ThreadLine() if work.mentions:
                found += [f"mention {person}" for person in work.mentions]
            case _:
                pass
    return found
