"""What an operator sees: counted once, named with units, and never a word that was sent to us."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from approvals.commands import Tick
from approvals.ports import Backlog, NotSavedError
from bot.background.counts import Counts
from bot.ids import new_id
from bot.metrics import CountedDeliveries, CountedWriter, Metrics, Watch
from storage import Store
from storage.backlog import backlog
from tests.building import ROOT, START, Clock, FileFacts, a_claim, a_vote, an_open, store_at

SECRET = "correct horse battery staple"


def samples(text: bytes) -> dict[str, float]:
    """Every sample as `name{label,label}`."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(v for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


class World:
    """A store whose commits and commands are counted."""

    def __init__(self, store: Store, metrics: Metrics, clock: Clock) -> None:
        self.store, self.metrics, self.clock = store, metrics, clock
        self.writer = CountedWriter(store.writer, metrics)
        self.facts = FileFacts()

    async def seen(self) -> dict[str, float]:
        """The metrics as of now."""
        watch = Watch(
            self.metrics,
            looked=lambda now: backlog(self.store.database, now),
            clock=self.clock,
            checks=[_slack],
            people_as_of=lambda now: now - timedelta(seconds=30),
        )
        return samples(await watch.text())


async def _slack() -> tuple[str, bool]:
    return "slack", False


@pytest.fixture
async def world(tmp_path: Path) -> Any:
    """A store on disk."""
    clock = Clock()
    metrics = Metrics()
    async with store_at(tmp_path / "a.db", clock, committed=metrics.committed) as store:
        yield World(store, metrics, clock)


async def test_opens_and_decisions_are_counted_once_whatever_comes_after(world: World) -> None:
    opened = [await world.writer.submit(an_open(f"k{n}")) for n in range(3)]
    ids = [o.escalation.id for o in opened if o.escalation]
    await world.writer.submit(an_open("k0"))
    await world.writer.submit(a_vote(ids[0]))
    await world.writer.submit(a_claim(ids[0]))
    await world.writer.submit(a_vote(ids[1], option="leave"))
    await world.writer.submit(a_vote(ids[1], "UPRIYA"))
    world.clock.pass_(4 * 3600)
    await world.writer.submit(Tick(id=new_id("cmd"), escalation_id=ids[2]))
    seen = await world.seen()
    assert seen["andon_escalations_opened_total"] == 3
    assert {k: v for k, v in seen.items() if k.startswith("andon_decisions_total")} == {
        "andon_decisions_total{votes,release}": 1,
        "andon_decisions_total{votes,abort}": 1,
        "andon_decisions_total{expiry,abort}": 1,
    }
    assert seen["andon_commands_total{open,repeated}"] == 1
    assert seen["andon_commands_total{vote,already-decided}"] == 1
    assert seen["andon_command_duration_seconds_count{urgent}"] == 4
    assert seen["andon_commit_escalations_count"] == 8
    assert seen["andon_commands_waiting"] == 0


async def test_a_decision_of_another_replica_or_of_before_the_start_is_not_counted_again(
    world: World,
) -> None:
    elsewhere = Metrics()
    opened = await world.writer.submit(an_open())
    assert opened.escalation is not None
    await world.writer.submit(a_vote(opened.escalation.id))
    world.clock.pass_(1)
    claimed = await world.store.writer.submit(a_claim(opened.escalation.id))
    assert claimed.escalation is not None
    elsewhere.committed([claimed.escalation])
    assert not [k for k in samples(elsewhere.text()) if k.startswith("andon_decisions_total")]


async def test_chains_in_vain_and_late_steps_are_counted_once(world: World) -> None:
    opened = await world.writer.submit(an_open())
    made = opened.escalation
    assert made is not None
    later = made.created_at + timedelta(seconds=100)
    due = later - timedelta(seconds=3)
    chain = replace(made.chain, taken=2, said=1, said_at=later, due_at=due, ended_at=later)
    for updated in (later, later, later + timedelta(seconds=1)):
        world.metrics.committed([replace(made, chain=chain, updated_at=updated)])
    seen = await world.seen()
    assert seen["andon_unattended_total{approval}"] == 1
    assert seen["andon_chain_step_late_seconds_count"] == 1
    assert seen["andon_chain_step_late_seconds_sum"] == 3


async def test_what_waits_is_counted_by_kind_and_how_late_the_clock_is(world: World) -> None:
    opened = await world.writer.submit(an_open(callback_url="https://service.example/x"))
    assert opened.escalation is not None
    seen = await world.seen()
    assert seen["andon_escalations{held,pending}"] == 1
    assert seen["andon_cards_due{none}"] == 3
    assert seen["andon_clock_lag_seconds"] == 0
    assert seen["andon_people_age_seconds"] == 30
    assert (seen["andon_working{store}"], seen["andon_working{slack}"]) == (1, 0)
    world.clock.pass_(3600 + 5)  # the second stage of its chain is due
    assert (await world.seen())["andon_clock_lag_seconds"] == 5
    world.clock.pass_(3 * 3600)
    await world.writer.submit(Tick(id=new_id("cmd"), escalation_id=opened.escalation.id))
    seen = await world.seen()
    assert seen["andon_deliveries_due{callback}"] == 1
    assert "andon_escalations{held,pending}" not in seen


async def test_a_store_that_does_not_answer_is_said_not_to_work() -> None:
    async def broken(now: Any) -> Backlog:
        raise OSError(SECRET)

    watch = Watch(Metrics(), looked=broken, clock=Clock(), people_as_of=lambda now: None)
    seen = samples(await watch.text())
    assert seen["andon_working{store}"] == 0
    assert seen["andon_people_age_seconds"] == float("inf")


async def test_what_could_not_be_saved_or_waited_for_is_counted_too() -> None:
    class Broken:
        async def submit(self, command: Any) -> Any:
            if command.service == "slow":
                await asyncio.Event().wait()
            raise NotSavedError

    metrics = Metrics()
    writer = CountedWriter(Broken(), metrics)
    with pytest.raises(NotSavedError):
        await writer.submit(a_claim("esc_1"))
    gone = asyncio.create_task(writer.submit(an_open()))
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    seen = samples(metrics.text())
    assert seen["andon_commands_total{claim,not-saved}"] == 1
    assert seen["andon_commands_waiting"] == 0


async def test_attempts_to_deliver_are_counted_by_side_and_result(world: World) -> None:
    told = CountedDeliveries(world.store.deliveries, world.metrics, "services")
    await told.again("msg_1", START, "status 500")
    await told.failed("msg_1", START, "410")
    await told.delivered("msg_1", START)
    seen = await world.seen()
    assert seen["andon_delivery_attempts_total{later,services}"] == 1
    assert seen["andon_delivery_attempts_total{failed,services}"] == 1
    assert seen["andon_delivery_attempts_total{delivered,services}"] == 1


async def test_nothing_that_was_sent_is_ever_in_the_metrics(world: World) -> None:
    sent = {"title": SECRET, "summary": SECRET, "reference": SECRET, "dedup_key": SECRET}
    opened = await world.writer.submit(an_open(SECRET, **sent))
    assert opened.escalation is not None
    await world.writer.submit(a_vote(opened.escalation.id, rationale=SECRET))
    assert SECRET not in json.dumps(await world.seen())
    assert opened.escalation.id not in json.dumps(await world.seen())


def test_every_metric_says_what_it_is_and_stands_in_the_operators_document() -> None:
    said = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    metrics = Metrics()
    Counts(metrics.registry)
    families = text_string_to_metric_families(metrics.text().decode())
    for family in (one for one in families if not one.name.endswith("_created")):
        name = family.name + ("_total" if family.type == "counter" else "")
        assert family.documentation
        assert f"`{name}`" in said, name
