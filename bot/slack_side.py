"""Composition of the Slack side: surface, door and the loops that speak, joined."""

from typing import Any, Protocol

from approvals.memory.ports import Memory
from approvals.policy.model import Policy
from approvals.ports import (
    Absences,
    Cards,
    Clock,
    Deliveries,
    Digests,
    Leases,
    Reads,
    SeenSignatures,
    Storms,
    Writer,
)
from bot.background.cards import Reconciler
from bot.background.counts import Counts
from bot.background.digest import Digester
from bot.background.line import Line
from bot.background.loop import Loop
from bot.background.refresher import Refresher
from bot.background.spoken import Speaker
from bot.background.ways import Ways
from bot.bell import Bell
from bot.ids import new_id
from bot.metrics import CountedDeliveries, Metrics
from bot.people import KnownPeople
from bot.settings import Settings
from bot.slack.artist import Drawings
from bot.slack.directory import SlackDirectory, Strangers
from bot.slack.door import SlackDoor
from bot.slack.finding import Finding
from bot.slack.ports import Ports
from bot.slack.rooms import Rooms
from bot.slack.screens import Screens
from bot.slack.surface import Surface
from bot.slack.web import SlackWeb, WatchedClient

#: Seconds between two looks of each loop when nothing wakes it.
CARDS_S, SPEECH_S, PEOPLE_S, HOME_S, DIGEST_S = 2.0, 2.0, 5.0, 5.0, 20.0


class Records(Protocol):
    """What the Slack side needs of a store."""

    @property
    def reads(self) -> Reads:
        """Escalations."""

    @property
    def cards(self) -> Cards:
        """Messages that show them."""

    @property
    def deliveries(self) -> Deliveries:
        """Messages that are owed."""

    @property
    def storms(self) -> Storms:
        """Storms, whole."""

    @property
    def digests(self) -> Digests:
        """What the digest tells."""

    @property
    def memory(self) -> Memory:
        """What ended, to be found again."""

    @property
    def absences(self) -> Absences:
        """Who is away."""

    @property
    def leases(self) -> Leases:
        """What one replica at a time does."""

    @property
    def signatures(self) -> SeenSignatures:
        """Requests that were taken."""


class SlackSide:
    """The Slack surface and the loops that speak, joined."""

    def __init__(
        self,
        settings: Settings,
        store: Records,
        writer: Writer,
        people: KnownPeople,
        clock: Clock,
        wall: Clock,
        bell: Bell,
        metrics: Metrics,
        counts: Counts,
    ) -> None:
        self._store, self._people, self._clock = store, people, clock
        self._writer, self._counts = writer, counts
        self._client = WatchedClient(
            settings.slack_bot_token.get_secret_value(), settings.slack_api_url
        )
        self._slack, self._line = SlackWeb(self._client), Line(clock)
        surface = self._surface(bell)
        self.door = self._door(settings, surface, wall)
        metrics.groups_unread.set_function(lambda: len(people.facts(clock()).people.unread))
        spoken = CountedDeliveries(store.deliveries, metrics, "slack")
        said = self._said()
        cards = Reconciler(**said)
        speech = Speaker(deliveries=spoken, leases=store.leases, **said)
        self._refresher = Refresher(
            people,
            SlackDirectory(self._client, people.policy),
            store.absences,
            store.reads,
            writer,
            clock,
            new_id,
            bell.wake,
        )
        self.loops = [
            Loop("cards", cards.once, CARDS_S, cards.lanes),
            Loop("speech", speech.once, SPEECH_S, speech.answers, speech.lanes),
            Loop("people", self._refresher.once, PEOPLE_S),
            Loop("home", surface.home.once, HOME_S),
            Loop("digest", self._digester().once, DIGEST_S),
        ]

    def _surface(self, bell: Bell) -> Surface:
        """What answers people."""
        store, people, clock = self._store, self._people, self._clock
        ports = Ports(
            writer=self._writer,
            reads=store.reads,
            waiting=bell.lately.waiting,
            cards=store.cards,
            deliveries=store.deliveries,
            absences=store.absences,
            storms=store.storms,
            facts=people,
            slack=self._slack,
            clock=clock,
            new_id=new_id,
            wake=bell.wake,
            away=people.away,
            lost=lambda event: self.door.revoked(event),
        )
        self._strangers = Strangers(self._client, people, clock)
        finding = Finding(store.reads, people, clock, Rooms(self._client, clock), store.memory)
        return Surface(ports, Screens(people, clock), finding, self._client, self._strangers)

    def _door(self, settings: Settings, surface: Surface, wall: Clock) -> SlackDoor:
        """Where Slack's requests come in. They carry Slack's time, so no other of ours will do."""
        app_token = settings.slack_app_token.get_secret_value()
        return SlackDoor(
            client=self._client,
            surface=surface,
            strangers=self._strangers,
            secrets=settings.signing_secrets,
            app_token=app_token if settings.slack_mode == "socket" else "",
            seen=self._store.signatures,
            clock=wall,
        )

    def _said(self) -> dict[str, Any]:
        """What all who post and redraw need."""
        store = self._store
        ways = Ways(
            writer=self._writer,
            cards=store.cards,
            deliveries=store.deliveries,
            clock=self._clock,
            new_id=new_id,
        )
        return {
            "cards": store.cards,
            "reads": store.reads,
            "storms": store.storms,
            "facts": self._people,
            "slack": self._slack,
            "line": self._line,
            "artist": Drawings(),
            "clock": self._clock,
            "counts": self._counts,
            "ways": ways,
        }

    def _digester(self) -> Digester:
        """Writes the digest."""
        return Digester(
            digests=self._store.digests,
            leases=self._store.leases,
            facts=self._people,
            slack=self._slack,
            line=self._line,
            artist=Drawings(),
            clock=self._clock,
        )

    async def adopt(self, policy: Policy) -> None:
        """Let a new policy count, with its people looked up."""
        await self._refresher.adopt(policy)

    @property
    def people_due_s(self) -> float:
        """Seconds until people are looked up again."""
        return max(0.0, self._refresher.next_look_s)

    async def ready(self) -> tuple[str, bool]:
        """For health: we hear Slack, and it hears us."""
        name, works = await self.door.ready()
        return name, works and self._line.works and self._refresher.works
