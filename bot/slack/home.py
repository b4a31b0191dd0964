"""App Home: drawn when it is opened, when its person changes something, and while it lies open when
anything changed; and the absences that people set there.

Slack does not say when App Home is closed, so it counts as open for a while.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from approvals.facts import Facts
from approvals.people import Absence, Person
from approvals.ports import StoreError
from approvals.standing_in import LONGEST_AWAY, end_of, stood_in_for_by, why_not
from bot.messaging import Message, SlackError
from bot.slack.clicks import click_id, is_foreign, of_button, of_modal
from bot.slack.directory import Strangers
from bot.slack.drawing import answers, modals
from bot.slack.drawing import home as drawing
from bot.slack.drawing.fitting import fitting_view
from bot.slack.drawing.lists import Reader
from bot.slack.drawing.spans import name_of
from bot.slack.finding import Finding
from bot.slack.ports import Ports
from bot.slack.voice import Voice
from bot.slack.web import translated

log = structlog.get_logger(__name__)

#: How long App Home counts as open, and of how many people at most.
OPEN_FOR, MOST_OPEN = timedelta(minutes=10), 50

#: Decided ones looked through for those that are shown.
LOOKED_THROUGH = 50

Ack = Any
Payload = Mapping[str, Any]
View = Mapping[str, Any]


class HomePage:
    """Listeners of App Home, and the look at those that lie open."""

    def __init__(
        self,
        ports: Ports,
        finding: Finding,
        voice: Voice,
        client: AsyncWebClient,
        strangers: Strangers,
    ) -> None:
        self._ports, self._finding, self._strangers = ports, finding, strangers
        self._voice, self._client = voice, client
        self._open: OrderedDict[str, datetime] = OrderedDict()  # account -> until when
        self._seen: object = None  # what the open ones were drawn from last

    def register(self, app: AsyncApp) -> None:
        """Join the listeners to Bolt."""
        app.event("app_home_opened")(self.opened)
        app.action("away")(self.ask)
        app.action("back")(self.back)
        app.view("away")(self.sent)

    # -- drawing --------------------------------------------------------------------------------

    async def opened(self, ack: Ack, event: Payload) -> None:
        """Somebody looks at it."""
        if event.get("tab") != "home":
            await ack()
            return
        account = str(event.get("user") or "")
        if await self._strangers.has(account):
            await ack()
            await self._publish(account, drawing.told_at_home(answers.members_only()))
            return
        view = await self._view(account)
        await ack()
        self._lies_open(account)
        await self._publish(account, view)

    def _lies_open(self, account: str) -> None:
        self._open[account] = self._ports.clock() + OPEN_FOR
        self._open.move_to_end(account)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)

    async def once(self) -> bool:
        """Draw those that lie open again if anything changed since."""
        now = self._ports.clock()
        for account in [a for a, until in self._open.items() if until <= now]:
            del self._open[account]
        if self._open and await self._changed():
            for account in tuple(self._open):
                await self._publish(account, await self._view(account))
        return False

    async def _changed(self) -> bool:
        """Whether anything is pending, decided, due or known of people that was not before."""
        pending = await self._ports.reads.outlines()
        people = self._ports.facts.facts(self._ports.clock()).people
        decided = await self._ports.reads.last_decided(1)
        due = await self._finding.due_reviews()
        seen = (
            tuple((e.id, e.version) for e in (*pending, *decided, *due)),
            people.groups,
            people.absences,
        )
        before, self._seen = self._seen, seen
        return seen != before

    async def _view(self, account: str) -> View:
        try:
            by = await self._finding.reader(account)
            pending = await self._ports.reads.outlines()
            decided = await self._ports.reads.last_decided(LOOKED_THROUGH)
            due = await self._finding.due_reviews()
        except StoreError:
            return drawing.told_at_home(answers.store_away(click_id(account)[-4:]))
        return drawing.home(pending, decided, by, self._own(by), due)

    def _own(self, by: Reader) -> drawing.Own | None:
        person = by.person
        return own(person, self._facts) if person is not None and person.active else None

    @property
    def _facts(self) -> Facts:
        return self._ports.facts.facts(self._ports.clock())

    async def _publish(self, account: str, view: View) -> None:
        try:
            async with translated():
                await self._client.views_publish(user_id=account, view=fitting_view(view))
        except SlackError as error:
            log.warning("home-not-published", code=error.code)

    # -- being away -----------------------------------------------------------------------------

    async def ask(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """`Name a substitute`: who, and until when."""
        click = of_button(body, foreign=is_foreign(body))
        by = await self._finding.reader(click.account)
        found = None if click.foreign else self._own(by)
        await ack()
        if found is None:
            await self._voice.tell(client, click, answers.members_only())
            return
        view = drawing.away_modal(found, by, self._zone(found.person))
        await self._voice.open(client, click, view)

    async def sent(self, ack: Ack, body: Payload) -> None:
        """The modal was sent off: kept, or what is wrong at its field."""
        click = of_modal(body, foreign=is_foreign(body))
        by = await self._finding.reader(click.account)
        found = None if click.foreign else self._own(by)
        if found is None:
            await self._shown(ack, answers.members_only())
            return
        absence, errors = self._asked(found.person, body, by)
        if absence is None:
            await ack(response_action="errors", errors=errors)
            return
        try:
            await self._keep(absence, by)
        except StoreError:
            await self._shown(ack, answers.not_saved(click_id(click.command_id)[-4:]))
            return
        await ack()
        self._voice.after(self._tell(absence.substitute, drawing.told_substitute(absence, by)))
        await self._publish(click.account, await self._view(click.account))

    def _asked(
        self, person: Person, body: Payload, by: Reader
    ) -> tuple[Absence | None, dict[str, str]]:
        """The absence as it was asked for, or what is wrong with it."""
        account, day = _chosen(body)
        zone = self._zone(person)
        substitute = by.people.of_account(account)
        absence = Absence(
            person=person.id,
            substitute=substitute.id if substitute else "",
            since=by.now,
            until=end_of(day, zone) if day else by.now,
        )
        why = why_not(absence, by.people, by.now)
        if why is None:
            return absence, {}
        latest = (by.now + LONGEST_AWAY).astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        return None, drawing.refused(why, name_of(absence.substitute, by.people), latest)

    async def _keep(self, absence: Absence, by: Reader) -> None:
        who = f"person:{absence.person}"
        await self._ports.absences.set(absence, who, by.now)
        await self._renew(by.now)

    async def back(self, ack: Ack, body: Payload, client: AsyncWebClient) -> None:
        """`I am back`: from now on only they themselves decide."""
        click = of_button(body, foreign=is_foreign(body))
        by = await self._finding.reader(click.account)
        found = None if click.foreign else self._own(by)
        try:
            if found is not None:
                await self._ports.absences.end(found.person.id, f"person:{found.person.id}", by.now)
                await self._renew(by.now)
        except StoreError:
            await ack()
            said = answers.not_saved(click_id(click.command_id)[-4:])
            await self._voice.open(client, click, modals.notice(said))
            return
        await ack()
        if found is not None and found.absence is not None:
            told = drawing.told_back(found.person.name)
            self._voice.after(self._tell(found.absence.substitute, told))
        await self._publish(click.account, await self._view(click.account))

    async def _renew(self, now: datetime) -> None:
        """It counts from the next click on."""
        self._ports.away(await self._ports.absences.current(now))

    async def _tell(self, person: str, message: Message) -> None:
        """Tell a person directly, where they have an account; no harm where Slack refuses."""
        known = self._facts.people.persons.get(person)
        if known is None or not known.accounts:
            return
        try:
            key = self._ports.new_id("cmd")
            await self._ports.slack.post(known.accounts[0], message, key=key)
        except SlackError as error:
            log.warning("substitute-not-told", code=error.code)

    async def _shown(self, ack: Ack, message: Message) -> None:
        await ack(response_action="update", view=fitting_view(modals.notice(message)))

    def _zone(self, person: Person) -> str:
        return person.zone or self._facts.policy.zone


def own(person: Person, facts: Facts) -> drawing.Own:
    """What App Home says of the person themselves."""
    people, groups = facts.people, facts.policy.groups
    theirs = [name for name, members in people.groups.items() if person.id in members]
    admitting = tuple(sorted(g for g in theirs if g in groups and groups[g].substitutes))
    return drawing.Own(
        person=person,
        absence=people.absences.get(person.id),
        stands_in_for=tuple(people.absences[p] for p in stood_in_for_by(person.id, people)),
        admitting=admitting,
        closed=tuple(sorted(g for g in theirs if g not in admitting)),
    )


def _chosen(body: Payload) -> tuple[str, date | None]:
    """The account and the day that were picked; a day that is none counts as over."""
    values = ((body.get("view") or {}).get("state") or {}).get("values") or {}
    user = (values.get(drawing.SUBSTITUTE) or {}).get(drawing.SUBSTITUTE) or {}
    day = (values.get(drawing.LAST_DAY) or {}).get(drawing.LAST_DAY) or {}
    try:
        last = date.fromisoformat(str(day.get("selected_date")))
    except ValueError:
        last = None
    return str(user.get("selected_user") or ""), last
