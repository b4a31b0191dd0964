"""Every way a text can go in: each field of each call, each word a person types.

`Telling` fills them all from one source of texts and lets the escalations end in every way, so that
each text also comes out of every surface: cards, direct messages, threads, windows, lists, Home,
storms, pages, callbacks, the digest.
"""

from collections.abc import Callable
from typing import Any, Protocol

from bot.demo.workspace.messages import Message, find_pressable
from bot.demo.workspace.windows import Window
from tests.journeys.world import DATABASE, OPERATIONS, PAYMENTS
from tests.trust.served import Andon

DANA = "dana@example.com"


class Say(Protocol):
    """The next text that fits: at most so long; of several lines only where lines may be."""

    def __call__(self, most: int, *, lines: bool = False) -> str: ...


class Telling:
    """One Andon, and a source of texts."""

    def __init__(self, andon: Andon, say: Say) -> None:
        self.andon, self.say = andon, say
        self._asked = 0

    # -- what services say ------------------------------------------------------------------------

    def context(self) -> dict[str, Any]:
        """All of it."""
        say = self.say
        return {
            "error": {
                "type": say(300),
                "message": say(10_000, lines=True),
                "traceback": say(50_000, lines=True),
            },
            "attempts": [
                {"at": say(300), "action": say(300), "error": say(10_000, lines=True)}
                for _ in range(2)
            ],
            "system_state": {say(300): say(3000, lines=True), "db": {say(300): [say(300)]}},
            "configuration": {"lines": [say(300), {"text": say(3000, lines=True)}]},
            "recent_changes": [say(300), {"what": say(3000, lines=True)}],
            "affected_services": [say(300)],
            "user_impact": say(10_000, lines=True),
            "blast_radius": say(10_000, lines=True),
            "rollback": say(10_000, lines=True),
            "runbook": f"https://wiki.example/{say(1900)}",
            "links": [{"title": say(300), "url": f"https://ci.example/?q={say(1900)}"}],
        }

    def incident(self, **changes: Any) -> dict[str, Any]:
        """Help is wanted."""
        return {
            "kind": "incident",
            "category": "service_outage",
            "title": self.say(150),
            "summary": self.say(10_000, lines=True),
            "environment": "production",
            "reference": self.say(300),
            "callback_url": self.andon.hook,
            "requested_by": {"id": DANA, "name": self.say(300)},
            "context": self.context(),
            **changes,
        }

    def approval(self, **changes: Any) -> dict[str, Any]:
        """Something is held: one option that is quick, one that asks why, one that aborts."""
        say = self.say
        arguments = {
            "argv": ["run", say(300), "--note", say(300)],
            "cwd": say(300),
            "env": {"NOTE": say(300)},
            "sql": say(3000, lines=True),
            say(100): say(300),
            "more": [{"text": say(3000, lines=True)}],
        }
        asked = self.incident(
            category="retries_exhausted",
            operation={"name": say(300), "target": "orders", "arguments": arguments},
            options=[
                {
                    "key": "go",
                    "label": f"Go {say(72)}",
                    "effect": "release",
                    "description": say(500),
                    "arguments": {"note": "quick"},
                },
                {
                    "key": "slow",
                    "label": f"Slow {say(70)}",
                    "effect": "release",
                    "irreversible": True,
                    "arguments": {"note": say(300)},
                },
                {"key": "no", "label": f"No {say(72)}", "effect": "abort", "description": say(500)},
            ],
        )
        del asked["kind"]
        return asked | changes

    async def ask(self, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Open it; keys are counted where none is given. A minute later, so that it is no storm."""
        self._asked += 1
        self.andon.story.clock.move(seconds=61)
        return await self.andon.ask(key or f"key-{self._asked}", **body)

    async def post(self, made: dict[str, Any], verb: str, body: Any, **headers: str) -> Any:
        """A further call about it, which must be taken."""
        path = f"/v1/escalations/{made['id']}/{verb}"
        status, answer = await self.andon.call("POST", path, body, **headers)
        assert status == 200, answer
        return answer

    async def claim(self, made: dict[str, Any]) -> None:
        """Take the release."""
        body = {"digest": made["digest"], "nonce": "nonce-of-tests"}
        await self.post(made, "claim", body, Idempotency_Key=f"claim-{made['id']}")

    # -- what people do ---------------------------------------------------------------------------

    async def card(self, made: dict[str, Any], where: str = OPERATIONS) -> Message:
        """Its card in a conversation, as drawn of how it stands now."""
        now = await self.andon.story.server.store.reads.escalation(made["id"])
        assert now is not None
        return await self._until(lambda: self._card(now.id, where, f'"s":{now.shown},'))

    def _card(self, id_: str, where: str, words: str = "") -> Message | None:
        for message in self.andon.workspace.messages(where):
            drawn = str(message.blocks)
            first = message.thread_ts in (None, message.ts)
            if first and f'"e":"{id_}"' in drawn and words in drawn:
                return message
        return None

    async def press(self, person: str, message: Message, action: str) -> None:
        """Press the button with that action, where the message has it."""
        found = find_pressable(message.blocks, action, None)
        assert found is not None, (action, message.labels)
        await self.andon.workspace.click(person, message.channel, message.ts, action)

    async def window(self, person: str, message: Message, action: str) -> Window:
        """Press a button and have the window it opens."""
        before = self.andon.workspace.view_of(person)
        await self.press(person, message, action)
        return await self._window(person, before)

    async def _window(self, person: str, before: Window | None) -> Window:
        seen = before.id if before else None

        def opened() -> Window | None:
            found = self.andon.workspace.view_of(person)
            return found if found and found.id != seen else None

        return await self._until(opened)

    async def send(self, person: str, message: Message, action: str, **values: str) -> None:
        """Press a button, fill in what it opens, and send that off."""
        window = await self.window(person, message, action)
        done = await self.andon.workspace.submit(person, window.id, values)
        assert done.acked, (done, values)

    async def read(self, person: str, message: Message) -> None:
        """Open Details and turn every page."""
        window = await self.window(person, message, "details")
        page = 2
        while find_pressable(window.view["blocks"], f"page:{page}", None) is not None:
            await self.andon.workspace.press(person, window.id, f"page:{page}")
            wanted = f"Page {page} of"
            window = await self._until(lambda wanted=wanted: self._showing(person, wanted))
            page += 1

    def _showing(self, person: str, words: str) -> Window | None:
        found = self.andon.workspace.view_of(person)
        return found if found and words in str(found.view) else None

    async def _until(self, look: Callable[[], Any]) -> Any:
        return await self.andon.workspace.wait_for(look, timeout=20)

    # -- the stories ------------------------------------------------------------------------------

    async def everything(self) -> None:
        """Each story once, one after the other: a person has one window."""
        for story in (
            self.asked_and_failed,
            self.aborted,
            self.of_money,
            self.withdrawn,
            self.stopped,
            self.overridden,
            self.incidents,
            self.alerts,
            self.long,
            self.dropped,
            self.storm,
            self.looked_for,
        ):
            await story()

    async def asked_and_failed(self) -> None:
        """A question and its answers, more context, a vote with its reason, an outcome."""
        made = await self.ask(self.approval())
        card = await self.card(made)
        await self.read("USAM", card)
        await self.send("USAM", card, "ask", reason=self.say(1000))
        await self.post(made, "context", {"answer": self.say(1000), **self.context()})
        await self.send("UPRIYA", await self.card(made), "ask", reason=self.say(1000))
        _, now = await self.andon.call("GET", f"/v1/escalations/{made['id']}")
        question = now["questions"][-1]["id"]
        asked = await self._until(lambda: self._asked_of("UDANA", question))
        await self.send("UDANA", asked, "answer", reason=self.say(1000))
        await self.post(made, "context", self.context())
        await self.send("USAM", await self.card(made), "vote:slow", reason=self.say(1000))
        await self.claim(made)
        outcome = {"result": "failed", "detail": self.say(10_000, lines=True)}
        await self.post(made, "outcome", {**outcome, "undo": self.say(10_000, lines=True)})
        await self.read("UPRIYA", await self.card(made))

    def _asked_of(self, person: str, question: str) -> Message | None:
        for message in self.andon.workspace.messages(person):
            found = find_pressable(message.blocks, "answer", None)
            if found and question in str(found.element["value"]):
                return message
        return None

    async def aborted(self) -> None:
        """Tapped away with a sentence; then somebody is too late, and his words come back."""
        made = await self.ask(self.approval())
        card = await self.card(made)
        late = await self.window("UPRIYA", card, "vote:slow")
        await self.send("USAM", card, "vote:no", chip="other", reason=self.say(1000))
        await self.andon.workspace.submit("UPRIYA", late.id, {"reason": self.say(1000)})
        await self.read("USAM", await self.card(made))

    async def of_money(self) -> None:
        """Two people; what is decided is shown whole."""
        money = {"amount_minor": 9_000_000, "currency": "EUR"}
        body = self.approval(category="large_transaction")
        operation = {**body["operation"], "money": {**money, "beneficiary": "Nordwind GmbH"}}
        made = await self.ask({**body, "operation": operation})
        card = await self.card(made, PAYMENTS)
        await self.send("UMIA", card, "vote:go", reason=self.say(1000))
        await self.send("UTOM", await self.card(made, PAYMENTS), "vote:go", reason=self.say(1000))
        await self.read("UOMAR", await self.card(made, PAYMENTS))

    async def withdrawn(self) -> None:
        """By the service, and by the requester."""
        first, second = await self.ask(self.approval()), await self.ask(self.approval())
        await self.card(first)
        await self.post(first, "withdraw", {"reason": self.say(1000, lines=True)})
        card = await self.card(second)
        value = card.button("Details").element["value"]
        forged = {"actions": [{"action_id": "withdraw", "action_ts": "1.5", "value": value}]}
        before = self.andon.workspace.view_of("UDANA")
        await self.andon.workspace.click("UDANA", card.channel, card.ts, "details", override=forged)
        window = await self._window("UDANA", before)
        await self.andon.workspace.submit("UDANA", window.id, {"reason": self.say(1000)})

    async def stopped(self) -> None:
        """Approved with one tap, a reason added, stopped before it ran."""
        made = await self.ask(self.approval())
        card = await self.card(made)
        await self.press("USAM", card, self._go(card))
        if self.andon.workspace.view_of("USAM"):
            await self._submit_open("USAM")
        decided = await self._until(lambda: self._with(made["id"], "stop"))
        await self.send("UPRIYA", decided, "stop", reason=self.say(1000))

    async def overridden(self) -> None:
        """Two directors override the policy."""
        made = await self.ask(self.approval())
        for person in ("ULENA", "UOMAR"):
            window = await self.window(person, await self.card(made), "details")
            await self.andon.workspace.press(person, window.id, "break_glass")
            asked = await self._until(
                lambda p=person: self._showing(p, "This overrides the policy")
            )
            await self.andon.workspace.submit(person, asked.id, {"reason": self.say(1000)})

    async def incidents(self) -> None:
        """Critical ones, which page; resolved by a person, and by the service."""
        first = await self.ask(self.incident(severity="critical"))
        card = await self.card(first)
        await self.read("USAM", card)
        said = {"root_cause": self.say(1000), "by_hand": self.say(1000), "automatable": "yes"}
        await self.send("USAM", card, "resolve", **said)
        await self.read("USAM", await self.card(first))
        second = await self.ask(self.incident(severity="critical"))
        await self.card(second)
        told = {"root_cause": self.say(1000), "by_hand": self.say(1000)}
        await self.post(second, "resolve", told)
        await self.ask(self.incident(severity="low", category="anomaly"))

    async def alerts(self) -> None:
        """Alertmanager's notification: firing, and over."""
        say = self.say
        labels = {"alertname": say(300), "instance": say(300), "job": say(300), "note": say(300)}
        annotations = {
            "summary": say(300),
            "description": say(3000, lines=True),
            "user_impact": say(300),
            "runbook_url": f"https://wiki.example/{say(300)}",
        }
        alert = {
            "labels": {**labels, "environment": "production", "andon_category": say(100)},
            "annotations": annotations,
            "startsAt": "2026-11-12T21:30:00Z",
            "generatorURL": f"https://prometheus.example/?q={say(300)}",
            "fingerprint": f"f{self._asked:015x}",
        }
        told = {
            "version": "4",
            "groupKey": say(300),
            "externalURL": f"https://am.example/{say(99)}",
        }
        for status in ("firing", "resolved"):
            body = {**told, "alerts": [{**alert, "status": status}]}
            code, answer = await self.andon.call("POST", "/v1/hooks/alertmanager", body)
            assert code == 200, answer

    async def long(self) -> None:
        """More than a card shows; the button opens all of it."""
        body = self.approval()
        sql = "\n".join(f"-- {n}\n{self.say(3000, lines=True)}" for n in range(40))
        operation = {**body["operation"], "arguments": {"sql": sql[:55_000]}}
        made = await self.ask({**body, "operation": operation})
        card = await self.card(made)
        await self.read("UPRIYA", card)
        await self.window("USAM", card, self._go(card))

    async def dropped(self) -> None:
        """Critical and irreversible: a target is typed, and typed wrong first."""
        made = await self.ask(self.approval(category="schema_migration", severity="critical"))
        card = await self.card(made, DATABASE)
        window = await self.window("URAVI", card, "vote:slow")
        wrong = {"typed": self.say(100), "reason": self.say(1000)}
        await self.andon.workspace.submit("URAVI", window.id, wrong)
        right = {"typed": "orders", "reason": self.say(1000)}
        await self.andon.workspace.submit("URAVI", window.id, right)

    async def storm(self) -> None:
        """Nine alike: one card, its list, and all aborted with a sentence."""
        title, error = self.say(150), {"type": self.say(300), "message": self.say(300)}
        for n in range(9):
            body = self.approval(title=title, category="service_health")
            await self.andon.ask(f"storm-{n}", **{**body, "context": {"error": error}})
        card = await self._until(self._storm)
        await self.window("USAM", card, "storm_list:0")
        said = {"chip": "other", "reason": self.say(1000)}
        await self.send("USAM", card, "storm_abort", **said)

    def _storm(self) -> Message | None:
        every = self.andon.workspace.messages(OPERATIONS)
        return next((m for m in every if find_pressable(m.blocks, "storm_abort", None)), None)

    async def looked_for(self) -> None:
        """Words typed after the command, lists, Home."""
        for verb in ("", "list ", "search ", "show ", "list service:"):
            line = f"/escalations {verb}{self.say(200)}"
            await self.andon.workspace.command("USAM", OPERATIONS, line)
        for person in ("USAM", "ULENA", "UDANA"):
            await self.andon.workspace.command(person, OPERATIONS, "/escalations list")
            await self.andon.workspace.open_home(person)
            await self._until(lambda person=person: self.andon.workspace.home_of(person))

    def _go(self, card: Message) -> str:
        opens = find_pressable(card.blocks, "read_whole:go", None)
        return "read_whole:go" if opens else "vote:go"

    def _with(self, id_: str, action: str) -> Message | None:
        found = self._card(id_, OPERATIONS)
        return found if found and find_pressable(found.blocks, action, None) else None

    async def _submit_open(self, person: str) -> None:
        window = self.andon.workspace.view_of(person)
        if window and "submit" in window.view:
            await self.andon.workspace.submit(person, window.id, {})
